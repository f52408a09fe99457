"""What a seeded fleet becomes on the emulated Jenkins."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from gate.sandbox.clock import Clock
from gate.sandbox.jenkins import queueing
from gate.sandbox.jenkins.model import Kind, QueueState, Stops
from gate.sandbox.jenkins.seed import fleet_spec, seeded_world
from gate.sandbox.jenkins.world import Timing, World


def world(jobs: int = 200, runs: int = 300, *, needs_force: float = 0.0, stuck: float = 0.0) -> World:
    spec = fleet_spec(jobs=jobs, runs=runs, seed=7, needs_force=needs_force, stuck=stuck)
    return seeded_world(spec, Clock(0), Timing())


def described(made: World) -> list[tuple[str, str, list[tuple[int, str | None]]]]:
    return sorted(
        (item.full_name, item.kind, [(b.number, b.result) for b in item.builds.values()])
        for item in made.all_items()
    )


def test_the_same_seed_makes_the_same_fleet() -> None:
    assert described(world()) == described(world())


def test_every_run_is_a_build_or_a_queue_item() -> None:
    made = world()
    waiting_for_agents = [entry for entry in made.queue.values() if entry.part_of]
    assert len(made.running) + len(made.queue) - len(waiting_for_agents) == 300
    assert waiting_for_agents
    assert {entry.state for entry in made.queue.values()} == set(QueueState)
    jobs = [item for item in made.all_items() if item.kind is not Kind.FOLDER]
    assert sum(not item.generated for item in jobs) == 200
    assert {item.kind for item in jobs} == {Kind.FREESTYLE, Kind.PIPELINE, Kind.MULTIBRANCH}


def test_a_fleet_has_what_lab_patterns_match_by_job_and_by_stage() -> None:
    made = world()
    by_job = by_stage = 0
    for build in made.running.values():
        names = [build.item.name.lower(), *(stage.lower() for stage in build.item.stages)]
        matches = [fnmatchcase(name, "load*") or fnmatchcase(name, "configure*") for name in names]
        by_job += matches[0]
        by_stage += any(matches[1:]) and not matches[0]
    assert by_job > 20
    assert by_stage > 5


def test_branch_jobs_have_encoded_names() -> None:
    names = {item.name for item in world().all_items() if item.generated}
    assert "feature%2Fgr%C3%B6%C3%9Fe-50%25" in names
    assert all("/" not in name for name in names)


def test_some_builds_are_as_stubborn_as_was_asked_for() -> None:
    made = world(needs_force=0.2, stuck=0.1)
    stops = [build.stops for build in made.running.values()]
    assert stops.count(Stops.ON_TERM) > 15
    assert stops.count(Stops.NEVER) > 5
    assert all(build.pipeline for build in made.running.values() if build.stops is not Stops.ON_STOP)


def test_nothing_ends_by_itself_for_hours() -> None:
    made = world(40, 60)
    before = len(made.running)
    made.clock.advance(3 * 3600)
    queueing.settle(made)
    assert len(made.running) == before
    made.clock.advance(4 * 3600)
    queueing.settle(made)
    assert made.running == {}


def test_jenkins_takes_no_name_with_a_slash() -> None:
    with pytest.raises(ValueError, match="takes no such name"):
        World(Clock(0), Timing()).add_item("a/b", Kind.PIPELINE)


def test_time_may_run_faster_than_outside() -> None:
    outside = [1000.0]
    made = World(Clock(60, lambda: outside[0]), Timing())
    queueing.schedule(made, made.add_item("a", Kind.FREESTYLE), made.now())
    outside[0] += 1
    queueing.settle(made)
    assert len(made.running) == 1
    outside[0] += 6
    queueing.settle(made)
    assert made.running == {}
