"""What does a GraphQL request ask for? As much of the language as clients of the emulator use.

Operations with variables, aliases, arguments and nested fields; no fragments and no
directives (specification of October 2021, read 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r'(?P<space>[\s,\ufeff]+|\#[^\n]*)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)'
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\.\.\.|[!$():=@\[\]{}|&])"
)
_DEEPEST = 30


class NotUnderstood(Exception):
    """The document is no GraphQL, or more of it than the emulator reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a selection.

    Attributes:
        name: as the schema has it.
        key: what the answer calls it: the alias, where there is one.
        arguments: with their values, variables put in.
        fields: what is asked of it; empty for a leaf.
    """

    name: str
    key: str
    arguments: Mapping[str, Any]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The one operation of a document."""

    kind: str
    fields: tuple[Field, ...]


def parse(document: str, variables: Mapping[str, Any]) -> Operation:
    """Return the operation that a document holds.

    Args:
        document: with one operation.
        variables: the values that came with it.

    Raises:
        NotUnderstood: it cannot be read; the text says where.
    """
    return _Parser(document, variables).operation()


class _Parser:
    def __init__(self, document: str, variables: Mapping[str, Any]) -> None:
        self._tokens = [*_tokens(document), ("end", "end of file")]
        self._place = 0
        self._variables = dict(variables)

    def operation(self) -> Operation:
        kind = "query"
        if self._peek()[0] == "name":
            kind = self._next()[1]
            if kind not in {"query", "mutation"}:
                raise NotUnderstood(f"Expected a query or a mutation, actual: {kind}")
            if self._peek()[0] == "name":
                self._next()
            if self._peek()[1] == "(":
                self._definitions()
        fields = self._selection(0)
        self._expect("end of file")
        return Operation(kind=kind, fields=fields)

    def _definitions(self) -> None:
        """Read what variables there are; those without a value get their default or null."""
        self._expect("(")
        while self._peek()[1] != ")":
            self._expect("$")
            name = self._name()
            self._expect(":")
            required = self._type()
            default = None
            if self._peek()[1] == "=":
                self._next()
                default = self._value()
            if required and self._variables.get(name) is None and default is None:
                raise NotUnderstood(f"Variable ${name} of type {required} was provided invalid value")
            self._variables.setdefault(name, default)
        self._next()

    def _type(self) -> str:
        """Return the type's name where a value is required, else nothing."""
        if self._peek()[1] == "[":
            self._next()
            self._type()
            self._expect("]")
            name = "list"
        else:
            name = self._name()
        if self._peek()[1] != "!":
            return ""
        self._next()
        return f"{name}!"

    def _selection(self, depth: int) -> tuple[Field, ...]:
        if depth > _DEEPEST:
            raise NotUnderstood("Query has depth that exceeds the limit")
        self._expect("{")
        fields = []
        while self._peek()[1] != "}":
            fields.append(self._field(depth))
        self._next()
        if not fields:
            raise NotUnderstood('Expected NAME, actual: RCURLY ("}")')
        return tuple(fields)

    def _field(self, depth: int) -> Field:
        key = name = self._name()
        if self._peek()[1] == ":":
            self._next()
            name = self._name()
        arguments: dict[str, Any] = {}
        if self._peek()[1] == "(":
            self._next()
            arguments = self._pairs(")")
        fields = self._selection(depth + 1) if self._peek()[1] == "{" else ()
        return Field(name=name, key=key, arguments=arguments, fields=fields)

    def _pairs(self, end: str) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while self._peek()[1] != end:
            name = self._name()
            self._expect(":")
            pairs[name] = self._value()
        self._next()
        return pairs

    def _value(self) -> Any:
        kind, text = self._next()
        match kind, text:
            case "text", _:
                return re.sub(r"\\(.)", r"\1", text[1:-1])
            case "number", _:
                return float(text) if "." in text else int(text)
            case "name", "true" | "false":
                return text == "true"
            case "name", "null":
                return None
            case "name", _:
                return text
            case _, "$":
                name = self._name()
                if name not in self._variables:
                    raise NotUnderstood(f"Variable ${name} is used but not declared")
                return self._variables[name]
            case _, "{":
                return self._pairs("}")
            case _, "[":
                return self._list()
            case _:
                raise NotUnderstood(f"Expected a value, actual: {text}")

    def _list(self) -> list[Any]:
        values = []
        while self._peek()[1] != "]":
            values.append(self._value())
        self._next()
        return values

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise NotUnderstood(f"Expected NAME, actual: {text}")
        return text

    def _expect(self, sign: str) -> None:
        text = self._next()[1]
        if text != sign:
            raise NotUnderstood(f"Expected {sign}, actual: {text}")


def _tokens(document: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(document):
        found = _TOKEN.match(document, place)
        if found is None:
            raise NotUnderstood(f"Parse error on {document[place]!r}")
        place = found.end()
        if found.lastgroup and found.lastgroup != "space":
            yield found.lastgroup, found.group()
