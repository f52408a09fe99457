"""Is it too much, too fast? GitHub's primary and secondary rate limits.

Documentation on rate limits for the REST API, read 2026-11-24: so many requests an hour; at
most 100 at once; 900 points a minute, of which a GET takes 1 and a write 5; GraphQL 2,000
points a minute; content creation 80 a minute. The answer is 403 or 429, with or without
`Retry-After`. These limits go by the time outside: it is the client's patience they measure.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gate.sandbox.github.tokens import Grant

PRIMARY = "API rate limit exceeded for user ID 1."
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)
HOUR = 3600
MINUTE = 60.0
_WRITE_POINTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How strict the limits are.

    Attributes:
        enabled: False is GitHub Enterprise Server as it comes: no limits, no headers.
        primary: requests an hour for every token; None goes by its kind.
        points: REST points a minute.
        graphql_points: GraphQL points a minute.
        at_once: requests in flight.
        creations: check runs a minute.
        status: what a secondary limit answers, 403 or 429.
        retry_after: whether it says when to come back.
    """

    enabled: bool = True
    primary: int | None = None
    points: int = 900
    graphql_points: int = 2000
    at_once: int = 100
    creations: int = 80
    status: int = 403
    retry_after: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """Why a request is turned away.

    Attributes:
        status: the HTTP status.
        message: GitHub's own words.
        retry_after: seconds, or None where the answer does not say.
        primary: whether the hour's allowance is used up.
    """

    status: int
    message: str
    retry_after: int | None
    primary: bool


@dataclass(slots=True, kw_only=True)
class _Account:
    used: dict[str, int] = field(default_factory=lambda: {"core": 0, "graphql": 0})
    reset: float = 0.0
    spent: dict[str, deque[tuple[float, int]]] = field(default_factory=dict)


class Limits:
    """What each token has used.

    Args:
        settings: how strict.
        clock: the time outside, in seconds since the epoch.
    """

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    def charge(
        self, grant: Grant, resource: str, method: str, at_once: int, *, creation: bool
    ) -> Exceeded | None:
        """Count a request, or say why it is turned away.

        Args:
            grant: who asks.
            resource: ``core`` or ``graphql``.
            method: a write takes more points.
            at_once: how many requests are being answered, this one included.
            creation: whether it makes content.
        """
        if not self.settings.enabled:
            return None
        account, now = self._account(grant), self._clock()
        if account.used[resource] >= self._limit(grant):
            return Exceeded(status=403, message=PRIMARY, retry_after=None, primary=True)
        points = 1 if method in {"GET", "HEAD", "OPTIONS"} or resource == "graphql" else _WRITE_POINTS
        allowed = self.settings.graphql_points if resource == "graphql" else self.settings.points
        spent = {resource: (points, allowed)}
        if creation:
            spent["creation"] = (1, self.settings.creations)
        rows = {name: account.spent.setdefault(name, deque()) for name in spent}
        too_much = any(_recent(rows[name], now) + more > most for name, (more, most) in spent.items())
        if too_much or at_once > self.settings.at_once:
            wait = _wait(rows, now) if self.settings.retry_after else None
            return Exceeded(status=self.settings.status, message=SECONDARY, retry_after=wait, primary=False)
        for name, (more, _) in spent.items():
            rows[name].append((now, more))
        account.used[resource] += 1
        return None

    def refund(self, grant: Grant) -> None:
        """Take back a request: a 304 does not count against the hour."""
        account = self._account(grant)
        account.used["core"] = max(0, account.used["core"] - 1)

    def headers(self, grant: Grant, resource: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that every answer carries; none where limits are off."""
        if not self.settings.enabled:
            return ()
        state = self.state(grant, resource)
        return (
            *((f"X-RateLimit-{name.title()}", str(state[name])) for name in ("limit", "remaining", "reset")),
            ("X-RateLimit-Used", str(state["used"])),
            ("X-RateLimit-Resource", resource),
        )

    def state(self, grant: Grant, resource: str) -> dict[str, Any]:
        """Return limit, remaining, reset (epoch seconds) and used."""
        account, limit = self._account(grant), self._limit(grant)
        used = account.used[resource]
        return {
            "limit": limit,
            "remaining": max(0, limit - used),
            "reset": int(account.reset),
            "used": used,
        }

    def exhaust(self, grant: Grant, reset_in: float) -> None:
        """Use up a token's hour, which ends in so many seconds."""
        account = self._account(grant)
        account.used = dict.fromkeys(account.used, self._limit(grant))
        account.reset = self._clock() + reset_in

    def clear(self) -> None:
        """Forget what was used."""
        self._accounts.clear()

    def _limit(self, grant: Grant) -> int:
        return self.settings.primary if self.settings.primary is not None else grant.limit

    def _account(self, grant: Grant) -> _Account:
        account, now = self._accounts.setdefault(grant.key, _Account()), self._clock()
        if now >= account.reset:
            account.used = {"core": 0, "graphql": 0}
            account.reset = now + HOUR
        return account


def _recent(row: deque[tuple[float, int]], now: float) -> int:
    while row and row[0][0] <= now - MINUTE:
        row.popleft()
    return sum(points for _, points in row)


def _wait(rows: dict[str, deque[tuple[float, int]]], now: float) -> int:
    """Return whole seconds until a good part of the minute's points is back."""
    oldest = [row[0][0] for row in rows.values() if row]
    return max(1, round(min(oldest, default=now) + MINUTE - now))
