"""What is an object that a GraphQL query asks fields of?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.sandbox.gitlab.graphql_problem import Problem

Items = Sequence[tuple[int, Callable[[], "Node"]]]


@dataclass(frozen=True, slots=True)
class Node:
    """One object.

    Attributes:
        kind: the name of its type.
        values: fields without arguments, nodes or plain.
        links: fields with arguments that lead to one node.
        lists: fields that are connections, each item with the number it is sorted by.
        once: connections that may be asked for once in a query.
        asked: what was asked for so far.
    """

    kind: str
    values: Mapping[str, Any]
    links: Mapping[str, Callable[[Mapping[str, Any]], Node | None]] = field(default_factory=dict)
    lists: Mapping[str, Callable[[Mapping[str, Any]], Items]] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)

    def count(self, name: str) -> None:
        """Note that a connection is asked for.

        Raises:
            Problem: it may be asked for once, and was.
        """
        if name in self.once:
            if name in self.asked:
                message = f'"{name}" field can be requested only for 1 {self.kind}(s) at a time.'
                raise Problem(message, ran=True, path=(name,))
            self.asked.add(name)
