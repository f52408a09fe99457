"""A lab, its pipelines, people and the recheck, in accelerated time, with the truth about all of them.

Everything of gate is real: the tick, what it decides, the sweep, the ledger's rules. What is outside
of it may be a model or emulated servers: minutes pass, the fibre comes and goes, runs ask their gate
step and then configure and load the lab, a person pauses and resumes, ticks are dropped and doubled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from gate.core.canary import Rerun
from gate.core.event import HoldLifted, HoldRaised, Kind, Ownership
from gate.core.hold import is_expired
from gate.core.ledger import verify
from gate.core.ledger_state import LedgerState, Standing
from gate.core.model import Hold, Reading, Verdict
from gate.core.plan import PauseRequest
from gate.core.steadiness import Steadiness
from gate.core.verdict import judge
from gate.core.work import Protects
from gate.fleet.journal import Journal
from gate.fleet.members import Post
from gate.fleet.recheck import Tick, TickOrder
from gate.fleet.state.protocol import Ledger
from gate.fleet.state.reading import read_state
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent

LAB = "staging"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PROTECTS = Protects(patterns=("configure*", "load*"))


class Run(Protocol):
    """A run as its pipeline sees it."""

    @property
    def attempt(self) -> int:
        """How often it was started."""

    @property
    def running(self) -> bool:
        """Whether its script goes on."""

    @property
    def going(self) -> bool:
        """Whether it is not over."""

    @property
    def stopped(self) -> bool:
        """Whether it is over because it was told to stop."""

    def report(self, *, configured: bool) -> None:
        """Say what came of configuring the lab."""

    def end(self) -> None:
        """Be over."""


class Outside(Protocol):
    """What is outside of gate, or beneath it."""

    @property
    def ledger(self) -> Ledger:
        """Where all that gate does is kept."""

    @property
    def now(self) -> datetime:
        """The true time."""

    def pass_minute(self) -> None:
        """Let time go on."""

    def turn(self, *, fibre: bool) -> None:
        """Let the fibre come or go."""

    def read(self) -> Reading:
        """Return what the lab answers now."""

    def configure(self) -> bool:
        """Send the lab a request to configure, and return whether it took it."""

    def begin(self) -> Job | None:
        """Begin a run of some workflow, unless what would begin it is switched off."""

    def hold_back(self, run: Run, said: Verdict, append: Callable[[Any], None]) -> None:
        """Let a run end at its closed gate step, which records that."""

    def let_go(self, run: Run) -> None:
        """Let the gate step of a run say that it is open."""

    def posts(self) -> AbstractContextManager[Sequence[Post]]:
        """Connect to the fleet, as a process does that has just begun."""

    def tick(self, process: Callable[[], object]) -> None:
        """Let a tick be done, with what goes wrong in it."""

    def rest(self) -> None:
        """Let nothing go wrong any more."""

    def sleep(self, seconds: float) -> None:
        """Let time go on while gate waits."""


@dataclass(slots=True, kw_only=True)
class Job:
    """What a run does at the lab.

    Attributes:
        run: the run.
        work: which workflow and ref it is of; a newer run of those takes its place.
        asked: at which attempt it has asked its gate step last.
        left: minutes in which it still sends requests.
        fresh: whether it has sent none yet.
        held: how often it was held back.
        seen: at which attempt it was seen stopped last.
        out: whether it was held back, and has not run since.
    """

    run: Run
    work: tuple[object, ...]
    asked: int = 0
    left: int = 0
    fresh: bool = False
    held: int = 0
    seen: int = 0
    out: bool = False


@dataclass(slots=True)
class Counts:
    """What was seen over a whole story.

    Attributes:
        to_hold: readings that it took from a loss to the hold, one a loss.
        to_open: readings that it took from a return to the opening, one a return.
        requests: configure requests that the lab has taken.
        dark_requests: configure requests in the dark after the hold.
        false_opens: how often the recheck opened while the lab was dark.
        reruns_twice: runs that were started again more often than they were held back.
        overridden: how often a person's hold that stood was gone, or anything started under it.
        held_back: how often a run was held back.
        left_behind: how many workflows and refs have a newest run that was held back and has not run since.
        reruns: runs that were started again.
        closed_again: how often a canary had it closed again.
    """

    to_hold: list[int] = field(default_factory=list)
    to_open: list[int] = field(default_factory=list)
    requests: int = 0
    dark_requests: int = 0
    false_opens: int = 0
    reruns_twice: int = 0
    overridden: int = 0
    held_back: int = 0
    left_behind: int = 0
    reruns: int = 0
    closed_again: int = 0


class Loop:
    """One story.

    Args:
        chance: what happens in it.
        outside: what it is about.
        policy: the steadiness.
        people: how likely a person acts, each minute.
        clocks: how likely a tick's clock is a day ahead or behind.
        begins: how likely a run begins, each minute.
        suspends: whether triggers are switched off while it is closed.
    """

    def __init__(
        self,
        chance: random.Random,
        outside: Outside,
        policy: Steadiness | None = None,
        *,
        people: float = 0.0,
        clocks: float = 0.0,
        begins: float = 0.4,
        suspends: bool = True,
    ) -> None:
        self.chance = chance
        self.outside = outside
        self.policy = policy or Steadiness()
        self.suspends = suspends
        self.fibre = True
        self.jobs: list[Job] = []
        self.manual: dict[str, Hold] = {}
        self.counts = Counts()
        self.offset = timedelta()  # how far the clock of the ticks is off
        self._people, self._clocks, self._begins = people, clocks, begins
        self._since: int | None = None  # readings since the fibre came or went, None once answered
        self._disturbed = False  # by a person or by flapping, so that no bound holds
        self._known = LedgerState()
        self._counted = self.now
        self._plan = self._fate()

    def run(self, minutes: int = 100) -> Counts:
        """Let time pass, then let everything come to rest, and return what was seen."""
        for _ in range(minutes):
            self.minute()
        self.settle()
        counts = self.counts
        counts.held_back = sum(job.held for job in self.jobs)
        counts.left_behind = sum(job.out for job in {job.work: job for job in self.jobs}.values())
        counts.reruns = sum(job.run.attempt - 1 for job in self.jobs)
        counts.reruns_twice = sum(job.run.attempt - 1 > job.held for job in self.jobs)
        return counts

    def settle(self) -> None:
        """Bring the fibre back for good, let people lift what they hold, and let enough ticks pass."""
        self._people = self._clocks = self._begins = 0.0
        self.outside.rest()
        for id_ in list(self.manual):
            self.lift(id_)
        self._plan = [(self.now, True)]
        for _ in range(200):
            self.minute()
            if self.at_rest:
                return

    def minute(self) -> None:
        """Let a minute pass."""
        self.outside.pass_minute()
        while self._plan and self._plan[0][0] <= self.now:
            self.turn(self._plan.pop(0)[1])
        if self.chance.random() < self._people:
            self.act()
        if self.chance.random() < self._begins:
            self.begin()
        self.work()
        if self.chance.random() < 0.9 or not self._people:  # else the schedule has dropped it
            self.tick()
        if self.chance.random() < 0.1:
            self.tick()

    def turn(self, fibre: bool) -> None:
        """Let the fibre come or go."""
        if fibre is not self.fibre:
            self.fibre, self._since, self._disturbed = fibre, 0, False
            self.outside.turn(fibre=fibre)
            if fibre and not _auto(self.state()):
                # Too short for a hold, so that none is lifted, and nothing follows on that.
                for job in self.jobs:
                    job.out = False

    def tick(self) -> None:
        """Do one tick."""
        before = self.state()
        wrong = self.chance.random() < self._clocks
        self.offset = self.chance.choice((DAY, -DAY)) if wrong else timedelta()
        at = self.now
        self.outside.tick(self.one_tick)
        self.judge(before, at)

    def one_tick(self) -> None:
        """Do one tick as a process does."""
        journal = self.journal()
        known = journal.state.head.seq
        said = self.ask(self.clock())
        with self.outside.posts() as posts:
            ticked = Tick(posts, journal, self.order(), Silent()).run([said], known)
        self._disturbed |= ticked is not None and ticked.checked[0].flapping

    def ask(self, at: datetime, holds: Sequence[Hold] = ()) -> Verdict:
        """Return the verdict of somebody whose clock says `at`."""
        reading = replace(self.outside.read(), environment=LAB, taken_at=at)
        return judge(reading, holds, at, protects=PROTECTS.patterns)

    def begin(self) -> None:
        """Begin a run of some workflow."""
        job = self.outside.begin()
        if job is not None:
            self.jobs.append(job)

    def work(self) -> None:
        """Let each run do what it does in this minute; one that was started again asks its gate step anew."""
        for job in self.jobs:
            if not job.run.running:
                continue
            if job.asked < job.run.attempt:
                self._ask(job)
            elif job.left:
                self._configure(job)

    def act(self) -> None:
        """Let a person raise a hold, or lift one."""
        self._disturbed = True
        if self.manual and self.chance.random() < 0.6:
            self.lift(self.chance.choice(sorted(self.manual)))
            return
        until = self.now + self.chance.randint(5, 40) * MINUTE if self.chance.random() < 0.5 else None
        hold = Hold(id=f"P{self.state().head.seq}", reason="splice", by="dana", until=until)
        self.append(HoldRaised(hold=hold))
        self.manual[hold.id] = hold

    def lift(self, id_: str) -> None:
        """Let a person lift a hold."""
        self._disturbed = True
        self.append(HoldLifted(hold=id_))
        del self.manual[id_]

    @property
    def now(self) -> datetime:
        """The true time."""
        return self.outside.now

    @property
    def at_rest(self) -> bool:
        """Whether nothing is held, and nothing waits or runs."""
        state = self.state()
        return not (state.holds or state.lifted or any(job.run.going for job in self.jobs))

    def state(self) -> LedgerState:
        self._known = read_state(self.outside.ledger, self._known)
        return self._known

    def clock(self) -> datetime:
        return self.now + self.offset

    def journal(self, by: str = "recheck") -> Journal:
        return Journal(self.outside.ledger, by, self.clock, self.state())

    def append(self, event: Any) -> None:
        Journal(self.outside.ledger, "dana", lambda: self.now, self.state()).write(lambda _: [event])

    def is_whole(self) -> bool:
        """Return whether the ledger's chain verifies."""
        ledger = self.outside.ledger
        return verify(tuple(ledger.entries()), head=ledger.head()) is None

    def order(self) -> TickOrder:
        return TickOrder(
            steadiness=self.policy,
            rerun=Rerun.CANARY,
            request=PauseRequest(protects=PROTECTS, suspend_triggers=self.suspends),
            reason=lambda environment, hold: (
                f"{environment}: held by {hold.by}: {hold.reason} (hold {hold.id})"
            ),
            force=Force(timeout=30),
            patience=0.0,
            jitter=self.chance.random,
            sleep=self.outside.sleep,
        )

    def _ask(self, job: Job) -> None:
        """Ask as a gate step does: the lab, and the holds of the ledger."""
        job.asked = job.run.attempt
        said = self.ask(self.now, [one.hold for one in self.state().holds])
        job.out = not said.open
        if said.open:
            job.left, job.fresh = self.chance.randint(2, 8), True
            self.outside.let_go(job.run)
            return
        job.held += 1
        self.outside.hold_back(job.run, said, self.append)

    def _configure(self, job: Job) -> None:
        """Send a request to the lab."""
        held = any(one.ownership is Ownership.AUTO for one in self._standing())
        configured = self.outside.configure()
        if job.fresh:
            job.run.report(configured=configured)
            job.fresh = False
        self.counts.requests += configured
        self.counts.dark_requests += held and not configured
        job.left -= 1
        if not job.left:
            job.run.end()

    def _standing(self) -> list[Standing]:
        return [one for one in self.state().holds if not is_expired(one.hold, self.now)]

    def judge(self, before: LedgerState, at: datetime) -> None:
        """Compare what a tick that began at a moment has done with the truth."""
        for job in self.jobs:
            if job.run.stopped and job.seen < job.run.attempt:
                job.seen, job.held, job.out = job.run.attempt, job.held + 1, True
        after = self.state()
        raised = [one for one in _auto(after) if one.seq > before.head.seq]
        lifted = [one for one in _auto(before) if one.hold.id not in {two.hold.id for two in _auto(after)}]
        self.counts.false_opens += bool(lifted) and not self.fibre
        self.counts.closed_again += any("closed again" in one.hold.reason for one in raised)
        standing = {one.hold.id for one in after.holds if one.ownership is Ownership.MANUAL}
        mine = {id_ for id_, hold in self.manual.items() if not is_expired(hold, at)}
        self.counts.overridden += len({id_ for id_ in mine if not self._is_over(id_)} - standing)
        if mine:
            self.counts.overridden += sum(
                change.action == "rerun" and change.seq > before.head.seq for change in after.changes
            )
        new = any(entry.kind == Kind.RECHECKED for entry in self.outside.ledger.entries(before.head.seq))
        self._count_readings(raised, lifted, at, new=new)

    def _is_over(self, id_: str) -> bool:
        return is_expired(self.manual[id_], self.now)

    def _count_readings(
        self, raised: list[Standing], lifted: list[Standing], at: datetime, *, new: bool
    ) -> None:
        if self._since is None:
            return
        # Two ticks at once read the lab at the same moment, which is one reading.
        self._since += new and self._counted != at
        self._counted = at
        unbound = self._disturbed or bool(self.manual)
        if raised and not self.fibre:
            if not unbound:
                self.counts.to_hold.append(self._since)
            self._since = None
        elif lifted and self.fibre:
            if not unbound:
                self.counts.to_open.append(self._since)
            self._since = None

    def _fate(self) -> list[tuple[datetime, bool]]:
        """Return when the fibre goes and comes: lost, gone for a while, flapping perhaps, back."""
        at = self.now + self.chance.randint(5, 25) * MINUTE
        plan = [(at, False)]
        for _ in range(self.chance.choice((0, 0, 0, 1, 6))):
            at += self.chance.randint(1, 4) * MINUTE
            plan.append((at, not plan[-1][1]))
        if plan[-1][1]:
            at += MINUTE
            plan.append((at, False))
        plan.append((at + self.chance.randint(1, 40) * MINUTE, True))
        if self.chance.random() < 0.4:
            at = plan[-1][0] + self.chance.randint(10, 30) * MINUTE
            plan += [(at, False), (at + self.chance.randint(3, 20) * MINUTE, True)]
        return plan


def _auto(state: LedgerState) -> list[Standing]:
    return [one for one in state.holds if one.ownership is Ownership.AUTO]
