"""Where in a YAML text does each thing stand?

A text is read into nodes that know their offsets; nothing is constructed, and an alias stays an
alias with a place of its own, so that a text can be edited where it changes and a bomb of aliases
costs no more than it is long. Values are text, as they are after YAML's unquoting and folding.

Read with libyaml where PyYAML has it; offsets of both parsers count characters, those of the
text without a BOM (measured 2026-11-24 with PyYAML 6.0.3). Their end of a block collection is
the start of whatever comes next, so `end` here is the end of the last thing inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

import yaml

from gate.core.reason import one_line, quoted
from gate.wiring.edits import place_at
from gate.wiring.records import Unreadable
from gate.wiring.yaml_nodes import (
    Alias,
    Document,
    Mapping,
    Node,
    Pair,
    Scalar,
    Sequence,
    is_merge,
    is_null,
    key_of,
    merged,
    resolved,
    text_of,
    walk,
)

__all__ = [
    "LOADER",
    "MAX_DEPTH",
    "MAX_NODES",
    "Alias",
    "Document",
    "Mapping",
    "Node",
    "Pair",
    "Scalar",
    "Sequence",
    "is_merge",
    "is_null",
    "key_of",
    "merged",
    "parse_documents",
    "resolved",
    "solid_spans",
    "text_of",
    "walk",
]

# GitLab's own limit of depth is 100 (docs.gitlab.com/administration/instance_limits, read
# 2026-11-24); no workflow that GitHub runs comes near either number.
MAX_DEPTH: Final = 100
MAX_NODES: Final = 1_000_000

_FORBIDDEN = re.compile("^\ufeff|[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:[ \t\r\n]+(?:#[^\r\n]*)?)*)+")
LOADER: Final[type] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_Named = yaml.ScalarEvent | yaml.CollectionStartEvent


def parse_documents(text: str, loader: type = LOADER) -> tuple[Document, ...]:
    """Return a text's documents; those without any content are left out.

    Args:
        text: without a BOM.
        loader: the parser, libyaml's where PyYAML has it.

    Raises:
        Unreadable: it is not YAML, gives a key twice, is too deep, or its aliases
            would grow to more than `MAX_NODES`.
    """
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        code = f"U+{ord(forbidden[0]):04X}"
        raise Unreadable(
            place_at(text, forbidden.start()), f"not YAML: the character {code} may not stand here"
        )
    try:
        return tuple(_Builder(text).documents(loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = one_line(f"not YAML: {error.problem or error.context}")
        raise Unreadable(place_at(text, mark.index if mark else 0), said) from None


def solid_spans(text: str, documents: tuple[Document, ...]) -> tuple[tuple[int, int], ...]:
    """Return from where to where scalars of several lines stand: no comment can stand inside."""
    return tuple(
        (node.content, node.end)
        for document in documents
        for node in walk(document.root)
        if isinstance(node, Scalar) and ("\n" in (inside := text[node.content : node.end]) or "\r" in inside)
    )


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A collection that is being read: its start event, its children, and what they come to."""

    event: yaml.CollectionStartEvent
    children: list[Node]
    keys: set[str]
    nodes: int = 1
    depth: int = 1


class _Builder:
    """Makes nodes of the parser's events, without recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Scalar | Sequence | Mapping, int, int]] = {}
        self._root: Node | None = None

    def documents(self, loader: type) -> Iterator[Document]:
        start = 0
        for event in yaml.parse(self._text, Loader=loader):
            match event:
                case yaml.ScalarEvent():
                    self._add_named(self._scalar(event), 1, 1)
                case yaml.CollectionStartEvent():
                    self._open(event)
                case yaml.CollectionEndEvent():
                    self._close(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.DocumentStartEvent():
                    start, self._root = _start(event), None
                    self._anchors.clear()
                case yaml.DocumentEndEvent() if self._root and self._root.start < self._root.end:
                    yield Document(root=self._root, start=start, end=_start(event))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._fail(_start(event), f"more than {MAX_DEPTH} levels deep")
        self._stack.append(_Frame(event=event, children=[], keys=set()))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._stack.pop()
        opened, children = frame.event, tuple(frame.children)
        start, content = _start(opened), self._content(opened)
        flow = bool(opened.flow_style)
        end = _end(event) if flow else max([content + 1, *(child.end for child in children)])
        anchor, tag = opened.anchor or "", opened.tag or ""
        node: Sequence | Mapping
        if isinstance(opened, yaml.SequenceStartEvent):
            node = Sequence(
                start=start, content=content, end=end, items=children, flow=flow, anchor=anchor, tag=tag
            )
        else:
            pairs = tuple(
                Pair(key=key, value=value) for key, value in zip(children[::2], children[1::2], strict=True)
            )
            node = Mapping(
                start=start, content=content, end=end, pairs=pairs, flow=flow, anchor=anchor, tag=tag
            )
        self._add_named(node, frame.nodes, frame.depth)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        start, end = _start(event), _end(event)
        return Scalar(
            start=start,
            content=min(self._content(event), end),
            end=end,
            value=event.value,
            style=(event.style or "").strip(),
            anchor=event.anchor or "",
            tag=event.tag or "",
        )

    def _alias(self, event: yaml.AliasEvent) -> None:
        name, start = event.anchor or "", _start(event)
        if name not in self._anchors:
            self._fail(start, f"the alias *{one_line(name, 60)} has no anchor before it")
        target, nodes, depth = self._anchors[name]
        self._add(Alias(start=start, end=_end(event), name=name, target=target), nodes, depth)

    def _add_named(self, node: Scalar | Sequence | Mapping, nodes: int, depth: int) -> None:
        self._add(node, nodes, depth)
        if node.anchor:
            self._anchors[node.anchor] = (node, nodes, depth)

    def _add(self, node: Node, nodes: int, depth: int) -> None:
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if isinstance(frame.event, yaml.MappingStartEvent) and len(frame.children) % 2 == 0:
            self._check_key(node, frame.keys)
        frame.children.append(node)
        frame.nodes += nodes
        frame.depth = max(frame.depth, depth + 1)
        if frame.nodes > MAX_NODES:
            self._fail(node.start, f"its aliases grow to more than {MAX_NODES:,} values")
        if frame.depth + len(self._stack) - 1 > MAX_DEPTH:
            self._fail(node.start, f"more than {MAX_DEPTH} levels deep")

    def _check_key(self, node: Node, keys: set[str]) -> None:
        key = resolved(node)
        if not isinstance(key, Scalar) or (key.value == "<<" and not key.style):
            return
        if key.value in keys:
            self._fail(node.start, f"the key {quoted(key.value)} is given twice")
        keys.add(key.value)

    def _content(self, event: _Named) -> int:
        start = _start(event)
        found = _PROPERTIES.match(self._text, start) if event.anchor or event.tag else None
        return found.end() if found else start

    def _fail(self, offset: int, reason: str) -> NoReturn:
        raise Unreadable(place_at(self._text, offset), reason)


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0
