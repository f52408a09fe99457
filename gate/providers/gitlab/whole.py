"""How is a whole pipeline started again that gate steps have held back, and how far is it then?

By its name alone it is not known which of its jobs were gate steps. A retry starts those that have
failed, also where that was allowed, and what comes after them (gitlabhq
`app/services/ci/retry_pipeline_service.rb`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.kept import closed_reason
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Seen, Status
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.held_child import (
    CLOSED,
    LOOK_AGAIN,
    OPENED,
    TriggerJob,
    Where,
    held_children,
    start_behind,
    waiting,
)
from gate.providers.gitlab.pipeline_name import START
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.retrying import MAY_RETRY
from gate.providers.gitlab.stopping import Stopping
from gate.providers.gitlab.words import seen_of
from gate.providers.protocol import Each, Key


def observe(client: Client, projects: Projects, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
    """Return where pipelines are, one by one."""
    found = each(lambda target: _seen(client, projects, target), targets)
    return {target.key: seen for target, seen in zip(targets, found, strict=True) if seen is not None}


def rerun(client: Client, projects: Projects, stopping: Stopping, target: Target) -> Asked:
    """Retry a pipeline; the request leaves once.

    Where a child pipeline of it was held back its trigger job is retried too, once the gate step
    has opened. What an earlier call has done of that is not done again.
    """
    try:
        held = waiting(held_children(client, _where(projects, target)))
        if held:
            return _rerun_with_children(client, projects, stopping, target, held)
        _retry(client, projects, target)
    except Unanswered as error:
        return Asked(outcome=error.outcome, detail=error.detail)
    return Asked(outcome=Outcome.RERUN, became=target.id)


def rerun_seen(client: Client, projects: Projects, target: Target) -> str | None:
    """Return the pipeline's id where it is under way again, or no gate step holds it back any more.

    A child pipeline that was held back, and has not been replaced, is still to be started.

    Raises:
        NotDone: it cannot be seen.
    """
    pipeline = _read(client, projects, target)
    if _is_over(pipeline) and _is_held_back(pipeline):
        return None
    return None if _holds_children(client, projects, target) else target.id


def proved(client: Client, projects: Projects, target: Target) -> Canary:
    """Return how far a pipeline is; one whose gate step closed, or whose child was held back, proves nothing.

    Raises:
        NotDone: it cannot be seen.
    """
    pipeline = _read(client, projects, target)
    if _holds_children(client, projects, target):
        return Canary.NOT_STARTED
    word = _word(pipeline)
    if not _is_over(pipeline):
        return Canary.UNDER_WAY
    if _is_held_back(pipeline) or word not in ("success", "failed"):
        return Canary.NOT_STARTED
    return Canary.PASSED if word == "success" else Canary.FAILED


def _rerun_with_children(
    client: Client, projects: Projects, stopping: Stopping, target: Target, held: Sequence[TriggerJob]
) -> Asked:
    """Retry a pipeline that gate steps hold back, unless it is under way, and then its trigger jobs."""
    if _answer(client, projects, target) == CLOSED:
        _retry(client, projects, target)
        client.pace.sleep(LOOK_AGAIN)  # until its status is worked out anew
    where = _where(projects, target)
    lane = stopping.lane(where.project)
    return start_behind(client, lane, where, held, lambda: _answer(client, projects, target))


def _answer(client: Client, projects: Projects, target: Target) -> str | None:
    """Return what the gate step has said of which the name tells, None while the pipeline goes on.

    A trigger job that is retried before the gate job is over waits for it by itself.
    """
    pipeline = _read(client, projects, target)
    if not _is_held_back(pipeline):
        return OPENED
    if not _is_over(pipeline):
        return None
    return CLOSED if _word(pipeline) in ("success", "failed") else _word(pipeline)


def _retry(client: Client, projects: Projects, target: Target) -> None:
    ask = Ask(
        path=f"/projects/{projects.number(target.project)}/pipelines/{target.id}/retry",
        what=f"the retry of pipeline {target.id} of {target.project}",
        needs=MAY_RETRY,
        method="post",
        repeatable=False,
    )
    client.send(ask)


def _holds_children(client: Client, projects: Projects, target: Target) -> bool:
    return bool(waiting(held_children(client, _where(projects, target))))


def _where(projects: Projects, target: Target) -> Where:
    return Where(project=projects.number(target.project), path=target.project, pipeline=target.id)


def _seen(client: Client, projects: Projects, target: Target) -> Seen | None:
    try:
        return seen_of(_word(_read(client, projects, target)))
    except Unanswered as error:
        return Seen(status=Status.FINISHED, word="gone") if error.status == 404 else None


def _read(client: Client, projects: Projects, target: Target) -> dict[str, Any]:
    ask = Ask(
        path=f"/projects/{projects.number(target.project)}/pipelines/{target.id}",
        what=f"pipeline {target.id} of {target.project}",
        needs="the scope read_api and the Reporter role in the project",
    )
    answer = client.send(ask)
    if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
        raise unreadable(ask, client.host, "a pipeline with its status")
    return answer


def _is_over(pipeline: Mapping[str, Any]) -> bool:
    return seen_of(_word(pipeline)).status is Status.FINISHED


def _word(pipeline: Mapping[str, Any]) -> str:
    return one_line(pipeline["status"], 40)


def _is_held_back(pipeline: Mapping[str, Any]) -> bool:
    name = pipeline.get("name")
    named = isinstance(name, str) and name.startswith(START)
    return named and closed_reason(str(name).removeprefix(START)) is not None
