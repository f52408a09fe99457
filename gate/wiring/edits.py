r"""Where in a text is something, and what does the text become by edits?

A line ends with ``\n``, ``\r\n`` or ``\r``, as editors count them; what YAML takes for a line
end besides these (U+0085, U+2028, U+2029) is a character like any other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from gate.wiring.records import Edit, Place

_LINE_END = re.compile(r"\r\n?|\n")


@lru_cache(maxsize=8)
def line_starts(text: str) -> Sequence[int]:
    """Return the offset of the first character of every line; of an empty text, one line."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def line_number(text: str, offset: int) -> int:
    """Return the line, from 0, that an offset lies in."""
    return bisect_right(line_starts(text), offset) - 1


def line_start(text: str, offset: int) -> int:
    """Return where the line of an offset starts."""
    return line_starts(text)[line_number(text, offset)]


def line_end(text: str, offset: int) -> int:
    """Return where the line of an offset ends, behind its line end."""
    starts, number = line_starts(text), line_number(text, offset) + 1
    return starts[number] if number < len(starts) else len(text)


def place_at(text: str, offset: int) -> Place:
    """Return line and column of an offset."""
    number = line_number(text, offset)
    return Place(line=number + 1, column=offset - line_starts(text)[number] + 1)


def indentation(text: str, offset: int) -> str:
    """Return the blanks that the line of an offset starts with."""
    start = line_start(text, offset)
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits carried out; two at one offset keep their order.

    Raises:
        ValueError: two edits overlap, or one lies outside of the text.
    """
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not position <= edit.start <= edit.end <= len(text):
            raise ValueError(f"the edit at {edit.start}–{edit.end} overlaps another or leaves the text")
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])
