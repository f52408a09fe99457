"""How is everything in the fleet, as the emulators themselves know it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gate.core.work import Protects
from gate.sandbox.github.model import Run
from gate.sandbox.gitlab.model import Job, Pipeline
from gate.sandbox.gitlab.words import TERMINAL
from gate.sandbox.jenkins import queueing
from gate.sandbox.jenkins.model import Build, Item, QueueItem
from tests.emulated.crash.fleet import OWNER, PROTECT, USER, Fleet

Name = tuple[str, str, str, str]  # provider, project, kind and id, as a receipt has them
_PROTECTS = Protects(patterns=PROTECT)


class Fate(StrEnum):
    """What became of something that was in flight, over all processes that worked on it."""

    UNTOUCHED = "untouched"
    STOPPED = "stopped"
    AGAIN = "again"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything at one moment.

    Attributes:
        fates: of what is protected and was in flight at the start.
        switches: forms of triggers and texts of holds; None where there is none.
        others: what nobody ever is to change, by some name.
    """

    fates: Mapping[Name, Fate]
    switches: Mapping[Name, Any]
    others: Mapping[Name, Any]


def truth_of(fleet: Fleet) -> Truth:
    """Return how everything is now."""
    parts = (_github(fleet), _gitlab(fleet), _jenkins(fleet))
    return Truth(
        fates={name: fate for part in parts for name, fate in part.fates.items()},
        switches={name: form for part in parts for name, form in part.switches.items()},
        others={name: value for part in parts for name, value in part.others.items()},
    )


def _github(fleet: Fleet) -> Truth:
    fates: dict[Name, Fate] = {}
    others: dict[Name, Any] = {}
    with fleet.github.lock:
        world = fleet.github.world
        holder = world.organizations[OWNER]
        switches: dict[Name, Any] = {("github", OWNER, "hold", "GATE_HOLD"): _value(holder.variables)}
        for repository in world.repositories():
            path = repository.full_name
            switches["github", path, "hold", "GATE_HOLD"] = _value(repository.variables)
            for workflow in repository.workflows.values():
                switches["github", path, "trigger", str(workflow.id)] = workflow.state
            for run in repository.runs.values():
                name = ("github", path, "run", str(run.id))
                if _is_meant(run):
                    fates[name] = _fate_of_run(run)
                else:
                    others[name] = (run.attempt, run.status, run.conclusion)
    return Truth(fates=fates, switches=switches, others=others)


def _value(variables: Mapping[str, Any]) -> str | None:
    return variables["GATE_HOLD"].value if "GATE_HOLD" in variables else None


def _is_meant(run: Run) -> bool:
    """Return whether a run is protected and was in flight at the start, by its first attempt."""
    jobs = run.earlier[0].jobs if run.earlier else run.jobs
    open_ = [job.name for job in jobs if (job.conclusion or "cancelled") == "cancelled"]
    over = not run.earlier and not run.active and run.conclusion != "cancelled"
    named = _PROTECTS.matched((run.workflow.name, run.workflow.file.partition(".")[0]))
    return not over and bool(open_) and (named or _PROTECTS.matched(open_)) is not None


def _fate_of_run(run: Run) -> Fate:
    if run.attempt > 2:
        return Fate.TWICE
    if not run.active:
        return Fate.STOPPED
    return Fate.AGAIN if run.attempt == 2 else Fate.UNTOUCHED


def _gitlab(fleet: Fleet) -> Truth:
    fates: dict[Name, Fate] = {}
    others: dict[Name, Any] = {}
    with fleet.gitlab.lock:
        world = fleet.gitlab.world
        groups = {group.path: group.variables for group in world.groups.values()}
        places = groups | {project.path: project.variables for project in world.projects.values()}
        switches: dict[Name, Any] = {
            ("gitlab", path, "hold", "GATE_HOLD"): next(
                (one.value for one in variables if one.key == "GATE_HOLD"), None
            )
            for path, variables in places.items()
        }
        for project in world.projects.values():
            world.settle(project)
            for schedule in project.schedules.values():
                form = (schedule.active, schedule.owner, schedule.description, schedule.cron)
                switches["gitlab", project.path, "trigger", str(schedule.id)] = form
            for pipeline in project.pipelines.values():
                for jobs in _by_name(pipeline):
                    name = ("gitlab", project.path, "job", str(jobs[0].id))
                    if _PROTECTS.matched((jobs[0].spec.name, jobs[0].spec.stage)) and _was_open(jobs[0]):
                        fates[name] = _fate_of_jobs(jobs)
                    else:
                        others[name] = [job.status for job in jobs]
    return Truth(fates=fates, switches=switches, others=others)


def _by_name(pipeline: Pipeline) -> Iterator[list[Job]]:
    """Yield the jobs of a pipeline, a retried one with what has taken its place."""
    for name in dict.fromkeys(job.spec.name for job in pipeline.jobs):
        yield [job for job in pipeline.jobs if job.spec.name == name]


def _was_open(job: Job) -> bool:
    """Return whether a job was in flight at the start: whatever was over had its end before that."""
    return job.status not in TERMINAL or (job.finished or 0.0) >= job.pipeline.project.created


def _fate_of_jobs(jobs: list[Job]) -> Fate:
    if len(jobs) > 2:
        return Fate.TWICE
    if jobs[-1].status in TERMINAL:
        return Fate.STOPPED
    return Fate.AGAIN if len(jobs) == 2 else Fate.UNTOUCHED


def _jenkins(fleet: Fleet) -> Truth:
    fates: dict[Name, Fate] = {}
    others: dict[Name, Any] = {}
    switches: dict[Name, Any] = {}
    with fleet.jenkins.lock:
        world = fleet.jenkins.controller.world
        queueing.settle(world)
        entries = [*world.queue.values(), *world.gone.values()]
        for item in world.all_items():
            path = item.full_name
            if not item.holds_items:
                switches["jenkins", path, "trigger", path] = item.disabled
            meant = item.name in {"load live", "release", "load soak", "configure gain"}
            for build in item.builds.values():
                name = ("jenkins", path, "run", str(build.number))
                if not meant:
                    others[name] = (build.building, build.result)
                elif not _is_ours(build):
                    fates[name] = _fate(build.building, _started_for(build, item, entries))
            for entry in entries:
                if entry.item is item and entry.held and entry.part_of is None:
                    again = [one for one in entries if one.item is item and _is_ours(one)]
                    waits = not entry.cancelled and entry.left is None
                    fates["jenkins", path, "queue_item", str(entry.id)] = _fate(waits, len(again))
    return Truth(fates=fates, switches=switches, others=others)


def _is_ours(one: Build | QueueItem) -> bool:
    """Return whether gate has started it."""
    return any(cause.user == USER for cause in one.causes)


def _started_for(build: Build, item: Item, entries: list[QueueItem]) -> int:
    """Return how often a build was started again: a plain job has only one."""
    ours = [one for one in entries if one.item is item and _is_ours(one)]
    if not build.pipeline:
        return len(ours)
    return sum(any(cause.replayed == build.number for cause in one.causes) for one in ours)


def _fate(goes_on: bool, again: int) -> Fate:
    if goes_on:
        return Fate.TWICE if again else Fate.UNTOUCHED
    return (Fate.STOPPED, Fate.AGAIN)[again] if again < 2 else Fate.TWICE
