"""What are people to be told now? From the ledger, the verdicts, and what they were told before.

A lab is told of when it closes, when it begins to flap, again every `repeat` while it stays so,
and once when it is open again. One reading is not enough where the recheck looks after the lab;
where nobody does, a lab that was told of too often within an hour flaps as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from gate.core.event import Act, Event, Notified, Ownership, ReadingChanged
from gate.core.evidence import Lab, lab_of
from gate.core.heartbeat import is_overdue
from gate.core.hold import is_expired
from gate.core.ledger_state import Change, LedgerState, Told
from gate.core.model import Verdict
from gate.core.steadiness import Steadiness, closes, is_flapping

REPEAT: Final = 3600.0
SURVIVED: Final = ("survived", "refused", "failed")


class Topic(StrEnum):
    """What people are told."""

    CLOSED = "closed"
    REOPENED = "reopened"
    FLAPPING = "flapping"
    SURVIVORS = "survivors"
    RECHECK_OVERDUE = "recheck_overdue"
    RECHECK_BACK = "recheck_back"


_OF_A_LAB: Final = (Topic.CLOSED, Topic.REOPENED, Topic.FLAPPING)
_OF_THE_RECHECK: Final = (Topic.RECHECK_OVERDUE, Topic.RECHECK_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people are to be told.

    Attributes:
        topic: what.
        about: the environment or the hold that it is about; empty for the recheck.
        since: since when it is so, as far as is known (UTC).
        again: whether they were told before.
    """

    topic: Topic
    about: str = ""
    since: datetime | None = None
    again: bool = False

    @property
    def event(self) -> Notified:
        """What is appended before it is sent."""
        return Notified(topic=self.topic, about=self.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often people are told.

    Attributes:
        repeat: seconds until the same is told again.
        recheck_every: seconds between two ticks of the recheck.
        steadiness: the policy by which a lab flaps.
    """

    repeat: float = REPEAT
    recheck_every: float = 300.0
    steadiness: Steadiness = field(default_factory=Steadiness)


def due_notices(
    state: LedgerState, verdicts: Iterable[Verdict], rhythm: Rhythm, now: datetime
) -> tuple[Notice, ...]:
    """Return what is due at `now` (UTC), at most one for each lab, each hold, and the recheck."""
    labs = [lab_of(state, verdict, state.head.seq, rhythm.steadiness, now) for verdict in verdicts]
    found = [_of_lab(lab, state, rhythm) for lab in labs]
    found += [_of_hold(hold, since, state, rhythm, now) for hold, since in _with_survivors(state, now)]
    found.append(_of_recheck(state, rhythm, now))
    return tuple(notice for notice in found if notice)


def news(state: LedgerState, verdicts: Iterable[Verdict], rhythm: Rhythm, now: datetime) -> tuple[Event, ...]:
    """Return which readings are to be remembered: those of labs that no recheck looks after."""
    changed: list[Event] = []
    for verdict in verdicts:
        lab = lab_of(state, verdict, state.head.seq, rhythm.steadiness, now)
        sample, seen = lab.sample, _last_reading(state, lab.name)
        known = seen is None and sample.ready
        if known or _is_rechecked(lab) or (seen and (seen.state, seen.code) == (sample.state, sample.code)):
            continue
        changed.append(
            ReadingChanged(
                environment=lab.name,
                state=sample.state,
                code=sample.code,
                taken_at=sample.taken_at,
                reason=verdict.reason,
            )
        )
    return tuple(changed)


def survivors(state: LedgerState, hold: str) -> tuple[Change, ...]:
    """Return what was to be stopped for the sake of a hold, and is not proven to have stopped."""
    return tuple(
        change
        for change in state.changes
        if (change.hold, change.action) == (hold, Act.CANCEL)
        and change.outcome in SURVIVED
        and not change.undone
    )


def present_topic(lab: Lab, state: LedgerState) -> Topic | None:
    """Return how a lab is now; None where it is between two: not ready, but not for long enough."""
    if _is_flapping(lab, state):
        return Topic.FLAPPING
    if lab.holds:
        return Topic.CLOSED
    if lab.verdict.open:
        return Topic.REOPENED
    return Topic.CLOSED if not _is_rechecked(lab) or closes(lab.row, lab.policy) else None


def _of_lab(lab: Lab, state: LedgerState, rhythm: Rhythm) -> Notice | None:
    told = _told(state, lab.name, _OF_A_LAB)
    last = told[-1] if told else None
    topic = present_topic(lab, state)
    if topic is None or (last is None and topic is Topic.REOPENED):
        return None
    since = lab.holds[0].at if lab.holds else lab.verdict.since
    if last is None or last.topic == Topic.REOPENED or topic is Topic.REOPENED:
        is_new = last is None or last.topic != topic
        return Notice(topic=topic, about=lab.name, since=since) if is_new else None
    if topic is Topic.FLAPPING and not any(
        one.topic == Topic.FLAPPING and not _is_over(one, rhythm, lab.now) for one in told
    ):
        again = last.topic == Topic.FLAPPING
        return Notice(topic=topic, about=lab.name, since=since, again=again)
    if _is_over(last, rhythm, lab.now):
        return Notice(topic=topic, about=lab.name, since=since, again=True)
    return None


def _is_flapping(lab: Lab, state: LedgerState) -> bool:
    """Return whether a lab changes too often, by its readings or by what people were told of it."""
    if is_flapping(lab.row, lab.policy):
        return True
    if _is_rechecked(lab):
        return False
    told = _told(state, lab.name, _OF_A_LAB)
    closed_now = Topic.REOPENED if lab.verdict.open and not lab.holds else Topic.CLOSED
    if not told or told[-1].topic == closed_now:
        return False
    if told[-1].topic == Topic.FLAPPING:
        seen = _last_reading(state, lab.name)
        quiet = timedelta(seconds=lab.policy.window / 4)
        return seen is not None and (
            (seen.state, seen.code) != (lab.sample.state, lab.sample.code) or lab.now - seen.taken_at < quiet
        )
    window = timedelta(seconds=lab.policy.window)
    turns = [later for earlier, later in pairwise(told) if earlier.topic != later.topic]
    return sum(lab.now - turn.at < window for turn in turns) >= lab.policy.changes


def _is_rechecked(lab: Lab) -> bool:
    """Return whether the recheck looks after a lab, whose readings it then keeps."""
    return len(lab.samples) > 1


def _with_survivors(state: LedgerState, now: datetime) -> list[tuple[str, datetime]]:
    standing = [one for one in state.holds if not is_expired(one.hold, now)]
    return [(one.hold.id, one.at) for one in standing if survivors(state, one.hold.id)]


def _of_hold(hold: str, since: datetime, state: LedgerState, rhythm: Rhythm, now: datetime) -> Notice | None:
    told = _told(state, hold, (Topic.SURVIVORS,))
    if told and not _is_over(told[-1], rhythm, now):
        return None
    return Notice(topic=Topic.SURVIVORS, about=hold, since=since, again=bool(told))


def _of_recheck(state: LedgerState, rhythm: Rhythm, now: datetime) -> Notice | None:
    """Return that the recheck is overdue; again only while a hold waits for it to be lifted."""
    if state.rechecked_at is None:
        return None
    told = _told(state, "", _OF_THE_RECHECK)
    was_overdue = bool(told) and told[-1].topic == Topic.RECHECK_OVERDUE
    if not is_overdue(state.rechecked_at, now, rhythm.recheck_every):
        return Notice(topic=Topic.RECHECK_BACK, since=state.rechecked_at) if was_overdue else None
    waits = any(one.ownership is Ownership.AUTO and not is_expired(one.hold, now) for one in state.holds)
    if (told and not _is_over(told[-1], rhythm, now)) or (was_overdue and not waits):
        return None
    return Notice(topic=Topic.RECHECK_OVERDUE, since=state.rechecked_at, again=was_overdue)


def _told(state: LedgerState, about: str, topics: Sequence[Topic]) -> list[Told]:
    return [told for told in state.told if told.about == about and told.topic in topics]


def _last_reading(state: LedgerState, environment: str) -> ReadingChanged | None:
    return next((seen.reading for seen in state.readings if seen.reading.environment == environment), None)


def _is_over(told: Told, rhythm: Rhythm, now: datetime) -> bool:
    """Return whether it is time to tell again; a clock that was set back does not silence anybody."""
    return abs(now - told.at) >= timedelta(seconds=rhythm.repeat)
