"""When was the recheck last here, and is that too long ago?"""

from __future__ import annotations

from datetime import datetime

from gate.core.duration import shown_duration
from gate.core.reason import at_time


def is_overdue(last: datetime | None, now: datetime, period: float) -> bool:
    """Return whether the recheck should have been here again, by a clock that may be wrong either way.

    Args:
        last: when it was here (UTC), None if never.
        now: the time (UTC).
        period: seconds between two of its ticks; twice as long is too long.
    """
    return last is None or abs((now - last).total_seconds()) > 2 * period


def last_seen(last: datetime | None, now: datetime) -> str:
    """Return when the recheck was last here, such as ``last recheck 4 min ago``."""
    if last is None:
        return "last recheck: never"
    seconds = round((now - last).total_seconds())
    if seconds < -1:
        return f"last recheck at {at_time(last, now)}, by a clock that is ahead of this one"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length * (1 if unit == "min" else 2):
            return f"last recheck {seconds // length} {unit} ago"
    return f"last recheck {max(0, seconds)} s ago"


def overdue_words(last: datetime | None, now: datetime, period: float) -> str:
    """Return a warning where the recheck is overdue, else nothing."""
    if last is None or not is_overdue(last, now, period):
        return ""
    return (
        f"warning: {last_seen(last, now)}, and it should be here every {shown_duration(period)}: see whether "
        "its schedule is still switched on; until then nothing opens by itself"
    )
