"""How does a seeded fleet become projects, pipelines and schedules of GitLab?

What the fleet protects by a pipeline's name becomes a job of that name; what it protects by a
file becomes a stage of that name, since GitLab has neither workflow names nor file stems.
"""

from __future__ import annotations

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import (
    FleetSpec,
    Match,
    RunState,
    SeededPipeline,
    SeededProject,
    SeededRun,
    seed_fleet,
)
from gate.sandbox.gitlab.flow import HOUR, Timing
from gate.sandbox.gitlab.model import JobSpec, Project
from gate.sandbox.gitlab.world import World

_WAITS = {
    RunState.QUEUED: "pending",
    RunState.WAITING: "scheduled",
    RunState.PENDING: "waiting_for_resource",
}
_ENDED = {
    RunState.SUCCEEDED: "success",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "canceled",
}
_STAGES = ("prepare", "verify", "finish")
_LONG = 6 * HOUR


def seeded_world(spec: FleetSpec, clock: Clock, timing: Timing) -> World:
    """Return a world with one group that owns the whole fleet.

    Jobs that run end by themselves, but only after six hours, so that what stops before was
    stopped. Each project has a schedule for each of its pipelines; every fourth project's
    belong to somebody else than the token's owner.
    """
    world = World(clock, timing)
    world.add_group(spec.owner)
    world.add_runner("lab-runner-1")
    for index, project in enumerate(seed_fleet(spec)):
        _add_project(world, spec.owner, project, "noa" if index % 4 == 3 else "release-bot")
    return world


def _add_project(world: World, group: str, seeded: SeededProject, owner: str) -> None:
    project = world.add_project(f"{group}/{seeded.name}")
    project.template = _specs(seeded.pipelines[0], None)
    for place, pipeline in enumerate(seeded.pipelines):
        world.add_schedule(
            project, pipeline.name, owner=owner, cron=f"{place * 10} 2 * * *", active=place != 1
        )
    for run in seeded.runs:
        _add_run(world, project, seeded.pipelines[run.pipeline], run)


def _add_run(world: World, project: Project, pipeline: SeededPipeline, run: SeededRun) -> None:
    specs = _specs(pipeline, run)
    world.add_pipeline(
        project,
        specs,
        ref=run.branch,
        user=run.actor,
        title=run.title,
        age=run.age,
        statuses=_statuses(run, len(specs)),
        still=run.state is RunState.CREATED,
    )


def _specs(pipeline: SeededPipeline, run: SeededRun | None) -> tuple[JobSpec, ...]:
    made = []
    for place, job in enumerate(pipeline.jobs):
        last = place == len(pipeline.jobs) - 1
        stage = _STAGES[min(place, len(_STAGES) - 1)] if place < 2 or last else f"verify-{place}"
        name = pipeline.name if place == _named(pipeline) else job
        if last and pipeline.match is Match.FILE:
            stage = pipeline.stem
        made.append(_spec(name, stage, run))
    return tuple(made)


def _named(pipeline: SeededPipeline) -> int | None:
    """Return the place of the job that bears the pipeline's name."""
    match pipeline.match:
        case Match.NAME:
            return len(pipeline.jobs) - 1
        case Match.NOTHING:
            return 1
        case _:
            return None


def _spec(name: str, stage: str, run: SeededRun | None) -> JobSpec:
    if run is None:
        return JobSpec(name=name, stage=stage)
    return JobSpec(
        name=name,
        stage=stage,
        seconds=_LONG + run.age,
        behaviour=run.behaviour,
        unserved=run.state is RunState.QUEUED,
    )


def _statuses(run: SeededRun, count: int) -> tuple[str, ...]:
    """Return the statuses of a run's jobs in their order."""
    if run.state in _ENDED:
        return (*["success"] * (count - 1), _ENDED[run.state])
    done = ("success",) * run.done_jobs
    if run.state is RunState.RUNNING:
        return (*done, "running")
    return (*done, _WAITS[run.state]) if run.state in _WAITS else ()
