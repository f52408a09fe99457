"""How is one job retried, trigger jobs too? The request leaves once."""

from __future__ import annotations

from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.pace import Pace

MAY_RETRY = "the scope api and the Developer role, on a protected branch the right to push or merge"


def retry(client: Client, lane: Pace, project: str, job: int, what: str) -> str:
    """Return the number of the job that takes a job's place.

    Args:
        client: what asks.
        lane: the project's budget for changes.
        project: its number.
        job: the job's number.
        what: the job, as people know it.

    Raises:
        Unanswered: it was not retried, or nobody knows.
    """
    ask = Ask(
        path=f"/projects/{project}/jobs/{job}/retry",
        what=f"the retry of {what}",
        needs=MAY_RETRY,
        method="post",
        repeatable=False,
    )
    match client.send(ask, lane):
        case {"id": int(number)} if number != job:
            return str(number)
    raise unreadable(ask, client.host, "the new job")


def is_not_retryable(error: Unanswered) -> bool:
    """Return whether a job was retried before, goes on, or is too old."""
    return error.status == 403 and "not retryable" in error.message
