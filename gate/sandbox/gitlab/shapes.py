"""How does GitLab write down pipelines, jobs and commit statuses?

Keys and forms as in gitlabhq `lib/api/entities/ci/*.rb` and `commit_status.rb`, read 2026-11-24. A
job's document does not say whether it is a manual one, what it needs or when it runs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gate.sandbox.gitlab.model import External, Job, Pipeline

_LABELS = {"success": "passed", "waiting_for_resource": "waiting for resource"}
_GROUPS = {"waiting_for_resource": "waiting-for-resource", "waiting_for_callback": "waiting-for-callback"}


def stamp(moment: float) -> str:
    """Return a time as GitLab writes it, in milliseconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def encode_user(base: str, user_id: int, username: str) -> dict[str, Any]:
    """Return a ``UserBasic``."""
    return {
        "id": user_id,
        "username": username,
        "name": username.replace("-", " ").title(),
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"{base}/{username}",
    }


def encode_listed_pipeline(base: str, pipeline: Pipeline) -> dict[str, Any]:
    """Return a ``PipelineBasicWithMetadata``, as lists hold it."""
    return {**encode_basic_pipeline(base, pipeline), "name": pipeline.name}


def encode_basic_pipeline(base: str, pipeline: Pipeline) -> dict[str, Any]:
    """Return a ``PipelineBasic``, as jobs hold it."""
    return {
        "id": pipeline.id,
        "iid": pipeline.iid,
        "project_id": pipeline.project.id,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": pipeline.status,
        "source": pipeline.source,
        "created_at": stamp(pipeline.created),
        "updated_at": stamp(pipeline.updated),
        "web_url": f"{base}/{pipeline.project.path}/-/pipelines/{pipeline.id}",
    }


def encode_pipeline(base: str, pipeline: Pipeline, user: dict[str, Any]) -> dict[str, Any]:
    """Return a ``Pipeline``, which is what a cancel and a retry answer: it has no name."""
    started, finished = pipeline.started, pipeline.finished
    path = f"/{pipeline.project.path}/-/pipelines/{pipeline.id}"
    return {
        **encode_basic_pipeline(base, pipeline),
        "before_sha": "0" * 40,
        "tag": pipeline.tag,
        "yaml_errors": None,
        "user": user,
        "started_at": _when(started),
        "finished_at": _when(finished),
        "committed_at": None,
        "duration": _span(started, finished, whole=True),
        "queued_duration": _span(pipeline.created, started, whole=True),
        "coverage": None,
        "archived": False,
        "detailed_status": _detailed(pipeline.status, path),
    }


def encode_job(base: str, job: Job, user: dict[str, Any]) -> dict[str, Any]:
    """Return a ``Job``."""
    document = {
        **_basic_job(base, job, user),
        "artifacts": [],
        "runner": _RUNNER if job.started is not None else None,
        "runner_manager": None,
        "artifacts_expire_at": None,
        "archived": False,
        "tag_list": ["lab"],
    }
    if job.status == "failed":
        document["failure_reason"] = job.failure_reason
    return document


def encode_bridge(base: str, job: Job, user: dict[str, Any]) -> dict[str, Any]:
    """Return a ``Bridge``: a trigger job with the pipeline that it has started."""
    downstream = job.downstream
    return {
        **_basic_job(base, job, user),
        "downstream_pipeline": None if downstream is None else encode_basic_pipeline(base, downstream),
    }


def encode_external(pipeline: Pipeline, external: External, author: dict[str, Any]) -> dict[str, Any]:
    """Return a ``CommitStatus`` that came from outside."""
    return {
        **_status(pipeline, external.id, external.name, external.status, author),
        "target_url": external.target_url,
        "description": external.description,
        "created_at": stamp(external.created),
        "started_at": _when(external.started),
        "finished_at": _when(external.finished),
        "allow_failure": False,
        "coverage": external.coverage,
    }


def encode_job_status(base: str, job: Job, author: dict[str, Any]) -> dict[str, Any]:
    """Return the ``CommitStatus`` that every job is as well."""
    return {
        **_status(job.pipeline, job.id, job.spec.name, job.status, author),
        "target_url": _job_url(base, job),
        "description": None,
        "created_at": stamp(job.created),
        "started_at": _when(job.started),
        "finished_at": _when(job.finished),
        "allow_failure": job.spec.allow_failure,
        "coverage": None,
    }


_RUNNER = {
    "id": 1,
    "description": "lab-runner-1",
    "ip_address": None,
    "active": True,
    "paused": False,
    "is_shared": True,
    "runner_type": "instance_type",
    "name": "gitlab-runner",
    "online": True,
    "status": "online",
}


def _status(
    pipeline: Pipeline, number: int, name: str, status: str, author: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": number,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": status,
        "name": name,
        "pipeline_id": pipeline.id,
        "author": author,
    }


def _basic_job(base: str, job: Job, user: dict[str, Any]) -> dict[str, Any]:
    pipeline = job.pipeline
    return {
        "id": job.id,
        "status": job.status,
        "stage": job.spec.stage,
        "name": job.spec.name,
        "ref": pipeline.ref,
        "tag": pipeline.tag,
        "coverage": None,
        "allow_failure": job.spec.allow_failure,
        "created_at": stamp(job.created),
        "started_at": _when(job.started),
        "finished_at": _when(job.finished),
        "erased_at": None,
        "duration": _span(job.started, job.finished),
        "queued_duration": _span(job.queued, job.started),
        "user": user,
        "commit": _commit(base, pipeline),
        "pipeline": encode_basic_pipeline(base, pipeline),
        "web_url": _job_url(base, job),
        "project": {"ci_job_token_scope_enabled": False},
    }


def _job_url(base: str, job: Job) -> str:
    return f"{base}/{job.pipeline.project.path}/-/jobs/{job.id}"


def _commit(base: str, pipeline: Pipeline) -> dict[str, Any]:
    at = stamp(pipeline.created)
    return {
        "id": pipeline.sha,
        "short_id": pipeline.sha[:8],
        "created_at": at,
        "parent_ids": [],
        "title": pipeline.title,
        "message": pipeline.title + "\n",
        "author_name": pipeline.user,
        "author_email": f"{pipeline.user}@example.com",
        "authored_date": at,
        "committer_name": pipeline.user,
        "committer_email": f"{pipeline.user}@example.com",
        "committed_date": at,
        "trailers": {},
        "extended_trailers": {},
        "web_url": f"{base}/{pipeline.project.path}/-/commit/{pipeline.sha}",
    }


def _detailed(status: str, path: str) -> dict[str, Any]:
    label = _LABELS.get(status, status.replace("_", " "))
    group = _GROUPS.get(status, status)
    return {
        "icon": f"status_{status}",
        "text": label.capitalize(),
        "label": label,
        "group": group,
        "tooltip": label,
        "has_details": True,
        "details_path": path,
        "illustration": None,
        "favicon": f"/assets/ci_favicons/favicon_status_{status}.png",
    }


def _when(moment: float | None) -> str | None:
    return None if moment is None else stamp(moment)


def _span(start: float | None, end: float | None, *, whole: bool = False) -> float | None:
    if start is None or end is None:
        return None
    return int(end - start) if whole else round(end - start, 6)
