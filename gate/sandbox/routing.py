"""Which handler answers a request, under which path template?

Strict: a path that no template describes has no handler, so that an emulator answers what
the real service answers to it, and counts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, as a handler sees it.

    Attributes:
        method: in upper case; HEAD comes as GET, the server leaves the body out.
        path: below `base`, as it was sent, still percent-encoded.
        query: decoded; of a repeated name the last.
        raw_query: as it was sent, without the question mark.
        headers: names in lower case.
        body: as it was sent.
        base: the absolute URL under which `path` is, to build further URLs with.
        parameters: what the path template has named, decoded.
        at_once: how many requests are being answered, this one included.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 1

    def json(self) -> Any:
        """Return the decoded body; an empty one is an empty object.

        Raises:
            ValueError: the body is no JSON.
        """
        return json.loads(self.body) if self.body.strip() else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server sends back."""

    status: int
    body: bytes = b""
    kind: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path template of a service and what answers it; the log counts by the template."""

    method: str
    template: str
    handler: Handler


def json_answer(status: int, document: object, *headers: tuple[str, str]) -> Answer:
    """Return a document as an answer."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status=status, body=body, headers=headers)


class Router:
    """Path templates such as ``/repos/{owner}/{repo}/actions/runs``.

    A ``{name}`` stands for one segment, and `{name...}` for one or more. Segments are
    decoded after the path was split, so that an encoded slash stays within its segment.
    """

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[Route, tuple[str, ...]]]] = {}
        self._greedy: list[tuple[Route, tuple[str, ...]]] = []

    def add(self, method: str, template: str, handler: Handler, *, counted_as: str = "") -> None:
        """Answer `method` on paths of this form; an earlier template wins over a later one.

        Args:
            method: in upper case.
            template: the form of the path.
            handler: what answers.
            counted_as: the template that the log shows, where a service has two forms of one path.
        """
        parts = split(template)
        entry = (Route(method=method, template=counted_as or template, handler=handler), parts)
        if any(part.endswith("...}") for part in parts):
            self._greedy.append(entry)
        else:
            self._routes.setdefault((method, len(parts)), []).append(entry)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route and the values of its names, or None where there is no such path."""
        segments = split(path)
        for route, parts in self._routes.get((method, len(segments)), ()):
            values = _matched(parts, segments)
            if values is not None:
                return route, values
        for route, parts in self._greedy:
            values = _matched(parts, segments) if route.method == method else None
            if values is not None:
                return route, values
        return None


def split(path: str) -> tuple[str, ...]:
    """Return the segments of a path, still encoded; doubled slashes count once."""
    return tuple(part for part in path.split("/") if part)


def parse_query(text: str) -> dict[str, str]:
    """Return a query string decoded; of a repeated name the last."""
    return dict(parse_qsl(text, keep_blank_values=True))


def _matched(parts: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    if not parts:
        return {} if not segments else None
    head, rest = parts[0], parts[1:]
    if head.endswith("...}"):
        # As few segments as possible first, so that what follows the name may still match.
        for taken in range(1, len(segments) - len(rest) + 1):
            values = _matched(rest, segments[taken:])
            if values is not None:
                return {head[1:-4]: "/".join(map(unquote, segments[:taken])), **values}
        return None
    if not segments:
        return None
    if head.startswith("{"):
        values = _matched(rest, segments[1:])
        return None if values is None else {head[1:-1]: unquote(segments[0]), **values}
    return _matched(rest, segments[1:]) if head == unquote(segments[0]) else None
