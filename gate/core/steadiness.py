"""When is a row of readings enough to open, or to close?

Readings are counted in the order of the ledger, and a clock that was wrong cannot help to open: a
reading from the future, or one that goes back behind the one before it, counts for nothing, save
that one which was not ready still ends a row of ready ones. A gap in which nobody looked ends a
row too, which is what a clock stepped ahead looks like.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.core.duration import parse_duration
from gate.core.event import Sample

CONTINUITY: Final = timedelta(minutes=30)

_KEYS: Final = ("open_after", "close_after", "steady_for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """The policy.

    Attributes:
        open_after: how many ready readings in a row open.
        close_after: how many readings in a row that are not ready close.
        steady_for: seconds that a row must span to open.
        changes: how many changes between ready and not ready are allowed within `window`; with
            more the lab flaps.
        window: seconds.
    """

    open_after: int = 3
    close_after: int = 2
    steady_for: float = 60.0
    changes: int = 4
    window: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The last readings that agree, up to the newest one that counts.

    Attributes:
        ready: whether they are ready ones.
        count: how many.
        first: when the first of them was taken (UTC), None where there is none.
        last: when the last of them was taken.
        changes: how often ready and not ready took turns within the policy's window.
    """

    ready: bool = False
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    changes: int = 0

    @property
    def seconds(self) -> float:
        """What the row spans."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0


class Rows:
    """Counts readings one by one; `row` is what they come to."""

    def __init__(self, steadiness: Steadiness) -> None:
        self._window = timedelta(seconds=steadiness.window)
        self._turns: deque[datetime] = deque()
        self._seen: Sample | None = None
        self._row = Row()

    def add(self, sample: Sample, now: datetime) -> None:
        """Count one reading, judged at `now` (UTC)."""
        seen = self._seen
        if sample.taken_at > now or (seen and sample.taken_at <= seen.taken_at):
            if not sample.ready and self._row.ready:
                self._row = Row()
            return
        if seen and seen.ready != sample.ready:
            self._turns.append(sample.taken_at)
        gap = seen is not None and sample.taken_at - seen.taken_at >= CONTINUITY
        goes_on = self._row.count > 0 and self._row.ready == sample.ready and not (gap and sample.ready)
        self._row = Row(
            ready=sample.ready,
            count=self._row.count + 1 if goes_on else 1,
            first=self._row.first if goes_on else sample.taken_at,
            last=sample.taken_at,
        )
        self._seen = sample

    def row(self, now: datetime) -> Row:
        """Return the row so far, as it is at `now`."""
        while self._turns and self._turns[0] <= now - self._window:
            self._turns.popleft()
        row = self._row
        return Row(ready=row.ready, count=row.count, first=row.first, last=row.last, changes=len(self._turns))


def row_of(samples: Iterable[Sample], steadiness: Steadiness, now: datetime) -> Row:
    """Return what readings, in the order of the ledger, come to at `now` (UTC)."""
    rows = Rows(steadiness)
    for sample in samples:
        rows.add(sample, now)
    return rows.row(now)


def is_flapping(row: Row, steadiness: Steadiness) -> bool:
    """Return whether a lab changes too often to be believed."""
    return row.changes > steadiness.changes


def closes(row: Row, steadiness: Steadiness) -> bool:
    """Return whether a row is enough to close: long enough, or of a lab that flaps."""
    if row.ready or not row.count:
        return False
    return row.count >= steadiness.close_after or is_flapping(row, steadiness)


def opens(row: Row, steadiness: Steadiness, changes: int = 0) -> bool:
    """Return whether a row is enough to open.

    Args:
        row: readings that were all taken after the hold began.
        steadiness: the policy.
        changes: how often the lab has changed within the window, before that as well.
    """
    if not row.ready or row.count < steadiness.open_after:
        return False
    return row.seconds >= needed_seconds(steadiness, changes)


def needed_seconds(steadiness: Steadiness, changes: int) -> float:
    """Return how long a lab must stay ready: twice as long with each change beyond those allowed.

    A quarter of the window at first, the whole of it at most: then the changes are out of it.
    """
    beyond = changes - steadiness.changes
    if beyond <= 0:
        return steadiness.steady_for
    quiet = min(steadiness.window, steadiness.window / 4 * 2.0 ** min(beyond - 1, 8))
    return max(steadiness.steady_for, quiet)


def parse_steadiness(text: str) -> Steadiness:
    """Return the policy that ``open_after=3,close_after=2,steady_for=60s`` states; the rest is default.

    Raises:
        ValueError: a part is wrong; the message names it and says what was expected.
    """
    fields: dict[str, object] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _KEYS:
            raise ValueError(f"expected {', '.join(f'{key}=…' for key in _KEYS)}, found {part!r}")
        if key in fields:
            raise ValueError(f"{key}: given twice")
        whole = key != "steady_for" and re.fullmatch(r"[0-9]{1,6}", value)
        fields[key] = int(value) if whole else value
    if not fields:
        raise ValueError(f"expected {', '.join(f'{key}=…' for key in _KEYS)}, found nothing")
    return steadiness_from(fields)


def steadiness_from(fields: Mapping[str, object]) -> Steadiness:
    """Return the policy that the ``steadiness`` of a configuration states; what is left out is default.

    Raises:
        ValueError: a value is wrong; the message names its key and says what was expected.
    """
    default = Steadiness()
    return Steadiness(
        open_after=_count(fields, "open_after", default.open_after),
        close_after=_count(fields, "close_after", default.close_after),
        steady_for=_seconds(fields, "steady_for", default.steady_for),
    )


def shown_steadiness(steadiness: Steadiness) -> str:
    """Return a policy in the form that `parse_steadiness` reads."""
    counts = f"open_after={steadiness.open_after},close_after={steadiness.close_after}"
    return f"{counts},steady_for={steadiness.steady_for:g}s"


def _count(fields: Mapping[str, object], key: str, default: int) -> int:
    value = fields.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
        raise ValueError(f"{key}: expected a whole number from 1 to 100, found {value!r}")
    return value


def _seconds(fields: Mapping[str, object], key: str, default: float) -> float:
    value = fields.get(key)
    if value is None:
        return default
    try:
        seconds = parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{key}: expected a duration such as 60s or 10m, found {value!r}") from None
    if seconds > 86400:
        raise ValueError(f"{key}: expected at most 24h, found {value}")
    return seconds
