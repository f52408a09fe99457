"""How does a seeded fleet become folders, jobs, builds and queue items of Jenkins?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from urllib.parse import quote

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import (
    Behaviour,
    FleetSpec,
    Match,
    RunState,
    SeededPipeline,
    SeededProject,
    SeededRun,
    seed_fleet,
)
from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.model import Build, Cause, Item, Kind, QueueState, Stage, Stops
from gate.sandbox.jenkins.world import Timing, World

_PIPELINES = 4
_AGENT_EXECUTORS = 8
_LONG = 6 * 3600.0
_MULTIBRANCH_EVERY = 6
_UNFIT = re.compile(r"\s*[?*/\\%!@#$^&|<>\[\]:;]+\s*")
_RESULTS = {RunState.SUCCEEDED: "SUCCESS", RunState.FAILED: "FAILURE", RunState.CANCELLED: "ABORTED"}
_STOPS = {
    Behaviour.OBEYS: Stops.ON_STOP,
    Behaviour.NEEDS_FORCE: Stops.ON_TERM,
    Behaviour.STUCK: Stops.NEVER,
}


def fleet_spec(
    *, jobs: int, runs: int, seed: int, needs_force: float = 0.0, stuck: float = 0.0, finished: int = 2
) -> FleetSpec:
    """Return a fleet of about so many jobs; branch jobs come on top.

    Args:
        jobs: jobs and multibranch projects.
        runs: builds in flight and queue items.
        seed: the same number gives the same fleet.
        needs_force: the part of the builds that end only when they are termed.
        stuck: the part that nothing ends.
        finished: finished builds of each job.
    """
    return FleetSpec(
        projects=max(1, round(jobs / _PIPELINES)),
        pipelines=_PIPELINES,
        runs=runs,
        finished=finished,
        seed=seed,
        needs_force=needs_force,
        stuck=stuck,
    )


def seeded_world(spec: FleetSpec, clock: Clock, timing: Timing) -> World:
    """Return a world with one folder, or a path of folders, that holds a folder for each project.

    Builds that run end by themselves, but only after six hours, so that what stops before
    was stopped. A run that is `WAITING` is a pipeline that waits for input, `PENDING` is
    blocked behind its job's other build, `CREATED` is in its quiet period, `QUEUED` waits
    for an executor that does not come.
    """
    world = World(clock, timing)
    for number in range(max(1, math.ceil(spec.runs / _AGENT_EXECUTORS))):
        world.add_computer(f"agent-{number + 1:03}", _AGENT_EXECUTORS)
    first, *below = spec.owner.split("/")
    owner = world.add_item(first, Kind.FOLDER)
    for name in below:
        owner = world.add_item(name, Kind.FOLDER, owner)
    for place, project in enumerate(seed_fleet(spec)):
        _Project(world, world.add_item(project.name, Kind.FOLDER, owner), place, project).fill()
    return world


class _Project:
    def __init__(self, world: World, folder: Item, place: int, project: SeededProject) -> None:
        self._world = world
        self._folder = folder
        self._place = place
        self._project = project

    def fill(self) -> None:
        jobs = [self._job(place, pipeline) for place, pipeline in enumerate(self._project.pipelines)]
        for run in self._project.runs:
            job = jobs[run.pipeline]
            pipeline = self._project.pipelines[run.pipeline]
            if job.kind is Kind.MULTIBRANCH:
                job = job.children.get(quote(run.branch, safe="")) or self._world.add_item(
                    run.branch, Kind.PIPELINE, job, stages=pipeline.jobs
                )
            self._add_run(job, run)

    def _job(self, place: int, pipeline: SeededPipeline) -> Item:
        name = pipeline.stem if pipeline.match is Match.FILE else pipeline.name
        name = _UNFIT.sub(" - ", name).strip()
        if name in self._folder.children:
            name = f"{name} {place + 1}"
        by_stage = pipeline.match in {Match.JOB, Match.NOTHING}
        if by_stage and (self._place + place) % _MULTIBRANCH_EVERY == 0:
            return self._world.add_item(name, Kind.MULTIBRANCH, self._folder)
        runs = [run for run in self._project.runs if self._project.pipelines[run.pipeline] is pipeline]
        if _may_be_freestyle(self._place + place, pipeline, runs):
            return self._world.add_item(name, Kind.FREESTYLE, self._folder)
        return self._world.add_item(name, Kind.PIPELINE, self._folder, stages=pipeline.jobs)

    def _add_run(self, job: Item, run: SeededRun) -> None:
        match run.state:
            case RunState.SUCCEEDED | RunState.FAILED | RunState.CANCELLED:
                self._finished(job, run)
            case RunState.RUNNING | RunState.WAITING:
                self._running(job, run)
            case RunState.QUEUED:
                why = "There are no nodes with the label ‘lab’"
                queueing.hold_in_queue(self._world, job, QueueState.BUILDABLE, run.age, why)
            case RunState.CREATED:
                why = "In the quiet period. Expires in 1 hr 0 min"
                queueing.hold_in_queue(self._world, job, QueueState.WAITING, run.age, why)
            case RunState.PENDING:
                why = "Blocked by the shared lab"
                queueing.hold_in_queue(self._world, job, QueueState.BLOCKED, run.age, why)

    def _finished(self, job: Item, run: SeededRun) -> None:
        build = self._build(job, run)
        result = _RESULTS[run.state]
        ended = build.started + 300
        build.building, build.result, build.ended = False, result, ended
        state = {"SUCCESS": "success", "FAILURE": "failure", "ABORTED": "aborted"}[result]
        for place, name in enumerate(job.stages):
            word = state if place == len(job.stages) - 1 else "success"
            build.stages.append(_stage(place, name, word, build.started, ended))
        job.builds[build.number] = build

    def _running(self, job: Item, run: SeededRun) -> None:
        world, build = self._world, self._build(job, run)
        build.stops = _STOPS[run.behaviour]
        waits = run.state is RunState.WAITING
        for place, name in enumerate(job.stages[: run.done_jobs + 1]):
            done = place < run.done_jobs
            word = "success" if done else "paused" if waits else "running"
            ended = build.started + place if done else None
            build.stages.append(_stage(place, name, word, build.started + place, ended))
        # Every third that is at its beginning waits for an agent that does not come.
        no_agent = build.pipeline and not waits and not run.done_jobs and not run.number % 3
        queueing.place(world, build, takes_node=not waits and not no_agent)
        if no_agent:
            queueing.wait_for_agent(world, build, held=True)
        world.agenda.at(world.now() + _LONG, lambda moment: lifecycle.finish(world, build, moment, "SUCCESS"))

    def _build(self, job: Item, run: SeededRun) -> Build:
        number = job.next_number
        job.next_number += 1
        return Build(
            item=job,
            number=number,
            started=self._world.now() - run.age,
            queue_id=self._world.new_id(),
            causes=(Cause(user=run.actor),),
            revision=f"{run.branch}@{number}",
        )


def _may_be_freestyle(place: int, pipeline: SeededPipeline, runs: Sequence[SeededRun]) -> bool:
    """Return whether a plain job shows the same: no stage that matches, waits or needs a term."""
    plain = all(run.behaviour is Behaviour.OBEYS and run.state is not RunState.WAITING for run in runs)
    return plain and pipeline.match is not Match.JOB and place % 3 == 0


def _stage(place: int, name: str, state: str, started: float, ended: float | None) -> Stage:
    return Stage(id=str(6 + 5 * place), name=name, state=state, started=started, ended=ended)
