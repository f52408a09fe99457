"""How is a GraphQL query read? Just enough grammar for queries of one operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Commas are white space in GraphQL.
_TOKEN = re.compile(
    r'[\s,]*(?:#[^\n]*[\s,]*)*(\.\.\.|[{}()\[\]:$!=]|"(?:[^"\\\n]|\\.)*"|-?\d+|\w+|$)', re.ASCII
)
_DEEPEST = 12


class QueryError(Exception):
    """The query cannot be carried out; the text is what GitHub would answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One selected field.

    Attributes:
        name: the field.
        alias: what the answer calls it.
        arguments: with variables filled in.
        fields: what is selected below it.
        on: the type that it is selected for, inside ``... on Type``; else empty.
    """

    name: str
    alias: str
    arguments: Mapping[str, Any]
    fields: tuple[Field, ...] = ()
    on: str = ""


def parse_query(text: str, variables: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return what a query selects.

    Raises:
        QueryError: it is no query, or holds something that the emulator does not know.
    """
    return _Parser(text, variables).operation()


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _tokens(text)
        self._variables = variables
        self._depth = 0

    def operation(self) -> tuple[Field, ...]:
        if self._peek() != "{":
            if self._next() != "query":
                raise QueryError("the sandbox knows queries only: GitHub has no mutation for Actions")
            if self._peek() not in {"{", "("}:
                self._next()
            if self._peek() == "(":
                self._skip_declarations()
        fields = self._selection("")
        if self._peek():
            raise QueryError(f'Parse error on "{self._peek()}": one operation is expected')
        return fields

    def _selection(self, on: str) -> tuple[Field, ...]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError("the query is too deep")
        self._expect("{")
        fields: list[Field] = []
        while self._peek() != "}":
            if self._peek() == "...":
                self._next()
                self._expect("on")
                fields += self._selection(self._next())
            else:
                fields.append(self._field(on))
        self._expect("}")
        self._depth -= 1
        return tuple(fields)

    def _field(self, on: str) -> Field:
        alias = name = self._name()
        if self._peek() == ":":
            self._next()
            name = self._name()
        arguments = {}
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                key = self._name()
                self._expect(":")
                arguments[key] = self._value()
            self._next()
        below = self._selection("") if self._peek() == "{" else ()
        return Field(name=name, alias=alias, arguments=arguments, fields=below, on=on)

    def _value(self) -> Any:
        word = self._next()
        if word == "$":
            name = self._name()
            if name not in self._variables:
                raise QueryError(f"Variable ${name} was provided no value")
            return self._variables[name]
        if word == "[":
            values = []
            while self._peek() != "]":
                values.append(self._value())
            self._next()
            return values
        if word == "{":
            fields = {}
            while self._peek() != "}":
                key = self._name()
                self._expect(":")
                fields[key] = self._value()
            self._next()
            return fields
        if word.startswith('"'):
            return word[1:-1].replace('\\"', '"')
        return int(word) if re.fullmatch(r"-?\d+", word) else word

    def _skip_declarations(self) -> None:
        while self._next() != ")":
            pass

    def _name(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token, re.ASCII):
            raise QueryError(f'Parse error on "{token}": a name is expected')
        return token

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            raise QueryError(f'Parse error on "{token}": expected "{wanted}"')

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _next(self) -> str:
        if not self._tokens:
            raise QueryError("Parse error: unexpected end of the query")
        return self._tokens.pop(0)


def _tokens(text: str) -> list[str]:
    place, tokens = 0, list[str]()
    while True:
        found = _TOKEN.match(text, place)
        if found is None:
            raise QueryError(f"Parse error on {text[place : place + 20]!r}")
        if not found[1]:
            return tokens
        tokens.append(found[1])
        place = found.end()
