"""What does GitLab answer about pipelines? gitlabhq `lib/api/ci/pipelines.rb`, read 2026-11-24."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gate.sandbox.gitlab.calls import Call, Path
from gate.sandbox.gitlab.lifecycle import cancel_pipeline, retry_pipeline
from gate.sandbox.gitlab.model import Job, Pipeline
from gate.sandbox.gitlab.paging import page_of
from gate.sandbox.gitlab.refusal import Refused, bad, invalid
from gate.sandbox.gitlab.shapes import (
    encode_bridge,
    encode_job,
    encode_listed_pipeline,
    encode_pipeline,
)
from gate.sandbox.gitlab.words import FINISHED_SCOPE, STATUSES
from gate.sandbox.routing import Answer, json_answer

LONGEST_NAME = 255
_SCOPES = ("running", "pending", "finished", "branches", "tags")
_ORDERS = ("id", "status", "ref", "updated_at", "user_id")
_SOURCES = (
    "push",
    "web",
    "trigger",
    "schedule",
    "api",
    "external",
    "pipeline",
    "chat",
    "webide",
    "merge_request_event",
    "external_pull_request_event",
    "parent_pipeline",
    "ondemand_dast_scan",
    "ondemand_dast_validation",
    "security_orchestration_policy",
    "container_registry_push",
)
_MOMENTS = ("updated_before", "updated_after", "created_before", "created_after")


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    one = "/projects/{project}/pipelines/{pipeline}"
    return (
        Path(method="GET", template="/projects/{project}/pipelines", endpoint=_list, job_token=True),
        Path(method="GET", template="/projects/{project}/pipelines/latest", endpoint=_latest),
        Path(method="GET", template=one, endpoint=_get, job_token=True),
        Path(method="GET", template=f"{one}/jobs", endpoint=_jobs, job_token=True),
        Path(method="GET", template=f"{one}/trigger_jobs", endpoint=_bridges, job_token=True),
        # Its name before 19.2, deprecated since.
        Path(method="GET", template=f"{one}/bridges", endpoint=_bridges, job_token=True),
        Path(method="PUT", template=f"{one}/metadata", endpoint=_rename, job_token=True),
        Path(method="POST", template=f"{one}/cancel", endpoint=_cancel),
        Path(method="POST", template=f"{one}/retry", endpoint=_retry),
    )


def _list(call: Call) -> Answer:
    project = call.project_with_builds()
    found = [pipeline for pipeline in project.pipelines.values() if _chosen(call, pipeline)]
    scope = call.choice("scope", _SCOPES)
    if scope in {"branches", "tags"}:
        found = _newest_by_ref(found, tags=scope == "tags")
    found.sort(key=_key(call), reverse=call.choice("sort", ("asc", "desc")) != "asc")
    return page_of(call.request, found, lambda pipeline: encode_listed_pipeline(call.base, pipeline))


def _chosen(call: Call, pipeline: Pipeline) -> bool:
    """Return whether the filters leave a pipeline in: child pipelines only where asked for."""
    status, scope = call.choice("status", STATUSES), call.choice("scope", _SCOPES)
    source = call.choice("source", _SOURCES)
    if source is None and pipeline.source == "parent_pipeline":
        return False
    wanted = {
        "ref": pipeline.ref,
        "sha": pipeline.sha,
        "username": pipeline.user,
        "name": pipeline.name,
    }
    return (
        (status is None or pipeline.status == status)
        and (source is None or pipeline.source == source)
        and (scope not in {"running", "pending"} or pipeline.status == scope)
        and (scope != "finished" or pipeline.status in FINISHED_SCOPE)
        and all(call.params.get(name, value) == value for name, value in wanted.items())
        and all(_in_time(call, name, pipeline) for name in _MOMENTS)
        and call.flag("yaml_errors") is not True
    )


def _in_time(call: Call, name: str, pipeline: Pipeline) -> bool:
    text = call.params.get(name)
    if not text:
        return True
    try:
        limit = datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        raise invalid(name, "is invalid") from None
    moment = pipeline.updated if name.startswith("updated") else pipeline.created
    return moment <= limit if name.endswith("before") else moment >= limit


def _newest_by_ref(pipelines: list[Pipeline], *, tags: bool) -> list[Pipeline]:
    return [*{one.ref: one for one in sorted(pipelines, key=lambda p: p.id) if one.tag is tags}.values()]


def _key(call: Call) -> Callable[[Pipeline], Any]:
    match call.choice("order_by", _ORDERS):
        case "status":
            return lambda pipeline: (pipeline.status, pipeline.id)
        case "ref":
            return lambda pipeline: (pipeline.ref, pipeline.id)
        case "updated_at":
            return lambda pipeline: (pipeline.updated, pipeline.id)
        case "user_id":
            return lambda pipeline: (call.world.user_id(pipeline.user), pipeline.id)
        case _:
            return lambda pipeline: pipeline.id


def _latest(call: Call) -> Answer:
    project = call.project()
    ref = call.text("ref") or project.default_branch
    found = [p for p in project.pipelines.values() if p.ref == ref and p.source != "parent_pipeline"]
    if not found:
        raise Refused(404)
    return json_answer(200, _with_name(call, max(found, key=lambda pipeline: pipeline.id)))


def _get(call: Call) -> Answer:
    return json_answer(200, _with_name(call, call.pipeline()))


def _with_name(call: Call, pipeline: Pipeline) -> dict[str, Any]:
    return {**encode_pipeline(call.base, pipeline, call.user(pipeline.user)), "name": pipeline.name}


def _jobs(call: Call) -> Answer:
    chosen = _of_kind(call, bridges=False)
    return page_of(call.request, chosen, lambda job: encode_job(call.base, job, call.user(job.user)))


def _bridges(call: Call) -> Answer:
    chosen = _of_kind(call, bridges=True)
    return page_of(call.request, chosen, lambda job: encode_bridge(call.base, job, call.user(job.user)))


def _of_kind(call: Call, *, bridges: bool) -> list[Job]:
    pipeline, scope = call.pipeline(), call.words("scope", STATUSES)
    retried = not bridges and call.flag("include_retried") is True
    found = [
        job
        for job in pipeline.jobs
        if job.spec.is_bridge is bridges
        and (retried or not job.retried)
        and (scope is None or job.status in scope)
    ]
    return sorted(found, key=lambda job: job.id, reverse=True)


def _rename(call: Call) -> Answer:
    pipeline = call.pipeline()
    name = call.text("name", required=True) or ""
    if not call.grant.may_change(pipeline):
        raise Refused(403)
    if len(name) > LONGEST_NAME:
        raise bad(
            f"400 Bad request - Failed to update pipeline: Name is too long (maximum is {LONGEST_NAME}"
            " characters)"
        )
    pipeline.name = name or None
    return json_answer(200, _with_name(call, pipeline))


def _cancel(call: Call) -> Answer:
    """Answer 200 whatever came of it (gitlab-org/gitlab#519143)."""
    pipeline = call.pipeline()
    call.limits.act(call.grant, pipeline_cancel=pipeline.id, pipeline_cancel_project=pipeline.project.id)
    if not call.grant.may_cancel(pipeline):
        raise Refused(403)
    cancel_pipeline(pipeline, call.world.now(), call.world.life)
    return json_answer(200, encode_pipeline(call.base, pipeline, call.user(pipeline.user)))


def _retry(call: Call) -> Answer:
    pipeline = call.pipeline()
    call.limits.act(call.grant, pipeline_retry=pipeline.id, pipeline_retry_project=pipeline.project.id)
    if not call.grant.may_change(pipeline):
        raise Refused(403)
    retry_pipeline(pipeline, call.world.now(), call.world.life, call.grant.username)
    return json_answer(201, encode_pipeline(call.base, pipeline, call.user(pipeline.user)))
