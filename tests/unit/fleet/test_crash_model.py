"""A pause or a resume that is killed, wherever it is, loses nothing and does nothing twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pytest

from gate.core.event import Act
from gate.core.hold import parse_holds
from gate.core.ledger import verify
from gate.core.model import Hold
from gate.core.plan import PauseRequest
from gate.core.receipt import Receipt
from gate.core.work import Protects
from gate.fleet.journal import Journal
from gate.fleet.pause import PauseOrder, pause
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from tests.unit.fleet.world import ACTIVE, Killed, ListLedger, ModelConnection, Run, Ticking, World, post

TARGETS = 60
SWITCHES = 5
MEETINGS = 40
TRIGGERS = {f"t{number}": ACTIVE for number in range(SWITCHES)} | {"idle": '{"state":"inactivity"}'}
VARIABLES = {"acme": "maintenance by noa"}


@dataclass(slots=True)
class Fleet:
    """Sixty runs, six triggers and a variable, the ledger, and the processes that work on them."""

    world: World = field(default_factory=World)
    ledger: ListLedger = field(init=False)

    def __post_init__(self) -> None:
        self.world.runs = {f"r{number}": Run(order=number) for number in range(TARGETS)}
        self.world.triggers = dict(TRIGGERS)
        self.world.variables = dict(VARIABLES)
        self.ledger = ListLedger(self.world)

    def pause(self, hold: str = "H1") -> Receipt:
        order = PauseOrder(
            hold=Hold(id=hold, reason="fibre cut", by="dana"),
            request=PauseRequest(protects=Protects(patterns=("load*",)), suspend_triggers=True),
            reason=lambda _: "held",
            force=Force(timeout=30),
        )
        here = post(ModelConnection(self.world))
        return pause([here], self.journal(), order, Silent(), lambda _: None)

    def resume(self, rerun: str = "all") -> Receipt:
        journal = self.journal()
        holds = tuple(one.hold.id for one in journal.state.holds)
        order = ResumeOrder(holds=holds, rerun=rerun, patience=0)
        resume = Resume([post(ModelConnection(self.world))], journal, order, Silent())
        resume.settle()
        return resume.carry_out()

    def journal(self) -> Journal:
        return Journal(self.ledger, "dana", Ticking())

    def killed(self, process: Callable[[], object], step: int) -> bool:
        """Kill a process just before its step of this number; return whether it came so far."""
        self.world.kill_at = self.world.steps + step
        try:
            process()
        except Killed:
            return True
        finally:
            self.world.revive()
        return False

    def told(self) -> set[str]:
        """Return the runs that gate has stopped, or told to stop."""
        return {id_ for id_, run in self.world.runs.items() if run.told or run.status == "cancelled"}


def assert_as_before(fleet: Fleet, stopped: set[str]) -> None:
    """What was stopped runs again, started once; nothing else was touched, and the ledger says so."""
    world = fleet.world
    assert {id_ for id_, run in world.runs.items() if run.status != "running" or run.told} == set()
    assert world.starts == dict.fromkeys(stopped, 1)
    assert (world.triggers, world.variables) == (TRIGGERS, VARIABLES)
    state = fleet.journal().state
    assert state.holds == ()
    assert state.unfinished == ()
    assert {change.target.id for change in state.changes if change.undone == "rerun"} == stopped
    assert [act for act in (Act.CANCEL, Act.SUSPEND, Act.HOLD) if state.standing(act)] == []
    assert verify(fleet.ledger.entries(), head=fleet.ledger.head()) is None


def steps_of(process: Callable[[Fleet], object], before: Callable[[Fleet], object] | None = None) -> int:
    """Return how many requests and appends a process takes."""
    fleet = Fleet()
    if before:
        before(fleet)
    began = fleet.world.steps
    process(fleet)
    return fleet.world.steps - began


PAUSE_STEPS = steps_of(Fleet.pause)
RESUME_STEPS = steps_of(Fleet.resume, Fleet.pause)


def test_the_model_counts_every_request_and_append() -> None:
    # A cancel and a note each; a switch takes a write and a read, and so does the variable.
    assert PAUSE_STEPS > 2 * TARGETS + 2 * SWITCHES + 3
    assert RESUME_STEPS > 3 * TARGETS + 3 * SWITCHES + 3


def test_a_pause_killed_anywhere_is_undone_whole_by_the_next_resume() -> None:
    partly = 0
    for step in range(1, PAUSE_STEPS + 1):
        fleet = Fleet()
        assert fleet.killed(fleet.pause, step)
        stopped = fleet.told()
        partly += 0 < len(stopped) < TARGETS
        receipt = fleet.resume()
        assert receipt.complete, (step, receipt.unproven)
        assert_as_before(fleet, stopped)
    assert partly > TARGETS // 2


def test_a_resume_killed_anywhere_is_finished_by_the_next_one() -> None:
    for step in range(1, RESUME_STEPS + 1):
        fleet = Fleet()
        fleet.pause()
        assert fleet.killed(fleet.resume, step)
        receipt = fleet.resume()
        assert receipt.complete, (step, receipt.unproven)
        assert_as_before(fleet, set(fleet.world.runs))


@pytest.mark.parametrize("seed", range(2))
def test_a_resume_of_a_killed_pause_may_be_killed_again_and_again(seed: int) -> None:
    chance = random.Random(seed)
    for step in range(1 + seed, PAUSE_STEPS + 1, 4):
        fleet = Fleet()
        fleet.killed(fleet.pause, step)
        stopped = fleet.told()
        while fleet.killed(fleet.resume, chance.randint(1, RESUME_STEPS)):
            pass
        assert_as_before(fleet, stopped)


@pytest.mark.parametrize("seed", range(2))
def test_a_pause_after_a_killed_one_knows_what_was_before_both(seed: int) -> None:
    chance = random.Random(seed)
    for step in range(1 + seed, PAUSE_STEPS + 1, 4):
        fleet = Fleet()
        fleet.killed(fleet.pause, step)
        fleet.killed(partial(fleet.pause, "H2"), chance.randint(1, PAUSE_STEPS))
        stopped = fleet.told()
        receipt = fleet.resume()
        assert receipt.complete, (step, receipt.unproven)
        assert_as_before(fleet, stopped)


def test_a_cancel_that_lands_after_the_resume_has_looked_is_found_by_the_next_one() -> None:
    fleet = Fleet()
    for run in fleet.world.runs.values():
        run.looks = 1
    fleet.killed(fleet.pause, TARGETS // 2)
    stopped = fleet.told()
    assert 0 < len(stopped) < TARGETS
    receipt = fleet.resume()
    assert fleet.world.starts == {}
    assert receipt.notes == (f"{TARGETS} targets of a pause that was cut off were not stopped, and go on",)
    fleet.resume()
    assert_as_before(fleet, stopped)


class Turns:
    """Lets threads go on one at a time, each to its next request or append, as a seed has it."""

    def __init__(self, chance: random.Random, count: int) -> None:
        self._chance = chance
        self._mine = threading.local()
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._ended: set[int] = set()
        self._count = count
        self._turn = -1

    def step(self) -> None:
        """Wait until this thread is the one that goes on."""
        with self._changed:
            self._waiting.add(self._mine.number)
            self._give()
            self._changed.wait_for(lambda: self._turn == self._mine.number, timeout=30)
            assert self._turn == self._mine.number
            self._turn = -1
            self._waiting.discard(self._mine.number)

    def run(self, number: int, process: Callable[[], object]) -> None:
        """Do a thread's whole work."""
        self._mine.number = number
        try:
            with suppress(Killed):
                process()
        finally:
            with self._changed:
                self._ended.add(number)
                self._give()

    def _give(self) -> None:
        if self._turn == -1 and self._waiting and len(self._waiting) + len(self._ended) == self._count:
            self._turn = self._chance.choice(sorted(self._waiting))
            self._changed.notify_all()


class Shared(World):
    """A world in which processes take turns, and each may be killed at a step of its own."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self.turns: Turns | None = turns
        self.mine = threading.local()

    def step(self) -> None:
        if self.turns is None:
            super().step()
            return
        self.turns.step()
        self.mine.steps = getattr(self.mine, "steps", 0) + 1
        if self.mine.steps >= getattr(self.mine, "kill_at", 1_000_000):
            raise Killed


def meet(seed: int, *, killed: bool) -> tuple[Fleet, list[Receipt]]:
    """Let two pauses work at once, the second of which may be killed; return what they have done."""
    chance = random.Random(seed)
    turns = Turns(chance, 2)
    world = Shared(turns)
    fleet, receipts = Fleet(world=world), []
    deaths = (None, chance.randint(1, PAUSE_STEPS) if killed else None)

    def process(number: int) -> None:
        if deaths[number] is not None:
            world.mine.kill_at = deaths[number]
        world.step()  # so that reading the ledger is a turn too
        receipts.append(fleet.pause(f"H{number + 1}"))

    threads = [
        threading.Thread(target=turns.run, args=(number, partial(process, number))) for number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    world.turns = None
    return fleet, receipts


@pytest.mark.parametrize("part", range(4))
def test_two_pauses_at_once_leave_both_holds_standing_and_one_resume_lifts_both(part: int) -> None:
    for seed in range(part, MEETINGS, 4):
        fleet, receipts = meet(seed, killed=False)
        assert [receipt.complete for receipt in receipts] == [True, True], seed
        assert {one.hold.id for one in fleet.journal().state.holds} == {"H1", "H2"}
        written = parse_holds(fleet.world.variables["acme"])
        assert {hold.id for hold in written} >= {"H1", "H2"}, seed
        assert written[0].reason == VARIABLES["acme"]
        assert all(form != ACTIVE for form in fleet.world.triggers.values())
        assert {run.status for run in fleet.world.runs.values()} == {"cancelled"}
        receipt = fleet.resume()
        assert receipt.complete, (seed, receipt.unproven)
        assert_as_before(fleet, set(fleet.world.runs))


@pytest.mark.parametrize("part", range(4))
def test_of_two_pauses_at_once_one_may_be_killed(part: int) -> None:
    for seed in range(part, MEETINGS, 4):
        fleet, receipts = meet(seed, killed=True)
        assert len(receipts) >= 1, seed
        stopped = fleet.told()
        assert stopped == set(fleet.world.runs), seed
        receipt = fleet.resume()
        assert receipt.complete, (seed, receipt.unproven)
        assert_as_before(fleet, stopped)
