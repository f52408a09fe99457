"""Where do Locust's users send from, and how is a request held back there?

At Locust's own sessions, so that the time for which a request waits is no response time.
Every other client is the business of the hooks in `gate.guards.hooks`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

Check = Callable[[str, str], object]
UNAVAILABLE = 503


def hold_users(check: Check, doubt: Check) -> None:
    """Let every request of a user be checked first, for the rest of this process.

    Args:
        check: takes method and URL; returns when the request may be sent.
        doubt: takes method and URL of a request that was answered with 503.
    """
    _wrap_session(HttpSession, check, doubt)
    _wrap_session(FastHttpSession, check, doubt)


def _wrap_session(session: Any, check: Check, doubt: Check) -> None:
    original = session.request

    @functools.wraps(original)
    def request(self: Any, method: Any, url: Any, *arguments: Any, **options: Any) -> Any:
        verb, target = _text(method), _text(self._build_url(url))
        check(verb, target)
        response = original(self, method, url, *arguments, **options)
        if response.status_code == UNAVAILABLE:
            doubt(verb, target)
        return response

    session.request = request


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
