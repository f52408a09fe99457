"""What happens to a run as time goes by?

Nothing runs in the background: `settle` brings a repository to what it is at a moment, in the
order in which things happen. Facts of GitHub's documentation on cancelling runs, read
2026-11-24: a cancel is asynchronous and has no status of its own; finished jobs keep their
conclusion, unfinished ones become `cancelled`; jobs whose `if` is `always()` go on until a
forced cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.sandbox.fleet import Behaviour
from gate.sandbox.github.model import Job, Repository, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take, in seconds of the sandbox's time.

    Attributes:
        cancel: from an accepted cancel to the run's end.
        force: from an accepted forced cancel to the run's end.
        always: how long `always()` jobs go on after a cancel.
        queue: from a rerun, dispatch or approval to the start.
        run: how long such a run then takes.
    """

    cancel: float = 2.0
    force: float = 1.0
    always: float = 600.0
    queue: float = 2.0
    run: float = 300.0


def settle(repository: Repository, now: float, timing: Timing) -> None:
    """Let everything happen that was due by `now`, in its order."""
    while True:
        due = [event for run in repository.active.values() if (event := _next(run, timing)) is not None]
        first = min(due, key=lambda event: event[0], default=None)
        if first is None or first[0] > now:
            return
        moment, run, change = first
        change(moment)
        if not run.active:
            repository.active.pop(run.id, None)
            release(repository, run, moment, timing)


def end(run: Run, moment: float, conclusion: str) -> None:
    """Complete a run with all its jobs."""
    for job in run.unfinished():
        # A job that could go on in spite of the cancel came to its own end.
        own_end = run.always_until is not None and job.always and run.force_asked is None
        _end_job(job, moment, "success" if own_end else _job_conclusion(conclusion))
    run.status, run.conclusion, run.updated = "completed", conclusion, moment
    run.begins = run.ends = run.cancel_asked = run.force_asked = run.always_until = None
    run.environment = None


def release(repository: Repository, ended: Run, moment: float, timing: Timing) -> None:
    """Let the pending run of the same group move up, unless another still runs."""
    if ended.group is None:
        return
    group = [run for run in repository.active.values() if run.group == ended.group]
    if any(run.status != "pending" for run in group):
        return
    for run in group[:1]:
        run.status, run.updated, run.begins = "queued", moment, moment + timing.queue


_Event = tuple[float, Run, Callable[[float], None]]


def _next(run: Run, timing: Timing) -> _Event | None:
    """Return what happens next to an unfinished run, and when."""
    due: list[_Event] = []
    if run.force_asked is not None and run.behaviour is not Behaviour.STUCK:
        due.append((run.force_asked + timing.force, run, lambda moment: end(run, moment, "cancelled")))
    if run.always_until is not None:
        due.append((run.always_until, run, lambda moment: end(run, moment, "cancelled")))
    elif run.cancel_asked is not None and run.behaviour is Behaviour.OBEYS:
        due.append((run.cancel_asked + timing.cancel, run, lambda moment: _cancel_lands(run, moment, timing)))
    if run.status == "queued" and run.begins is not None:
        due.append((run.begins, run, lambda moment: _begin(run, moment, timing)))
    if run.status == "in_progress" and run.ends is not None and run.always_until is None:
        due.append((run.ends, run, lambda moment: end(run, moment, run.ends_as)))
    return min(due, key=lambda event: event[0], default=None)


def _begin(run: Run, moment: float, timing: Timing) -> None:
    run.status, run.begins, run.started, run.updated = "in_progress", None, moment, moment
    run.ends = moment + timing.run
    for job in run.unfinished()[:1]:
        job.status, job.started = "in_progress", moment


def _cancel_lands(run: Run, moment: float, timing: Timing) -> None:
    """End the jobs that may end; the others keep the run in progress."""
    going_on = [job for job in run.unfinished() if job.always]
    if not going_on:
        end(run, moment, "cancelled")
        return
    for job in run.unfinished():
        if job.always:
            job.status, job.started = "in_progress", job.started or moment
        else:
            _end_job(job, moment, "cancelled")
    run.status, run.updated, run.always_until = "in_progress", moment, moment + timing.always


def _job_conclusion(conclusion: str) -> str:
    # A run may end as `stale` or `startup_failure`; a job has no such conclusion.
    known = {"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"}
    return conclusion if conclusion in known else "cancelled"


def _end_job(job: Job, moment: float, conclusion: str) -> None:
    job.status, job.conclusion, job.completed = "completed", conclusion, moment
    job.started = job.started or moment
