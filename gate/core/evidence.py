"""Which readings of a lab count at this tick, and what do they come to?

Only those count that were taken after a hold began and after a person's last act: by the order
of the ledger, which no clock can turn round, and by the clocks as well where they can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.core.event import Ownership, Sample
from gate.core.hold import covers, is_expired
from gate.core.ledger_state import LedgerState, PersonAct, Standing
from gate.core.model import Code, Place, Scope, State, Verdict
from gate.core.steadiness import Row, Steadiness, row_of

FRESH: Final = timedelta(minutes=2)  # what a late tick read earlier than this opens nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab as one tick sees it.

    Attributes:
        name: the environment.
        verdict: what was just read of it.
        sample: the same, as it is appended.
        samples: what earlier ticks have read, and `sample`, in the order of the ledger.
        act: what a person did last that concerns it.
        row: what the readings since then come to.
        holds: those that keep every run of it closed now.
        policy: how steady it must be.
        now: the time of deciding (UTC), by this machine's clock.
    """

    name: str
    verdict: Verdict
    sample: Sample
    samples: tuple[Sample, ...]
    act: PersonAct | None
    row: Row
    holds: tuple[Standing, ...]
    policy: Steadiness
    now: datetime

    @property
    def persons_hold(self) -> Standing | None:
        """A person's hold among those that keep it closed."""
        return next((hold for hold in self.holds if hold.ownership is Ownership.MANUAL), None)


def lab_of(state: LedgerState, verdict: Verdict, known: int, policy: Steadiness, now: datetime) -> Lab:
    """Return a lab as a tick sees it that knew the ledger up to entry `known` when it asked."""
    name = verdict.environment
    held = verdict.state is State.HELD  # a verdict on a lab that is ready
    sample = Sample(
        environment=name,
        state=State.READY if held else verdict.state,
        code=Code.READY if held else verdict.code,
        taken_at=verdict.checked_at,
        known=known,
    )
    act = state.last_person_act(name)
    samples = (*(earlier for earlier in state.samples if earlier.environment == name), sample)
    return Lab(
        name=name,
        verdict=verdict,
        sample=sample,
        samples=samples,
        act=act,
        row=row_of((one for one in samples if act is None or _is_after(one, act, now)), policy, now),
        holds=tuple(hold for hold in state.holds if _closes_all_of(hold, name, now)),
        policy=policy,
        now=now,
    )


def row_under(standing: Standing, lab: Lab) -> Row:
    """Return the row of readings since a hold began; none where this tick's own does not count."""
    acts = [act for act in (standing, lab.act) if act]
    after = (one for one in lab.samples if all(_is_after(one, act, lab.now) for act in acts))
    row = row_of(after, lab.policy, lab.now)
    late = lab.now - lab.sample.taken_at > FRESH
    return Row() if row.ready and (late or row.last != lab.sample.taken_at) else row


def covers_lab(scope: Scope, lab: Lab) -> bool:
    """Return whether a scope reaches a lab."""
    return covers(scope, Place(environment=lab.name))


def _is_after(sample: Sample, act: PersonAct | Standing, now: datetime) -> bool:
    """Return whether a reading was taken after something that the ledger tells.

    An act that is yet to come by our clock was written by another one, which says nothing here. And
    no clock takes a reading out of a row that was not ready, and so ends one of ready readings.
    """
    if sample.known < act.seq:
        return False
    return not sample.ready or sample.taken_at > act.at or act.at > now


def _closes_all_of(standing: Standing, environment: str, now: datetime) -> bool:
    """Return whether a hold keeps every run of a lab closed now, and not only some projects."""
    scope = standing.hold.scope
    narrow = scope.providers or scope.projects
    return not narrow and not is_expired(standing.hold, now) and covers(scope, Place(environment=environment))
