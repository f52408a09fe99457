"""How often would another policy have closed and opened, over the readings that the ledger keeps?

A lab counts as it was last read until it is read again. Where nobody looked for `CONTINUITY` or
longer, nothing is counted. People's holds are left out: no policy decides on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from gate.core.entry import Entry
from gate.core.event import HoldLifted, HoldRaised, Ownership, ReadingChanged, Rechecked, Sample
from gate.core.event_codec import parse_event
from gate.core.hold import covers
from gate.core.model import Place, Scope
from gate.core.steadiness import CONTINUITY, Rows, Steadiness, closes, opens


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A reading, and whether the recheck's own hold kept the lab closed after it."""

    sample: Sample
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a policy came to.

    Attributes:
        closed: how often it closed.
        opened: how often it opened.
        closed_while_ready: seconds.
        open_while_dark: seconds; open but for what each gate step reads itself.
    """

    closed: int = 0
    opened: int = 0
    closed_while_ready: float = 0.0
    open_while_dark: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One lab under the policy that was in force, and under another one.

    Attributes:
        environment: the lab.
        readings: how many are counted.
        first: when the first of them was taken (UTC).
        last: when the last of them was taken.
        unobserved: seconds between them in which nobody looked.
        happened: what truly happened.
        policy: what the other policy would have come to.
    """

    environment: str
    readings: int
    first: datetime
    last: datetime
    unobserved: float
    happened: Tally
    policy: Tally


def compare(
    entries: Iterable[Entry], steadiness: Steadiness, since: datetime | None = None
) -> tuple[Comparison, ...]:
    """Return one comparison for each lab that was read, in the order of their first readings.

    Args:
        entries: the whole ledger: readings before `since` decide how a policy begins.
        steadiness: the other policy.
        since: from when on to count; from the beginning by default.

    Raises:
        ValueError: an entry of a known kind is not as expected.
    """
    found = (
        _compared(environment, points, steadiness, since)
        for environment, points in timelines(entries).items()
    )
    return tuple(one for one in found if one)


def timelines(entries: Iterable[Entry]) -> dict[str, tuple[Point, ...]]:
    """Return the readings of each lab, in the order of the ledger, without those of a wrong clock.

    Older gates noted only changes of a reading, and that a tick was there: such a tick has read
    what was read before.
    """
    points: dict[str, list[Point]] = {}
    holds: dict[str, Scope] = {}
    for entry in entries:
        match parse_event(entry):
            case ReadingChanged() as reading:
                _add(points, _of_change(reading))
            case Rechecked(samples=()):
                for own in list(points.values()):
                    _add(points, replace(own[-1].sample, taken_at=entry.at))
            case Rechecked() as rechecked:
                for sample in rechecked.samples:
                    _add(points, sample)
            case HoldRaised(ownership=Ownership.AUTO) as raised:
                holds[raised.hold.id] = raised.hold.scope
                _mark(points, holds)
            case HoldRaised() as raised:
                holds.pop(raised.hold.id, None)
                _mark(points, holds)
            case HoldLifted() as lifted:
                holds.pop(lifted.hold, None)
                _mark(points, holds)
    return {environment: _in_time(own) for environment, own in points.items()}


def replay_policy(points: Sequence[Point], steadiness: Steadiness) -> tuple[Point, ...]:
    """Return the same readings as another policy would have closed and opened on them."""
    every, since_hold = Rows(steadiness), Rows(steadiness)
    closed = False
    replayed: list[Point] = []
    for point in points:
        now = point.sample.taken_at
        every.add(point.sample, now)
        row = every.row(now)
        if closed:
            since_hold.add(point.sample, now)
            closed = not opens(since_hold.row(now), steadiness, row.changes)
        elif closes(row, steadiness):
            closed, since_hold = True, Rows(steadiness)
        replayed.append(Point(sample=point.sample, closed=closed))
    return tuple(replayed)


def tally(points: Sequence[Point], since: datetime | None = None) -> Tally:
    """Return how often the lab was closed and opened from `since` on, and for how long wrongly."""
    total = Tally()
    before = Point(sample=points[0].sample) if points else None
    for number, point in enumerate(points):
        at = point.sample.taken_at
        if before and (since is None or at >= since):
            following = points[number + 1].sample.taken_at if number + 1 < len(points) else at
            seconds = 0.0 if following - at >= CONTINUITY else (following - at).total_seconds()
            total = Tally(
                closed=total.closed + (point.closed and not before.closed),
                opened=total.opened + (before.closed and not point.closed),
                closed_while_ready=total.closed_while_ready + seconds * (point.closed and point.sample.ready),
                open_while_dark=total.open_while_dark
                + seconds * (not point.closed and not point.sample.ready),
            )
        before = point
    return total


def _compared(
    environment: str, points: Sequence[Point], steadiness: Steadiness, since: datetime | None
) -> Comparison | None:
    counted = [point.sample.taken_at for point in points if since is None or point.sample.taken_at >= since]
    if not counted:
        return None
    gaps = (later - earlier for earlier, later in pairwise(counted))
    return Comparison(
        environment=environment,
        readings=len(counted),
        first=counted[0],
        last=counted[-1],
        unobserved=sum(gap.total_seconds() for gap in gaps if gap >= CONTINUITY),
        happened=tally(points, since),
        policy=tally(replay_policy(points, steadiness), since),
    )


def _of_change(reading: ReadingChanged) -> Sample:
    return Sample(
        environment=reading.environment, state=reading.state, code=reading.code, taken_at=reading.taken_at
    )


def _add(points: dict[str, list[Point]], sample: Sample) -> None:
    own = points.setdefault(sample.environment, [])
    closed = bool(own) and own[-1].closed
    if not own or own[-1].sample.taken_at != sample.taken_at:  # a change is told twice by one tick
        own.append(Point(sample=sample, closed=closed))


def _mark(points: dict[str, list[Point]], holds: dict[str, Scope]) -> None:
    for environment, own in points.items():
        place = Place(environment=environment)
        own[-1] = replace(own[-1], closed=any(covers(scope, place) for scope in holds.values()))


def _in_time(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points whose times rise: without one that is ahead of the next, or behind the last."""
    kept: list[Point] = []
    for number, point in enumerate(points):
        at = point.sample.taken_at
        following = points[number + 1].sample.taken_at if number + 1 < len(points) else None
        last = kept[-1].sample.taken_at if kept else None
        ahead = following is not None and following <= at and (last is None or following > last)
        if not ahead and (last is None or at > last):
            kept.append(point)
    return tuple(kept)
