"""How does a run that was stopped say why, where people look at its commit?

By a commit status, and where an App asks also by a check run, each under a name of gate's own, so
that nothing that is there is replaced. The status is ``error``, not ``failure``: nothing was found
wrong with the commit, and a required check must not pass. The check run is ``cancelled``, which is
what happened: ``action_required`` would ask the author for something. A status cannot be taken
away, so a rerun turns it into ``success`` (OpenAPI description of api.github.com and GitHub's
documentation on statuses and checks, read 2026-11-24).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Work
from gate.providers.github.client import Client
from gate.providers.github.documents import Run, parse_list
from gate.providers.github.refusal import CHECKS_WRITE, STATUSES_WRITE, asked, not_done
from gate.providers.github.runs import home
from gate.providers.pace import Pace
from gate.providers.protocol import NotDone

LONGEST_DESCRIPTION: Final = 140
LONGEST_NAME: Final = 200
STOPPED_STATE: Final = "error"
STOPPED_CONCLUSION: Final = "cancelled"
AGAIN: Final = "The gate let it start again."
# "No more than 80 content-generating requests per minute and no more than 500 per hour".
CREATIONS_A_MINUTE: Final = 75.0
CREATIONS_AN_HOUR: Final = 480


class Notes:
    """Puts reasons on commits, check runs no faster than GitHub takes them.

    Args:
        client: GitHub.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pace = Pace(
            per_minute=CREATIONS_A_MINUTE, burst=4, clock=client.pace.now, sleep=client.pace.sleep
        )
        self._left = CREATIONS_AN_HOUR
        self._lock = threading.Lock()

    def annotate(self, work: Work, reason: str) -> Asked:
        """Put the reason on the commit of a run that was stopped."""
        target, sha = work.target, work.origin.commit
        if not sha:
            words = f"{target.project}: the commit of run {target.id} is not known"
            return Asked(outcome=Outcome.FAILED, detail=words)
        problem = post_status(self._client, target.project, sha, target.name, target.url, reason)
        if problem is not None:
            return asked(problem)
        return Asked(outcome=Outcome.DONE, detail=self._check(work, reason) if self._client.is_app else "")

    def start_again(self, project: str, run: Run) -> None:
        """Let the commit say that a run was started again, where it said that it was stopped.

        What goes wrong is not told: the rerun's own checks are there to see.
        """
        try:
            self._release_status(project, run)
            if self._client.is_app:
                self._release_check(project, run)
        except (NotDone, ValueError):
            return

    def _check(self, work: Work, reason: str) -> str:
        """Make a check run once; return why there is none, else an empty text."""
        target, name = work.target, name_of(work.target.name)
        try:
            if self._find_check(target.project, work.origin.commit, name, target.id) is not None:
                return ""
            with self._lock:
                self._left -= 1
                if self._left < 0:
                    return f"no check run: GitHub takes {CREATIONS_AN_HOUR} an hour"
            self._pace.take()
            body = {
                "name": name,
                "head_sha": work.origin.commit,
                "external_id": external_id(target.id),
                "details_url": target.url,
                "status": "completed",
                "conclusion": STOPPED_CONCLUSION,
                "output": {"title": one_line(reason, LONGEST_DESCRIPTION), "summary": one_line(reason, 1000)},
            }
            answer = self._client.send(
                "POST", f"{home(target.project)}/check-runs", body=body, repeatable=False
            )
            if answer.status != 201:
                raise not_done(
                    self._client.host,
                    target.project,
                    answer,
                    answer.message,
                    CHECKS_WRITE,
                    self._client.now(),
                )
        except (NotDone, ValueError) as error:
            return one_line(f"no check run: {error}", 300)
        return ""

    def _find_check(self, project: str, sha: str, name: str, run: str) -> Mapping[str, Any] | None:
        path = f"{home(project)}/commits/{quote(sha, safe='')}/check-runs"
        document = self._client.read(path, project, CHECKS_WRITE, {"check_name": name, "per_page": "100"})
        wanted = external_id(run)
        return next(
            (
                check
                for check in parse_list(document, "check_runs")
                if isinstance(check, dict) and check.get("external_id") == wanted
            ),
            None,
        )

    def _release_status(self, project: str, run: Run) -> None:
        context = name_of(run.name or run.path)
        path = f"{home(project)}/commits/{quote(run.sha, safe='')}/status"
        document = self._client.read(path, project, STATUSES_WRITE, {"per_page": "100"})
        for status in parse_list(document, "statuses"):
            if not isinstance(status, dict) or status.get("state") != STOPPED_STATE:
                continue
            if str(status.get("context", "")).casefold() == context.casefold():
                post_status(
                    self._client, project, run.sha, run.name or run.path, run.url, AGAIN, state="success"
                )
                return

    def _release_check(self, project: str, run: Run) -> None:
        name = name_of(run.name or run.path)
        check = self._find_check(project, run.sha, name, str(run.id))
        if check is not None and check.get("conclusion") == STOPPED_CONCLUSION:
            body = {"conclusion": "success", "output": {"title": AGAIN, "summary": AGAIN}}
            self._client.send("PATCH", f"{home(project)}/check-runs/{int(check['id'])}", body=body)


def name_of(workflow: str) -> str:
    """Return under which name a commit says something of a workflow."""
    return one_line(f"gate / {workflow}", LONGEST_NAME)


def external_id(run: str) -> str:
    """Return by which mark a check run is known as ours for this run."""
    return f"gate-run-{run}"


def post_status(
    client: Client, project: str, sha: str, workflow: str, url: str, reason: str, state: str = STOPPED_STATE
) -> NotDone | None:
    """Post a commit status, and return why it was not posted, if it was not.

    The reason names the owner alone, so that what is the same for a whole fleet is one sentence.
    """
    body = {
        "state": state,
        "context": name_of(workflow),
        "description": one_line(reason, LONGEST_DESCRIPTION),
        **({"target_url": url} if url else {}),
    }
    answer = client.send("POST", f"{home(project)}/statuses/{quote(sha, safe='')}", body=body)
    if answer.status == 201:
        return None
    owner = project.partition("/")[0]
    return not_done(client.host, owner, answer, answer.message, STATUSES_WRITE, client.now())
