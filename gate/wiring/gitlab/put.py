"""How does a key, or the head of a list, come into a GitLab file without touching the rest?

In block style a new key stands before the first one, and the head of a list before its first
item. A value that is no list becomes one where it stands: new items go behind the colon, and
what stood there is the last item, comment and all. In flow style brackets are put around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence as Items
from functools import lru_cache
from typing import Final

from gate.wiring.edits import indentation, line_start, place_at
from gate.wiring.records import Edit, Refused, Source
from gate.wiring.yaml_text import Mapping, Node, Pair, Scalar, Sequence, is_null

_COLON: Final = re.compile(r"[ \t]*:")
_PLAIN: Final = re.compile(r"[A-Za-z_.][A-Za-z0-9_.-]*")
Entry = tuple[str, str | tuple[str, ...]]  # a key with its value: a text, or the items of a list


@lru_cache(maxsize=4)
def newline_of(source: Source) -> str:
    """Return the file's prevailing line end, counted once."""
    return source.newline


def name_text(name: str) -> str:
    """Return a name as it can stand in any YAML list."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def put_first(source: Source, pair: Pair, items: Items[str], *, flow: bool, shared: bool) -> tuple[Edit, ...]:
    """Return the edits after which a key's list begins with `items`.

    Args:
        source: the file.
        pair: the key with its value.
        items: one line each, that can stand in a flow list; of several lines only in block style.
        flow: the key stands in flow style.
        shared: an alias elsewhere stands for the value, which is therefore left as it is.

    Raises:
        Refused: the text has a form in which that cannot be done.
    """
    value = pair.value
    if is_null(value):
        return (_fill(source, pair, items, flow=flow),)
    if isinstance(value, Sequence) and not value.tag and not (shared and value.anchor):
        return (_before_items(source, value, items),)
    if flow:
        edits = (Edit(start=value.start, end=value.start, text=f"[{', '.join(items)}, "),)
        return (*edits, Edit(start=value.end, end=value.end, text="]"))
    _refuse_compact(source, pair)
    dash = _lines(source, key_indentation(source, pair), [*_dashed(items), "-"])
    return (Edit(start=behind_colon(source, pair), end=behind_colon(source, pair), text=dash),)


def put_keys(source: Source, body: Mapping, entries: Items[Entry]) -> tuple[Edit, ...]:
    """Return the edits after which a mapping begins with new keys.

    Raises:
        Refused: something stands before its first key on that line.
    """
    if not entries:
        return ()
    if body.flow or not body.pairs:
        start = body.content + 1
        listed = ", ".join(f"{key}: {_flow(value)}" for key, value in entries)
        return (Edit(start=start, end=start, text=listed + (", " if body.pairs else "")),)
    first = body.pairs[0]
    indent = key_indentation(source, first)
    start = first.key.start - len(indent)
    text = "".join(f"{indent}{line}{newline_of(source)}" for line in _block(entries))
    return (Edit(start=start, end=start, text=text),)


def put_beside(source: Source, pair: Pair, entries: Items[Entry]) -> tuple[Edit, ...]:
    """Return the edits after which a key whose value is an alias has new keys beside the aliased ones.

    Raises:
        Refused: the key stands in flow style.
    """
    added = _lines(source, key_indentation(source, pair) + "  ", [*_block(entries), "<<:"])
    start = behind_colon(source, pair)
    return (Edit(start=start, end=start, text=added),)


def replace(node: Node, text: str) -> Edit:
    """Return the edit after which a value reads `text`."""
    return Edit(start=node.start, end=node.end, text=text)


def behind_colon(source: Source, pair: Pair) -> int:
    """Return the offset behind a key's colon.

    Raises:
        Refused: the colon stands elsewhere, as behind a `? key`.
    """
    found = _COLON.match(source.text, pair.key.end)
    if found is None:
        raise Refused(place_at(source.text, pair.key.start), "this key has its colon on another line")
    return found.end()


def key_indentation(source: Source, pair: Pair) -> str:
    """Return the blanks before a key.

    Raises:
        Refused: something else stands before it on its line.
    """
    indent = indentation(source.text, pair.key.start)
    if line_start(source.text, pair.key.start) + len(indent) != pair.key.start:
        raise Refused(place_at(source.text, pair.key.start), "something stands before this key on its line")
    return indent


def _fill(source: Source, pair: Pair, items: Items[str], *, flow: bool) -> Edit:
    value = pair.value
    if not isinstance(value, Scalar) or value.anchor or value.tag:
        raise Refused(place_at(source.text, pair.key.start), "this key has no value but an anchor or a tag")
    start = behind_colon(source, pair)
    if flow:
        text = f" [{', '.join(items)}]"
    else:
        text = _lines(source, key_indentation(source, pair) + "  ", _dashed(items))
    return Edit(start=start, end=max(start, value.end), text=text)


def _before_items(source: Source, value: Sequence, items: Items[str]) -> Edit:
    at = value.content
    if value.flow:
        return Edit(start=at + 1, end=at + 1, text=", ".join(items) + (", " if value.items else ""))
    indent = indentation(source.text, at)
    if line_start(source.text, at) + len(indent) != at:
        raise Refused(place_at(source.text, at), "something stands before this list on its line")
    start = at - len(indent)
    text = "".join(f"{indent}{line}{newline_of(source)}" for line in _dashed(items))
    return Edit(start=start, end=start, text=text)


def _refuse_compact(source: Source, pair: Pair) -> None:
    """Refuse a list whose dashes stand below the key's first letter: it cannot become an item itself."""
    value = pair.value
    if isinstance(value, Sequence) and not value.flow:
        indent = indentation(source.text, value.content)
        if len(indent) <= len(key_indentation(source, pair)):
            reason = (
                "other jobs share this list by its anchor; indent its items below the key, and wire again"
            )
            raise Refused(place_at(source.text, pair.key.start), reason)


def _block(entries: Items[Entry]) -> list[str]:
    lines: list[str] = []
    for key, value in entries:
        lines.append(f"{key}:" if isinstance(value, tuple) else f"{key}: {value}")
        lines += [f"  {line}" for line in _dashed(value)] if isinstance(value, tuple) else []
    return lines


def _dashed(items: Items[str]) -> list[str]:
    """Return items as lines in block style; an item of several lines is a mapping."""
    return [
        f"{'  ' if number else '- '}{line}" for item in items for number, line in enumerate(item.split("\n"))
    ]


def _lines(source: Source, indent: str, lines: Items[str]) -> str:
    return "".join(f"{newline_of(source)}{indent}{line}" for line in lines)


def _flow(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else f"[{', '.join(value)}]"
