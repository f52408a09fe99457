"""Is it too much, too fast? GitLab's two kinds of limits.

Rack::Attack throttles requests by token, answers 429 in plain text, and is what the
RateLimit headers tell of. Limits of single actions answer 429 in JSON, count what they turn
away too, and no header shows them (doc/administration/settings/user_and_ip_rate_limits.md, doc/
security/rate_limits.md, !255403, !256678, !267727, #629514, #633849, read 2026-11-24). Both
go by the time outside: it is the client's patience they measure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from gate.sandbox.gitlab.refusal import TOO_MANY, Refused
from gate.sandbox.gitlab.tokens import Grant
from gate.sandbox.routing import Answer

MINUTE = 60
_THROTTLE = "throttle_authenticated_api"

# A minute, by user and what the action is done to.
ACTIONS: Mapping[str, int] = {
    "projects_index": 600,
    "project": 400,
    "jobs_index": 600,
    "pipeline_cancel": 5,
    "pipeline_cancel_project": 120,
    "pipeline_retry": 5,
    "pipeline_retry_project": 200,
    "job_retry": 3,
    "job_retry_project": 1250,
    "job_play": 3,
    "job_play_project": 750,
    "job_cancel": 5,
    "schedule_change": 300,
    "schedule_play": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How strict the limits are.

    Attributes:
        requests: requests a minute by token, 2,000 on GitLab.com; None is a self-managed
            instance as it comes, without throttle and headers.
        actions: times a minute by the names of `ACTIONS`; a name that is missing has no
            limit. ``job_cancel_project`` is known too, its default is not.
        retry_after: whether a 429 says when to come back.
    """

    requests: int | None = 2000
    actions: Mapping[str, int] = field(default_factory=lambda: dict(ACTIONS))
    retry_after: bool = True


@dataclass(slots=True)
class _Window:
    minute: int
    count: int = 0


class Limits:
    """What each token has used.

    Args:
        settings: how strict.
        clock: the time outside, in seconds since the epoch.
    """

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._clock = clock
        self._requests: dict[str, _Window] = {}
        self._actions: dict[tuple[str, str, str], _Window] = {}

    def throttle(self, key: str) -> Answer | None:
        """Count a request; return the answer of Rack::Attack where it is one too many."""
        if self.settings.requests is None:
            return None
        observed, now = self._count(self._requests.setdefault(key, _Window(0))), self._clock()
        if observed <= self.settings.requests:
            return None
        left = MINUTE - int(now) % MINUTE
        headers = [*self.headers(key), ("RateLimit-ResetTime", formatdate(now + left, usegmt=True))]
        if self.settings.retry_after:
            headers.append(("Retry-After", str(left)))
        return Answer(status=429, body=b"Retry later\n", kind="text/plain", headers=tuple(headers))

    def headers(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that every answer carries; none without a throttle."""
        most = self.settings.requests
        if most is None:
            return ()
        now, observed = int(self._clock()), self._requests.get(key, _Window(0)).count
        return (
            ("RateLimit-Limit", str(most)),
            ("RateLimit-Name", _THROTTLE),
            ("RateLimit-Observed", str(observed)),
            ("RateLimit-Remaining", str(max(0, most - observed))),
            ("RateLimit-Reset", str(now - now % MINUTE + MINUTE)),
        )

    def act(self, grant: Grant, **scopes: object) -> None:
        """Count actions by what they are done to, those that are turned away too.

        Args:
            grant: who acts.
            **scopes: by the name of the limit, the id of what it is about.

        Raises:
            Refused: 429, in JSON.
        """
        over = False
        for name, scope in scopes.items():
            most = self.settings.actions.get(name)
            if most is not None:
                key = (name, grant.username, str(scope))
                over = self._count(self._actions.setdefault(key, _Window(0))) > most or over
        if over:
            wait = (("Retry-After", str(MINUTE)),) if self.settings.retry_after else ()
            raise Refused(429, {"message": {"error": TOO_MANY}}, wait)

    def clear(self) -> None:
        """Forget what was used."""
        self._requests.clear()
        self._actions.clear()

    def _count(self, window: _Window) -> int:
        minute = int(self._clock() // MINUTE)
        if window.minute != minute:
            window.minute, window.count = minute, 0
        window.count += 1
        return window.count
