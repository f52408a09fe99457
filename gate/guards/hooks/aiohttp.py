"""Where does aiohttp send? Through `BaseConnector.connect`, once a request and once a redirect.

`ClientSession._request` comes before it and is hooked too: a lab may take as long to read as
a client's timeout, which runs from there on, and a request that is held back should say so.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method


def _guarded_request(request: Method) -> Method:
    @wraps(request)
    async def guarded(self: Any, method: str, str_or_url: Any, **kwargs: Any) -> Any:
        url = _absolute(self, str_or_url)
        if url is not None:
            await current.check_async(method, url)
        return await request(self, method, str_or_url, **kwargs)

    return guarded


def _guarded_connect(connect: Method) -> Method:
    @wraps(connect)
    async def guarded(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        await current.check_async(req.method, str(req.url))
        return await connect(self, req, *args, **kwargs)

    return guarded


def _absolute(session: Any, url: Any) -> str | None:
    """Return the whole URL; None where the session's own check is to refuse it."""
    try:
        return str(session._build_url(url))
    except Exception:
        return None


HOOKS = (
    Hook(module="aiohttp.client", owner="ClientSession", method="_request", wrap=_guarded_request),
    Hook(module="aiohttp.connector", owner="BaseConnector", method="connect", wrap=_guarded_connect),
)
