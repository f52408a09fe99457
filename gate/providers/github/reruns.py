"""How is a run started again, and what would that push out?

A rerun keeps the run's id and has the next attempt; the whole run is started, since a cancelled
one has no failed job (metabase/metabase#70916). GitHub reruns what is at most 30 days old, 50
times at most (changelog of 2026-04-10), and refuses with 403 and a message (cli/cli#9989). All
read 2026-11-24.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Protects
from gate.providers.github.client import Answer, Client
from gate.providers.github.documents import parse_list
from gate.providers.github.notes import Notes
from gate.providers.github.refusal import (
    ACTIONS_READ,
    ACTIONS_WRITE,
    NotFound,
    asked,
    not_done,
    unreadable,
)
from gate.providers.github.runs import home, list_jobs, read_run, run_path
from gate.providers.protocol import NotDone

_FAILURES = frozenset({"failure", "timed_out", "startup_failure"})
_REFUSALS = {
    "already running": (Outcome.CHANGED_SINCE, "it is running again already; somebody else has started it"),
    "over a month ago": (
        Outcome.REFUSED,
        "GitHub starts nothing again that is older than 30 days: start its workflow anew",
    ),
    "cannot be retried": (
        Outcome.REFUSED,
        "GitHub does not start it again: its workflow file is broken, or it was started again 50 times",
    ),
}


def rerun(client: Client, notes: Notes, target: Target, own: str) -> Asked:
    """Start a run again, and look whether it is; sent once."""
    answer = client.send("POST", f"{run_path(target.project, target.id)}/rerun", repeatable=False)
    if answer.status != 201:
        return _not_started(client, target, answer)
    try:
        run = read_run(client, target.project, target.id)
    except NotDone:
        return Asked()
    notes.start_again(target.project, run)
    if run.attempt > attempt_in(own):
        return Asked(outcome=Outcome.RERUN, became=target.id)
    return Asked()


def rerun_seen(client: Client, target: Target, own: str) -> str | None:
    """Return the run's id where it has a newer attempt than the one that was stopped.

    Raises:
        NotDone: the run cannot be seen.
    """
    run = read_run(client, target.project, target.id)
    return target.id if run.attempt > attempt_in(own) else None


def busy(client: Client, target: Target) -> str:
    """Return which other run is in a concurrency group of this one; empty where none is.

    A GitHub Enterprise Server up to 3.19 does not tell of groups, and nothing is seen there.

    Raises:
        NotDone: it cannot be seen.
    """
    path = f"{run_path(target.project, target.id)}/concurrency_groups"
    try:
        document = client.read(path, target.project, ACTIONS_READ)
    except NotFound:
        return ""
    try:
        for name in _group_names(document):
            group = _read_group(client, target.project, name)
            for number, words in _members(group):
                if number != target.id:
                    return f"run {number} ({words}) of the concurrency group {one_line(name, 80)}"
    except ValueError as error:
        raise unreadable(client.host, target.project, str(error)) from None
    return ""


def proved(client: Client, target: Target, protects: Protects) -> Canary:
    """Return how far a run's newest attempt is, by its protected jobs, or as a whole where it is protected.

    Raises:
        NotDone: it cannot be seen.
    """
    try:
        run = read_run(client, target.project, target.id)
        jobs = list_jobs(client, target.project, target.id)
    except NotFound:
        return Canary.NOT_STARTED
    words = [job.conclusion for job in jobs if job.over and protects.matched(job.names)]
    if not any(protects.matched(job.names) for job in jobs) and protects.matched(run.names):
        words = [run.conclusion]
    if _FAILURES.intersection(words):
        return Canary.FAILED
    if "success" in words:
        return Canary.PASSED
    return Canary.NOT_STARTED if run.over else Canary.UNDER_WAY


def attempt_in(own: str) -> int:
    """Return which attempt of a run was stopped."""
    try:
        attempt = json.loads(own)["attempt"]
    except (ValueError, KeyError, TypeError):
        return 1
    return attempt if isinstance(attempt, int) else 1


def _not_started(client: Client, target: Target, answer: Answer) -> Asked:
    if answer.status == 0 or answer.status >= 500:
        words = (
            f"{target.project} at {client.host}: whether it was started is not known, since the answer "
            f"was lost ({answer.message}); it was not sent again"
        )
        return Asked(outcome=Outcome.FAILED, detail=one_line(words, 400))
    if answer.status == 403:
        for words, (outcome, detail) in _REFUSALS.items():
            if words in answer.message:
                return Asked(outcome=outcome, detail=f"{detail} ({answer.message})")
    return asked(not_done(client.host, target.project, answer, answer.message, ACTIONS_WRITE, client.now()))


def _read_group(client: Client, project: str, name: str) -> dict[str, Any]:
    path = f"{home(project)}/actions/concurrency_groups/{quote(name, safe='')}"
    try:
        return client.read(path, project, ACTIONS_READ)
    except NotFound:
        return {"group_members": []}  # nothing is in it at this moment


def _group_names(document: dict[str, Any]) -> Iterator[str]:
    for index, group in enumerate(parse_list(document, "concurrency_groups")):
        name = group.get("group_name") if isinstance(group, dict) else None
        if not isinstance(name, str):
            raise ValueError(f"concurrency_groups[{index}].group_name: expected text")
        yield name


def _members(group: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for index, member in enumerate(parse_list(group, "group_members")):
        number = member.get("run_id") if isinstance(member, dict) else None
        if not isinstance(number, int):
            raise ValueError(f"group_members[{index}].run_id: expected a whole number")
        yield str(number), one_line(str(member.get("run_name") or "no name"), 80)
