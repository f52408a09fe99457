"""Does a pytest expression, as `-k` and `-m` take them, choose a test?

The grammar is that of https://docs.pytest.org/en/stable/example/markers.html, read 2026-11-24:
names with `and`, `or`, `not` and parentheses. An expression that cannot be read chooses
everything, as far as gate is concerned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_TOKEN: Final = re.compile(r"\s*(?:([()])|([^\s()]+))")
_ARGUMENTS: Final = re.compile(r"(?<=\w)\([^()]*=[^()]*\)")  # device(serial="1"): the name must do

Has = Callable[[str], bool]


def chooses(expression: str, has: Has) -> bool:
    """Return whether an expression holds where `has` says which names do."""
    if not expression.strip():
        return True
    text = _ARGUMENTS.sub("", expression)
    tokens = [match[1] or match[2] for match in _TOKEN.finditer(text)]
    reader = _Reader(tokens, has)
    try:
        chosen = reader.either()
        return chosen if reader.is_over() else True
    except (IndexError, ValueError, RecursionError):
        return True


class _Reader:
    """Reads tokens once, from left to right, without skipping any."""

    def __init__(self, tokens: list[str], has: Has) -> None:
        self._tokens = tokens
        self._has = has
        self._place = 0

    def is_over(self) -> bool:
        return self._place == len(self._tokens)

    def either(self) -> bool:
        chosen = self.both()
        while self._takes("or"):
            chosen = self.both() or chosen
        return chosen

    def both(self) -> bool:
        chosen = self.one()
        while self._takes("and"):
            chosen = self.one() and chosen
        return chosen

    def one(self) -> bool:
        if self._takes("not"):
            return not self.one()
        if self._takes("("):
            chosen = self.either()
            self._place += 1
            return chosen
        token = self._tokens[self._place]
        if token in ("and", "or", ")"):
            raise ValueError
        self._place += 1
        return self._has(token)

    def _takes(self, word: str) -> bool:
        if self.is_over() or self._tokens[self._place] != word:
            return False
        self._place += 1
        return True
