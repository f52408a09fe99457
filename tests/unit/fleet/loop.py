"""A lab, its pipelines, people and the recheck, in accelerated time, with the truth about all of them.

Everything of gate is real: the tick, what it decides, the sweep, the ledger's rules. What is outside
of it is a model: minutes pass, the fibre comes and goes, runs ask their gate step and then configure
and load the lab, a person pauses and resumes, ticks are dropped, doubled and killed.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gate.core.canary import Canary, Rerun
from gate.core.entry import canonical
from gate.core.event import Act, HoldLifted, HoldRaised, Kind, Ownership, StepClosed
from gate.core.hold import active_hold, is_expired
from gate.core.ledger import verify
from gate.core.ledger_state import LedgerState, Standing
from gate.core.model import Hold, Place
from gate.core.plan import PauseRequest
from gate.core.steadiness import Steadiness
from gate.core.work import Protects, Work
from gate.fleet.journal import Journal
from gate.fleet.pause import PauseOrder
from gate.fleet.pause import pause as pause_fleet
from gate.fleet.recheck import Tick, TickOrder
from gate.fleet.state.reading import read_state
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from tests.unit.core.rechecks import verdict
from tests.unit.fleet.world import ACTIVE, NOW, URL, Killed, ListLedger, ModelConnection, Run, World, post

LAB = "staging"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PROTECTS = Protects(patterns=("configure*", "load*"))
TRIGGERS = {"nightly": ACTIVE, "hourly": ACTIVE}
WORK = tuple((workflow, ref) for workflow in ("load a", "load b") for ref in ("main", "dev"))


@dataclass(slots=True)
class Job:
    """A run as its pipeline sees it: which attempt it is at, and what is to come."""

    workflow: str
    ref: str
    attempt: int = 0
    left: int = 0  # minutes in which it still sends requests
    configures: bool = False


@dataclass(slots=True)
class Counts:
    """What was seen over a whole story.

    Attributes:
        to_hold: readings that it took from a loss to the hold, one a loss.
        to_open: readings that it took from a return to the opening, one a return.
        dark_requests: configure requests in the dark after the hold.
        false_opens: how often the recheck opened while the lab was dark.
        reruns_twice: runs that were started again more often than they were held back.
        overridden: how often a person's hold that stood was gone, or anything started under it.
        reruns: runs that were started again.
        closed_again: how often a canary had it closed again.
    """

    to_hold: list[int] = field(default_factory=list)
    to_open: list[int] = field(default_factory=list)
    dark_requests: int = 0
    false_opens: int = 0
    reruns_twice: int = 0
    overridden: int = 0
    reruns: int = 0
    closed_again: int = 0


class LoopConnection(ModelConnection):
    """The fleet of a story: runs of one workflow and ref replace each other."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop.world)
        self._jobs = loop.jobs

    def _work(self, id_: str, run: Run) -> Work:
        work, job = super()._work(id_, run), self._jobs[id_]
        return replace(work, origin=replace(work.origin, workflow=job.workflow, ref=job.ref))


class Loop:
    """One story.

    Args:
        seed: what happens in it.
        policy: the steadiness.
        trouble: how likely a request to the provider goes wrong.
        kills: how likely a tick is killed.
        people: how likely a person acts, each minute.
        clocks: how likely a tick's clock is a day ahead or behind.
        world: what is outside of gate; a new one by default.
    """

    def __init__(
        self,
        seed: int,
        policy: Steadiness | None = None,
        *,
        trouble: float = 0.0,
        kills: float = 0.0,
        people: float = 0.0,
        clocks: float = 0.0,
        world: World | None = None,
    ) -> None:
        self.chance = random.Random(seed)
        self.policy = policy or Steadiness()
        self.world = world or World(chance=self.chance, trouble=trouble)
        self.world.triggers = dict(TRIGGERS)
        self.ledger = ListLedger(self.world)
        self.now = NOW
        self.fibre = True
        self.jobs: dict[str, Job] = {}
        self.held_back: Counter[str] = Counter()
        self.manual: dict[str, Hold] = {}
        self.counts = Counts()
        self.kill_next = 0  # the step at which the next tick is killed
        self.offset = timedelta()  # how far the clock of the ticks is off
        self._trouble, self._kills, self._people, self._clocks = trouble, kills, people, clocks
        self._since: int | None = None  # readings since the fibre came or went, None once answered
        self._disturbed = False  # by a person or by flapping, so that no bound holds
        self._known = LedgerState()
        self._counted = NOW
        self._plan = self._fate()

    def run(self, minutes: int = 100) -> Counts:
        """Let time pass, then let everything come to rest, and return what was seen."""
        for _ in range(minutes):
            self.minute()
        self.settle()
        self.counts.reruns = sum(self.world.starts.values())
        self.counts.reruns_twice = sum(
            started > self.held_back[run] for run, started in self.world.starts.items()
        )
        return self.counts

    def settle(self) -> None:
        """Bring the fibre back for good, let people lift what they hold, and let enough ticks pass."""
        self._trouble = self._kills = self._people = self._clocks = 0.0
        self.world.trouble = 0.0
        for id_ in list(self.manual):
            self.lift(id_)
        self._plan = [(self.now, True)]
        for _ in range(200):
            self.minute(begins=0.0)
            if self.at_rest:
                return

    def minute(self, begins: float = 0.4) -> None:
        """Let a minute pass."""
        self.now += MINUTE
        while self._plan and self._plan[0][0] <= self.now:
            self.turn(self._plan.pop(0)[1])
        if self.chance.random() < self._people:
            self.act()
        if self.chance.random() < begins:
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

    def tick(self) -> None:
        """Do one tick, which may be killed."""
        before = self.state()
        self.world.trouble = self._trouble
        wrong = self.chance.random() < self._clocks
        self.offset = self.chance.choice((DAY, -DAY)) if wrong else timedelta()
        if self.chance.random() < self._kills:
            self.kill_next = self.chance.randint(1, 40)
        self.world.kill_at = self.world.steps + self.kill_next if self.kill_next else None
        self.kill_next = 0
        try:
            self.one_tick()
        except Killed:
            pass
        finally:
            self.world.revive()
        self.judge(before)

    def one_tick(self) -> None:
        """Do one tick as a process does."""
        journal = self.journal()
        known = journal.state.head.seq
        said = verdict(self.fibre, self.clock(), LAB)
        here = [post(LoopConnection(self))]
        ticked = Tick(here, journal, self.order(), Silent()).run([said], known)
        self._disturbed |= ticked is not None and ticked.checked[0].flapping

    def begin(self) -> None:
        """Begin a run of some workflow."""
        number = len(self.jobs) + 1
        workflow, ref = self.chance.choice(WORK)
        self.jobs[f"r{number}"] = Job(workflow=workflow, ref=ref)
        self.world.runs[f"r{number}"] = Run(order=number)

    def work(self) -> None:
        """Let each run do what it does in this minute; one that was started again asks its gate step anew."""
        for id_, job in self.jobs.items():
            run = self.world.runs[id_]
            if run.status == "running" and job.attempt < run.attempt:
                self._ask(id_, job, run)
            elif run.status == "running" and job.left:
                self._configure(id_, job, run)

    def act(self) -> None:
        """Let a person raise a hold, or lift one."""
        self._disturbed = True
        if self.manual and self.chance.random() < 0.6:
            self.lift(self.chance.choice(sorted(self.manual)))
            return
        until = self.now + self.chance.randint(5, 40) * MINUTE if self.chance.random() < 0.5 else None
        hold = Hold(id=f"P{len(self.ledger.lines)}", reason="splice", by="dana", until=until)
        self.append(HoldRaised(hold=hold))
        self.manual[hold.id] = hold

    def lift(self, id_: str) -> None:
        """Let a person lift a hold."""
        self._disturbed = True
        self.append(HoldLifted(hold=id_))
        del self.manual[id_]

    @property
    def at_rest(self) -> bool:
        """Whether nothing is held, and nothing waits or runs."""
        state = self.state()
        going = any(run.status not in ("done", "cancelled") for run in self.world.runs.values())
        return not (state.holds or state.lifted or going)

    def state(self) -> LedgerState:
        self._known = read_state(self.ledger, self._known)
        return self._known

    def clock(self) -> datetime:
        return self.now + self.offset

    def journal(self, by: str = "recheck") -> Journal:
        return Journal(self.ledger, by, self.clock, self.state())

    def append(self, event: Any) -> None:
        Journal(self.ledger, "dana", lambda: self.now, self.state()).write(lambda _: [event])

    def is_whole(self) -> bool:
        """Return whether the ledger's chain verifies."""
        return verify(self.ledger.entries(), head=self.ledger.head()) is None

    def order(self) -> TickOrder:
        return TickOrder(
            steadiness=self.policy,
            rerun=Rerun.CANARY,
            request=PauseRequest(protects=PROTECTS, suspend_triggers=True),
            reason=lambda _, hold: hold.reason,
            force=Force(timeout=30),
            patience=0.0,
            jitter=self.chance.random,
            sleep=lambda _: None,
        )

    def _ask(self, id_: str, job: Job, run: Run) -> None:
        """Ask as a gate step does: the lab, and the holds of the ledger."""
        job.attempt = run.attempt
        hold = active_hold([one.hold for one in self.state().holds], Place(environment=LAB), self.now)
        if self.fibre and hold is None:
            job.left, job.configures = self.chance.randint(2, 8), True
            return
        run.status = "done"
        self.held_back[id_] += 1
        self.world.proofs[id_] = Canary.NOT_STARTED
        self.append(
            StepClosed(
                environment=LAB,
                code="held" if self.fibre else "waiting_for_fiber",
                provider="github",
                project="acme/panda",
                run=id_,
                instance=URL,
                workflow=job.workflow,
                ref=job.ref,
                commit=f"c{run.order}",
                hold=hold.id if hold else "",
                order=run.order,
                own=canonical({"attempt": run.attempt}),
            )
        )

    def _configure(self, id_: str, job: Job, run: Run) -> None:
        """Send a request to the lab."""
        if job.configures:
            self.world.proofs[id_] = Canary.PASSED if self.fibre else Canary.FAILED
            job.configures = False
        if not self.fibre and any(one.ownership is Ownership.AUTO for one in self._standing()):
            self.counts.dark_requests += 1
        job.left -= 1
        if not job.left:
            run.status = "done"

    def _standing(self) -> list[Standing]:
        return [one for one in self.state().holds if not is_expired(one.hold, self.now)]

    def judge(self, before: LedgerState) -> None:
        """Compare what a tick has done with the truth."""
        after = self.state()
        for change in after.changes[len(before.changes) :]:
            if change.action == Act.CANCEL and change.outcome == "stopped":
                self.held_back[change.target.id] += 1
        for change in before.changes:  # what was seen of it only now
            now = next(one for one in after.changes if one.seq == change.seq)
            if change.action == Act.CANCEL and change.outcome != "stopped" == now.outcome:
                self.held_back[change.target.id] += 1
        raised = [one for one in _auto(after) if one.seq > before.head.seq]
        lifted = [one for one in _auto(before) if one.hold.id not in {two.hold.id for two in _auto(after)}]
        self.counts.false_opens += bool(lifted) and not self.fibre
        self.counts.closed_again += any("closed again" in one.hold.reason for one in raised)
        standing = {one.hold.id for one in after.holds if one.ownership is Ownership.MANUAL}
        mine = {id_ for id_, hold in self.manual.items() if not is_expired(hold, self.now)}
        self.counts.overridden += len(mine - standing)
        if mine:
            self.counts.overridden += sum(
                change.action == Act.RERUN and change.seq > before.head.seq for change in after.changes
            )
        new = any(entry.kind == Kind.RECHECKED for entry in self.ledger.entries(before.head.seq))
        self._count_readings(raised, lifted, new=new)

    def _count_readings(self, raised: list[Standing], lifted: list[Standing], *, new: bool) -> None:
        if self._since is None:
            return
        # Two ticks at once read the lab at the same moment, which is one reading.
        self._since += new and self._counted != self.now
        self._counted = self.now
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


def pause(loop: Loop, minutes: int) -> None:
    """Let a person pause everything for so long."""
    hold = Hold(id="P1", reason="splice", by="dana", until=loop.now + minutes * MINUTE)
    order = PauseOrder(
        hold=hold, request=loop.order().request, reason=lambda _: "held", force=Force(timeout=30)
    )
    pause_fleet([post(LoopConnection(loop))], loop.journal("dana"), order, Silent(), lambda _: None)


def _auto(state: LedgerState) -> list[Standing]:
    return [one for one in state.holds if one.ownership is Ownership.AUTO]
