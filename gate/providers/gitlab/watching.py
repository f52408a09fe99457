"""What have trigger jobs started since they were found to wait?

They cannot be cancelled before they start, so what they start is stopped: every job of the new
pipeline, since all of it is below a protected trigger job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate.core.reason import one_line
from gate.core.work import Found, Project
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import Job, parse_job, problem_of, work_of
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.finding import left_out
from gate.providers.gitlab.lineage import in_batches
from gate.providers.gitlab.refusal import Ask, Unanswered
from gate.providers.gitlab.words import FINISHED, IN_FLIGHT, NOT_STARTED
from gate.providers.protocol import Each, Member

_AT_ONCE = 7  # trigger jobs in a query: each costs 31 points of 250
_ACTIVE = ",".join(word.upper() for word in IN_FLIGHT)
_JOBS = "pageInfo{hasNextPage} nodes{id name status kind stage{name}}"
_FIELDS = f"""status downstreamPipeline{{id status ref sha project{{id fullPath}}
jobs(retried:false,statuses:[{_ACTIVE}],first:100){{{_JOBS}}}}}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of trigger jobs.

    Attributes:
        found: what they have started.
        waiting: those that have not started, or whose pipeline may start more; new ones in it too.
    """

    found: Found
    waiting: tuple[Job, ...]


def watch(client: Client, member: Member, jobs: Sequence[Job], each: Each) -> Watched:
    """Return what trigger jobs that had not started have started since."""
    return _merged(list(each(lambda some: _watch(client, member, some), in_batches(jobs, _AT_ONCE))))


def _merged(parts: Sequence[Watched]) -> Watched:
    return Watched(
        found=Found(
            work=tuple(work for part in parts for work in part.found.work),
            problems=tuple(problem for part in parts for problem in part.found.problems),
            notes=tuple(note for part in parts for note in part.found.notes),
            looked_at=sum(part.found.looked_at for part in parts),
        ),
        waiting=tuple(job for part in parts for job in part.waiting),
    )


def _watch(client: Client, member: Member, jobs: Sequence[Job]) -> Watched:
    try:
        seen = _ask(client, jobs)
        parts = [_started(client, member, job, fields) for job, fields in zip(jobs, seen, strict=True)]
    except Unanswered as error:
        problem = problem_of(error, member.url, jobs[0].project.path)
        return Watched(found=Found(problems=(problem,)), waiting=tuple(jobs))
    return _merged(parts)


def _ask(client: Client, jobs: Sequence[Job]) -> list[Mapping[str, Any]]:
    """Return what is said of each job; nothing of one that cannot be seen."""
    fields = [
        f'a{place}:project(fullPath:$p{place}){{job(id:"{graph.gid("CommitStatus", job.id)}"){{{_FIELDS}}}}}'
        for place, job in enumerate(jobs)
    ]
    ask = Ask(
        path="",
        what=f"what trigger jobs of {jobs[0].project.path} have started",
        needs="the scope read_api and the Reporter role in the project",
    )
    data = client.query(*graph.of_projects(fields, [job.project.path for job in jobs]), ask)
    projects = [data.get(f"a{place}") for place in range(len(jobs))]
    found = [project.get("job") if isinstance(project, dict) else None for project in projects]
    return [job if isinstance(job, dict) else {} for job in found]


def _started(client: Client, member: Member, job: Job, fields: Mapping[str, Any]) -> Watched:
    status, pipeline = graph.text_at(fields, "status").lower(), fields.get("downstreamPipeline")
    if not isinstance(pipeline, dict):
        return Watched(found=Found(), waiting=() if status in FINISHED else (job,))
    where = Project(
        path=one_line(graph.text_at(pipeline, "project", "fullPath"), 500),
        id=str(graph.number_of(graph.text_at(pipeline, "project", "id"))),
    )
    if where.path != job.project.path and not _covers(member, where.path):
        return Watched(found=Found(notes=(left_out(job, where.path),)), waiting=())
    new = [
        replace(one, above=(job.name, *job.above), root=job.root or job.pipeline)
        for one in _jobs_of(client, where, pipeline, _source(job, where))
    ]
    works = tuple(work_of(one, job.name, member.url) for one in sorted(new, key=lambda one: one.id))
    below = tuple(one for one in new if one.is_trigger and one.status in NOT_STARTED)
    going = graph.text_at(pipeline, "status").lower() not in FINISHED
    return Watched(
        found=Found(work=works, looked_at=len(works)), waiting=(*((job,) if going else ()), *below)
    )


def _covers(member: Member, path: str) -> bool:
    return path.startswith(f"{member.root}/") and member.takes(path)


def _source(job: Job, where: Project) -> str:
    return "parent_pipeline" if where.path == job.project.path else "pipeline"


def _jobs_of(client: Client, project: Project, pipeline: Mapping[str, Any], source: str) -> list[Job]:
    number = graph.number_of(pipeline.get("id"))
    jobs = pipeline.get("jobs")
    if isinstance(jobs, dict) and graph.cursor_of(jobs) is not None:
        return _listed(client, project, number)
    return [
        Job(
            project=project,
            id=graph.number_of(fields.get("id")),
            name=graph.text_at(fields, "name"),
            stage=graph.text_at(fields, "stage", "name"),
            status=one_line(graph.text_at(fields, "status").lower(), 40),
            pipeline=number,
            source=source,
            ref=graph.text_at(pipeline, "ref"),
            commit=graph.text_at(pipeline, "sha"),
            is_trigger=graph.text_at(fields, "kind") == "BRIDGE",
        )
        for fields in graph.nodes(jobs)
    ]


def _listed(client: Client, project: Project, pipeline: int) -> list[Job]:
    ask = Ask(
        path=f"/projects/{project.id}/pipelines/{pipeline}/jobs",
        what=f"the jobs of pipeline {pipeline} of {project.path}",
        needs="the scope read_api and the Reporter role in the project",
        query={"scope[]": list(IN_FLIGHT)},
    )
    found = [parse_job(fields, project) for page in client.pages(ask) for fields in page]
    return [job for job in found if job is not None]
