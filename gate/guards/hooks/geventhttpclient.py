"""Where does geventhttpclient send? In `HTTPClient.request`, with which Locust's `FastHttpUser` sends."""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method


def _guarded(request: Method) -> Method:
    @wraps(request)
    def guarded(self: Any, method: Any, request_uri: Any, *args: Any, **kwargs: Any) -> Any:
        scheme = "https" if self.ssl else "http"
        current.check(_text(method), current.url_of(scheme, self.host, self.port, _text(request_uri)))
        return request(self, method, request_uri, *args, **kwargs)

    return guarded


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


HOOKS = (Hook(module="geventhttpclient.client", owner="HTTPClient", method="request", wrap=_guarded),)
