"""What does GitLab change when a GraphQL mutation asks for it?

gitlabhq `app/graphql/mutations/ci/*.rb`, `app/services/ci/build_cancel_service.rb`, read 2026-11-24. Unlike
REST, a mutation says in its `errors` when there was nothing to cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gate.sandbox.gitlab.calls import Call
from gate.sandbox.gitlab.graphql_nodes import job_node, pipeline_node, schedule_node
from gate.sandbox.gitlab.graphql_object import Node
from gate.sandbox.gitlab.lifecycle import (
    cancel_job,
    cancel_pipeline,
    is_cancelable,
    retry_job,
    retry_pipeline,
)
from gate.sandbox.gitlab.model import Job, Pipeline, Schedule
from gate.sandbox.gitlab.refusal import Refused
from gate.sandbox.gitlab.routes_schedules import update_schedule
from gate.sandbox.gitlab.words import CANCELABLE

Mutation = Callable[[Call, Mapping[str, Any]], Node]


def _job_cancel(call: Call, given: Mapping[str, Any]) -> Node:
    job = _job(call, given, "Build")
    project = job.pipeline.project
    call.limits.act(call.grant, job_cancel=job.id, job_cancel_project=project.id)
    if not call.grant.may_cancel(job.pipeline):
        raise Refused(403)
    if job.status not in CANCELABLE:
        return _payload("JobCancel", "Unprocessable entity", job=None)
    cancel_job(job, call.world.now(), call.world.life)
    return _payload("JobCancel", job=job_node(call, job))


def _job_retry(call: Call, given: Mapping[str, Any]) -> Node:
    job = _job(call, given, "Build", "Bridge")
    call.limits.act(call.grant, job_retry=job.id, job_retry_project=job.pipeline.project.id)
    if not call.grant.may_change(job.pipeline):
        raise Refused(403)
    if not job.retryable:
        return _payload("JobRetry", "Job is not retryable", job=None)
    made = retry_job(job, call.world.now(), call.world.life, call.grant.username)
    return _payload("JobRetry", job=job_node(call, made))


def _pipeline_cancel(call: Call, given: Mapping[str, Any]) -> Node:
    pipeline = _pipeline(call, given)
    call.limits.act(call.grant, pipeline_cancel=pipeline.id, pipeline_cancel_project=pipeline.project.id)
    if not call.grant.may_cancel(pipeline):
        raise Refused(403)
    if not is_cancelable(pipeline):
        return _payload("PipelineCancel", "Pipeline is not cancelable")
    cancel_pipeline(pipeline, call.world.now(), call.world.life)
    return _payload("PipelineCancel")


def _pipeline_retry(call: Call, given: Mapping[str, Any]) -> Node:
    pipeline = _pipeline(call, given)
    call.limits.act(call.grant, pipeline_retry=pipeline.id, pipeline_retry_project=pipeline.project.id)
    if not call.grant.may_change(pipeline):
        raise Refused(403)
    retry_pipeline(pipeline, call.world.now(), call.world.life, call.grant.username)
    return _payload("PipelineRetry", pipeline=pipeline_node(call, pipeline))


def _schedule_update(call: Call, given: Mapping[str, Any]) -> Node:
    schedule = _schedule(call, given)
    call.limits.act(call.grant, schedule_change="")
    changed = {("cron_timezone" if name == "cronTimezone" else name): value for name, value in given.items()}
    update_schedule(replace(call, params=changed), schedule)
    return _payload("PipelineScheduleUpdate", pipelineSchedule=schedule_node(call, schedule))


MUTATIONS: Mapping[str, Mutation] = {
    "jobCancel": _job_cancel,
    "jobRetry": _job_retry,
    "pipelineCancel": _pipeline_cancel,
    "pipelineRetry": _pipeline_retry,
    "pipelineScheduleUpdate": _schedule_update,
}


def _payload(name: str, *errors: str, **values: Node | None) -> Node:
    return Node(f"{name}Payload", {"errors": list(errors), "clientMutationId": None, **values})


def _job(call: Call, given: Mapping[str, Any], *kinds: str) -> Job:
    number = _number(given, *kinds)
    for project in call.world.projects.values():
        job = project.jobs.get(number)
        if job is not None and call.grant.role_in(project):
            call.world.settle(project)
            return job
    raise Refused(404)


def _pipeline(call: Call, given: Mapping[str, Any]) -> Pipeline:
    number = _number(given, "Pipeline")
    for project in call.world.projects.values():
        if number in project.pipelines and call.grant.role_in(project):
            call.world.settle(project)
            return project.pipelines[number]
    raise Refused(404)


def _schedule(call: Call, given: Mapping[str, Any]) -> Schedule:
    number = _number(given, "PipelineSchedule")
    for project in call.world.projects.values():
        if number in project.schedules and call.grant.role_in(project):
            return project.schedules[number]
    raise Refused(404)


def _number(given: Mapping[str, Any], *kinds: str) -> int:
    start, _, number = str(given.get("id", "")).rpartition("/")
    allowed = {f"gid://gitlab/Ci::{kind}" for kind in (*kinds, "Processable")}
    if start not in allowed or not number.isdigit():
        raise Refused(404)
    return int(number)
