"""Which part of a list does a request get, and what do its headers say?

gitlabhq `lib/gitlab/pagination/offset_header_builder.rb` and docs/api/rest, read 2026-11-24: totals
are left out where counting would be costly, and a keyset page has no number at all. Links
are absolute, below the address that was asked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from gate.sandbox.gitlab.refusal import invalid
from gate.sandbox.routing import Answer, Request, json_answer

USUAL = 20
MOST = 100
_MOST_COUNTED = 10_000

T = TypeVar("T")


def page_of(
    request: Request, items: Sequence[T], encode: Callable[[T], Any], *, counted: bool = True
) -> Answer:
    """Return the numbered page that a request asks for.

    Args:
        request: with `page` and `per_page`.
        items: the whole list in its order.
        encode: makes an item's document.
        counted: whether the totals are told.

    Raises:
        Refused: 400, a number is none.
    """
    size, page = _size(request), _number(request, "page", 1)
    last = max(1, -(-len(items) // size))
    more = page < last
    headers = [
        ("X-Per-Page", str(size)),
        ("X-Page", str(page)),
        ("X-Next-Page", str(page + 1) if more else ""),
        ("X-Prev-Page", str(page - 1) if page > 1 else ""),
    ]
    targets = [("prev", page - 1)] if page > 1 else []
    targets += [("next", page + 1)] if more else []
    targets.append(("first", 1))
    if counted and len(items) <= _MOST_COUNTED:
        headers += [("X-Total", str(len(items))), ("X-Total-Pages", str(last))]
        targets.append(("last", last))
    links = ", ".join(_link(request, name, page=number, per_page=size) for name, number in targets)
    shown = [encode(item) for item in items[(page - 1) * size : page * size]]
    return json_answer(200, shown, ("Link", links), *headers)


def keyset_of(
    request: Request, items: Sequence[T], encode: Callable[[T], Any], number: Callable[[T], int]
) -> Answer:
    """Return the page behind a cursor; the list runs from the highest number to the lowest.

    Args:
        request: with `cursor` and `per_page`.
        items: the whole list.
        encode: makes an item's document.
        number: returns an item's id.

    Raises:
        Refused: 400, the cursor is none.
    """
    size, below = _size(request), read_cursor(request.query.get("cursor", ""))
    rest = [item for item in items if below is None or number(item) < below]
    shown = rest[:size]
    headers = [("X-Per-Page", str(size))]
    if len(rest) > size:
        cursor = write_cursor(number(shown[-1]))
        headers.append(("Link", _link(request, "next", cursor=cursor, per_page=size)))
    return json_answer(200, [encode(item) for item in shown], *headers)


def write_cursor(number: int) -> str:
    """Return a cursor that stands behind an id."""
    return base64.urlsafe_b64encode(json.dumps({"id": str(number)}).encode()).decode()


def read_cursor(text: str) -> int | None:
    """Return the id that a cursor stands behind; None where there is none.

    Raises:
        Refused: 400, it is no cursor.
    """
    if not text:
        return None
    try:
        return int(json.loads(base64.urlsafe_b64decode(text))["id"])
    except (ValueError, KeyError, TypeError):
        raise invalid("cursor", "is invalid") from None


def _size(request: Request) -> int:
    return min(_number(request, "per_page", USUAL), MOST)


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid(name, "is invalid")
    return max(1, int(text))


def _link(request: Request, relation: str, **changed: object) -> str:
    pairs = [(name, text) for name, text in parse_qsl(request.raw_query, keep_blank_values=True)]
    kept = [(name, text) for name, text in pairs if name not in {"page", "per_page", "cursor"}]
    query = urlencode([*kept, *((name, str(value)) for name, value in changed.items())])
    return f'<{request.base}{request.path}?{query}>; rel="{relation}"'
