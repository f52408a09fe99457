"""When does a schedule run next?

Minutes and hours are read, which is all that the emulator's own schedules have; days and
months count as ``*``, and everything is UTC.
"""

from __future__ import annotations

_MINUTE, _DAY = 60, 86400


def next_run(cron: str, now: float) -> float:
    """Return the first moment after `now` that a cron line names, in seconds since the epoch.

    Raises:
        ValueError: it has not five fields, or minutes or hours are not readable.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError("is invalid syntax")
    minutes, hours = _values(fields[0], 60), _values(fields[1], 24)
    first = int(now // _MINUTE + 1)
    for minute in range(first, first + _DAY // _MINUTE):
        if minute % 60 in minutes and minute // 60 % 24 in hours:
            return float(minute * _MINUTE)
    raise ValueError("is invalid syntax")


def _values(field: str, limit: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        start, _, end = ("0", "", str(limit - 1)) if span == "*" else span.partition("-")
        found.update(range(int(start), int(end or start) + 1, int(step or 1)))
    if not found or min(found) < 0 or max(found) >= limit:
        raise ValueError("is invalid syntax")
    return frozenset(found)
