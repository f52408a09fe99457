"""The recheck closes and opens by itself, in accelerated time: ticks killed anywhere, and wrong clocks."""

from __future__ import annotations

import random
import threading

import pytest

from gate.core.canary import Canary, Rerun
from gate.core.event import Act, Ownership
from gate.core.steadiness import Steadiness
from gate.fleet.again import Again, AgainOrder
from gate.fleet.recheck import Tick
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.tally import Tally
from gate.fleet.watcher import Silent
from tests.unit.core.rechecks import verdict
from tests.unit.fleet.loop import LAB, PROTECTS, Loop
from tests.unit.fleet.loop_model import TRIGGERS, LoopConnection, ModelLoop, pause
from tests.unit.fleet.test_crash_model import Shared, Turns
from tests.unit.fleet.world import ACTIVE, ModelConnection, World, post

STORIES = 100
PARTS = 4
POLICY = Steadiness()


@pytest.mark.parametrize("part", range(PARTS))
def test_the_loop_closes_and_opens_in_bounds_and_does_nothing_wrong(part: int) -> None:
    for seed in range(part, STORIES, PARTS):
        loop = ModelLoop(seed)
        counts = loop.run()
        assert max(counts.to_hold, default=0) <= POLICY.close_after + 1, seed
        assert max(counts.to_open, default=0) <= POLICY.open_after + 1, seed
        assert counts.dark_requests == 0, seed
        assert_nothing_wrong(loop, seed)
        assert loop.at_rest, seed
        assert (loop.world.triggers, loop.world.variables) == (TRIGGERS, {}), seed


@pytest.mark.parametrize("part", range(PARTS))
def test_people_troubled_servers_and_killed_ticks_change_nothing_about_that(part: int) -> None:
    for seed in range(1000 + part, 1000 + STORIES, PARTS):
        loop = ModelLoop(seed, trouble=0.05, kills=0.2, people=0.04)
        loop.run()
        assert_nothing_wrong(loop, seed)
        assert loop.state().holds == (), seed
        # What a server has refused to the recheck is left to a person.
        journal = loop.journal("dana")
        resume = Resume([post(ModelConnection(loop.world))], journal, ResumeOrder(holds=()), Silent())
        resume.settle()
        assert resume.carry_out().complete, seed
        assert (loop.world.triggers, loop.world.variables) == (TRIGGERS, {}), seed


def assert_nothing_wrong(loop: Loop, seed: int) -> None:
    """No false opening, no second start, no person overridden, and a whole ledger."""
    counts = loop.counts
    assert (counts.false_opens, counts.reruns_twice, counts.overridden) == (0, 0, 0), seed
    assert loop.is_whole(), seed


class Scene(ModelLoop):
    """Four runs of one workflow and two refs under way, and a fibre that goes and comes as it is told."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(7, world=world)
        self._plan = []
        for ref in ("main", "main", "dev", "dev"):
            job = self.model.begin_as("load a", ref)
            job.asked, job.left = 1, 10_000
            self.jobs.append(job)
        self.minutes(1)

    def minutes(self, count: int) -> None:
        """Let minutes pass with a tick in each."""
        for _ in range(count):
            self.outside.pass_minute()
            self.work()
            self.tick()

    def killed(self, step: int) -> bool:
        """Let a minute pass whose tick is killed just before its step of this number, if it comes so far."""
        self.outside.pass_minute()
        self.work()
        begun = self.world.steps
        self.model.kill_next = step
        self.tick()
        return self.world.steps - begun >= step

    def reach(self, point: str) -> Scene:
        """Let all happen up to the minute whose tick closes, opens, or starts the rest behind the first."""
        self.turn(False)
        self.minutes(POLICY.close_after - 1)
        if point == "closes":
            return self
        self.minutes(1)
        self.turn(True)
        self.minutes(POLICY.open_after - 1)
        if point == "opens":
            return self
        self.minutes(1)
        return self


def assert_come_to_rest(scene: Scene) -> None:
    """The newest run of each ref was started again, once; the rest is as it was, and the ledger says so."""
    scene.turn(True)
    scene.minutes(40)
    assert scene.at_rest, scene.state().holds
    assert scene.world.starts == {"r2": 1, "r4": 1}
    assert (scene.world.triggers, scene.world.variables) == (TRIGGERS, {})
    state = scene.state()
    assert state.unfinished == ()
    assert [act for act in (Act.SUSPEND, Act.HOLD) if state.standing(act)] == []
    assert_nothing_wrong(scene, 0)


@pytest.mark.parametrize("point", ["closes", "opens", "starts the rest"])
def test_a_tick_killed_at_any_append_or_request_is_finished_by_those_after_it(point: str) -> None:
    step, cut_off = 1, 0
    while True:
        scene = Scene().reach(point)
        if not scene.killed(step):
            break
        cut_off += 1
        if point == "closes":
            scene.minutes(5)
            assert {run.status for run in scene.world.runs.values()} == {"cancelled"}, step
            assert all(form != ACTIVE for form in scene.world.triggers.values()), step
            assert "not ready" in scene.world.variables["acme"], step
        assert_come_to_rest(scene)
        step += 1
    assert cut_off >= 5  # every one of them was tried


@pytest.mark.parametrize("point", ["closes", "opens", "starts the rest"])
def test_a_tick_may_be_killed_again_and_again(point: str) -> None:
    chance = random.Random(3)
    for _ in range(6):
        scene = Scene().reach(point)
        for _ in range(12):
            scene.killed(chance.randint(1, 25))
        assert_come_to_rest(scene)


@pytest.mark.parametrize("point", ["closes", "opens", "starts the rest"])
def test_two_ticks_at_once_do_together_what_one_does(point: str) -> None:
    for seed in range(10):
        turns = Turns(random.Random(seed), 2)
        world = Shared(turns)
        world.turns = None
        scene = Scene(world).reach(point)
        scene.outside.pass_minute()
        scene.work()
        at_once(scene, world, turns)
        assert len([one for one in scene.state().holds if one.ownership is Ownership.AUTO]) == (
            point == "closes"
        )
        assert_come_to_rest(scene)


def at_once(scene: Scene, world: Shared, turns: Turns) -> None:
    """Do two ticks that go on in turns, each from one request or append to the next."""
    world.turns = turns
    before = scene.state()

    def process() -> None:
        world.step()  # so that reading the ledger is a turn too
        scene.one_tick()

    threads = [threading.Thread(target=turns.run, args=(number, process)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    world.turns = None
    scene.judge(before, scene.now)


def test_where_the_first_run_fails_it_is_closed_again_and_the_others_wait() -> None:
    scene = Scene().reach("opens")
    scene.minutes(1)
    assert sum(scene.world.starts.values()) == 1
    (first,) = scene.world.starts
    scene.world.proofs[first] = Canary.FAILED
    scene.tick()
    (hold,) = scene.state().holds
    assert (hold.ownership, hold.hold.by) == (Ownership.AUTO, "recheck")
    assert hold.hold.reason.startswith("closed again, since the run that went first has failed to configure")
    assert "load" in hold.hold.reason
    assert "closed again" in scene.world.variables["acme"]
    assert scene.world.runs[first].status == "cancelled"
    scene.minutes(2)
    assert sum(scene.world.starts.values()) == 1


def test_what_a_persons_hold_covers_is_not_started() -> None:
    scene = Scene().reach("opens")
    scene.act()
    assert scene.manual
    scene.minutes(10)
    assert scene.world.starts == {}
    for id_ in list(scene.manual):
        scene.lift(id_)
    assert_come_to_rest(scene)


def test_what_another_tick_has_just_begun_to_start_is_left_to_it() -> None:
    for step in range(1, 40):
        scene = Scene().reach("opens")
        scene.killed(step)
        if any(one.action == Act.RERUN for one in scene.state().unfinished):
            break
    assert scene.world.starts == {}
    scene.minutes(2)
    assert scene.world.starts == {}  # the other tick may still be at it
    scene.minutes(3)
    assert sum(scene.world.starts.values()) >= 1
    assert_come_to_rest(scene)


def test_a_first_run_that_was_held_back_by_a_person_closes_nothing() -> None:
    scene = Scene().reach("opens")
    scene.minutes(1)
    (first,) = scene.world.starts
    scene.act()
    scene.world.runs[first].status, scene.world.proofs[first] = "done", Canary.FAILED
    scene.minutes(2)
    for id_ in list(scene.manual):
        scene.lift(id_)
    scene.minutes(2)
    assert [one for one in scene.state().holds if one.ownership is Ownership.AUTO] == []
    assert scene.counts.closed_again == 0


def test_two_ticks_that_chose_at_once_start_one_run_and_not_two() -> None:
    scene = Scene().reach("opens")
    scene.turn(True)
    scene.outside.pass_minute()
    lifting = scene.journal()
    said = verdict(True, scene.now, LAB)
    Tick([], lifting, scene.order(), Silent()).run([said], lifting.state.head.seq)
    first, second = (again(scene) for _ in range(2))
    chosen = first.decide()
    run = scene.model.begin_as("load b", "main").run
    scene.outside.hold_back(run, scene.ask(scene.now), scene.append)
    second.start(second.decide())
    assert scene.world.starts == {"r5": 1}
    first.start(chosen)
    assert scene.world.starts == {"r5": 1}


def again(scene: Scene) -> Again:
    """Return what follows from a lifted hold, as one process sees it."""
    order = AgainOrder(
        rerun=Rerun.CANARY, protects=PROTECTS, ready=(LAB,), jitter=lambda: 0.5, sleep=lambda _: None
    )
    return Again([post(LoopConnection(scene.model))], scene.journal(), order, Tally(Silent()))


def test_a_first_run_that_a_person_cancels_proves_nothing_and_another_goes_first() -> None:
    scene = Scene().reach("opens")
    scene.minutes(1)
    (first,) = scene.world.starts
    scene.world.runs[first].status = "cancelled"
    scene.world.proofs[first] = Canary.NOT_STARTED
    next(job for job in scene.jobs if job.run is scene.model.runs[first]).left = 0
    scene.tick()
    assert scene.state().holds == ()
    assert scene.world.starts == {"r2": 1, "r4": 1}


def test_an_expired_hold_is_lifted_and_what_it_suspended_is_restored() -> None:
    scene = Scene()
    pause(scene, minutes=5)
    assert scene.world.variables
    assert all(form != ACTIVE for form in scene.world.triggers.values())
    scene.minutes(3)
    assert [one.hold.id for one in scene.state().holds] == ["P1"]
    scene.minutes(4)
    assert scene.state().holds == ()
    assert (scene.world.triggers, scene.world.variables) == (TRIGGERS, {})
    assert scene.world.starts == {}  # what a person has stopped, a person starts again


@pytest.mark.parametrize("part", range(PARTS))
def test_a_clock_that_is_wrong_by_a_day_opens_nothing_early(part: int) -> None:
    for seed in range(2000 + part, 2000 + STORIES, PARTS):
        loop = ModelLoop(seed, clocks=0.2)
        counts = loop.run()
        assert min(counts.to_open, default=POLICY.open_after) >= POLICY.open_after, seed
        assert counts.dark_requests == 0, seed
        assert_nothing_wrong(loop, seed)
        assert loop.at_rest, seed
