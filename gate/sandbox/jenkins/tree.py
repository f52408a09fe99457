"""What does a `tree=` ask for? Names with brackets, commas and ranges, as Stapler reads them.

``jobs[name,builds[number]{0,5}]``: the range stands behind the brackets. Stapler's
NamedPathPruner and its test, read 2026-11-24: a name that is unknown is left out, ``*`` is
every name that is not given, and what cannot be read ends the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

_TOKEN = re.compile(r"[\[\],{}]|[^\[\],{}]+")


@dataclass(slots=True)
class Tree:
    """What is asked for of one object.

    Attributes:
        children: by name.
        start: of a list, the first element that is wanted.
        end: the first that no longer is; None is the end.
    """

    children: dict[str, Tree] = field(default_factory=dict)
    start: int = 0
    end: int | None = None

    def child(self, name: str) -> Tree | None:
        """Return what is asked for below a name, or None where nothing is."""
        return self.children.get(name) or self.children.get("*")

    def cut(self, values: list[Any]) -> list[Any]:
        """Return the elements that are wanted."""
        return list(islice(values, self.start, self.end))


def parse_tree(text: str) -> Tree:
    """Return what a `tree=` asks for.

    Raises:
        ValueError: it cannot be read; the message says where.
    """
    tokens = _Tokens(text)
    tree = _list(tokens)
    if tokens.peek():
        raise tokens.error("the end")
    return tree


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found = [(match.group(), match.start()) for match in _TOKEN.finditer(text)]
        self._place = 0
        self._length = len(text)

    def peek(self) -> str:
        return self._found[self._place][0] if self._place < len(self._found) else ""

    def accept(self, word: str) -> bool:
        taken = self.peek() == word
        self._place += taken
        return taken

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.error(word)

    def name(self) -> str:
        word = self.peek()
        if not word or word in "[],{}":
            raise self.error("a name")
        self._place += 1
        return word

    def number(self) -> int:
        word = self.peek()
        if not re.fullmatch("[0-9]+", word):
            raise self.error("a number")
        self._place += 1
        return int(word)

    def error(self, expected: str) -> ValueError:
        at = self._found[self._place][1] if self._place < len(self._found) else self._length
        return ValueError(f"expected {expected} at {at}")


def _list(tokens: _Tokens) -> Tree:
    tree = Tree()
    while True:
        child = tree.children[tokens.name()] = Tree()
        if tokens.accept("["):
            child.children = _list(tokens).children
            tokens.expect("]")
        if tokens.accept("{"):
            child.start, child.end = _range(tokens)
            tokens.expect("}")
        if not tokens.accept(","):
            return tree


def _range(tokens: _Tokens) -> tuple[int, int | None]:
    """Read ``M,N``, ``M,``, ``,N`` or ``N``, which is the one element."""
    if tokens.accept(","):
        return 0, tokens.number()
    start = tokens.number()
    if tokens.peek() == "}":
        return start, start + 1
    tokens.expect(",")
    return start, None if tokens.peek() == "}" else tokens.number()
