"""What is a YAML text made of: nodes that know where they stand.

Values are text, as they are after YAML's unquoting and folding. An alias stays an alias, with a
place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A piece of text.

    Attributes:
        start: offset of the node, its anchor and tag included.
        content: offset behind anchor and tag; of a quoted scalar, of its quotation mark.
        end: offset behind it, quotation marks included; of a block scalar, behind its last line.
        value: the text, after unquoting and folding.
        style: "" where it is plain, else ``'``, ``"``, ``|`` or ``>``.
        anchor: the name behind ``&``, or "".
        tag: such as ``!reference``, or "".
    """

    start: int
    content: int
    end: int
    value: str
    style: str
    anchor: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list; `flow` where it stands in brackets. Offsets as those of a `Scalar`."""

    start: int
    content: int
    end: int
    items: tuple[Node, ...]
    flow: bool
    anchor: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A key and its value."""

    key: Node
    value: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys with values, in the order of the text; `flow` where it stands in braces."""

    start: int
    content: int
    end: int
    pairs: tuple[Pair, ...]
    flow: bool
    anchor: str
    tag: str

    def get(self, key: str) -> Pair | None:
        """Return the pair of a key that stands here itself, not by a merge key."""
        return next((pair for pair in self.pairs if key_of(pair) == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A ``*name``, and the node that it stands for."""

    start: int
    end: int
    name: str
    target: Scalar | Sequence | Mapping


Node = Scalar | Sequence | Mapping | Alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a text; `start` is that of its ``---``, or of its first line without one."""

    root: Node
    start: int
    end: int


def resolved(node: Node) -> Scalar | Sequence | Mapping:
    """Return what a node is, or what its alias stands for."""
    return node.target if isinstance(node, Alias) else node


def key_of(pair: Pair) -> str | None:
    """Return a pair's key, or None where it is no text."""
    key = resolved(pair.key)
    return key.value if isinstance(key, Scalar) else None


def is_merge(pair: Pair) -> bool:
    """Return whether a pair is a merge key, ``<<: *name``."""
    key = pair.key
    return isinstance(key, Scalar) and key.value == "<<" and not key.style


def text_of(node: Node | None) -> str | None:
    """Return a scalar's text, also through an alias; None of anything else."""
    node = resolved(node) if node else None
    return node.value if isinstance(node, Scalar) else None


def is_null(node: Node) -> bool:
    """Return whether a value is absent or says null."""
    node = resolved(node)
    return isinstance(node, Scalar) and not node.style and node.value.lower() in ("", "~", "null")


def merged(mapping: Mapping) -> dict[str, Pair]:
    """Return the pairs of a mapping by key, those of its merge keys behind its own.

    Of several merged mappings the first that has a key gives it, as YAML 1.1 says.
    """
    found = {key: pair for pair in mapping.pairs if (key := key_of(pair)) is not None and not is_merge(pair)}
    for pair in filter(is_merge, mapping.pairs):
        value = resolved(pair.value)
        for source in value.items if isinstance(value, Sequence) else (value,):
            inner = resolved(source)
            if isinstance(inner, Mapping):
                for key, inherited in merged(inner).items():
                    found.setdefault(key, inherited)
    return found


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all that stands inside it; an alias, but not what it stands for."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        match here:
            case Sequence():
                stack.extend(reversed(here.items))
            case Mapping():
                for pair in reversed(here.pairs):
                    stack += [pair.value, pair.key]
