"""What is protected and in flight in a whole group?

In this order, so that nothing slips through between two lists: the trigger jobs, then each
project's jobs, then what started those pipelines that no trigger job has named. One that starts
in between is seen as started, or later by `watching`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.core.reason import quoted
from gate.core.work import Found, Problem, Project, Protects, Work
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import Job, Looked, look, problem_of, work_of
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.lineage import AT_ONCE, in_batches, started_by
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Unanswered
from gate.providers.gitlab.triggered import Above, Triggered, TriggerJobs, merged, names_above
from gate.providers.protocol import Each, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the lists of a group hold.

    Attributes:
        above: by the number of a pipeline, what has started it.
    """

    projects: tuple[Project, ...]
    looked: tuple[Looked, ...]
    triggered: Triggered
    above: Mapping[int, Above]
    unseen: tuple[Unanswered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is found.

    Attributes:
        waiting: the trigger jobs among it that have not started.
        names: of pipelines in flight by their numbers, empty where one has none.
        projects: what was looked at.
    """

    found: Found
    waiting: tuple[Job, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()


def find(client: Client, member: Member, projects: Projects, protects: Protects, each: Each) -> Findings:
    """Return what is protected and in flight; what cannot be listed is a problem in it."""
    try:
        read = _read(client, member, projects, protects, each)
    except Unanswered as error:
        return Findings(found=Found(problems=(problem_of(error, member.url, member.root),)))
    waiting = _matched(read.triggered.waiting, protects, read.above)
    jobs = [pair for one in read.looked for pair in one.jobs]
    below = [pair for one in read.looked for pair in _matched(one.below, protects, read.above)]
    found = Found(
        work=_works((*jobs, *below, *waiting), member.url),
        problems=_problems(read, member),
        notes=_notes(read, protects),
        looked_at=sum(one.count for one in read.looked) + len(read.triggered.waiting),
        projects=len(read.projects),
    )
    return Findings(
        found=found,
        waiting=tuple(job for job, _ in waiting),
        names=read.triggered.names,
        projects=read.projects,
    )


def _read(client: Client, member: Member, projects: Projects, protects: Protects, each: Each) -> _Read:
    wanted = projects.all()
    triggers = TriggerJobs(client, protects)
    triggered = merged(each(triggers.of, in_batches(wanted, graph.PROJECTS_AT_ONCE)))
    looked = tuple(each(lambda project: look(client, projects, project, protects, member.url), wanted))
    strays = {job.pipeline: job.project for one in looked for job in one.below}
    unknown = [(project, number) for number, project in strays.items() if number not in triggered.above]
    sources = merged(each(lambda some: started_by(client, some), in_batches(unknown, AT_ONCE)))
    return _Read(
        projects=wanted,
        looked=looked,
        triggered=triggered,
        above={**sources.above, **triggered.above},
        unseen=(*triggered.problems, *sources.problems),
    )


def _matched(
    jobs: Iterable[Job], protects: Protects, above: Mapping[int, Above]
) -> Sequence[tuple[Job, str]]:
    """Return the protected ones, each with the name by which it is: its own first, then those above it."""
    found = []
    for job in jobs:
        names, words, root = names_above(above, job.pipeline)
        matched = protects.matched((job.name, job.stage, *words))
        if matched is not None:
            found.append((replace(job, above=names, root=root), matched))
    return found


def _works(jobs: Iterable[tuple[Job, str]], instance: str) -> tuple[Work, ...]:
    """Return what is to be stopped, in the order in which it would be started again: by stages.

    A pipeline's jobs get their numbers in the order of its stages.
    """
    ordered = sorted(jobs, key=lambda pair: (pair[0].project.path, pair[0].id))
    return tuple(work_of(job, matched, instance) for job, matched in ordered)


def _problems(read: _Read, member: Member) -> tuple[Problem, ...]:
    unseen = {error.detail: error for error in read.unseen}
    return (
        *(one.problem for one in read.looked if one.problem is not None),
        *(problem_of(error, member.url, member.root) for error in unseen.values()),
    )


def _notes(read: _Read, protects: Protects) -> tuple[str, ...]:
    notes = []
    if count := read.triggered.manual:
        some = "1 protected manual job waits" if count == 1 else f"{count} protected manual jobs wait"
        notes.append(f"{some} for a person; left alone")
    covered = {project.path for project in read.projects}
    for started in read.triggered.elsewhere:
        if started.where not in covered and _matched((started.job,), protects, read.above):
            notes.append(left_out(started.job, started.where))
    return tuple(notes)


def left_out(job: Job, where: str) -> str:
    """Return that a trigger job has started something that the fleet does not cover."""
    return (
        f"{job.project.path}: the trigger job {quoted(job.name)} has started a pipeline in {where}, which "
        "this entry of the fleet does not cover; left alone"
    )
