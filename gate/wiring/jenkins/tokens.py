"""What does a Groovy file consist of, once it is read?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gate.wiring.edits import place_at
from gate.wiring.records import Refused

Span = tuple[int, int]


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"  # its value is known
    PATTERN = "pattern"  # a text with code in it: its value is made when the pipeline runs
    OPEN = "open"
    CLOSE = "close"
    SIGN = "sign"
    BREAK = "break"  # a line end that ends a statement, or a semicolon


class Token(NamedTuple):
    """One token; a tuple, because a large file has a million of them.

    Attributes:
        kind: what it is.
        start: where it begins in the text.
        end: where it ends.
        text: as it stands in the file, with quotes.
        plain: of a text in the long form, the spans in it that are no code.
    """

    kind: Kind
    start: int
    end: int
    text: str
    plain: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The tokens of a file.

    Attributes:
        text: the file's text.
        tokens: in their order, without comments and blanks.
        closing: for the index of each opening bracket, the index of its closing one.
        openings: the indices of the opening brackets.
        outer: for the index of each opening bracket, that of the one around it, or -1.
        solid: the texts and comments of several lines, where no line can be put in.
    """

    text: str
    tokens: Sequence[Token]
    closing: Mapping[int, int]
    openings: Sequence[int]
    outer: Mapping[int, int]
    solid: tuple[Span, ...]

    def refused(self, index: int, reason: str) -> Refused:
        """Return the refusal that names the place of a token."""
        return Refused(place_at(self.text, self.tokens[index].start), reason)

    def is_sign(self, index: int, *signs: str) -> bool:
        """Whether there is a token of this index, and it is one of these signs or brackets."""
        return 0 <= index < len(self.tokens) and self.tokens[index].text in signs

    def is_kind(self, index: int, *kinds: Kind) -> bool:
        """Whether there is a token of this index, and it is of one of these kinds."""
        return 0 <= index < len(self.tokens) and self.tokens[index].kind in kinds
