"""Which GitHub Actions run is this process a part of, and how is a run cancelled from there?

Answers of the API as documented (OpenAPI description of api.github.com) and met
(actions/runner#3872, actions/runner#1846, styfle/cancel-workflow-action#7), read 2026-11-24.
A step's cancel is sent once: what GitHub says of it is told at once, and the outputs hold the
other jobs back meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final, Self

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers.protocol import Result

if TYPE_CHECKING:
    from gate.providers.github.client import Client

CANCEL_WAIT = 60.0
PAUSE = 2.0
LONGEST_PAUSE = 5.0  # a gate step does not sit out a rate limit

_NEEDED: Final = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
_PERMISSION: Final = (
    "the job's token may not cancel: give the job `permissions: {actions: write}`; "
    "pull requests from forks and from Dependabot never get it"
)
OUTPUTS: Final = "a job with `needs: gate` and `if: needs.gate.outputs.open == 'true'` is skipped without it"


@dataclass(slots=True, kw_only=True)
class ThisRun:
    """One workflow run, seen from one of its own jobs.

    Attributes:
        api_url: where the REST API is, GitHub Enterprise Server's path included.
        repository: owner and name, separated by a slash.
        run_id: the run.
        token: the job's token.
        job: the id of this process's job in the workflow's file.
        runner: the name of the runner that this process is on.
        missing: names of variables that cancelling needs and that are not there.
        clock: gives seconds.
        sleep: waits for seconds.
        reason: why the gate is closed, once it was told.
    """

    api_url: str
    repository: str
    run_id: str
    token: Secret
    job: str = ""
    runner: str = ""
    missing: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    reason: str = field(default="", init=False)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return the run that a process with this environment belongs to."""
        return cls(
            api_url=environ.get("GITHUB_API_URL") or "https://api.github.com",
            repository=environ.get("GITHUB_REPOSITORY", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            token=Secret(environ.get("GITHUB_TOKEN", "")),
            job=environ.get("GITHUB_JOB", ""),
            runner=environ.get("RUNNER_NAME", ""),
            missing=tuple(name for name in _NEEDED if not environ.get(name)),
        )

    def cancel_run(self) -> Sequence[Result]:
        """Ask for this run to be cancelled and watch it, which ends this process too.

        Raises:
            MissingExtra: PyGithub is not installed.
        """
        if self.missing:
            return (self.result(Outcome.REFUSED, self.lacks()),)
        with closing(self.client("--cancel-run")) as client:
            return (self.ask(client, self.run_id) or self._watched(client),)

    def ask(self, client: Client, run_id: str) -> Result | None:
        """Ask for a run to be cancelled; return what came of it unless it was accepted."""
        answer = client.send("POST", f"{self._path(run_id)}/cancel", repeatable=False)
        status, message = answer.status, answer.message
        limited = status == 429 or "rate limit" in message.lower()
        match status:
            case 202:
                return None
            case 0:
                return self.result(Outcome.FAILED, self._unreached(message), run_id)
            case 409 if "completed" in message:
                return self.result(Outcome.ALREADY_FINISHED, message, run_id)
            case 409 if "not been queued" in message:
                return self.result(Outcome.SURVIVED, message, run_id)
            case 401:
                return self.result(Outcome.REFUSED, f"GITHUB_TOKEN is not accepted: {message}", run_id)
            case 403 | 404 if not limited:
                detail = f"{_PERMISSION} ({status}: {message}); {OUTPUTS}"
                return self.result(Outcome.REFUSED, detail, run_id)
            case _:
                return self.result(Outcome.FAILED, f"{status}: {message}", run_id)

    def result(self, outcome: Outcome, detail: str = "", run_id: str = "") -> Result:
        """Return what came of a run."""
        return Result(target=f"run {run_id or self.run_id or '?'}", outcome=outcome, detail=detail)

    def _watched(self, client: Client) -> Result:
        """Return what became of a cancel that GitHub accepted: asked is not done."""
        give_up = self.clock() + CANCEL_WAIT
        seen = "not read"
        while self.clock() < give_up:
            seen = self._status(client)
            if seen == "completed":
                return self.result(Outcome.STOPPED)
            self.sleep(PAUSE)
        detail = f"the cancel was accepted, and after {CANCEL_WAIT:.0f} s the run's status is: {seen}"
        return self.result(Outcome.SURVIVED, detail)

    def _status(self, client: Client) -> str:
        """Return the run's status, or why it cannot be read."""
        answer = client.send("GET", self._path(self.run_id), repeatable=False)
        if answer.status != 200:
            return f"not readable ({answer.status or 'no answer'}: {answer.message})"
        try:
            return one_line(str(json.loads(answer.body)["status"]), 200)
        except (ValueError, KeyError, TypeError, RecursionError):
            return one_line(answer.body, 200)

    def client(self, option: str) -> Client:
        """Return what asks GitHub with the job's token.

        Args:
            option: for the sake of which, as people write it.

        Raises:
            MissingExtra: PyGithub is not installed.
        """
        try:
            import_module("github")
        except ImportError:
            raise MissingExtra("github", option) from None
        from gate.providers.github.client import Client
        from gate.providers.pace import Pace

        pace = Pace(clock=self.clock, sleep=self.sleep)
        return Client(self.api_url, self.token, pace, longest=LONGEST_PAUSE)

    def _path(self, run_id: str) -> str:
        from gate.providers.github.runs import run_path

        return run_path(self.repository, run_id)

    def lacks(self) -> str:
        """Return which variables are missing, and what to do about it."""
        hint = "; pass it by env: GITHUB_TOKEN: ${{ github.token }}" if "GITHUB_TOKEN" in self.missing else ""
        return f"{', '.join(self.missing)} not set{hint}"

    def _unreached(self, cause: str) -> str:
        return one_line(f"cannot reach {self.api_url}: {cause}", 200)
