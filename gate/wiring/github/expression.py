"""Does a GitHub expression hold while the gate is not open?

An expression is evaluated with one value known, what the gate's output says, and everything
else unknown; `evaluate` tells whether it then is true, false, or cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gate.wiring.github.values import (
    UNKNOWN,
    Constant,
    Value,
    both,
    called,
    compared,
    constant,
    either,
    negated,
    number,
)

MAX_DEPTH: Final = 50  # GitHub's own limit

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>&&|\|\||[=!<>]=|[<>!()\[\].,*]))"
)
_WORDS: Final[Mapping[str, Constant]] = {"true": True, "false": False, "null": None}
_COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">")

Path = tuple[str, ...]


class BadExpression(ValueError):
    """GitHub would not take this for an expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression.

    Attributes:
        functions: the names that it calls, in lower case.
        paths: the contexts that it reads, such as ``("needs", "gate", "outputs", "open")``.
        evaluate: what it comes to when some contexts have a known text.
    """

    functions: frozenset[str]
    paths: frozenset[Path]
    evaluate: Callable[[Mapping[Path, str]], Value]


def parse_expression(text: str) -> Expression:
    """Return an expression, which stands without its ``${{ }}``.

    Raises:
        BadExpression: it is none.
    """
    parser = _Parser(_tokens(text))
    evaluate = parser.either(0)
    if parser.word:
        raise BadExpression(f"unexpected {parser.word}")
    return Expression(functions=frozenset(parser.functions), paths=frozenset(parser.paths), evaluate=evaluate)


def end_of_expression(text: str, start: int) -> int:
    """Return where the ``}}`` stands that ends the expression from `start`, or -1.

    A ``}}`` inside a string is a part of it.
    """
    position = start
    while position < len(text):
        if text.startswith("}}", position):
            return position
        if text[position] == "'":
            position = text.find("'", position + 1)
            if position < 0:
                return -1
        position += 1
    return -1


_Evaluate = Callable[[Mapping[Path, str]], Value]


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found:
            raise BadExpression(f"unexpected {text[position:].strip()[:1]}")
        tokens.append(found[0].strip())
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent, loosest operator first; a method returns how its part is evaluated."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0
        self.functions: set[str] = set()
        self.paths: set[Path] = set()

    @property
    def word(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def either(self, depth: int) -> _Evaluate:
        if depth > MAX_DEPTH:
            raise BadExpression(f"more than {MAX_DEPTH} levels deep")
        parts = [self._both(depth)]
        while self._take("||"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda known: either([part(known) for part in parts])

    def _both(self, depth: int) -> _Evaluate:
        parts = [self._comparison(depth)]
        while self._take("&&"):
            parts.append(self._comparison(depth))
        return parts[0] if len(parts) == 1 else lambda known: both([part(known) for part in parts])

    def _comparison(self, depth: int) -> _Evaluate:
        left = self._negation(depth)
        while self.word in _COMPARISONS:
            left = _comparing(self._next(), left, self._negation(depth))
        return left

    def _negation(self, depth: int) -> _Evaluate:
        times = 0
        while self._take("!"):
            times += 1
        inner = self._operand(depth)
        return inner if not times else lambda known: negated(inner(known), times)

    def _operand(self, depth: int) -> _Evaluate:
        word = self._next()
        if word == "(":
            inner = self.either(depth + 1)
            self._expect(")")
            return inner if self.word not in (".", "[") else self._unknown_path(depth)
        if word[0] == "'":
            return _constant(word[1:-1].replace("''", "'"))
        if word[0].isdigit() or word[0] in "+-":
            return _constant(number(word))
        if not (word[0].isalpha() or word[0] == "_"):
            raise BadExpression(f"unexpected {word}")
        if word in _WORDS and self.word not in (".", "[", "("):
            return _constant(_WORDS[word])
        return self._call(word, depth) if self._take("(") else self._path(word, depth)

    def _call(self, name: str, depth: int) -> _Evaluate:
        self.functions.add(name.lower())
        arguments = []
        if not self._take(")"):
            arguments.append(self.either(depth + 1))
            while self._take(","):
                arguments.append(self.either(depth + 1))
            self._expect(")")
        if self.word in (".", "["):
            return self._unknown_path(depth)
        return lambda known: called(name.lower(), [argument(known) for argument in arguments])

    def _path(self, name: str, depth: int) -> _Evaluate:
        path, known_path = [name.lower()], True
        while True:
            if self._take("."):
                path.append(self._next().lower())
            elif self._take("["):
                index = self.word
                self.either(depth + 1)
                self._expect("]")
                known_path = known_path and index[:1] == "'"
                path.append(index[1:-1].lower())
            else:
                break
        whole = tuple(path)
        if known_path:
            self.paths.add(whole)
        return lambda known: constant(known[whole]) if known_path and whole in known else UNKNOWN

    def _unknown_path(self, depth: int) -> _Evaluate:
        self._path("", depth)
        return lambda _: UNKNOWN

    def _next(self) -> str:
        word = self.word
        if not word:
            raise BadExpression("it ends too early")
        self._position += 1
        return word

    def _take(self, word: str) -> bool:
        taken = self.word == word
        self._position += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise BadExpression(f"expected {word}, found {self.word or 'its end'}")


def _constant(value: Constant) -> _Evaluate:
    known = constant(value)
    return lambda _: known


def _comparing(sign: str, left: _Evaluate, right: _Evaluate) -> _Evaluate:
    return lambda known: compared(sign, left(known), right(known))
