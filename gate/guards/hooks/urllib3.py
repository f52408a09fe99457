"""Where does urllib3 send? In `HTTPConnectionPool.urlopen`, which calls itself for each retry.

The same in 1.26 and 2: a pool manager hands every request and every redirect to a pool. So
a lab that goes dark between two attempts gets the first of them only.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method


def _guarded(urlopen: Method) -> Method:
    @wraps(urlopen)
    def guarded(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        current.check(method, current.url_of(self.scheme, self.host, self.port, url))
        return urlopen(self, method, url, *args, **kwargs)

    return guarded


HOOKS = (Hook(module="urllib3.connectionpool", owner="HTTPConnectionPool", method="urlopen", wrap=_guarded),)
