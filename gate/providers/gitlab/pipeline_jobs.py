"""Which jobs does one pipeline have, and which pipelines have they started?

All jobs are read, finished ones too: asked by status, one of a new status would be missed. A
trigger job names its pipeline in REST; one that a script has started through the API, with its
job token, only GraphQL shows (gitlabhq `app/services/ci/pipeline_trigger_service.rb`,
`app/graphql/types/ci/pipeline_type.rb`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gate.core.reason import one_line
from gate.core.work import Outcome
from gate.providers.gitlab import graph
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, unreadable
from gate.providers.gitlab.trigger_list import trigger_jobs
from gate.providers.gitlab.words import FINISHED
from gate.providers.protocol import Result

NEEDS = (
    "the scope api and the Developer role, on a protected branch with the right to push or merge, and no "
    "less than the project's minimum role to cancel"
)

Where = tuple[str, str]  # the ids of a project and of a pipeline of it


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineJob:
    """A job as the lists show it; `started` is the pipeline that a trigger job has started."""

    id: int
    name: str
    stage: str
    status: str
    where: Where
    is_trigger: bool = False
    started: Where | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status in FINISHED

    def result(self, outcome: Outcome, detail: str) -> Result:
        """Return what came of it."""
        return Result(target=f"job {one_line(self.name, 80)} ({self.id})", outcome=outcome, detail=detail)


def jobs_in(client: Client, where: Where) -> list[PipelineJob]:
    """Return all jobs of a pipeline, trigger jobs too.

    Raises:
        Unanswered: they cannot be listed.
    """
    project, pipeline = where
    ask = Ask(
        path=f"/projects/{project}/pipelines/{pipeline}/jobs",
        what=f"the jobs of pipeline {pipeline}",
        needs=NEEDS,
    )
    found = []
    for fields in (fields for page in client.pages(ask) for fields in page):
        match fields:
            case {"id": int(number), "name": str(name), "stage": str(stage), "status": str(status)}:
                status = one_line(status, 40)
                found.append(PipelineJob(id=number, name=name, stage=stage, status=status, where=where))
            case _:
                raise unreadable(ask, client.host, "jobs with id, name, stage and status")
    for fields in trigger_jobs(client, project, pipeline, f"project {project}"):
        job = PipelineJob(
            id=fields["id"],
            name=fields["name"],
            stage=fields["stage"],
            status=one_line(fields["status"], 40),
            where=where,
            is_trigger=True,
        )
        match fields.get("downstream_pipeline"):
            case {"id": int(number), "project_id": int(below)}:
                job = replace(job, started=(str(below), str(number)))
        found.append(job)
    return found


def started_by_scripts(client: Client, where: Where) -> Iterator[tuple[Where, tuple[str, str]]]:
    """Yield the pipelines that jobs of a pipeline have started, each with that job's name and stage.

    Raises:
        Unanswered: they cannot be seen.
    """
    project, pipeline = where
    below = "downstream(first:100){nodes{id project{id} sourceJob{name kind stage{name}}}}"
    name = graph.gid("Ci::Pipeline", graph.number_of(pipeline))
    query = f'query($ids:[ID!]){{projects(ids:$ids,first:1){{nodes{{pipeline(id:"{name}"){{{below}}}}}}}}}'
    ask = Ask(path="", what=f"what scripts of pipeline {pipeline} have started", needs=NEEDS)
    data = client.query(query, {"ids": [graph.gid("Project", project)]}, ask)
    for found in graph.nodes(data.get("projects")):
        fields = found.get("pipeline")
        for node in graph.nodes(fields.get("downstream") if isinstance(fields, dict) else None):
            source = node.get("sourceJob")
            if graph.text_at(source, "kind") == "BUILD":
                there = graph.number_of(graph.text_at(node, "project", "id"))
                started = (str(there), str(graph.number_of(node.get("id"))))
                yield started, (graph.text_at(source, "name"), graph.text_at(source, "stage", "name"))
