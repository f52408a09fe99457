"""How many requests does a pause take at least, as the APIs are?

Counted from the seeded fleet itself, not from what gate finds. A write is a request of its own
everywhere, since its answer says for each target whether it was refused, too late or one too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from benchmarks.fleet_servers import SEEDS, Size
from gate.core.work import Protects
from gate.providers.jenkins.names import matched
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec, Match, RunState, SeededPipeline, SeededRun, seed_fleet
from gate.sandbox.jenkins.model import Build, Item, Kind
from gate.sandbox.jenkins.seed import fleet_spec, seeded_world
from gate.sandbox.jenkins.world import Timing

PAGE = 100
HOLD = 3  # read what is there, write, read it back
PROTECTS = Protects(patterns=("configure*", "load*"))

_STATUSES = 5
_TRIGGERS_AT_ONCE = 20
_JOBS_AT_ONCE = 48
_LISTING = 3
_LOOK = 2


def github(size: Size) -> tuple[int, ...]:
    """Return what GitHub takes.

    A list of runs takes one status, and five are not over. Without a status it is complete only
    where a repository has a hundred runs in all, ever. The names of a run's jobs are a list of
    their own, which is needed where neither the workflow's name nor its file is protected; GraphQL
    shows jobs only as check runs, among those of others and with a further permission. Where a
    hundred runs are is one GraphQL query. The reason is a status of each run's commit.
    """
    repositories = size.projects
    flights = _in_flight(size)
    unnamed = sum(one.match in (Match.JOB, Match.NOTHING) for one, _ in flights)
    stopped = sum(one.match is not Match.NOTHING for one, _ in flights)
    lists = _times(repositories, PAGE) + repositories * _STATUSES
    return (lists + unnamed + HOLD + stopped + _times(stopped, PAGE) + stopped,)


def gitlab(size: Size) -> tuple[int, ...]:
    """Return what GitLab takes.

    A project's jobs in flight are one list, those of child pipelines among them; GraphQL allows
    `Project.jobs` once in a query, and its pipelines leave children out. Trigger jobs are in no
    list: GraphQL shows those of twenty projects within its 250 points. What has not started is over
    with the answer to its cancel; where the others are GraphQL shows at five points each. The reason
    is one write for each pipeline, whose names GraphQL has shown.
    """
    projects = size.projects
    stopped = [(one, run) for one, run in _in_flight(size) if one.match is not Match.NOTHING]
    running = sum(run.state is RunState.RUNNING and _is_last(one, run) for one, run in stopped)
    lists = _times(projects, PAGE) + projects + _times(projects, _TRIGGERS_AT_ONCE)
    return (lists + HOLD + len(stopped) + _times(running, _JOBS_AT_ONCE) + len(stopped),)


def jenkins(size: Size) -> tuple[int, ...]:
    """Return what each controller takes.

    It is listed by three requests: itself, its executors, its queue. Stages are a request for each
    build and in no tree; they are needed where the job's name is not protected: those of the build,
    and where they do not tell, those of the job's last good build, once a job. Where it has none,
    any other of its builds tells, or of a branch what its project's branches do. Two requests show
    that nothing is on an executor or queued any more, and one for each build that it was aborted.
    """
    return tuple(_controller(size, seed) for seed in SEEDS)


LEAST: Final[Mapping[str, Callable[[Size], tuple[int, ...]]]] = {
    "github": github,
    "gitlab": gitlab,
    "jenkins": jenkins,
}


def _controller(size: Size, seed: int) -> int:
    spec = fleet_spec(jobs=size.jobs, runs=size.builds, seed=seed)
    world = seeded_world(spec, Clock(), Timing())
    items = [entry.item for entry in world.queue.values() if entry.part_of is None]
    builds = list(world.running.values())
    read = [build for build in builds if build.pipeline and not _by_name(build.item)]
    undecided = [build.item for build in read if not _by_stage(build)]
    undecided += [item for item in items if item.kind is Kind.PIPELINE and not _by_name(item)]
    stopped = sum(_by_name(build.item) or _by_stage(build) or _to_come(build) for build in builds)
    cancelled = sum(_by_name(item) or _any(item.stages) for item in items)
    stages = len(read) + _before({item.path: item for item in undecided}.values())
    return _LISTING + stages + stopped + cancelled + _LOOK + stopped + stopped


def _before(jobs: Iterable[Item]) -> int:
    """Return by how many requests it is known which stages jobs go through."""
    jobs = list(jobs)
    unknown = [job for job in jobs if job.permalink("lastSuccessfulBuild") is None]
    projects = {job.parent.path: job.parent for job in unknown if _is_branch(job) and job.parent}
    built = [
        project
        for project in projects.values()
        if any(branch.permalink("lastCompletedBuild") for branch in project.children.values())
    ]
    alone = [job for job in unknown if not _is_branch(job)]
    return len(jobs) + len(projects) + len(built) + len(alone)


def _in_flight(size: Size) -> list[tuple[SeededPipeline, SeededRun]]:
    """Return the runs in flight with what they are of, for GitHub and for GitLab alike."""
    spec = FleetSpec(projects=size.projects, runs=size.runs)
    return [
        (project.pipelines[run.pipeline], run)
        for project in seed_fleet(spec)
        for run in project.runs
        if run.state.in_flight
    ]


def _is_last(pipeline: SeededPipeline, run: SeededRun) -> bool:
    """Return whether a run is at its last job, which is the one that is protected at GitLab."""
    return run.done_jobs == len(pipeline.jobs) - 1


def _times(count: int, at_once: int) -> int:
    """Return how many requests that show so many at once are needed."""
    return -(-count // at_once)


def _by_name(item: Item) -> bool:
    """Return whether a job's name is protected, or of a branch its project's."""
    names = [item.full_name, *([item.parent.full_name] if item.parent and _is_branch(item) else [])]
    return any(matched(PROTECTS, name) is not None for name in names)


def _is_branch(item: Item) -> bool:
    return item.parent is not None and item.parent.kind is Kind.MULTIBRANCH


def _by_stage(build: Build) -> bool:
    return _any(stage.name for stage in build.stages if stage.ended is None)


def _to_come(build: Build) -> bool:
    return _any(build.item.stages[len(build.stages) :])


def _any(names: Iterable[str]) -> bool:
    return PROTECTS.matched(names) is not None
