"""A lab, people and ticks of the recheck, in a world that knows the true time of everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gate.core.entry import chain
from gate.core.event import (
    Act,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Observed,
    Ownership,
    Sample,
    Target,
)
from gate.core.event_codec import note
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState
from gate.core.model import Code, Hold, Scope, State, Verdict
from gate.core.recheck import Recheck, decide_recheck
from gate.core.steadiness import Steadiness

START = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TRIGGER = Target(provider="github", instance="x", project="acme/panda", kind="trigger", id="nightly")


def verdict(ready: bool, at: datetime, environment: str = "staging") -> Verdict:
    """Return a verdict on a reading alone."""
    state, code = (State.READY, Code.READY) if ready else (State.WAITING_FOR_FIBER, Code.WAITING_FOR_FIBER)
    return Verdict(environment=environment, state=state, code=code, reason="r", checked_at=at)


def sample(ready: bool, at: datetime, known: int = 0, environment: str = "staging") -> Sample:
    """Return what a tick has appended of it."""
    said = verdict(ready, at, environment)
    return Sample(environment=environment, state=said.state, code=said.code, taken_at=at, known=known)


def appended(state: LedgerState, events: Iterable[Event], at: datetime, by: str = "recheck") -> LedgerState:
    """Return what is true once events are appended."""
    return replay(chain([note(event, at, by) for event in events], state.head), state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A reading as it truly was: when, and how the lab was then."""

    at: datetime
    ready: bool
    verdict: Verdict
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything there is, the truth included.

    Attributes:
        now: the true time.
        ready: how the lab is.
        offset: how far the clock of the ticks is off.
        state: what the ledger says.
        pending: what a slow tick has read and not yet appended.
        told: readings in the order in which they were appended.
        person: the true times at which people acted.
        raised: the true time at which each auto hold began.
        manual: people's holds that truly stand, with their ends.
        active: whether the trigger is switched on.
        restores: how often it was switched on again since it was switched off last.
    """

    now: datetime = START
    ready: bool = True
    offset: timedelta = timedelta()
    state: LedgerState = field(default_factory=LedgerState)
    pending: Taken | None = None
    told: tuple[Taken, ...] = ()
    person: tuple[datetime, ...] = ()
    raised: tuple[tuple[str, datetime], ...] = ()
    manual: tuple[Hold, ...] = ()
    active: bool = True
    restores: int = 0

    def read(self) -> Taken:
        """Return what a tick reads now, by its clock."""
        by_clock = verdict(self.ready, self.now + self.offset)
        return Taken(at=self.now, ready=self.ready, verdict=by_clock, known=self.state.head.seq)


def person_holds(world: World, minutes: int | None) -> World:
    """A person raises a hold, for so many minutes or for good."""
    until = world.now + minutes * MINUTE if minutes else None
    hold = Hold(id=f"P{minutes or ''}", reason="splice", by="dana", until=until)
    state = appended(world.state, [HoldRaised(hold=hold)], world.now, "dana")
    others = tuple(one for one in world.manual if one.id != hold.id)
    return replace(world, state=state, manual=(*others, hold), person=(*world.person, world.now))


def person_lifts(world: World, prefix: str) -> World | None:
    """A person lifts every hold whose id begins so; None where there is none."""
    ids = [standing.hold.id for standing in world.state.holds if standing.hold.id.startswith(prefix)]
    if not ids:
        return None
    state = appended(world.state, [HoldLifted(hold=id_) for id_ in ids], world.now, "dana")
    manual = tuple(hold for hold in world.manual if hold.id not in ids)
    return replace(world, state=state, manual=manual, person=(*world.person, world.now))


def tick(world: World, taken: Taken, policy: Steadiness) -> tuple[World, Recheck]:
    """A tick appends what it decides on a reading."""
    by_clock = world.now + world.offset
    decided = decide_recheck(world.state, [taken.verdict], known=taken.known, steadiness=policy, now=by_clock)
    state = appended(world.state, decided.events, by_clock)
    raised = tuple((hold.id, world.now) for hold in decided.raised)
    told = (*world.told, taken)
    return replace(world, state=state, told=told, raised=(*world.raised, *raised)), decided


def sweep(world: World, *, dies: bool = False) -> World:
    """Switch the trigger off for a hold that stands, and on again for one that does not.

    It is looked at before it is touched; `dies` is a process that is killed behind its request.
    """
    state, active, restores = world.state, world.active, world.restores
    standing = {one.hold.id for one in state.holds}
    for change in state.unfinished:
        done = active == (change.action == Act.RESTORE)
        word = {Act.RESTORE: "restored", Act.SUSPEND: "suspended"}[Act(change.action)]
        state = appended(state, [Observed(intent=change.seq, outcome=word if done else "failed")], world.now)
    autos = [one for one in state.holds if one.ownership is Ownership.AUTO]
    if active and autos:
        intent = Intended(action=Act.SUSPEND, target=TRIGGER, before="on", after="off", hold=autos[0].hold.id)
        state = appended(state, [intent], world.now)
        active, restores = False, 0
        if not dies:
            state = appended(state, [Observed(intent=state.head.seq, outcome="suspended")], world.now)
    elif any(change.hold not in standing for change in state.to_undo(Act.SUSPEND)):
        intent = Intended(action=Act.RESTORE, target=TRIGGER, before="off", after="on")
        state = appended(state, [intent], world.now)
        active, restores = True, restores + 1
        if not dies:
            state = appended(state, [Observed(intent=state.head.seq, outcome="restored")], world.now)
    return replace(world, state=state, active=active, restores=restores)


def later(world: World) -> World:
    """A minute passes."""
    return replace(world, now=world.now + MINUTE)


def auto_holds(state: LedgerState) -> Sequence[Hold]:
    """Return the recheck's own holds that stand."""
    return [standing.hold for standing in state.holds if standing.ownership is Ownership.AUTO]


def scoped(environment: str) -> Scope:
    """Return the scope of one lab."""
    return Scope(environments=(environment,))
