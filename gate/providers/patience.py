"""When is a request worth sending again, and how long is there to wait?

The order is the one that GitHub documents: what ``Retry-After`` says, else when the budget is
full again, else a pause that doubles (docs.github.com, best practices for the REST API, read
2026-11-24). Only what may be done twice is sent again after an answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gate.core.secret import Secret
from gate.providers.pace import LONGEST_WAIT

LIMITED_TRIES = 8
BROKEN_TRIES = 4
BROKEN_PAUSE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of sending one request.

    Attributes:
        status: the HTTP status; 0 where no answer came.
        headers: by names in lower case.
        body: the answer's text; where none came, why.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def without(self, secret: Secret) -> Reply:
        """Return the same without a secret: a server, or a proxy, may send back what it was sent."""
        headers = {name: secret.taken_out_of(value) for name, value in self.headers.items()}
        return replace(self, headers=headers, body=secret.taken_out_of(self.body))


def pause_before(
    reply: Reply, tries: int, now: float, *, limited: bool, repeatable: bool, unsaid: float
) -> float | None:
    """Return the seconds to wait before the next try, or None where there is to be none.

    Args:
        reply: what came.
        tries: how many were sent already, at least 1.
        now: seconds since the epoch, which reset headers count in.
        limited: whether the provider means by it that it is asked too often.
        repeatable: whether the request may reach the server twice.
        unsaid: seconds to wait first where a limit says nothing of its end.
    """
    if limited:
        if tries >= LIMITED_TRIES:
            return None
        wait = pause_said(reply.headers, now)
        wait = unsaid * 2 ** (tries - 1) if wait is None else wait
        return wait if wait <= LONGEST_WAIT else None
    if repeatable and (reply.status == 0 or reply.status >= 500) and tries < BROKEN_TRIES:
        return BROKEN_PAUSE * 2.0 ** (tries - 1)
    return None


def pause_said(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds to wait that an answer tells, None where it tells none.

    An answer that was given tells them too, where it was the last one that a limit allows.
    """
    after = headers.get("retry-after", "").strip()
    if after.isdigit():
        return float(after)
    if after:
        try:
            moment = parsedate_to_datetime(after)
        except ValueError:
            moment = None
        if moment is not None:
            return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)
    for start in ("x-ratelimit-", "ratelimit-"):
        reset = headers.get(f"{start}reset", "")
        if headers.get(f"{start}remaining") == "0" and reset.isdigit():
            return max(0.0, float(reset) - now) + 1.0
    return None


def until(headers: Mapping[str, str], now: float) -> str:
    """Return when a limit ends, as ``14:05Z``, or an empty text where it does not say."""
    wait = pause_said(headers, now)
    return "" if wait is None else datetime.fromtimestamp(now + wait, UTC).strftime("%H:%MZ")
