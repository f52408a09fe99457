"""The seeded fleet: the same from the same seed, of any size, and matched as it says."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from gate.core.model import DEFAULT_PROTECT
from gate.sandbox.fleet import Behaviour, FleetSpec, Match, SeededPipeline, seed_fleet
from gate.sandbox.github.seed import seeded_world
from gate.sandbox.github.timeline import Timing
from tests.unit.sandbox.github_api import still_clock


def matched(name: str) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in DEFAULT_PROTECT)


def in_flight(spec: FleetSpec) -> list[tuple[SeededPipeline, Behaviour]]:
    return [
        (project.pipelines[run.pipeline], run.behaviour)
        for project in seed_fleet(spec)
        for run in project.runs
        if run.state.in_flight
    ]


@pytest.mark.parametrize(("projects", "runs"), [(0, 10), (1, 0), (1, 7), (300, 3000)])
def test_a_fleet_has_the_size_that_was_asked_for(projects: int, runs: int) -> None:
    spec = FleetSpec(projects=projects, runs=runs)
    fleet = seed_fleet(spec)
    assert len({project.name for project in fleet}) == projects
    flying = in_flight(spec)
    assert len(flying) == (runs if projects else 0)
    protected = sum(pipeline.match is not Match.NOTHING for pipeline, _ in flying)
    assert protected == (round(runs / 3) if projects else 0)


def test_the_same_seed_gives_the_same_fleet_and_another_one_another() -> None:
    assert seed_fleet(FleetSpec(projects=20, runs=50)) == seed_fleet(FleetSpec(projects=20, runs=50))
    assert seed_fleet(FleetSpec(projects=20, runs=50)) != seed_fleet(FleetSpec(projects=20, runs=50, seed=8))


def test_exactly_the_protected_pipelines_match_the_default_patterns_by_the_name_that_they_say() -> None:
    pipelines = [
        pipeline
        for project in seed_fleet(FleetSpec(projects=200, pipelines=9))
        for pipeline in project.pipelines
    ]
    assert {pipeline.match for pipeline in pipelines} == set(Match)
    for pipeline in pipelines:
        by = {
            Match.NAME: matched(pipeline.name),
            Match.FILE: matched(pipeline.stem),
            Match.JOB: matched(pipeline.jobs[-1]),
        }
        assert {way for way, hit in by.items() if hit} == ({pipeline.match} - {Match.NOTHING})


def test_no_two_pipelines_of_a_project_share_a_file() -> None:
    for project in seed_fleet(FleetSpec(projects=100, pipelines=12)):
        stems = [pipeline.stem for pipeline in project.pipelines]
        assert len(set(stems)) == len(stems)


def test_what_stops_badly_has_the_share_that_was_asked_for() -> None:
    flying = in_flight(FleetSpec(projects=50, runs=2000, needs_force=0.2, stuck=0.1))
    for behaviour, share in ((Behaviour.NEEDS_FORCE, 0.2), (Behaviour.STUCK, 0.1)):
        assert sum(found is behaviour for _, found in flying) / 2000 == pytest.approx(share, abs=0.03)


def test_names_hold_what_breaks_careless_programs() -> None:
    fleet = seed_fleet(FleetSpec(projects=200, runs=500, odd_names=0.5))
    names = {pipeline.name for project in fleet for pipeline in project.pipelines}
    branches = {run.branch for project in fleet for run in project.runs}
    for sign in ("%", "/", " ", "ä"):
        assert any(sign in name for name in names), sign
    assert any("/" in branch and "%" in branch for branch in branches)


def test_github_gets_every_run_in_its_own_words() -> None:
    spec = FleetSpec(projects=30, runs=300, needs_force=0.1)
    world = seeded_world(spec, still_clock(), Timing())
    repositories = list(world.repositories())
    assert len(repositories) == 30
    active = [run for repository in repositories for run in repository.active.values()]
    assert len(active) == 300
    assert {run.status for run in active} == {"in_progress", "queued", "waiting", "pending", "requested"}
    for run in active:
        assert run.unfinished()
        assert matched(run.jobs[-1].name) <= (run.jobs[-1].status != "completed")
