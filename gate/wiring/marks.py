r"""How does a wired file remember what stood there before?

Above the lines that wiring wrote stands a comment of its own line, a mark::

    # fiber-gate: 1 line 5d41402a, was "    needs: unit\n"
    needs: [gate, unit]

It says how many lines below it are wired, a digest of them, and as a JSON string the lines that
they took the place of. A digest that no longer fits means that a person has been there since:
then nothing is undone. Line ends are the file's own both in the digest and in the string, so that
a checkout with other line ends does no harm; of a file that mixes them they are kept `exactly`.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gate.wiring.edits import (
    apply_edits,
    line_end,
    line_number,
    line_start,
    line_starts,
    place_at,
)
from gate.wiring.records import Edit, Refused, Source

Span = tuple[int, int]

_MARK = re.compile(r"fiber-gate: (\d{1,6}) lines? ([0-9a-f]{8}), was (exactly )?(\".*\")[ \t]*$")
_LINE_END = re.compile(r"\r\n?|\n")
_NEWLINE = "\n"
_LAST_END = re.compile(r"(?:\r\n?|\n)\Z")
_STRANGE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mark and the lines that it speaks for.

    Attributes:
        start: offset of the mark's own line.
        end: offset behind the last line that it speaks for.
        was: the text that these lines, and the mark, took the place of.
        fits: whether the lines are as wiring wrote them.
    """

    start: int
    end: int
    was: str
    fits: bool


def marked(
    source: Source, edits: Iterable[Edit], leader: str, solid: Sequence[Span] = ()
) -> tuple[Edit, ...]:
    """Return edits of whole lines that do what `edits` do and set a mark above each.

    Edits that share a line or stand on neighbouring ones share a mark. Where an edit lies in lines
    that have a mark already, the new mark remembers the old one with them.

    Args:
        source: the file as it is.
        edits: what is to change, not overlapping, in any order.
        leader: what starts a comment, ``#`` or ``//``.
        solid: where no comment can stand: scalars and strings of several lines.
    """
    text = source.text
    edits = [edit for edit in edits if text[edit.start : edit.end] != edit.text]
    walls = _joined([*solid, *((mark.start, mark.end) for mark in find_marks(source, leader, solid))])
    groups: list[tuple[Span, list[Edit]]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start, end = _whole_lines(text, edit, walls)
        if groups and start <= groups[-1][0][1]:
            (first, last), members = groups.pop()
            groups.append(((min(first, start), max(last, end)), [*members, edit]))
        else:
            groups.append(((start, end), [edit]))
    exactly = len(set(_LINE_END.findall(text))) > 1
    return tuple(_marked_group(source, span, members, leader, exactly) for span, members in groups)


def unmarked(source: Source, leader: str, solid: Sequence[Span] = ()) -> tuple[Edit, ...]:
    """Return the edits that put back what stood there before every mark.

    Raises:
        Refused: the lines below a mark were edited since.
    """
    edits = []
    for mark in find_marks(source, leader, solid):
        if not mark.fits:
            place = place_at(source.text, mark.start)
            raise Refused(place, "the lines that gate wired here were edited since; undo them by hand")
        edits.append(Edit(start=mark.start, end=mark.end, text=_unwound(source, mark.was, leader)))
    return tuple(edits)


def find_marks(source: Source, leader: str, solid: Sequence[Span] = ()) -> Iterator[Mark]:
    """Yield the outermost marks of a file, from its start."""
    text, walls = source.text, _joined(solid)
    position = text.find("fiber-gate: ")
    while position >= 0:
        start, end = line_start(text, position), line_end(text, position)
        in_solid = any(_touched(walls, start, start))
        mark = None if in_solid else _parse(source, start, end, leader)
        if mark:
            yield mark
        position = text.find("fiber-gate: ", mark.end if mark else end)


def _parse(source: Source, start: int, end: int, leader: str) -> Mark | None:
    line = source.text[start:end].strip()
    found = _MARK.match(line.removeprefix(leader).lstrip()) if line.startswith(leader) else None
    if not found:
        return None
    try:
        was = json.loads(found[4])
    except ValueError:
        return None
    starts = line_starts(source.text)
    last = line_number(source.text, end) + int(found[1])
    region_end = starts[last] if last < len(starts) else len(source.text)
    was = was if found[3] else was.replace(_NEWLINE, source.newline)
    below = source.text[end:region_end]
    fits = found[2] in (_digest(below), _digest(below + _NEWLINE))
    if not fits and _digest(_without_end(below)) == found[2]:  # an editor has ended the file's last line
        fits, was = True, _without_end(was) + source.newline
    return Mark(start=start, end=region_end, was=was, fits=fits)


def _without_end(text: str) -> str:
    return text[: -len(end[0])] if (end := _LAST_END.search(text)) else text


def _marked_group(source: Source, span: Span, edits: Sequence[Edit], leader: str, exactly: bool) -> Edit:
    start, end = span
    was = source.text[start:end]
    now = apply_edits(was, [_moved(edit, -start) for edit in edits])
    count = len(_LINE_END.findall(now)) + bool(now and not now.endswith(("\r", "\n")))
    lines = "1 line" if count == 1 else f"{count} lines"
    kept = f"exactly {_in_json(was)}" if exactly else _in_json(was.replace(source.newline, _NEWLINE))
    mark = f"{_blanks(now)}{leader} fiber-gate: {lines} {_digest(now)}, was {kept}"
    return Edit(start=start, end=end, text=mark + source.newline + now)


def _whole_lines(text: str, edit: Edit, walls: Sequence[Span]) -> Span:
    start, end = line_start(text, edit.start), edit.end
    if line_start(text, end) != end or not (edit.text or " ").endswith(("\r", "\n")):
        end = line_end(text, end)
    grown = True
    while grown:
        before = start, end
        for first, last in _touched(walls, start, end):
            start = min(start, line_start(text, first))
            end = max(end, last if line_start(text, last) == last else line_end(text, last))
        grown = before != (start, end)
    return start, end


def _touched(walls: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    """Yield those of sorted, disjoint spans that a cut at `start` or at `end` would divide."""
    for offset in {start, end}:
        found = bisect_left(walls, (offset, 0)) - 1
        if found >= 0 and offset < walls[found][1]:
            yield walls[found]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted and disjoint: those that overlap become one."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _unwound(source: Source, was: str, leader: str) -> str:
    """Return what a mark remembers, after undoing the marks in it too, those that still fit."""
    if "fiber-gate: " not in was:
        return was
    inner = Source(name=source.name, text=was)
    marks = [mark for mark in find_marks(inner, leader) if mark.fits]
    edits = (Edit(start=mark.start, end=mark.end, text=_unwound(inner, mark.was, leader)) for mark in marks)
    return apply_edits(was, edits)


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(start=edit.start + by, end=edit.end + by, text=edit.text)


def _blanks(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _digest(text: str) -> str:
    plain = _LINE_END.sub("\n", text)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _in_json(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return _STRANGE.sub(lambda found: _shown(found[0]), shown)


def _shown(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
