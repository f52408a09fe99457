"""Where does requests send? In `HTTPAdapter.send`, once a request and once a redirect.

`Session.send` gives every prepared request to it, before urllib3 counts any retry. One step
further up, requests that `responses` or `requests-mock` answer would be held back as well.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from gate.guards.hooks import current
from gate.guards.hooks.placing import Hook, Method


def _guarded(send: Method) -> Method:
    @wraps(send)
    def guarded(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        current.check(request.method or "", request.url or "")
        return send(self, request, *args, **kwargs)

    return guarded


HOOKS = (Hook(module="requests.adapters", owner="HTTPAdapter", method="send", wrap=_guarded),)
