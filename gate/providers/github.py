"""What can a gate step do about its own GitHub Actions run?

Answers of the API as documented (OpenAPI description of api.github.com) and met
(actions/runner#3872, actions/runner#1846, styfle/cancel-workflow-action#7), read 2026-11-24.
PyGithub's `cancel()` returns False for 401, 404, 409, 422 and 429 alike, so the request goes
one level below it, where the status and the message can be read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.errors import MissingExtra
from gate.providers.protocol import Outcome, OwnRun, Result

if TYPE_CHECKING:
    from github import Github

CANCEL_WAIT = 60.0
PAUSE = 2.0
TIMEOUT = 15

_NEEDED: Final = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
_PERMISSION: Final = (
    "the job's token may not cancel: give the job `permissions: {actions: write}`; "
    "pull requests from forks and from Dependabot never get it"
)


def own_run(environ: Mapping[str, str]) -> OwnRun:
    """Return the run that this process belongs to."""
    return GitHubRun(
        api_url=environ.get("GITHUB_API_URL") or "https://api.github.com",
        repository=environ.get("GITHUB_REPOSITORY", ""),
        run_id=environ.get("GITHUB_RUN_ID", ""),
        token=Secret(environ.get("GITHUB_TOKEN", "")),
        missing=tuple(name for name in _NEEDED if not environ.get(name)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRun:
    """One workflow run, seen from one of its own jobs.

    Attributes:
        api_url: where the REST API is, GitHub Enterprise Server's path included.
        repository: owner and name, separated by a slash.
        run_id: the run.
        token: the job's token.
        missing: names of variables that cancelling needs and that are not there.
        clock: gives seconds.
        sleep: waits for seconds.
    """

    api_url: str
    repository: str
    run_id: str
    token: Secret
    missing: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Do nothing: the run page shows the annotation that the report prints."""
        return ()

    def cancel_downstream(self, protect: Sequence[str]) -> Sequence[Result]:
        """Say why single jobs cannot be cancelled here, and what holds them back instead."""
        detail = (
            "GitHub cannot cancel single jobs; a job with `needs: gate` and "
            "`if: needs.gate.outputs.open == 'true'` is skipped, and --cancel-run cancels the whole run"
        )
        return (Result(target=f"jobs {', '.join(protect)}", outcome=Outcome.REFUSED, detail=detail),)

    def cancel_run(self) -> Sequence[Result]:
        """Ask for this run to be cancelled and watch it, which ends this process too.

        Raises:
            MissingExtra: PyGithub is not installed.
        """
        if self.missing:
            return (self._result(Outcome.REFUSED, f"{', '.join(self.missing)} not set{_hint(self.missing)}"),)
        try:
            from github import Auth, Github
        except ImportError:
            raise MissingExtra("github", "--cancel-run") from None
        with Github(
            auth=Auth.Token(self.token.reveal()),
            base_url=self.api_url.rstrip("/"),
            timeout=TIMEOUT,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        ) as client:
            return (self._cancel(client),)

    def _cancel(self, client: Github) -> Result:
        status, message = self._request(client, "POST", "/cancel")
        limited = status == 429 or "rate limit" in message.lower()
        match status:
            case 202:
                return self._watched(client)
            case 409 if "completed" in message:
                return self._result(Outcome.ALREADY_FINISHED, message)
            case 409 if "not been queued" in message:
                return self._result(Outcome.SURVIVED, message)
            case 401:
                return self._result(Outcome.REFUSED, f"GITHUB_TOKEN is not accepted: {message}")
            case 403 | 404 if not limited:
                return self._result(Outcome.REFUSED, f"{_PERMISSION} ({status}: {message})")
            case _:
                return self._result(Outcome.FAILED, f"{status or 'no answer'}: {message}")

    def _watched(self, client: Github) -> Result:
        """Return what became of a cancel that GitHub accepted: asked is not done."""
        give_up = self.clock() + CANCEL_WAIT
        seen = "not read"
        while self.clock() < give_up:
            status, text = self._request(client, "GET", "")
            seen = text if status == 200 else f"not readable ({status or 'no answer'}: {text})"
            if seen == "completed":
                return self._result(Outcome.STOPPED)
            self.sleep(PAUSE)
        detail = f"the cancel was accepted, and after {CANCEL_WAIT:.0f} s the run's status is: {seen}"
        return self._result(Outcome.SURVIVED, detail)

    def _request(self, client: Github, verb: str, path: str) -> tuple[int, str]:
        """Return the status, and the run's status or the server's message; 0 where no answer came."""
        from github import GithubException
        from requests import RequestException

        url = f"/repos/{quote(self.repository)}/actions/runs/{quote(self.run_id, safe='')}{path}"
        try:
            status, _, body = client.requester.requestJson(verb, url)
        except (RequestException, GithubException, RuntimeError) as error:  # a strange redirect is the last
            return 0, one_line(f"cannot reach {self.api_url} ({type(error).__name__})", 200)
        return status, _words(body, "status" if verb == "GET" and status == 200 else "message")

    def _result(self, outcome: Outcome, detail: str = "") -> Result:
        return Result(target=f"run {self.run_id or '?'}", outcome=outcome, detail=detail)


def _hint(missing: Sequence[str]) -> str:
    if "GITHUB_TOKEN" not in missing:
        return ""
    return "; pass it by env: GITHUB_TOKEN: ${{ github.token }}"


def _words(body: str, key: str) -> str:
    """Return one text of a JSON answer, or the beginning of what came instead."""
    try:
        value = json.loads(body)[key]
    except (ValueError, KeyError, TypeError):
        value = body
    return one_line(str(value), 200)
