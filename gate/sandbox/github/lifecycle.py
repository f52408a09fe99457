"""What does GitHub do with a run when it is asked?

A cancel is a request: it is accepted, and `timeline` decides when it lands, if ever, for a run
may ignore it (lablup/backend.ai#13629, gjsify/gjsify#1548, read 2026-11-24). The refusals are
in GitHub's own words, as the issues named beside them quote them.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.sandbox.github.model import Attempt, Job, Repository, Run
from gate.sandbox.github.timeline import Timing, end, release

COMPLETED = "Cannot cancel a workflow run that is completed."
NOT_QUEUED = "Cannot cancel a workflow run that has not been queued yet."
RUNNING = "This workflow is already running"
TOO_OLD = "Unable to retry this workflow run because it was created over a month ago"
NOT_RETRIED = "This workflow run cannot be retried"
MOST_RERUNS = 50
OLDEST_RERUN = 30 * 86400.0


class Refused(Exception):
    """GitHub says no.

    Args:
        status: the HTTP status.
        message: GitHub's own words.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def cancel(run: Run, now: float) -> None:
    """Ask a run to stop.

    Raises:
        Refused: it is completed, or was never queued (409, two messages).
    """
    _check_cancellable(run)
    if run.cancel_asked is None:
        run.cancel_asked = now


def force_cancel(run: Run, now: float) -> None:
    """Ask a run to stop whatever its jobs' `if` says.

    Raises:
        Refused: it is completed, or was never queued.
    """
    _check_cancellable(run)
    if run.force_asked is None:
        run.force_asked = now


def rerun(repository: Repository, run: Run, now: float, timing: Timing, *, new_id: Callable[[], int]) -> None:
    """Start the next attempt of a whole run: same run id, same commit.

    Raises:
        Refused: it still runs, is older than 30 days or was rerun 50 times (403).
    """
    _check_rerunnable(run, now)
    _next_attempt(repository, run, now, timing, frozenset(), new_id)


def rerun_failed(
    repository: Repository, run: Run, now: float, timing: Timing, *, new_id: Callable[[], int]
) -> None:
    """Start the next attempt with the failed jobs only.

    Raises:
        Refused: as with `rerun`, or no job has failed: a cancelled run has none
            (metabase/metabase#70916, sgl-project/sglang#34057, read 2026-11-24).
    """
    _check_rerunnable(run, now)
    if not any(job.conclusion in {"failure", "timed_out"} for job in run.jobs):
        raise Refused(403, NOT_RETRIED)
    # Cancelled jobs of a mixed run stay as they are (sgl-project/sglang#34057).
    kept = frozenset(job.name for job in run.jobs if job.conclusion not in {"failure", "timed_out"})
    _next_attempt(repository, run, now, timing, kept, new_id)


def enqueue(repository: Repository, run: Run, now: float, timing: Timing) -> None:
    """Queue a run, behind or instead of the others of its concurrency group.

    One runs and one is pending: a newer pending run cancels the older one (GitHub's
    documentation on concurrency, read 2026-11-24), and with `cancel-in-progress` the running
    one too.
    """
    run.status, run.conclusion, run.updated = "queued", None, now
    run.begins, run.ends = now + timing.queue, None
    repository.active[run.id] = run
    others = [
        other
        for other in repository.active.values()
        if other is not run and run.group is not None and other.group == run.group
    ]
    for other in others:
        if other.status == "pending":
            end(other, now, "cancelled")
            repository.active.pop(other.id)
        elif run.workflow.cancel_in_progress and other.cancel_asked is None:
            other.cancel_asked = now
    if any(other.active for other in others):
        run.status, run.begins = "pending", None


def finish(repository: Repository, run: Run, now: float, conclusion: str, timing: Timing) -> None:
    """End a run at once, as its last job or a person on the web page would."""
    end(run, now, conclusion)
    repository.active.pop(run.id, None)
    release(repository, run, now, timing)


def approve(run: Run, now: float, timing: Timing) -> None:
    """Let a waiting run go on."""
    run.status, run.environment = "queued", None
    run.begins, run.updated = now + timing.queue, now


def _check_cancellable(run: Run) -> None:
    if not run.active:
        raise Refused(409, COMPLETED)
    if run.listed_only:
        raise Refused(409, NOT_QUEUED)


def _check_rerunnable(run: Run, now: float) -> None:
    if run.active:
        raise Refused(403, RUNNING)
    if now - run.created > OLDEST_RERUN:
        raise Refused(403, TOO_OLD)
    # The limit is documented (changelog of 2026-04-10), the words of the refusal are not.
    if run.attempt > MOST_RERUNS:
        raise Refused(403, NOT_RETRIED)


def _next_attempt(
    repository: Repository,
    run: Run,
    now: float,
    timing: Timing,
    kept: frozenset[str],
    new_id: Callable[[], int],
) -> None:
    run.earlier.append(
        Attempt(
            number=run.attempt,
            status=run.status,
            conclusion=run.conclusion,
            started=run.started,
            updated=run.updated,
            jobs=run.jobs,
        )
    )
    run.attempt, run.started = run.attempt + 1, now
    run.jobs = [
        job if job.name in kept else Job(id=new_id(), name=job.name, always=job.always) for job in run.jobs
    ]
    run.ends_as = "success"
    enqueue(repository, run, now, timing)
