"""How does a gate step hold back what comes after it: in its own run, and in runs that it has started?

A run that ``workflow_run`` has started has the commit of the one that started it where both are of
the default branch's newest (GitHub's documentation on events that trigger workflows, read
2026-11-24); the API tells no other link. A run is cancelled only as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gate.core.reason import listed, one_line
from gate.core.work import Outcome, Protects
from gate.providers.github.client import Client
from gate.providers.github.documents import Job, Run
from gate.providers.github.itself import CANCEL_WAIT, PAUSE, ThisRun
from gate.providers.github.notes import post_status
from gate.providers.github.runs import list_jobs, list_runs, read_run
from gate.providers.protocol import NotDone, Result

_INSTEAD: Final = (
    "GitHub cannot cancel single jobs; a job with `needs: gate` and "
    "`if: needs.gate.outputs.open == 'true'` is skipped, and --cancel-run cancels the whole run"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a run comes to.

    Attributes:
        cancel: whether it is cancelled.
        protected: its unfinished jobs that are protected, the gate step's own left out.
        others: its other unfinished jobs.
    """

    cancel: bool
    protected: tuple[str, ...]
    others: tuple[str, ...]


def choose(run: Run, jobs: Sequence[Job], own: Job | None, protects: Protects, *, whole_run: bool) -> Choice:
    """Return what happens to a run: it is cancelled where nothing is lost that is not protected.

    Args:
        run: the run.
        jobs: all its jobs.
        own: the gate step's own job, which counts for nothing.
        protects: what is protected; a workflow's name protects all of its jobs.
        whole_run: whether other jobs may be lost too.
    """
    left = [job for job in jobs if not job.over and (own is None or job.id != own.id)]
    whole = protects.matched(run.names) is not None
    kept = [job for job in left if whole or protects.matched(job.names) is not None]
    others = [job for job in left if job not in kept]
    return Choice(
        cancel=whole or (bool(kept) and (whole_run or not others)),
        protected=tuple(job.name for job in kept),
        others=tuple(job.name for job in others),
    )


def own_job(jobs: Sequence[Job], runner: str, key: str) -> Job | None:
    """Return the job that this process is part of, None where it cannot be told.

    Args:
        jobs: the jobs of the run.
        runner: the name of this process's runner, which has one job at a time.
        key: the job's id in the workflow's file, which is its name where it has no other.
    """
    running = [job for job in jobs if job.status == "in_progress"]
    on_runner = [job for job in running if runner and job.runner == runner]
    of_key = [job for job in running if key and (key in job.names or job.name.startswith(f"{key} ("))]
    for candidates in (on_runner, of_key, running):
        if len(candidates) == 1:
            return candidates[0]
    return None


class HoldingBack:
    """One attempt to hold back what comes after a gate step.

    Args:
        here: the gate step's run.
        client: GitHub.
        protects: what is protected.
        whole_run: whether the own run may be cancelled with what is not protected.
    """

    def __init__(self, here: ThisRun, client: Client, protects: Protects, *, whole_run: bool) -> None:
        self._here = here
        self._client = client
        self._protects = protects
        self._whole_run = whole_run

    def carry_out(self) -> tuple[Result, ...]:
        """Ask for everything first, the own run last, since its cancel ends this process; then watch."""
        here = self._here
        try:
            run = read_run(self._client, here.repository, here.run_id)
            jobs = list_jobs(self._client, here.repository, here.run_id)
        except NotDone as error:
            return (here.result(error.outcome, f"{error.detail}; {_INSTEAD}"),)
        own = own_job(jobs, here.runner, here.job)
        results: list[Result] = []
        asked: list[tuple[Run, Choice, Job | None]] = []
        for started, choice in self._started(run, results):
            self._cancel(started, choice, None, results, asked)
        choice = choose(run, jobs, own, self._protects, whole_run=self._whole_run)
        if self._whole_run or choice.cancel or choice.protected:
            self._cancel(run, choice, own, results, asked)
        results += self._watched(asked)
        if not results:
            words = "no unfinished job that is protected, here or in a run that this one has started"
            results.append(here.result(Outcome.DONE, words))
        return tuple(results)

    def _started(self, run: Run, results: list[Result]) -> list[tuple[Run, Choice]]:
        """Return the runs in flight that this one has started and that hold something protected."""
        here = self._here
        query = {"event": "workflow_run", "head_sha": run.sha, "created": f">={run.created}"}
        found = []
        try:
            for started in list_runs(self._client, here.repository, query):
                if started.id == run.id:
                    continue
                jobs = list_jobs(self._client, here.repository, str(started.id))
                choice = choose(started, jobs, None, self._protects, whole_run=self._whole_run)
                if choice.cancel or choice.protected:
                    found.append((started, choice))
        except NotDone as error:
            results.append(
                Result(target="runs started by this one", outcome=error.outcome, detail=error.detail)
            )
        return found

    def _cancel(
        self,
        run: Run,
        choice: Choice,
        own: Job | None,
        results: list[Result],
        asked: list[tuple[Run, Choice, Job | None]],
    ) -> None:
        """Say why on the run's commit, then ask for the run to be cancelled, where it may be."""
        here, number = self._here, str(run.id)
        is_own = number == here.run_id
        if not (choice.cancel or (is_own and self._whole_run)):
            words = f"{listed(choice.others)} would be cancelled with {listed(choice.protected)}: {_INSTEAD}"
            results.append(here.result(Outcome.REFUSED, words, number))
            return
        if here.reason:
            name = run.name or run.path
            post_status(self._client, here.repository, run.sha, name, run.url, here.reason)
        refused = here.ask(self._client, number)
        if refused is None:
            asked.append((run, choice, own))
        else:
            results.append(refused)

    def _watched(self, asked: list[tuple[Run, Choice, Job | None]]) -> list[Result]:
        """Return what became of cancels that were accepted: asked is not done."""
        here = self._here
        results: list[Result] = []
        give_up = here.clock() + CANCEL_WAIT
        left = [(run, choice, own, "not read") for run, choice, own in asked]
        while left and here.clock() < give_up:
            seen = [(run, choice, own, self._unfinished(run, own)) for run, choice, own, _ in left]
            results += [self._landed(run, choice) for run, choice, _, words in seen if not words]
            left = [one for one in seen if one[3]]
            if left:
                here.sleep(PAUSE)
        for run, _, _, words in left:
            detail = f"the cancel was accepted, and after {CANCEL_WAIT:.0f} s this is left: {words}"
            results.append(here.result(Outcome.SURVIVED, detail, str(run.id)))
        return results

    def _unfinished(self, run: Run, own: Job | None) -> str:
        """Return what of a run is not over besides the own job, or why that cannot be read."""
        here = self._here
        try:
            now = read_run(self._client, here.repository, str(run.id))
            if now.over:
                return ""
            if own is None:
                return f"run {run.id} ({one_line(now.status, 40)})"
            jobs = list_jobs(self._client, here.repository, str(run.id))
        except NotDone as error:
            return error.detail
        return listed([job.name for job in jobs if not job.over and job.id != own.id])

    def _landed(self, run: Run, choice: Choice) -> Result:
        words = listed((*choice.protected, *choice.others))
        return self._here.result(Outcome.STOPPED, words, str(run.id))
