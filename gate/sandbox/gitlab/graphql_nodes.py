"""Which fields do groups, projects, pipelines and jobs have in GraphQL?

gitlabhq `app/graphql/types/ci/pipeline_type.rb`, `job_type.rb`, `types/project_type.rb`, read
2026-11-24. Statuses are in capitals; `Project.jobs` may be asked for once in a query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gate.sandbox.gitlab.calls import Call
from gate.sandbox.gitlab.graphql_object import Items, Node
from gate.sandbox.gitlab.graphql_problem import Problem
from gate.sandbox.gitlab.model import Group, Job, Pipeline, Project, Schedule
from gate.sandbox.gitlab.shapes import stamp
from gate.sandbox.gitlab.words import STATUSES

_ENUM = {status.upper() for status in STATUSES}
_KINDS = ("BUILD", "BRIDGE")


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

    def schedules(arguments: Mapping[str, Any]) -> Items:
        wanted = arguments.get("status")
        chosen = [one for one in project.schedules.values() if wanted in {None, _state(one)}]
        chosen.sort(key=lambda one: one.id, reverse=True)
        return [(one.id, _maker(schedule_node, call, one)) for one in chosen]

    def pipeline(arguments: Mapping[str, Any]) -> Node | None:
        found = project.pipelines.get(_number(arguments))
        return pipeline_node(call, found) if found is not None else None

    def job(arguments: Mapping[str, Any]) -> Node | None:
        found = project.jobs.get(_number(arguments))
        return job_node(call, found) if found is not None else None

    values = {
        "id": f"gid://gitlab/Project/{project.id}",
        "name": project.path.rpartition("/")[2],
        "path": project.path.rpartition("/")[2],
        "fullPath": project.path,
        "archived": project.archived,
    }
    return Node(
        "Project",
        values,
        links={"pipeline": pipeline, "job": job},
        lists={"pipelines": pipelines, "jobs": jobs, "pipelineSchedules": schedules},
        once=frozenset({"jobs", "pipelineSchedules"}),
        asked=set() if asked is None else asked,
    )


def pipeline_node(call: Call, pipeline: Pipeline) -> Node:
    """Return a pipeline."""

    def jobs(arguments: Mapping[str, Any]) -> Items:
        retried = arguments.get("retried")
        chosen = [job for job in pipeline.jobs if retried is None or job.retried is retried]
        return _jobs(call, chosen, arguments)

    def source_job(_: Mapping[str, Any]) -> Node | None:
        bridge = pipeline.bridge
        seen = bridge is not None and call.grant.role_in(bridge.pipeline.project)
        return job_node(call, bridge) if bridge is not None and seen else None

    def project(_: Mapping[str, Any]) -> Node:
        return project_node(call, pipeline.project)

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
    links = {"sourceJob": source_job, "project": project}
    return Node("Pipeline", values, links, {"jobs": jobs, "downstream": downstream})


def job_node(call: Call, job: Job) -> Node:
    """Return a job; here, unlike in REST, a manual one can be told."""
    values = {
        "id": f"gid://gitlab/Ci::{'Bridge' if job.spec.is_bridge else 'Build'}/{job.id}",
        "name": job.spec.name,
        "status": job.status.upper(),
        "kind": "BRIDGE" if job.spec.is_bridge else "BUILD",
        "stage": Node("CiStage", {"name": job.spec.stage}),
        "manualJob": job.spec.is_action,
        "allowFailure": job.spec.allow_failure,
        "cancelable": job.status in _CANCELABLE,
        "retryable": job.retryable,
        "retried": job.retried,
        "refName": job.pipeline.ref,
        "createdAt": stamp(job.created),
        "webPath": f"/{job.pipeline.project.path}/-/jobs/{job.id}",
    }

    def downstream(_: Mapping[str, Any]) -> Node | None:
        below = job.downstream
        seen = below is not None and call.grant.role_in(below.project)
        return pipeline_node(call, below) if below is not None and seen else None

    def pipeline(_: Mapping[str, Any]) -> Node:
        return pipeline_node(call, job.pipeline)

    def needs(_: Mapping[str, Any]) -> Items:
        names = list(enumerate(job.spec.needs or ()))
        return [(place, _maker(Node, "CiBuildNeed", {"name": name})) for place, name in reversed(names)]

    links = {"downstreamPipeline": downstream, "pipeline": pipeline}
    return Node("CiJob", values, links, {"needs": needs})


def schedule_node(call: Call, schedule: Schedule) -> Node:
    """Return a pipeline schedule."""

    def last_pipeline(_: Mapping[str, Any]) -> Node | None:
        last = schedule.last_pipeline
        return pipeline_node(call, last) if last is not None else None

    values = {
        "id": f"gid://gitlab/Ci::PipelineSchedule/{schedule.id}",
        "active": schedule.active,
        "description": schedule.description,
        "owner": Node("UserCore", {"username": schedule.owner}),
    }
    return Node("PipelineSchedule", values, {"lastPipeline": last_pipeline})


_OVER = frozenset({"success", "failed", "canceled", "skipped"})
_CANCELABLE = frozenset(STATUSES) - _OVER - {"canceling", "manual"}


def _jobs(call: Call, jobs: Sequence[Job], arguments: Mapping[str, Any]) -> Items:
    wanted, kind = _wanted(arguments.get("statuses")), arguments.get("jobKind")
    if kind not in {None, *_KINDS}:
        raise Problem(f"Argument 'jobKind' has an invalid value ({kind}). Expected type 'CiJobKind'.")
    chosen = [
        job
        for job in jobs
        if (wanted is None or job.status in wanted)
        and (kind is None or job.spec.is_bridge is (kind == "BRIDGE"))
    ]
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


def _state(schedule: Schedule) -> str:
    return "ACTIVE" if schedule.active else "INACTIVE"


def _number(arguments: Mapping[str, Any]) -> int:
    """Return the number in the global id that is asked for; 0, which nothing has, where it is none."""
    digits = str(arguments.get("id", "")).rpartition("/")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _maker(make: Callable[..., Node], *arguments: object) -> Callable[[], Node]:
    return lambda: make(*arguments)
