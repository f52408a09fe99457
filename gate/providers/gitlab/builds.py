"""Which jobs of a project are in flight, and what is kept of one that is to be stopped?

One list holds them all, those of child pipelines too, but no trigger jobs (gitlabhq
`lib/api/ci/jobs.rb`, read 2026-11-24). It runs from the newest to the oldest behind a cursor, so that
a job which changes its status between two pages is on one of them all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Origin, Problem, Project, Protects, Work
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.words import IN_FLIGHT, status_of

CHILDREN = frozenset({"parent_pipeline", "pipeline"})  # pipelines that a trigger job has started


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job in flight.

    Attributes:
        project: where it is.
        pipeline: the number of its pipeline.
        source: what started that.
        title: of its commit.
        url: where GitLab shows it; empty where that is not known.
        is_trigger: it starts a pipeline instead of running a script.
        above: the names of the trigger jobs above its pipeline, the nearest first.
        root: the number of the pipeline that all of them hang from; 0 where that is its own.
    """

    project: Project
    id: int
    name: str
    stage: str
    status: str
    pipeline: int
    source: str = ""
    ref: str = ""
    commit: str = ""
    title: str = ""
    url: str = ""
    is_trigger: bool = False
    above: tuple[str, ...] = ()
    root: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one project has in flight.

    Attributes:
        jobs: what is protected by its own name or stage, with that name, and no child
            pipeline's.
        below: every job of a pipeline that a trigger job has started, by which it may be
            protected as well.
        count: of everything in flight.
        problem: why it could not be looked at.
    """

    jobs: tuple[tuple[Job, str], ...] = ()
    below: tuple[Job, ...] = ()
    count: int = 0
    problem: Problem | None = None


def look(client: Client, projects: Projects, project: Project, protects: Protects, instance: str) -> Looked:
    """Return what a project has in flight; a refusal is part of it."""
    ask = Ask(
        path=f"/projects/{project.id}/jobs",
        what=f"the jobs of {project.path}",
        needs="the scope read_api and the Reporter role in the project",
        query={"scope[]": list(IN_FLIGHT), "pagination": "keyset"},
    )
    try:
        return _listed(client, ask, project, protects)
    except Unanswered as error:
        if error.status == 403 and _is_switched_off(projects, project):
            return Looked()
        return Looked(problem=problem_of(error, instance, project.path))


def work_of(job: Job, matched: str, instance: str) -> Work:
    """Return a job as what is to be stopped; `matched` is the name by which it is protected."""
    own = {
        "project": int(job.project.id),
        "pipeline": job.pipeline,
        "job": job.id,
        "name": job.name,
        "stage": job.stage,
        "named": job.root if job.root and job.source == "parent_pipeline" else job.pipeline,
        "title": one_line(job.title, 100),
        "was": job.status,
    }
    return Work(
        target=Target(
            provider="gitlab",
            instance=instance,
            project=job.project.path,
            kind="job",
            id=str(job.id),
            name=one_line(job.name, 255),
            url=_page_of(job, instance),
        ),
        matched=one_line(matched, 255),
        status=status_of(job.status),
        word=job.status,
        origin=Origin(
            workflow=one_line(" / ".join((*reversed(job.above), job.name)), 500),
            ref=one_line(job.ref, 255),
            commit=job.commit,
            order=job.root or job.pipeline,
            own=canonical(own),
        ),
    )


def is_trigger(target: Target) -> bool:
    """Return whether a target is a trigger job: they have no page, and show their pipeline's."""
    return "/-/pipelines/" in target.url


def _page_of(job: Job, instance: str) -> str:
    """Return where a job is looked at, from which `is_trigger` tells what it is, in another process too."""
    home = f"{instance}/{job.project.path}/-"
    if job.is_trigger:
        return f"{home}/pipelines/{job.pipeline}"
    shown = one_line(job.url, 500)
    return shown if "/-/jobs/" in shown and "/-/pipelines/" not in shown else f"{home}/jobs/{job.id}"


def parse_job(fields: Any, project: Project) -> Job | None:
    """Return a job from REST's document, or None where it is none."""
    match fields:
        case {
            "id": int(number),
            "name": str(name),
            "stage": str(stage),
            "status": str(status),
            "pipeline": {"id": int(pipeline), **about},
        }:
            commit = fields.get("commit")
            title = commit.get("title") if isinstance(commit, dict) else ""
            return Job(
                project=project,
                id=number,
                name=name,
                stage=stage,
                status=one_line(status, 40),
                pipeline=pipeline,
                source=_text(about.get("source")),
                ref=_text(fields.get("ref")),
                commit=_text(about.get("sha")),
                title=_text(title),
                url=_text(fields.get("web_url")),
            )
    return None


def problem_of(error: Unanswered, instance: str, project: str) -> Problem:
    """Return what could not be looked at."""
    target = Target(
        provider="gitlab", instance=instance, project=project, kind="job", id="*", name="jobs in flight"
    )
    return Problem(target=target, asked=Asked(outcome=error.outcome, detail=error.detail))


def _listed(client: Client, ask: Ask, project: Project, protects: Protects) -> Looked:
    jobs: dict[int, tuple[Job, str]] = {}
    below: dict[int, Job] = {}
    count = 0
    for page in client.pages(ask):
        for index, fields in enumerate(page):
            job = parse_job(fields, project)
            if job is None:
                expected = f"a job with id, name, stage, status and pipeline at [{index}]"
                raise unreadable(ask, client.host, expected)
            count += 1
            if job.source in CHILDREN:
                below[job.id] = job
            elif (matched := protects.matched((job.name, job.stage))) is not None:
                jobs[job.id] = (job, matched)
    return Looked(jobs=tuple(jobs.values()), below=tuple(below.values()), count=count)


def _is_switched_off(projects: Projects, project: Project) -> bool:
    try:
        return projects.is_without_ci(project)
    except Unanswered:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
