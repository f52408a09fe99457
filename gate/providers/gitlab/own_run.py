"""What can gate do in the GitLab pipeline that it is a job of?

Two tokens: `CI_JOB_TOKEN`, which every job has, may rename the pipeline and may not cancel;
`GITLAB_TOKEN` is given by the project where cancelling is wanted. Both go to `CI_API_V4_URL`
alone: neither a redirect nor a next page leads them elsewhere. What the endpoints do, and for
whom, is from gitlabhq `lib/api/ci/*.rb`, `has_status.rb`, `build_policy.rb`, read 2026-11-24.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.core.reason import one_line, without_credentials
from gate.core.secret import Secret
from gate.core.work import Outcome, Protects
from gate.providers.gitlab.pipeline_name import LONGEST, START, with_reason
from gate.providers.pace import Pace
from gate.providers.protocol import Result

if TYPE_CHECKING:
    from gate.providers.gitlab.client import Client

TIMEOUT = 10.0
LONGEST_LIMIT = 60.0  # seconds that a gate step waits where GitLab has had too many requests

_RENAME_REFUSALS = {
    401: "GitLab does not accept CI_JOB_TOKEN",
    403: "who started the pipeline may not change it: the Developer role is needed, and on a protected "
    "branch the right to push or merge",
    404: "GitLab does not let CI_JOB_TOKEN see this pipeline; renaming by it needs GitLab 16.6",
    429: "GitLab has had too many requests",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitLabRun:
    """The pipeline around this process.

    Attributes:
        api: `CI_API_V4_URL`.
        project: the project's id.
        pipeline: the pipeline's id.
        job: the id of this process's own job, which is never cancelled by itself.
        pipeline_name: the pipeline's name at this moment.
        commit_title: what GitLab shows where a pipeline has no name.
        job_token: `CI_JOB_TOKEN`.
        token: `GITLAB_TOKEN`.
        verify: True, or the path of the CA bundle that the runner was given.
        sleep: what to wait with.
        clock: gives seconds.
    """

    api: str
    project: str
    pipeline: str
    job: str = ""
    pipeline_name: str = ""
    commit_title: str = ""
    job_token: Secret = field(default_factory=lambda: Secret(""))
    token: Secret = field(default_factory=lambda: Secret(""))
    verify: bool | str = True
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Put the reason before the pipeline's name, where there is a job token.

        An open gate changes a name only where a closed one has changed it before, as in a
        job that is run again.
        """
        if not self.job_token or (opened and not self.pipeline_name.startswith(START)):
            return ()
        name = with_reason(self.pipeline_name, reason, self.commit_title)
        if name is None:
            words = f"it has so many of the {LONGEST} characters that no reason fits before it"
            return (Result(target="pipeline name", outcome=Outcome.FAILED, detail=words),)
        outcome, detail = self._rename(name)
        return (Result(target="pipeline name", outcome=outcome, detail=detail),)

    def cancel_downstream(self, protect: Sequence[str], *, whole_run: bool = False) -> Sequence[Result]:
        """Cancel what is unfinished and protected in the pipeline and below it, and observe it.

        A job is protected by its name or stage, or because a protected trigger job has started
        its pipeline, in this project or another. A manual job is left alone, and named as not
        stopped: it starts only if a person starts it, and a canceled one could not be put back,
        since retrying it starts it. A trigger job that has not started cannot be canceled by this
        API, and is named as well. With `whole_run` the pipeline is canceled afterwards, and such a
        trigger job with it.

        Raises:
            MissingExtra: python-gitlab is not installed.
        """
        if problem := self._cannot_cancel():
            return (Result(target="protected jobs", outcome=Outcome.REFUSED, detail=problem),)
        from gate.providers.gitlab.downstream import cancel_whole, hold_back

        client, here = self._client(), (self.project, self.pipeline)
        try:
            results = hold_back(
                client, here, self.job, Protects(patterns=tuple(protect)), whole_run=whole_run
            )
            return (*results, cancel_whole(client, here)) if whole_run else results
        finally:
            client.close()

    def cancel_run(self) -> Sequence[Result]:
        """Cancel the pipeline, and wait for GitLab to end this process along with it.

        Raises:
            MissingExtra: python-gitlab is not installed.
        """
        if problem := self._cannot_cancel():
            return (Result(target=f"pipeline {self.pipeline}", outcome=Outcome.REFUSED, detail=problem),)
        from gate.providers.gitlab.downstream import cancel_whole

        client = self._client()
        try:
            return (cancel_whole(client, (self.project, self.pipeline)),)
        finally:
            client.close()

    def _client(self) -> Client:
        from gate.providers.gitlab.client import Client

        return Client(
            self.api,
            self.token,
            Pace(clock=self.clock, sleep=self.sleep),
            verify=self.verify,
            called="GITLAB_TOKEN",
            purpose="--cancel-downstream and --cancel-run in GitLab CI",
            longest=LONGEST_LIMIT,
        )

    def _rename(self, name: str) -> tuple[Outcome, str]:
        import requests

        if problem := self._incomplete():
            return Outcome.FAILED, problem
        try:
            with requests.put(
                f"{self.api}/projects/{self.project}/pipelines/{self.pipeline}/metadata",
                json={"name": name},
                headers={"JOB-TOKEN": self.job_token.reveal()},
                timeout=TIMEOUT,
                verify=self.verify,
                allow_redirects=False,  # the token is for GitLab alone
                stream=True,
            ) as response:
                status, location = response.status_code, response.headers.get("Location", "")
        except (requests.RequestException, OSError, ValueError) as error:
            words = one_line(f"{type(error).__name__}: {error}", 200)
            return Outcome.FAILED, f"GitLab cannot be asked: {words}"
        if 200 <= status < 300:
            return Outcome.DONE, ""
        if location:
            where = without_credentials(location)
            return Outcome.FAILED, f"CI_API_V4_URL redirects to {where}, which is not followed"
        if status in _RENAME_REFUSALS:
            return Outcome.REFUSED, _RENAME_REFUSALS[status]
        return Outcome.FAILED, f"GitLab answers {status}"

    def _cannot_cancel(self) -> str:
        if not self.token:
            return (
                "GITLAB_TOKEN is not set, and CI_JOB_TOKEN may not cancel: give the job a project access "
                "token with the scope api and the Developer role (a fork's pipeline does not get it, nor, "
                "where the variable is protected, that of an unprotected branch)"
            )
        return self._incomplete()

    def _incomplete(self) -> str:
        known = {"CI_API_V4_URL": self.api, "CI_PROJECT_ID": self.project, "CI_PIPELINE_ID": self.pipeline}
        missing = [name for name, value in known.items() if not value]
        return f"{' and '.join(missing)} not set" if missing else ""


def own_run(environ: Mapping[str, str]) -> GitLabRun:
    """Return the pipeline that this process is a job of, from GitLab's predefined variables."""
    return GitLabRun(
        api=environ.get("CI_API_V4_URL", "").rstrip("/"),
        project=environ.get("CI_PROJECT_ID", ""),
        pipeline=environ.get("CI_PIPELINE_ID", ""),
        job=environ.get("CI_JOB_ID", ""),
        pipeline_name=environ.get("CI_PIPELINE_NAME", ""),
        commit_title=environ.get("CI_COMMIT_TITLE", ""),
        job_token=Secret(environ.get("CI_JOB_TOKEN", "")),
        token=Secret(environ.get("GITLAB_TOKEN", "")),
        verify=environ.get("CI_SERVER_TLS_CA_FILE") or True,
    )
