"""Where does everything else send? In `HTTPConnection.putrequest`, which writes the first line.

The wire under `urllib.request`, `xmlrpc`, urllib3 in whatever form it was bundled, and what
people write by hand.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method

_TLS_PORT = 443


def _guarded(putrequest: Method) -> Method:
    @wraps(putrequest)
    def guarded(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        current.check(method, _whole(self, url))
        return putrequest(self, method, url, *args, **kwargs)

    return guarded


def _whole(connection: Any, target: str) -> str:
    """Return the whole URL: a tunnel's far end counts, not the proxy that it goes through."""
    scheme = "https" if connection.default_port == _TLS_PORT else "http"
    if connection._tunnel_host:
        return current.url_of(scheme, connection._tunnel_host, connection._tunnel_port, target)
    return current.url_of(scheme, connection.host, connection.port, target)


HOOKS = (Hook(module="http.client", owner="HTTPConnection", method="putrequest", wrap=_guarded),)
