"""Which fields do groups, projects, pipelines and jobs have in GraphQL?

gitlabhq `app/graphql/types/ci/pipeline_type.rb`, `job_type.rb`, `types/project_type.rb`, read
2026-11-24. Statuses are in capitals; `Project.jobs` may be asked for once in a query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.sandbox.gitlab.calls import Call
from gate.sandbox.gitlab.graphql_problem import Problem
from gate.sandbox.gitlab.model import Group, Job, Pipeline, Project, Schedule
from gate.sandbox.gitlab.shapes import stamp
from gate.sandbox.gitlab.words import STATUSES

Items = Sequence[tuple[int, Callable[[], "Node"]]]
_ENUM = {status.upper() for status in STATUSES}


@dataclass(frozen=True, slots=True)
class Node:
    """One object.

    Attributes:
        kind: the name of its type.
        values: fields without arguments, nodes or plain.
        links: fields with arguments that lead to one node.
        lists: fields that are connections, each item with the number it is sorted by.
        once: connections that may be asked for once in a query.
        asked: what was asked for so far.
    """

    kind: str
    values: Mapping[str, Any]
    links: Mapping[str, Callable[[Mapping[str, Any]], Node | None]] = field(default_factory=dict)
    lists: Mapping[str, Callable[[Mapping[str, Any]], Items]] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    asked: set[str] = field(default_factory=set)

    def count(self, name: str) -> None:
        """Note that a connection is asked for.

        Raises:
            Problem: it may be asked for once, and was.
        """
        if name in self.once:
            if name in self.asked:
                message = f'"{name}" field can be requested only for 1 {self.kind}(s) at a time.'
                raise Problem(message, ran=True, path=(name,))
            self.asked.add(name)


def group_node(call: Call, group: Group) -> Node:
    """Return a group."""
    asked: set[str] = set()  # over all projects of the query

    def projects(arguments: Mapping[str, Any]) -> Items:
        found = call.world.in_group(group, subgroups=arguments.get("includeSubgroups") is True)
        kept = sorted((one for one in found if call.grant.role_in(one)), key=lambda one: -one.id)
        return [(one.id, _maker(project_node, call, one, asked)) for one in kept]

    values = {
        "id": f"gid://gitlab/Group/{group.id}",
        "name": group.path.rpartition("/")[2],
        "fullPath": group.path,
    }
    return Node("Group", values, lists={"projects": projects})


def project_node(call: Call, project: Project, asked: set[str] | None = None) -> Node:
    """Return a project as it is at this moment.

    Args:
        call: by whom.
        project: which.
        asked: the connections that the query has asked of other projects.
    """
    call.world.settle(project)

    def pipelines(arguments: Mapping[str, Any]) -> Items:
        wanted = _wanted([arguments["status"]] if arguments.get("status") else None)
        found = project.pipelines.values() if wanted is None or wanted & _OVER else project.active.values()
        chosen = [
            one
            for one in found
            if one.source != "parent_pipeline"
            and (wanted is None or one.status in wanted)
            and arguments.get("ref", one.ref) == one.ref
        ]
        chosen.sort(key=lambda one: one.id, reverse=True)
        return [(one.id, _maker(pipeline_node, call, one)) for one in chosen]

    def jobs(arguments: Mapping[str, Any]) -> Items:
        return _jobs(call, [*project.jobs.values()], arguments)

    values = {
        "id": f"gid://gitlab/Project/{project.id}",
        "name": project.path.rpartition("/")[2],
        "path": project.path.rpartition("/")[2],
        "fullPath": project.path,
        "archived": project.archived,
    }
    lists = {"pipelines": pipelines, "jobs": jobs}
    return Node(
        "Project", values, lists=lists, once=frozenset({"jobs"}), asked=set() if asked is None else asked
    )


def pipeline_node(call: Call, pipeline: Pipeline) -> Node:
    """Return a pipeline."""

    def jobs(arguments: Mapping[str, Any]) -> Items:
        return _jobs(call, pipeline.latest(), arguments)

    def downstream(_: Mapping[str, Any]) -> Items:
        chosen = sorted(pipeline.children(), key=lambda one: -one.id)
        return [(one.id, _maker(pipeline_node, call, one)) for one in chosen]

    values = {
        "id": f"gid://gitlab/Ci::Pipeline/{pipeline.id}",
        "iid": str(pipeline.iid),
        "status": pipeline.status.upper(),
        "ref": pipeline.ref,
        "sha": pipeline.sha,
        "name": pipeline.name,
        "source": pipeline.source,
        "complete": pipeline.complete,
        "createdAt": stamp(pipeline.created),
        "updatedAt": stamp(pipeline.updated),
        "path": f"/{pipeline.project.path}/-/pipelines/{pipeline.id}",
    }
    return Node("Pipeline", values, lists={"jobs": jobs, "downstream": downstream})


def job_node(call: Call, job: Job) -> Node:
    """Return a job; here, unlike in REST, a manual one can be told."""
    downstream = job.downstream
    values = {
        "id": f"gid://gitlab/Ci::{'Bridge' if job.spec.is_bridge else 'Build'}/{job.id}",
        "name": job.spec.name,
        "status": job.status.upper(),
        "kind": "BRIDGE" if job.spec.is_bridge else "BUILD",
        "stage": Node("CiStage", {"name": job.spec.stage}),
        "manualJob": job.spec.when == "manual",
        "allowFailure": job.spec.allow_failure,
        "cancelable": job.status in _CANCELABLE,
        "retryable": job.retryable,
        "retried": job.retried,
        "refName": job.pipeline.ref,
        "createdAt": stamp(job.created),
        "webPath": f"/{job.pipeline.project.path}/-/jobs/{job.id}",
        "downstreamPipeline": pipeline_node(call, downstream) if downstream else None,
    }
    return Node("CiJob", values)


def schedule_node(schedule: Schedule) -> Node:
    """Return a pipeline schedule."""
    values = {
        "id": f"gid://gitlab/Ci::PipelineSchedule/{schedule.id}",
        "active": schedule.active,
        "description": schedule.description,
        "owner": Node("UserCore", {"username": schedule.owner}),
    }
    return Node("PipelineSchedule", values)


_OVER = frozenset({"success", "failed", "canceled", "skipped"})
_CANCELABLE = frozenset(STATUSES) - _OVER - {"canceling", "manual"}


def _jobs(call: Call, jobs: Sequence[Job], arguments: Mapping[str, Any]) -> Items:
    wanted = _wanted(arguments.get("statuses"))
    chosen = [job for job in jobs if wanted is None or job.status in wanted]
    chosen.sort(key=lambda job: job.id, reverse=True)
    return [(job.id, _maker(job_node, call, job)) for job in chosen]


def _wanted(statuses: object) -> frozenset[str] | None:
    if statuses is None:
        return None
    words = statuses if isinstance(statuses, list) else [statuses]
    for word in words:
        if word not in _ENUM:
            raise Problem(
                f"Argument 'status' has an invalid value ({word}). Expected type 'PipelineStatusEnum'."
            )
    return frozenset(str(word).lower() for word in words)


def _maker(make: Callable[..., Node], *arguments: object) -> Callable[[], Node]:
    return lambda: make(*arguments)
