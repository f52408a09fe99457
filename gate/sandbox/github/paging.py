"""Which part of a list does a request get, and what does its `Link` header say?

Absolute URLs with the whole query, under the base of the request, as GitHub gives them: a
repository by its number, not by its name (documentation on pagination, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.routing import Answer, Request, json_answer

USUAL = 30
MOST = 100
MOST_FILTERED = 1000
MOST_UNFILTERED = 40_000
TOO_DEEP = "In order to keep the API fast for everyone, pagination is limited for this resource."

T = TypeVar("T")


def page_of(
    request: Request,
    items: Sequence[T],
    encode: Callable[[T], Any],
    key: str = "",
    *,
    usual: int = USUAL,
    most: int = MOST,
    cut: int | None = None,
    path: str = "",
) -> Answer:
    """Return the page that a request asks for.

    Args:
        request: with `page` and `per_page`.
        items: the whole list in its order.
        encode: makes an item's document.
        key: what the list is called in an object with `total_count`; empty for a bare list.
        usual: the page's length where the request does not say.
        most: the longest page.
        cut: how many items can be reached at most; the total still counts all of them.
        path: what the links say instead of the request's own path.

    Raises:
        Refused: 422, the page is further back than GitHub goes.
    """
    size = min(max(1, whole_number(request, "per_page", usual)), most)
    page = max(1, whole_number(request, "page", 1))
    if cut is None and (page - 1) * size >= MOST_UNFILTERED:
        raise Refused(422, TOO_DEEP)
    reachable = items if cut is None else items[:cut]
    shown = [encode(item) for item in reachable[(page - 1) * size : page * size]]
    link = _link(request, path or request.path, page, -(-len(reachable) // size))
    headers = (("Link", link),) if link else ()
    return json_answer(200, {"total_count": len(items), key: shown} if key else shown, *headers)


def whole_number(request: Request, name: str, usual: int) -> int:
    """Return a number of the query; GitHub takes what is none for the usual one."""
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else usual


def _link(request: Request, path: str, page: int, last: int) -> str:
    targets = []
    if page > 1:
        targets.append(("prev", min(page - 1, max(1, last))))
    if page < last:
        targets.append(("next", page + 1))
        targets.append(("last", last))
    if page > 1:
        targets.append(("first", 1))
    url = f"{request.base}{path}"
    return ", ".join(
        f'<{url}?{urlencode({**request.query, "page": str(number)})}>; rel="{name}"'
        for name, number in targets
    )
