"""Is a failed call worth repeating, or is a lab's waiting for fibre why it failed?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gate.config import DEFAULT_FILE
from gate.core.model import State
from gate.guards.guard import Guard
from gate.guards.held import FiberNotReady
from gate.guards.hooks import current
from gate.guards.library import default_guard

_UNAVAILABLE = 503


def waiting_explains(outcome: object, *, guard: Guard | None = None) -> bool:
    """Return whether a lab's waiting for fibre is why a call failed.

    Args:
        outcome: an exception or a response, of requests, httpx, urllib3 or aiohttp.
        guard: by default the one of this process.
    """
    chain = _causes(outcome)
    if any(isinstance(cause, FiberNotReady) for cause in chain):
        return True
    return any(
        _status(cause) == _UNAVAILABLE and is_waiting(url, guard) for cause in chain if (url := _url(cause))
    )


def unless_waiting(
    repeat: type[BaseException] | tuple[type[BaseException], ...] | Callable[[Any], bool] = Exception,
    *,
    guard: Guard | None = None,
) -> Callable[[Any], bool]:
    """Return when to repeat a call: as `repeat` says, but not where waiting for fibre explains it.

    With stamina ``retry(on=unless_waiting(httpx.HTTPError))``, with tenacity
    ``retry(retry=retry_if_exception(unless_waiting(OSError)))`` or, for responses,
    ``retry(retry=retry_if_result(unless_waiting(is_server_error)))``.

    Args:
        repeat: classes of exceptions, or what decides about an exception or a response.
        guard: by default the one of this process.
    """

    def worth_repeating(outcome: Any) -> bool:
        wanted = isinstance(outcome, repeat) if isinstance(repeat, type | tuple) else repeat(outcome)
        return wanted and not waiting_explains(outcome, guard=guard)

    return worth_repeating


def is_waiting(url: str, guard: Guard | None) -> bool:
    """Return whether a URL leads to a lab that waits for fibre, by a reading from now on.

    An older one could be from before the fibre went. Where no lab is configured, none waits.
    """
    if guard is None and not _is_configured():
        return False
    guard = guard or default_guard()
    lab = guard.lab_at(url)
    if lab is None:
        return False
    known = guard.snapshot(lab)
    if known.verdict.open:
        known = guard.snapshot(lab, max_age=0)
    return known.verdict.state is State.WAITING_FOR_FIBER


def _is_configured() -> bool:
    named = os.environ.get("GATE_FOCUS_SERVER") or os.environ.get("GATE_CONFIG")
    return current.guard is not None or bool(named) or Path(DEFAULT_FILE).is_file()


def _causes(outcome: object) -> list[object]:
    """Return what a call ended with and what that was raised from, wrapped errors included."""
    found: list[object] = []
    waiting: list[object] = [outcome]
    while waiting and len(found) < 20:
        cause = waiting.pop(0)
        found.append(cause)
        if isinstance(cause, BaseException):
            inner = (cause.__cause__, cause.__context__, *cause.args)
            waiting += [item for item in inner if isinstance(item, BaseException) and item not in found]
    return found


def _status(outcome: object) -> int | None:
    """Return the HTTP status of a response, or of an error that carries one."""
    response = getattr(outcome, "response", None)
    for holder, name in (
        (outcome, "status_code"),
        (outcome, "status"),
        (outcome, "code"),
        (response, "status_code"),
    ):
        status = getattr(holder, name, None)
        if isinstance(status, int):
            return status
    spent = isinstance(outcome, Exception) and f"{_UNAVAILABLE} error responses" in str(outcome)
    return _UNAVAILABLE if spent else None


def _url(outcome: object) -> str:
    """Return the URL of a response, or of an error that names its request."""
    pool: Any = getattr(outcome, "pool", None)
    if pool is not None and hasattr(pool, "scheme"):  # urllib3 names the path alone
        return current.url_of(pool.scheme, pool.host, pool.port, str(getattr(outcome, "url", "/")))
    for path in (("url",), ("response", "url"), ("request", "url"), ("request_info", "real_url")):
        found: object = outcome
        for name in path:
            try:
                found = getattr(found, name, None)
            except RuntimeError:  # httpx: an error without its request
                found = None
        if found is not None:
            return str(found)
    return ""
