"""Does a seeded fleet become the same GitLab every time, with what gate is to find in it?"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from gate.core.model import DEFAULT_PROTECT
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab.model import JobSpec, Pipeline
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.gitlab.words import TERMINAL
from gate.sandbox.gitlab.world import World
from tests.unit.sandbox.gitlab_api import START

SPEC = FleetSpec(projects=30, runs=100, seed=7)


def world(spec: FleetSpec = SPEC) -> World:
    return GitLabService(spec, clock=Clock(speed=0.0, source=lambda: START)).world


def pipelines(of: World) -> list[Pipeline]:
    return [one for project in of.projects.values() for one in project.pipelines.values()]


def is_protected(pipeline: Pipeline) -> bool:
    names = [
        name.casefold()
        for job in pipeline.latest()
        if job.status not in TERMINAL
        for name in (job.spec.name, job.spec.stage)
    ]
    return any(fnmatchcase(name, pattern) for name in names for pattern in DEFAULT_PROTECT)


def test_the_same_seed_gives_the_same_fleet() -> None:
    def shown(of: World) -> list[tuple[str, str, list[str]]]:
        return [(one.project.path, one.status, [job.spec.name for job in one.jobs]) for one in pipelines(of)]

    assert shown(world()) == shown(world())
    assert shown(world()) != shown(world(FleetSpec(projects=30, runs=100, seed=8)))


def test_as_many_runs_are_in_flight_and_protected_as_was_asked_for() -> None:
    flying = [one for one in pipelines(world()) if not one.complete]
    assert len(flying) == 100
    assert sum(map(is_protected, flying)) == 33
    assert {one.status for one in flying} == {
        "running",
        "pending",
        "scheduled",
        "waiting_for_resource",
        "created",
    }


def test_nothing_in_flight_ends_by_itself_within_an_hour() -> None:
    made = world()
    made.clock.advance(3600)
    for project in made.projects.values():
        made.settle(project)
    assert sum(not one.complete for one in pipelines(made)) == 100


def test_schedules_are_not_all_the_bots_and_not_all_active() -> None:
    schedules = [one for project in world().projects.values() for one in project.schedules.values()]
    assert {one.owner for one in schedules} == {"release-bot", "noa"}
    assert {one.active for one in schedules} == {True, False}


def test_a_reset_brings_the_start_back() -> None:
    service = GitLabService(SPEC)
    project = next(iter(service.world.projects.values()))
    service.world.remove(project)
    service.reset()
    assert len(service.world.projects) == 30


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_names_may_hold_what_others_forget(share: float) -> None:
    names = {
        job.spec.name
        for one in pipelines(world(FleetSpec(projects=30, runs=60, odd_names=share)))
        for job in one.jobs
    }
    assert any("%" in name and not name.isascii() for name in names if not name.startswith("Conf")) == bool(
        share
    )


def test_time_may_run_faster_than_outside() -> None:
    outside = [START]
    made = GitLabService(SPEC, clock=Clock(speed=3600.0, source=lambda: outside[0])).world
    project = next(iter(made.projects.values()))
    job = made.add_pipeline(project, (JobSpec(name="load", seconds=3000),)).jobs[0]
    outside[0] += 1
    made.settle(project)
    assert (job.status, job.finished) == ("success", START + 3002)
