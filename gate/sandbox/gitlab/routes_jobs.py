"""What does GitLab answer about jobs? gitlabhq `lib/api/ci/jobs.rb`, read 2026-11-24."""

from __future__ import annotations

from gate.sandbox.gitlab.calls import Call, Path
from gate.sandbox.gitlab.lifecycle import cancel_job, play_job, retry_job
from gate.sandbox.gitlab.model import Job
from gate.sandbox.gitlab.paging import keyset_of, page_of
from gate.sandbox.gitlab.refusal import Refused, bad
from gate.sandbox.gitlab.shapes import encode_bridge, encode_job
from gate.sandbox.gitlab.words import STATUSES
from gate.sandbox.routing import Answer, json_answer


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    one = "/projects/{project}/jobs/{job}"
    return (
        Path(method="GET", template="/projects/{project}/jobs", endpoint=_list, job_token=True),
        Path(method="GET", template=one, endpoint=_get),
        Path(method="GET", template=f"{one}/trace", endpoint=_trace),
        Path(method="POST", template=f"{one}/cancel", endpoint=_cancel),
        Path(method="POST", template=f"{one}/retry", endpoint=_retry),
        Path(method="POST", template=f"{one}/play", endpoint=_play),
    )


def _list(call: Call) -> Answer:
    """Return builds newest first, without totals; behind a cursor unless a page is asked for."""
    call.limits.act(call.grant, jobs_index="")
    project, scope = call.project_with_builds(), call.words("scope", STATUSES)
    chosen = [
        job
        for job in sorted(project.jobs.values(), key=lambda job: job.id, reverse=True)
        if not job.spec.is_bridge
        and (scope is None or job.status in scope)
        and call.params.get("ref", job.pipeline.ref) == job.pipeline.ref
    ]
    if "page" in call.params and call.params.get("pagination") != "keyset":
        return page_of(call.request, chosen, lambda job: _document(call, job), counted=False)
    return keyset_of(call.request, chosen, lambda job: _document(call, job), lambda job: job.id)


def _get(call: Call) -> Answer:
    return json_answer(200, _document(call, call.job(builds_only=True)))


def _trace(call: Call) -> Answer:
    job = call.job(builds_only=True)
    text = f"{job.spec.name}\n" if job.started is not None else ""
    return Answer(status=200, body=text.encode(), kind="text/plain")


def _cancel(call: Call) -> Answer:
    """Answer 201 whatever came of it: the state machine refuses in silence."""
    job, force = call.job(builds_only=True), call.flag("force") is True
    pipeline = job.pipeline
    call.limits.act(call.grant, job_cancel=job.id, job_cancel_project=pipeline.project.id)
    if not call.grant.may_cancel(pipeline):
        raise Refused(403)
    if force:
        call.require_maintainer(pipeline.project)
    cancel_job(job, call.world.now(), call.world.life, force=force)
    return json_answer(201, _document(call, job))


def _retry(call: Call) -> Answer:
    job = call.job(builds_only=False)
    call.limits.act(call.grant, job_retry=job.id, job_retry_project=job.pipeline.project.id)
    if not call.grant.may_change(job.pipeline):
        raise Refused(403)
    if not job.retryable:
        raise Refused(403, {"message": "403 Forbidden - Job is not retryable"})
    made = retry_job(job, call.world.now(), call.world.life, call.grant.username)
    return json_answer(201, _document(call, made))


def _play(call: Call) -> Answer:
    job = call.job(builds_only=False)
    call.limits.act(call.grant, job_play=job.id, job_play_project=job.pipeline.project.id)
    if not call.grant.may_change(job.pipeline):
        raise Refused(403)
    if not job.playable:
        raise bad("400 Bad request - Unplayable Job")
    return json_answer(
        200, _document(call, play_job(job, call.world.now(), call.world.life, call.grant.username))
    )


def _document(call: Call, job: Job) -> dict[str, object]:
    if job.spec.is_bridge:
        return encode_bridge(call.base, job, call.user(job.user))
    return encode_job(call.base, job, call.user(job.user))
