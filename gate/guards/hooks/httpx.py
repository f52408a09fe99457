"""Where does httpx send? In the connection pools of httpcore, once a request and once a redirect.

Its clients, sync and async, have one such pool for each transport, proxies included. What
a `MockTransport`, `respx` or an application in the same process answers does not come here.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method


def _guarded(handle: Method) -> Method:
    @wraps(handle)
    def guarded(self: Any, request: Any) -> Any:
        current.check(*_call(request))
        return handle(self, request)

    return guarded


def _guarded_async(handle: Method) -> Method:
    @wraps(handle)
    async def guarded(self: Any, request: Any) -> Any:
        await current.check_async(*_call(request))
        return await handle(self, request)

    return guarded


def _call(request: Any) -> tuple[str, str]:
    """Return method and URL, which httpcore has in bytes."""
    url = request.url
    scheme, host, target = (part.decode("latin-1") for part in (url.scheme, url.host, url.target))
    return request.method.decode("latin-1"), current.url_of(scheme, host, url.port, target)


HOOKS = (
    Hook(module="httpcore", owner="ConnectionPool", method="handle_request", wrap=_guarded),
    Hook(module="httpcore", owner="AsyncConnectionPool", method="handle_async_request", wrap=_guarded_async),
)
