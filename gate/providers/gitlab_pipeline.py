"""How does gate cancel jobs of its own GitLab pipeline, and prove that they have stopped?

Through python-gitlab's plain requests: its job objects of a pipeline cannot cancel, and the
answer to a cancel (201 for a job, 200 for a pipeline, also where it came to nothing) proves
nothing, so everything is read again. Statuses are those of gitlabhq `has_status.rb`, read
2026-11-24; a word that is not among the finished ones counts as not stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.errors import MissingExtra
from gate.providers.protocol import Outcome, Result

if TYPE_CHECKING:
    import gitlab

T = TypeVar("T")

LOOKS = 15
LOOK_AGAIN = 2.0
RATE_PAUSES = (5.0, 15.0)  # python-gitlab by itself would sleep as long as a server says

_FINISHED = frozenset({"success", "failed", "canceled", "skipped"})
_REFUSALS = {
    401: "GitLab does not accept GITLAB_TOKEN; it may have expired",
    403: "GITLAB_TOKEN needs the scope api and the Developer role, on a protected branch with the right to "
    "push or merge, and no less than the project's minimum role to cancel",
    404: "GITLAB_TOKEN does not see it; it needs the scope api and a role in this project",
    429: "GitLab has had too many requests",
}


def connect(api: str, token: Secret, *, verify: bool | str, timeout: float) -> gitlab.Gitlab:
    """Return a client that sends the token to this API alone.

    Raises:
        MissingExtra: python-gitlab is not installed.
    """
    try:
        import gitlab
    except ImportError:
        raise MissingExtra("gitlab", "--cancel-downstream and --cancel-run in GitLab CI") from None
    import requests

    session = requests.Session()
    session.max_redirects = 0  # requests would carry PRIVATE-TOKEN along to any host
    return gitlab.Gitlab(
        url=api.removesuffix("/api/v4"),
        private_token=token.reveal(),
        ssl_verify=verify,
        timeout=timeout,
        retry_transient_errors=False,
        keep_base_url=True,  # the address of a next page, the same
        session=session,
    )


class GitLabPipeline:
    """One pipeline and its jobs.

    Args:
        client: what `connect` returned.
        project: the project's id.
        pipeline: the pipeline's id.
        sleep: what to wait with.
    """

    def __init__(
        self, client: gitlab.Gitlab, project: str, pipeline: str, sleep: Callable[[float], object]
    ) -> None:
        self._client = client
        self._id = pipeline
        self._path = f"/projects/{project}/pipelines/{pipeline}"
        self._jobs_path = f"/projects/{project}/jobs"
        self._sleep = sleep

    def cancel_protected(self, protect: Sequence[str], own_job: str) -> Sequence[Result]:
        """Cancel every unfinished job that is protected, but for `own_job`, and observe them.

        Manual jobs and trigger jobs are named as not stopped: see `GitLabRun.cancel_downstream`.
        """
        try:
            jobs = [job for job in self._listed("jobs") if job.is_live(protect) and str(job.id) != own_job]
            triggers = [job for job in self._trigger_jobs() if job.is_live(protect)]
        except _NotDone as error:
            return (Result(target="protected jobs", outcome=error.outcome, detail=str(error)),)
        started = [job for job in jobs if job.status != "manual"]
        manual = [job for job in jobs if job.status == "manual"]
        return (
            *self._cancel_and_observe(started),
            *(job.survived("a manual job, left alone: it runs if a person starts it") for job in manual),
            *(job.survived(f"{job.status}; GitLab cannot cancel a trigger job") for job in triggers),
        )

    def cancel_whole(self) -> Result:
        """Cancel the pipeline, and look at it until it is over, which ends this process too."""
        target = f"pipeline {self._id}"
        try:
            status = self._status_in(
                lambda: self._client.http_post(f"{self._path}/cancel", obey_rate_limit=False)
            )
            for _ in range(LOOKS):
                if status in _FINISHED:
                    break
                self._sleep(LOOK_AGAIN)
                status = self._status_in(lambda: self._client.http_get(self._path, obey_rate_limit=False))
        except _NotDone as error:
            return Result(target=target, outcome=error.outcome, detail=str(error))
        return Result(target=target, outcome=_outcome_of(status), detail=f"GitLab says {status}")

    def _cancel_and_observe(self, jobs: Sequence[_Job]) -> Sequence[Result]:
        refused: dict[int, Result] = {}
        for job in jobs:
            try:
                if job.status != "canceling":
                    self._cancel(job)
            except _NotDone as error:
                refused[job.id] = job.result(error.outcome, str(error))
        try:
            seen = self._observe([job for job in jobs if job.id not in refused])
        except _NotDone as error:
            words = f"the cancel was asked for, and what came of it is not known: {error}"
            return [refused.get(job.id) or job.result(Outcome.FAILED, words) for job in jobs]
        return [refused.get(job.id) or job.ended(seen.get(job.id, "missing")) for job in jobs]

    def _observe(self, jobs: Sequence[_Job]) -> Mapping[int, str]:
        seen: dict[int, str] = {}
        for look in range(LOOKS if jobs else 0):
            if look:
                self._sleep(LOOK_AGAIN)
            seen = {job.id: job.status for job in self._listed("jobs")}
            if all(seen.get(job.id) in _FINISHED for job in jobs):
                break
        return seen

    def _trigger_jobs(self) -> Sequence[_Job]:
        try:
            return self._listed("trigger_jobs")
        except _NotDone:  # its name before GitLab 19.2
            return self._listed("bridges")

    def _cancel(self, job: _Job) -> None:
        self._try(lambda: self._client.http_post(f"{self._jobs_path}/{job.id}/cancel", obey_rate_limit=False))

    def _listed(self, what: str) -> Sequence[_Job]:
        """Return all jobs, finished ones too: asked by status, one of a new status would be missed."""

        def read() -> list[Any]:
            path = f"{self._path}/{what}"
            return list(self._client.http_list(path, iterator=True, per_page=100, obey_rate_limit=False))

        return [_parse_job(fields, f"{what}[{index}]") for index, fields in enumerate(self._try(read))]

    def _status_in(self, call: Callable[[], Any]) -> str:
        answer = self._try(call)
        if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
            raise _NotDone(Outcome.FAILED, "GitLab's answer holds no status: expected a pipeline")
        return one_line(answer["status"], 40)

    def _try(self, call: Callable[[], T]) -> T:
        import gitlab
        import requests

        pauses = iter(RATE_PAUSES)
        while True:
            try:
                return call()
            except gitlab.GitlabError as error:
                pause = next(pauses, None) if error.response_code == 429 else None
                if pause is None:
                    raise _explained(error.response_code) from None
                self._sleep(pause)
            except requests.TooManyRedirects:
                raise _NotDone(Outcome.FAILED, "CI_API_V4_URL redirects, which is not followed") from None
            except (LookupError, TypeError):  # python-gitlab, of an answer of another shape
                raise _explained(None) from None
            except (requests.RequestException, OSError, ValueError) as error:
                words = one_line(f"{type(error).__name__}: {error}", 200)
                raise _NotDone(Outcome.FAILED, f"GitLab cannot be asked: {words}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    id: int
    name: str
    stage: str
    status: str

    def is_live(self, protect: Sequence[str]) -> bool:
        names = (self.name.casefold(), self.stage.casefold())
        protected = any(fnmatchcase(name, pattern.casefold()) for name in names for pattern in protect)
        return protected and self.status not in _FINISHED

    def ended(self, status: str) -> Result:
        return self.result(_outcome_of(status), "" if status == "canceled" else f"GitLab says {status}")

    def survived(self, detail: str) -> Result:
        return self.result(Outcome.SURVIVED, detail)

    def result(self, outcome: Outcome, detail: str) -> Result:
        return Result(target=f"job {one_line(self.name, 80)} ({self.id})", outcome=outcome, detail=detail)


class _NotDone(Exception):
    """A request came to nothing; the text says why."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


def _parse_job(fields: object, where: str) -> _Job:
    match fields:
        case {"id": int(number), "name": str(name), "stage": str(stage), "status": str(status)}:
            return _Job(id=number, name=name, stage=stage, status=one_line(status, 40))
    raise _NotDone(Outcome.FAILED, f"{where} of GitLab's answer is no job: expected id, name, stage, status")


def _outcome_of(status: str) -> Outcome:
    if status == "canceled":
        return Outcome.STOPPED
    return Outcome.ALREADY_FINISHED if status in _FINISHED else Outcome.SURVIVED


def _explained(status: int | None) -> _NotDone:
    if status in _REFUSALS:
        return _NotDone(Outcome.REFUSED, _REFUSALS[status])
    return _NotDone(
        Outcome.FAILED, f"GitLab answers {status}" if status else "GitLab's answer cannot be read"
    )
