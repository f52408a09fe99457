"""How do jobs and pipelines change, when they are asked and when time goes by?

Nothing runs in the background: `settle` brings a pipeline, with those that triggered it and
those it has triggered, to what it is at a moment, in the order in which things happen.
gitlabhq `app/models/commit_status.rb` (event `cancel`), `app/services/ci/cancel_pipeline_service.rb`,
`retry_job_service.rb`, `retry_pipeline_service.rb`, `drop_pending_service.rb`,
read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.sandbox.fleet import Behaviour
from gate.sandbox.gitlab.flow import HOUR, Life, change, refresh
from gate.sandbox.gitlab.model import Job, Pipeline
from gate.sandbox.gitlab.words import CANCELABLE, NOT_STARTED, TERMINAL

DROPPED = "stuck_or_timeout_failure"


def settle(pipeline: Pipeline, now: float, life: Life) -> None:
    """Let everything happen that was due by `now`, in its order."""
    while True:
        due = [event for one in _family(pipeline) for event in _events(one, life)]
        first = min(due, key=lambda event: event[0], default=None)
        if first is None or first[0] > now:
            return
        first[1](first[0])


def cancel_job(job: Job, at: float, life: Life, *, force: bool = False) -> None:
    """Ask a job to stop: a finished one stays as it is, and nobody says so.

    What has not started is canceled at once, manual jobs too. A forced cancel takes effect
    on a job in `canceling` alone.
    """
    if force:
        # A stuck job stands for one that GitLab shows on whatever is done.
        if job.status == "canceling" and job.spec.behaviour is not Behaviour.STUCK:
            change(job, "canceled", at)
    else:
        _stop(job, at)
    refresh(job.pipeline, at, life)


def is_cancelable(pipeline: Pipeline) -> bool:
    """Return whether anything of the pipeline itself may be canceled; its children do not count."""
    statuses = {*(job.status for job in pipeline.latest()), *(one.status for one in pipeline.externals)}
    return bool(statuses & CANCELABLE)


def cancel_pipeline(pipeline: Pipeline, at: float, life: Life) -> None:
    """Cancel what of a pipeline may be canceled, and later its child pipelines.

    Manual jobs stay, and so do pipelines of other projects. Where nothing of the pipeline
    itself may be canceled, its children are left alone too.
    """
    pipeline.cancel_at = None
    if not is_cancelable(pipeline):
        return
    for job in pipeline.latest():
        if job.status in CANCELABLE:
            _stop(job, at)
    for external in pipeline.externals:
        if external.status in CANCELABLE:
            external.status, external.finished = "canceled", at
    refresh(pipeline, at, life)
    for child in _descendants(pipeline):
        child.cancel_at = at + life.timing.cascade
        # At once, so that they start no more children.
        for job in child.latest():
            if job.spec.is_bridge and job.status in CANCELABLE:
                _stop(job, at)
        refresh(child, at, life)


def retry_job(job: Job, at: float, life: Life, user: str) -> Job:
    """Start a job anew under a new id; one that a person would start, starts.

    Later jobs that were skipped are worked out again.
    """
    made = _clone(job, at, life, user)
    made.enqueue_immediately = job.spec.is_action
    for later in job.pipeline.latest():
        behind = later.stage_index > job.stage_index or job.spec.name in (later.spec.needs or ())
        if later.status == "skipped" and behind:
            change(later, "created", at)
    _work_again(job.pipeline, at, life)
    return made


def retry_pipeline(pipeline: Pipeline, at: float, life: Life, user: str) -> None:
    """Start anew all failed and canceled builds, whoever ended them; trigger jobs stay.

    Manual jobs come back as manual.
    """
    for job in pipeline.latest():
        if not job.spec.is_bridge and job.status in {"failed", "canceled"}:
            _clone(job, at, life, user)
    for job in pipeline.latest():
        if job.status == "skipped":
            change(job, "created", at)
    bridge = pipeline.bridge
    if bridge is not None and bridge.spec.mirrors and bridge.status in TERMINAL:
        change(bridge, "running", at)
        refresh(bridge.pipeline, at, life)
    _work_again(pipeline, at, life)


def play_job(job: Job, at: float, life: Life, user: str) -> Job:
    """Start a manual or delayed job; one that has ended is retried."""
    if job.status not in {"manual", "scheduled"}:
        return retry_job(job, at, life, user)
    job.user = user
    change(job, "pending", at)
    refresh(job.pipeline, at, life)
    return job


_Event = tuple[float, Callable[[float], None]]


def _family(pipeline: Pipeline) -> list[Pipeline]:
    """Return all pipelines that hang together with this one, the first of them first."""
    root = pipeline
    while root.bridge is not None:
        root = root.bridge.pipeline
    family = [root]
    for member in family:
        family.extend(member.children())
    return family


def _descendants(pipeline: Pipeline) -> list[Pipeline]:
    """Return the unfinished child pipelines of the same project, and theirs."""
    found = [pipeline]
    for member in found:
        found.extend(child for child in member.children() if child.project is pipeline.project)
    return [child for child in found[1:] if not child.complete]


def _events(pipeline: Pipeline, life: Life) -> list[_Event]:
    events: list[_Event] = []
    if pipeline.cancel_at is not None:
        events.append((pipeline.cancel_at, lambda at: cancel_pipeline(pipeline, at, life)))
    if pipeline.complete:
        return events
    for job in pipeline.jobs:
        due = _due(job, life)
        if due is not None:
            events.append((due[0], _move(job, due[1], life)))
    return events


def _due(job: Job, life: Life) -> tuple[float, str] | None:
    """Return when a job changes by itself, and into what."""
    timing = life.timing
    match job.status:
        case "pending" if job.spec.is_bridge:
            return job.since + timing.queue, "running"
        case "pending":
            serving = life.serving()
            if serving is None:
                return job.since + HOUR, DROPPED
            if job.spec.unserved:
                return job.since + 24 * HOUR, DROPPED
            return max(job.since, serving) + timing.queue, "running"
        case "running" if not job.spec.is_bridge:
            return job.since + job.spec.seconds, job.spec.ends_as
        case "canceling" if job.spec.behaviour is Behaviour.OBEYS:
            return job.since + timing.cancel, "canceled"
        case "scheduled":
            return job.since + timing.delay, "pending"
        case _:
            return None


def _move(job: Job, status: str, life: Life) -> Callable[[float], None]:
    def happen(at: float) -> None:
        if status == DROPPED:
            job.failure_reason = DROPPED
            change(job, "failed", at)
        elif status == "running" and job.spec.is_bridge:
            _start_bridge(job, at, life)
        else:
            change(job, status, at)
        refresh(job.pipeline, at, life)

    return happen


def _start_bridge(job: Job, at: float, life: Life) -> None:
    change(job, "running", at)
    job.downstream = life.trigger(job, at)
    if job.downstream is None:
        job.failure_reason = "downstream_bridge_project_not_found"
        change(job, "failed", at)
    elif not job.spec.mirrors:
        change(job, "success", at)


def _stop(job: Job, at: float) -> None:
    if job.status in NOT_STARTED:
        change(job, "canceled", at)
    elif job.status == "running":
        waits = job.spec.graceful and not job.spec.is_bridge
        change(job, "canceling" if waits else "canceled", at)


def _clone(job: Job, at: float, life: Life, user: str) -> Job:
    job.retried = True
    made = Job(id=life.new_id(), spec=job.spec, pipeline=job.pipeline, user=user, created=at, since=at)
    job.pipeline.jobs.append(made)
    job.pipeline.project.jobs[made.id] = made
    return made


def _work_again(pipeline: Pipeline, at: float, life: Life) -> None:
    pipeline.still, pipeline.updated = False, at
    refresh(pipeline, at, life)
