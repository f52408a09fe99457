"""How does a client use the guard by itself, without pytest and without hooks in the process?"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from gate.config import load_config
from gate.core.model import Verdict
from gate.guards.guard import Guard
from gate.guards.hooks import current

S = TypeVar("S")

_made: dict[int, Guard] = {}


def default_guard() -> Guard:
    """Return the guard that is installed, else one by ``gate.yml`` or the environment.

    Raises:
        ConfigError: there is no configuration, or it is wrong.
    """
    installed = current.guard
    if installed is not None:
        return installed
    pid = os.getpid()
    if pid not in _made:
        _made[pid] = Guard(load_config(None, os.environ), os.environ)
    return _made[pid]


def current_verdict(url: str | None = None, *, guard: Guard | None = None) -> Verdict:
    """Return what is known of the lab that `url` leads to, by default of the chosen one.

    Raises:
        ConfigError: there is no guard given, and no right configuration.
    """
    guard = guard or default_guard()
    return guard.snapshot(guard.lab_at(url) if url else None).verdict


def configure_allowed(url: str | None = None, *, guard: Guard | None = None) -> bool:
    """Return whether a configure request may be sent now, for clients that ask before each.

    Args:
        url: the request's, where there are several labs; by default the chosen lab counts.
        guard: by default the one of this process; its readings are shared, so asking before
            each request costs the lab one question in five seconds.

    Raises:
        ConfigError: there is no guard given, and no right configuration.
    """
    return current_verdict(url, guard=guard).open


def protect(session: S, guard: Guard | None = None) -> S:
    """Guard what one session sends, and nothing else in this process.

    Every request and every redirect is checked before the session's adapters, and so before
    any retry. A session that is guarded already stays as it is. A pickled copy of a session
    is not guarded.

    Args:
        session: a `requests.Session`, `httpx.Client`, `httpx.AsyncClient` or
            `urllib3.PoolManager`.
        guard: by default one by ``gate.yml`` or the environment.

    Returns:
        The same session.

    Raises:
        ConfigError: there is no guard given, and no right configuration.
        TypeError: this kind of session cannot be guarded.
    """
    for module, name, guarded in _SESSIONS:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(session, kind):
            if "_fiber_guard" not in vars(session):
                guarded(session, guard or default_guard())
                vars(session)["_fiber_guard"] = True
            return session
    known = ", ".join(f"{module}.{name}" for module, name, _ in _SESSIONS)
    raise TypeError(
        f"expected one of {known}, found {type(session).__name__}; others: gate.guards.http.install"
    )


def _guard_requests(session: Any, guard: Guard) -> None:
    send = session.send

    def guarded(request: Any, **kwargs: Any) -> Any:
        guard.check(request.method or "", request.url or "")
        return send(request, **kwargs)

    session.send = guarded  # redirects come through it as well


def _guard_httpx(client: Any, guard: Guard) -> None:
    def check(request: Any) -> None:
        guard.check(request.method, str(request.url))

    client.event_hooks = {**client.event_hooks, "request": [check, *client.event_hooks["request"]]}


def _guard_async_httpx(client: Any, guard: Guard) -> None:
    async def check(request: Any) -> None:
        await guard.check_async(request.method, str(request.url))

    client.event_hooks = {**client.event_hooks, "request": [check, *client.event_hooks["request"]]}


def _guard_urllib3(manager: Any, guard: Guard) -> None:
    urlopen = manager.urlopen

    def guarded(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        guard.check(method, url)
        return urlopen(method, url, *args, **kwargs)

    manager.urlopen = guarded  # redirects come through it as well


_SESSIONS: tuple[tuple[str, str, Callable[[Any, Guard], None]], ...] = (
    ("requests", "Session", _guard_requests),
    ("httpx", "Client", _guard_httpx),
    ("httpx", "AsyncClient", _guard_async_httpx),
    ("urllib3", "PoolManager", _guard_urllib3),
)
