"""What does GitLab answer about commit statuses?

gitlabhq `lib/api/commit_statuses.rb`, `app/services/ci/create_commit_status_service.rb`, read
2026-11-24: a status is a job in the stage `external` and counts for the pipeline's own status.
"""

from __future__ import annotations

from gate.sandbox.gitlab.calls import Call, Path
from gate.sandbox.gitlab.flow import refresh
from gate.sandbox.gitlab.model import External, Pipeline, Project
from gate.sandbox.gitlab.paging import page_of
from gate.sandbox.gitlab.refusal import Refused, bad, invalid, not_found
from gate.sandbox.gitlab.shapes import encode_external, encode_job_status
from gate.sandbox.routing import Answer, json_answer

LONGEST = 255
STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
_BUSY = {"message": "Another update to this commit status is in progress"}


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    listed = "/projects/{project}/repository/commits/{sha}/statuses"
    return (
        Path(method="POST", template="/projects/{project}/statuses/{sha}", endpoint=_post),
        Path(method="GET", template=listed, endpoint=_list),
    )


def _list(call: Call) -> Answer:
    project, sha = call.project(), call.request.parameters["sha"]
    pipelines = [one for one in project.pipelines.values() if one.sha == sha]
    if not pipelines:
        raise not_found("Commit")
    documents = [
        *(encode_job_status(call.base, job, call.user(job.user)) for p in pipelines for job in p.latest()),
        *(encode_external(p, one, call.user(one.user)) for p in pipelines for one in p.externals),
    ]
    name = call.text("name")
    chosen = [one for one in documents if name is None or one["name"] == name]
    return page_of(call.request, sorted(chosen, key=lambda one: int(one["id"])), lambda one: one)


def _post(call: Call) -> Answer:
    project, sha = call.project(), call.request.parameters["sha"]
    state = call.choice("state", STATES)
    if state is None:
        raise invalid("state", "is missing")
    _check_lengths(call)
    now = call.world.now()
    if project.locked.get(sha, 0.0) > now:
        raise Refused(409, _BUSY)
    pipeline = _pipeline(call, project, sha)
    if not call.grant.may_change(pipeline):
        raise Refused(403)
    external = _external(call, pipeline, now)
    _move(external, state, now)
    external.description = call.text("description") or external.description
    external.target_url = call.text("target_url") or external.target_url
    refresh(pipeline, now, call.world.life)
    return json_answer(201, encode_external(pipeline, external, call.user(external.user)))


def _check_lengths(call: Call) -> None:
    for name in ("description", "target_url"):
        if len(call.text(name) or "") > LONGEST:
            raise bad({name: [f"is too long (maximum is {LONGEST} characters)"]})


def _pipeline(call: Call, project: Project, sha: str) -> Pipeline:
    """Return the pipeline that a status belongs to: the newest of its commit that is no child."""
    known = [one for one in project.pipelines.values() if one.sha == sha]
    if not known:
        raise not_found("Commit")
    ref, number = call.text("ref"), call.text("pipeline_id")
    fitting = [
        one
        for one in known
        if one.source != "parent_pipeline"
        and (ref is None or one.ref == ref)
        and (number is None or str(one.id) == number)
    ]
    if fitting:
        return max(fitting, key=lambda one: one.id)
    if number is not None:
        raise not_found("Pipeline for pipeline_id, sha and ref")
    made = call.world.add_pipeline(project, (), ref=ref or known[0].ref, source="external", still=True)
    made.sha, made.user = sha, call.grant.username
    return made


def _external(call: Call, pipeline: Pipeline, now: float) -> External:
    name = call.text("name") or call.text("context") or "default"
    for external in pipeline.externals:
        open_ = external.status in {"pending", "running"}
        if external.name == name and open_ and external.user == call.grant.username:
            return external
    made = External(
        id=call.world.new_id(), name=name, status="created", user=call.grant.username, created=now
    )
    pipeline.externals.append(made)
    return made


def _move(external: External, state: str, now: float) -> None:
    if external.status == state:
        words = f"Cannot transition status via :{_EVENTS[state]} from :{state} (Reason(s): Status cannot "
        raise bad(f'{words}transition via "{_EVENTS[state]}")')
    external.status = state
    if state == "running":
        external.started = now
    elif state != "pending":
        external.finished = now


_EVENTS = {
    "pending": "enqueue",
    "running": "run",
    "success": "success",
    "failed": "drop",
    "canceled": "cancel",
    "skipped": "skip",
}
