"""How does a seeded fleet become repositories, workflows and runs of GitHub?"""

from __future__ import annotations

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec, RunState, SeededProject, seed_fleet
from gate.sandbox.github.timeline import Timing
from gate.sandbox.github.world import World

_STATUS = {
    RunState.RUNNING: ("in_progress", None),
    RunState.QUEUED: ("queued", None),
    RunState.PENDING: ("pending", None),
    RunState.WAITING: ("waiting", None),
    RunState.CREATED: ("requested", None),
    RunState.SUCCEEDED: ("completed", "success"),
    RunState.FAILED: ("completed", "failure"),
    RunState.CANCELLED: ("completed", "cancelled"),
}
_LONG = 6 * 3600.0


def seeded_world(spec: FleetSpec, clock: Clock, timing: Timing) -> World:
    """Return a world with one organisation that owns the whole fleet.

    Runs in progress end by themselves, but only after six hours, so that what stops before
    was stopped.
    """
    world = World(clock, timing)
    world.add_organization(spec.owner)
    for project in seed_fleet(spec):
        _add_project(world, spec.owner, project)
    return world


def _add_project(world: World, owner: str, project: SeededProject) -> None:
    repository = world.add_repository(owner, project.name)
    workflows = [
        world.add_workflow(repository, pipeline.name, f"{pipeline.stem}.yml", pipeline.jobs)
        for pipeline in project.pipelines
    ]
    for seeded in project.runs:
        status, conclusion = _STATUS[seeded.state]
        run = world.add_run(
            repository,
            workflows[seeded.pipeline],
            status=status,
            conclusion=conclusion,
            branch=seeded.branch,
            title=seeded.title,
            actor=seeded.actor,
            age=seeded.age,
            done_jobs=seeded.done_jobs,
        )
        run.behaviour = seeded.behaviour
        if status == "in_progress":
            run.ends = world.now() + _LONG
