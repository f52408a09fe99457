"""What do edits change, as a unified diff that `patch` and `git apply` take?

The edits say where the lines are that change, so that only those are compared: the time is that
of the text's length, and no line outside of the edits is ever shown as changed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from gate.wiring.edits import apply_edits
from gate.wiring.records import Edit

CONTEXT: Final = 3
_MANY: Final = 1000  # lines of one edit, above which they are not compared with each other

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_Change = tuple[int, int, list[str]]  # the lines from, to, and what they become


def unified_diff(name: str, text: str, edits: Iterable[Edit]) -> str:
    """Return the diff, empty where nothing changes.

    Args:
        name: the file's path with forward slashes.
        text: the text before.
        edits: what changes, not overlapping.
    """
    lines = _lines(text)
    changes = list(_changes(text, lines, sorted(edits, key=lambda edit: (edit.start, edit.end))))
    if not changes:
        return ""
    shown = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    moved = 0
    for hunk in _hunks(changes):
        shown += _shown(lines, hunk, moved)
        moved += sum(len(new) - (end - start) for start, end, new in hunk)
    return "".join(shown)


def _changes(text: str, lines: Sequence[str], edits: Sequence[Edit]) -> Iterator[_Change]:
    """Yield what changes, line by line, from the start of the text."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first = min(bisect_right(starts, edit.start) - 1, len(lines))
        last = bisect_left(starts, edit.end)
        ends_line = edit.end == starts[last] and (not edit.text or edit.text.endswith("\n"))
        if edit.end == starts[last] and not ends_line and last < len(lines):
            last += 1
        if groups and first < groups[-1][1]:
            first, members = groups[-1][0], [*groups.pop()[2], edit]
        else:
            members = [edit]
        groups.append((first, max(first, last), members))
    for first, last, members in groups:
        start, end = starts[first], starts[last]
        inside = [Edit(start=edit.start - start, end=edit.end - start, text=edit.text) for edit in members]
        new = _lines(apply_edits(text[start:end], inside))
        for change in _compared(lines[first:last], new):
            yield first + change[0], first + change[1], change[2]


def _compared(old: Sequence[str], new: list[str]) -> Iterator[_Change]:
    if len(old) > _MANY or len(new) > _MANY:
        yield 0, len(old), new
        return
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, new[new_start:new_end]


def _hunks(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    yield hunk


def _shown(lines: Sequence[str], hunk: Sequence[_Change], moved: int) -> Iterator[str]:
    first = max(hunk[0][0] - CONTEXT, 0)
    last = min(hunk[-1][1] + CONTEXT, len(lines))
    count = last - first
    new_count = count + sum(len(new) - (end - start) for start, end, new in hunk)
    yield f"@@ -{_span(first, count)} +{_span(first + moved, new_count)} @@\n"
    position = first
    for start, end, new in hunk:
        yield from (_signed(" ", line) for line in lines[position:start])
        yield from (_signed("-", line) for line in lines[start:end])
        yield from (_signed("+", line) for line in new)
        position = end
    yield from (_signed(" ", line) for line in lines[position:last])


def _signed(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _span(first: int, count: int) -> str:
    if count == 0:
        return f"{first},0"
    return f"{first + 1}" if count == 1 else f"{first + 1},{count}"


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)
