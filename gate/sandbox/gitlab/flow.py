"""What follows when a job has changed: which others may start, and what is the pipeline now?

gitlabhq `app/services/ci/process_build_service.rb`, `pipeline_processing/atomic_processing_service.rb`,
read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.sandbox.gitlab.model import External, Job, Pipeline
from gate.sandbox.gitlab.words import TERMINAL, composite

HOUR = 3600.0
# `always` is no word for a canceled job before: what cleans up does not run after a cancel
# (process_build_service.rb; gitlab-org/gitlab#15168, #34861).
_VALID = {
    "on_success": ("success", "skipped"),
    "manual": ("success", "skipped"),
    "delayed": ("success", "skipped"),
    "on_failure": ("failed",),
    "always": ("success", "failed", "skipped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take, in seconds of the sandbox's time.

    Attributes:
        queue: from pending to running.
        cancel: from `canceling` to `canceled`.
        cascade: until the cancel of a pipeline arrives at its child pipelines.
        delay: how long a delayed job is `scheduled`.
    """

    queue: float = 2.0
    cancel: float = 2.0
    cascade: float = 1.0
    delay: float = 6 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the changes need of the world around them.

    Attributes:
        timing: how long things take.
        new_id: returns a number that no job has.
        trigger: starts the pipeline of a trigger job at a moment; None where it cannot.
        serving: returns since when a runner takes jobs, or None while all are paused.
    """

    timing: Timing
    new_id: Callable[[], int]
    trigger: Callable[[Job, float], Pipeline | None]
    serving: Callable[[], float | None]


def refresh(pipeline: Pipeline, at: float, life: Life) -> None:
    """Work out which jobs may start, what the pipeline's status is, and what its trigger job's."""
    _process_all(pipeline, at)
    row = [(job.status, job.spec.allow_failure) for job in pipeline.latest()]
    status = composite([*row, *((external.status, False) for external in _last(pipeline))])
    if status == pipeline.status:
        return
    pipeline.status, pipeline.updated = status, at
    pipeline.finished = at if status in TERMINAL else None
    pipeline.project.active.pop(pipeline.id, None)
    if status not in TERMINAL:
        pipeline.project.active[pipeline.id] = pipeline
    bridge = pipeline.bridge
    if bridge is not None and bridge.spec.mirrors and bridge.status not in TERMINAL:
        change(bridge, status if status in TERMINAL else "running", at)
        refresh(bridge.pipeline, at, life)


def change(job: Job, status: str, at: float) -> None:
    """Bring a job into a status, with its times; nothing else follows from it."""
    if job.status == status:
        return
    job.status, job.since = status, at
    match status:
        case "pending":
            job.queued = at
        case "running":
            job.started = at
            job.pipeline.started = job.pipeline.started or at
        case "success" | "failed" | "canceled":
            job.finished = at
    if status == "failed":
        job.failure_reason = job.failure_reason or "script_failure"


def _process_all(pipeline: Pipeline, at: float) -> None:
    """Work out every created job, as often as one that is skipped decides about another."""
    before, waiting = -1, [] if pipeline.still else [j for j in pipeline.latest() if j.status == "created"]
    while waiting and len(waiting) != before:
        before = len(waiting)
        for job in sorted(waiting, key=lambda job: job.stage_index):
            _process(job, at)
        waiting = [job for job in waiting if job.status == "created"]


def _process(job: Job, at: float) -> None:
    """Start, offer or skip a created job, where all before it has ended."""
    latest = job.pipeline.latest()
    if job.spec.needs is None:
        index = job.stage_index
        before = composite((j.status, j.spec.allow_failure) for j in latest if j.stage_index < index)
    else:
        needed = [j for j in latest if j.spec.name in job.spec.needs]
        before = composite(((j.status, j.spec.allow_failure) for j in needed), dag=True)
    if before not in TERMINAL:
        return
    valid = _VALID[job.spec.when]
    if job.spec.needs is not None and "failed" not in valid:
        valid = ("success",)
    if before not in valid:
        change(job, "skipped", at)
    elif job.spec.is_action and not job.enqueue_immediately:
        change(job, "manual" if job.spec.when == "manual" else "scheduled", at)
    else:
        change(job, "pending", at)


def _last(pipeline: Pipeline) -> list[External]:
    """Return the newest commit status of each name."""
    return list({external.name: external for external in pipeline.externals}.values())
