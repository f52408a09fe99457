"""Which moment does a person mean by `2h`, `06:30Z` or `2025-11-08T13:20:00Z`?"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from gate.core.duration import parse_duration

_EXPECTED = "expected a duration such as 2h, or a time with its zone such as 06:30Z or 2025-11-08T13:20:00Z"


def parse_when(text: str, now: datetime) -> datetime:
    """Return a moment after `now` (UTC): so long from now, the next such time of day, or that time.

    Raises:
        ValueError: it is none, has no zone, or is over; the message says what one looks like.
    """
    moment = _parse(text.strip(), now)
    if moment <= now:
        raise ValueError(f"{text} is over")
    return moment


def _parse(text: str, now: datetime) -> datetime:
    try:
        return now + timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        if re.match(r"\d{1,2}:\d\d", text):
            return _next(time.fromisoformat(text.rjust(len(text) + (text[1] == ":"), "0")), now)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{_EXPECTED}, found {text!r}") from None


def _next(of_day: time, now: datetime) -> datetime:
    if of_day.tzinfo is None:
        raise ValueError
    there = now.astimezone(of_day.tzinfo)
    moment = datetime.combine(there.date(), of_day)
    return (moment if moment > now else moment + timedelta(days=1)).astimezone(UTC)
