"""How does a gate step hold back what comes after it in its own pipeline, and below that?

A cancel's answer proves only what its own status says; the rest is read again until it is over,
and what trigger jobs start meanwhile is stopped like what they had started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gate.core.reason import one_line
from gate.core.work import Outcome, Protects
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.pipeline_jobs import NEEDS, PipelineJob, Where, jobs_in, started_by_scripts
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.words import FINISHED
from gate.providers.protocol import Result

LOOKS = 15
LOOK_AGAIN = 2.0


def hold_back(
    client: Client, here: Where, own_job: str, protects: Protects, *, whole_run: bool = False
) -> Sequence[Result]:
    """Cancel what is protected and unfinished in a pipeline and below it, and observe it.

    Args:
        client: what asks.
        here: the pipeline.
        own_job: the job that is never cancelled.
        protects: what is protected.
        whole_run: the pipeline is cancelled afterwards, with what cannot be cancelled by itself.
    """
    held = _Held(client, own_job, protects)
    for look in range(LOOKS + 1):
        if look > 1:
            client.pace.sleep(LOOK_AGAIN)
        held.look({here: False} if look == 0 else {})
        if held.settled(first=look == 0):
            break
    return held.results(with_triggers=not whole_run)


def cancel_whole(client: Client, here: Where) -> Result:
    """Cancel a pipeline, and look at it until it is over, which ends this process too."""
    project, pipeline = here
    path, target = f"/projects/{project}/pipelines/{pipeline}", f"pipeline {pipeline}"
    try:
        status = _status_in(client, Ask(path=f"{path}/cancel", what=target, needs=NEEDS, method="post"))
        for _ in range(LOOKS):
            if status in FINISHED:
                break
            client.pace.sleep(LOOK_AGAIN)
            status = _status_in(client, Ask(path=path, what=target, needs=NEEDS))
    except Unanswered as error:
        return Result(target=target, outcome=error.outcome, detail=error.detail)
    return Result(target=target, outcome=_outcome_of(status), detail=_says(status))


class _Held:
    """What is being held back: jobs as they were seen last, and what is known of them for good."""

    def __init__(self, client: Client, own_job: str, protects: Protects) -> None:
        self._client = client
        self._own_job = own_job
        self._protects = protects
        self._jobs: dict[int, PipelineJob] = {}
        self._results: dict[int | str, Result] = {}
        self._met: list[int | str] = []
        self._scripts: set[Where] = set()
        self._pipelines: dict[Where, bool] = {}

    def look(self, new: Mapping[Where, bool]) -> None:
        """Read pipelines, and cancel what is protected in them.

        Args:
            new: pipelines that were not looked at yet, and whether all of each is protected; those
                with something unfinished are looked at again.
        """
        self._pipelines |= new
        due = [*new, *dict.fromkeys(job.where for job in self._unfinished())]
        for where in due:  # which grows by what is found below
            try:
                jobs = jobs_in(self._client, where)
            except Unanswered as error:
                self._give_up(where, error)
                continue
            whole = self._pipelines[where]
            for job in jobs:
                started = self._take(job, whole)
                if started is not None:
                    self._follow(started, whole or self._is_protected(job.name, job.stage), due)
            if where not in self._scripts:
                self._scripts.add(where)
                self._follow_scripts(where, whole, due)

    def settled(self, *, first: bool) -> bool:
        """Return whether another look would show nothing else.

        A trigger job of a later stage waits for this process itself; after the first look it may
        yet be skipped, because of what was cancelled before it.
        """
        left = self._unfinished()
        waiting = [job for job in left if job.is_trigger and job.status == "created"]
        return len(left) == len(waiting) and not (first and waiting and len(self._jobs) > len(waiting))

    def results(self, *, with_triggers: bool) -> Sequence[Result]:
        """Return what became of each job."""
        ended = {
            number: _final(job)
            for number, job in self._jobs.items()
            if with_triggers or job.over or not job.is_trigger
        }
        known = ended | self._results
        return [known[one] for one in self._met if one in known]

    def _take(self, job: PipelineJob, whole: bool) -> Where | None:
        """Stop a job that is protected; return the pipeline that a trigger job has started."""
        if job.is_trigger and job.started is not None:
            self._jobs.pop(job.id, None)
            return job.started
        if job.id in self._jobs:
            self._jobs[job.id] = job
            return None
        new = job.id not in self._results and not job.over and str(job.id) != self._own_job
        if new and (whole or self._is_protected(job.name, job.stage)):
            self._met.append(job.id)
            self._stop(job)
        return None

    def _stop(self, job: PipelineJob) -> None:
        if job.status == "manual":
            words = "a manual job, left alone: it runs if a person starts it"
            self._results[job.id] = job.result(Outcome.SURVIVED, words)
            return
        self._jobs[job.id] = job
        if not job.is_trigger and job.status != "canceling":
            self._cancel(job)

    def _follow(self, started: Where, protected: bool, due: list[Where]) -> None:
        if started not in self._pipelines:
            self._pipelines[started] = protected
            due.append(started)

    def _follow_scripts(self, where: Where, whole: bool, due: list[Where]) -> None:
        try:
            for started, names in started_by_scripts(self._client, where):
                self._follow(started, whole or self._is_protected(*names), due)
        except Unanswered as error:
            self._tell(f"what scripts of pipeline {where[1]} have started", error)

    def _cancel(self, job: PipelineJob) -> None:
        path = f"/projects/{job.where[0]}/jobs/{job.id}/cancel"
        ask = Ask(path=path, what="the cancel", needs=NEEDS, method="post")
        try:
            self._jobs[job.id] = replace(job, status=_status_in(self._client, ask))
        except Unanswered as error:
            if error.status not in (0, 200):  # else it may have arrived all the same
                del self._jobs[job.id]
                self._results[job.id] = job.result(error.outcome, error.detail)

    def _give_up(self, where: Where, error: Unanswered) -> None:
        """Say of each job of a pipeline that cannot be read what is not known of it."""
        unseen = [job for job in self._unfinished() if job.where == where]
        for job in unseen:
            words = f"the cancel was asked for, and what came of it is not known: {error.detail}"
            del self._jobs[job.id]
            self._results[job.id] = job.result(Outcome.FAILED, words)
        if not unseen:
            own = len(self._pipelines) == 1
            self._tell("protected jobs" if own else f"protected jobs of pipeline {where[1]}", error)

    def _tell(self, target: str, error: Unanswered) -> None:
        self._met.append(target)
        self._results[target] = Result(target=target, outcome=error.outcome, detail=error.detail)

    def _is_protected(self, name: str, stage: str) -> bool:
        return self._protects.matched((name, stage)) is not None

    def _unfinished(self) -> list[PipelineJob]:
        return [job for job in self._jobs.values() if not job.over]


def _status_in(client: Client, ask: Ask) -> str:
    match client.send(ask):
        case {"status": str(status)}:
            return one_line(status, 40)
    raise unreadable(ask, client.host, "a status")


def _final(job: PipelineJob) -> Result:
    if job.is_trigger and not job.over:
        words = (
            f"{job.status}; GitLab cannot cancel a trigger job before it starts: let it need the gate's job, "
            "or give --cancel-run"
        )
        return job.result(Outcome.SURVIVED, words)
    return job.result(_outcome_of(job.status), "" if job.status == "canceled" else _says(job.status))


def _outcome_of(status: str) -> Outcome:
    if status == "canceled":
        return Outcome.STOPPED
    return Outcome.ALREADY_FINISHED if status in FINISHED else Outcome.SURVIVED


def _says(status: str) -> str:
    return f"GitLab says {status}"
