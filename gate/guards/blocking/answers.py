"""Has a lab refused what was let through? Then it is read anew at once, however young the reading.

So a lab that goes dark gets the one request that was on its way, and no client's retry of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from gate.core.model import State
from gate.guards.held import Snapshot
from gate.guards.hooks.current import url_of
from gate.guards.hooks.placing import Hook, Method, Placed, place, remove
from gate.guards.hooks.waiting import run_aside
from gate.guards.http import Guard

Refused = Callable[[str, str, Snapshot], None]

_UNAVAILABLE = 503
_TLS_PORT = 443


class Answers:
    """Looks at the answers to requests that configure a lab.

    Args:
        guard: knows which requests those are.
        refused: is told method, URL and what is known now, where the lab turns out to be dark.
    """

    def __init__(self, guard: Guard, refused: Refused) -> None:
        self._guard = guard
        self._refused = refused
        self._placed: dict[str, list[Placed]] = {}
        hooks = (
            Hook(module="http.client", owner="HTTPConnection", method="putrequest", wrap=self._sending),
            Hook(module="http.client", owner="HTTPConnection", method="getresponse", wrap=self._answering),
            Hook(module="httpcore", owner="ConnectionPool", method="handle_request", wrap=self._httpcore),
            Hook(
                module="httpcore",
                owner="AsyncConnectionPool",
                method="handle_async_request",
                wrap=self._httpcore_async,
            ),
            Hook(module="aiohttp.client", owner="ClientSession", method="_request", wrap=self._aiohttp),
        )
        self._hooks = {
            module: [hook for hook in hooks if hook.module == module]
            for module in dict.fromkeys(hook.module for hook in hooks)
        }

    def watch(self) -> None:
        """Look from now on at what the libraries answer that are imported by now."""
        for name, hooks in self._hooks.items():
            module = sys.modules.get(name)
            if module is not None and name not in self._placed:
                self._placed[name] = [placed for hook in hooks if (placed := place(hook, module))]

    def drop(self) -> None:
        """Look no longer."""
        for placed in self._placed.values():
            for one in reversed(placed):
                remove(one)
        self._placed.clear()

    def _look(self, method: str, url: str, status: int) -> None:
        lab = self._guard.lab_of(method, url) if status == _UNAVAILABLE else None
        if lab is not None:
            self._tell(method, url, self._guard.snapshot(lab, max_age=0))

    async def _look_async(self, method: str, url: str, status: int) -> None:
        lab = self._guard.lab_of(method, url) if status == _UNAVAILABLE else None
        if lab is not None:
            self._tell(method, url, await run_aside(partial(self._guard.snapshot, max_age=0), lab))

    def _tell(self, method: str, url: str, snapshot: Snapshot) -> None:
        # a lab whose state cannot be known may have been brought down by the very request
        if snapshot.verdict.state in (State.WAITING_FOR_FIBER, State.HELD):
            self._refused(method, url, snapshot)

    def _sending(self, putrequest: Method) -> Method:
        @wraps(putrequest)
        def noted(connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            vars(connection)["_gate_sent"] = (method, url)
            return putrequest(connection, method, url, *args, **kwargs)

        return noted

    def _answering(self, getresponse: Method) -> Method:
        @wraps(getresponse)
        def looked_at(connection: Any, *args: Any, **kwargs: Any) -> Any:
            response = getresponse(connection, *args, **kwargs)
            method, target = vars(connection).get("_gate_sent", ("", "/"))
            scheme = "https" if connection.default_port == _TLS_PORT else "http"
            host, port = connection.host, connection.port
            if connection._tunnel_host:
                host, port = connection._tunnel_host, connection._tunnel_port
            self._look(method, url_of(scheme, host, port, target), response.status)
            return response

        return looked_at

    def _httpcore(self, handle: Method) -> Method:
        @wraps(handle)
        def looked_at(pool: Any, request: Any) -> Any:
            response = handle(pool, request)
            self._look(*_httpcore_call(request), response.status)
            return response

        return looked_at

    def _httpcore_async(self, handle: Method) -> Method:
        @wraps(handle)
        async def looked_at(pool: Any, request: Any) -> Any:
            response = await handle(pool, request)
            await self._look_async(*_httpcore_call(request), response.status)
            return response

        return looked_at

    def _aiohttp(self, request: Method) -> Method:
        @wraps(request)
        async def looked_at(session: Any, method: str, url: Any, **kwargs: Any) -> Any:
            response = await request(session, method, url, **kwargs)
            await self._look_async(method, str(response.url), response.status)
            return response

        return looked_at


def _httpcore_call(request: Any) -> tuple[str, str]:
    url = request.url
    scheme, host, target = (part.decode("latin-1") for part in (url.scheme, url.host, url.target))
    return request.method.decode("latin-1"), url_of(scheme, host, url.port, target)
