"""How is a cancelled job started again, and how is it seen that it was?

A retry makes a new job under a new number, and works out later jobs that were skipped. It also
starts a manual job, and a delayed one at once, so what a person starts is left to a person
(gitlabhq `app/services/ci/retry_job_service.rb`, `process_build_service.rb`, read 2026-11-24).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.work import Asked, Outcome, Status
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import is_trigger
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.held_child import (
    CLOSED,
    OPENED,
    TriggerJob,
    Where,
    held_children,
    is_of_held_child,
    start_behind,
    waiting,
)
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.retrying import is_not_retryable, retry
from gate.providers.gitlab.stopping import Stopping
from gate.providers.gitlab.trigger_list import trigger_jobs
from gate.providers.protocol import NotDone

_BY_HAND = "a manual job, which a retry would start: left to a person"
_AT_ONCE = "a delayed job: it starts at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What was kept of a job when it was stopped."""

    project: int
    pipeline: int
    job: int
    name: str
    was: str


def rerun(client: Client, stopping: Stopping, target: Target, own: str) -> Asked:
    """Retry a job, unless a person starts it; the request leaves once.

    Behind a gate job whose child pipeline was held back its trigger jobs are retried too, once it
    has opened. What an earlier call has done of that is not done again.
    """
    try:
        kept = _parse(own)
        if kept.was == "created" and _is_manual(client, target):
            return Asked(outcome=Outcome.REFUSED, detail=_BY_HAND)
        held = waiting(_held_behind(client, target, kept))
        if held:
            return _rerun_with_children(client, stopping, target, kept, held)
        return _retry(client, stopping, target, kept, kept.job)
    except NotDone as error:
        return Asked(outcome=error.outcome, detail=error.detail)


def rerun_seen(client: Client, target: Target, own: str) -> str | None:
    """Return the id of what has been started again, None where nothing was or a part of it is left to do.

    Raises:
        NotDone: it cannot be seen.
    """
    kept = _parse(own)
    found = _newer(client, target, kept)
    if found is None:
        return None
    held = _held_behind(client, target, kept)
    if waiting(held):
        return None
    behind = [one.id for one in held if one.id > int(found)]
    return str(max(behind)) if behind else found


def proved(client: Client, stopping: Stopping, target: Target, became: str) -> Canary:
    """Return how far a job is that a retry has made; a child that was held back again proves nothing.

    Raises:
        NotDone: it cannot be seen.
    """
    job = replace(target, id=became)
    seen = stopping.observe([job], map).get(job.key)
    if seen is None:
        raise NotDone(Outcome.FAILED, f"the job {became} of {target.project} cannot be seen")
    match seen.word:
        case "success":
            return Canary.NOT_STARTED if is_of_held_child(client, job) else Canary.PASSED
        case "failed":
            return Canary.FAILED
    return Canary.NOT_STARTED if seen.status is Status.FINISHED else Canary.UNDER_WAY


def _retry(client: Client, stopping: Stopping, target: Target, kept: _Own, job: int) -> Asked:
    what = f"job {target.name} ({job}) of {target.project}"
    try:
        made = retry(client, stopping.lane(str(kept.project)), str(kept.project), job, what)
    except Unanswered as error:
        if not is_not_retryable(error):
            raise
        detail = "GitLab does not retry it: somebody has retried it already, or it is too old"
        return Asked(outcome=Outcome.CHANGED_SINCE, detail=detail)
    detail = _AT_ONCE if kept.was == "scheduled" else ""
    return Asked(outcome=Outcome.RERUN, detail=detail, became=made)


def _rerun_with_children(
    client: Client, stopping: Stopping, target: Target, kept: _Own, held: Sequence[TriggerJob]
) -> Asked:
    """Retry a gate job, unless it was since and has not closed again, and then its trigger jobs."""
    last = _newer(client, target, kept)
    if last is None or _answer(stopping, target, last) == CLOSED:
        asked = _retry(client, stopping, target, kept, int(last or kept.job))
        if asked.outcome is not Outcome.RERUN:
            return asked
        last = asked.became
    gate = last
    lane = stopping.lane(str(kept.project))
    return start_behind(client, lane, _where(target, kept), held, lambda: _answer(stopping, target, gate))


def _answer(stopping: Stopping, target: Target, job: str) -> str | None:
    """Return what a gate job has said, None while it goes on or cannot be seen."""
    one = replace(target, id=job)
    seen = stopping.observe([one], map).get(one.key)
    if seen is None or seen.status is not Status.FINISHED:
        return None
    return {"success": OPENED, "failed": CLOSED}.get(seen.word, seen.word)


def _held_behind(client: Client, target: Target, kept: _Own) -> Sequence[TriggerJob]:
    """Return the trigger jobs behind a gate job whose child was held back."""
    return () if is_trigger(target) else held_children(client, _where(target, kept), kept.name)


def _where(target: Target, kept: _Own) -> Where:
    return Where(project=str(kept.project), path=target.project, pipeline=str(kept.pipeline))


def _newer(client: Client, target: Target, kept: _Own) -> str | None:
    """Return the id of the newest job of the same name in the same pipeline, None where that is it."""
    if is_trigger(target):
        rows = trigger_jobs(client, str(kept.project), kept.pipeline, target.project)
        return _newest([(row["id"], row["name"]) for row in rows], kept)
    ask = Ask(
        path=f"/projects/{kept.project}/pipelines/{kept.pipeline}/jobs",
        what=f"the jobs of pipeline {kept.pipeline} of {target.project}",
        needs="the scope read_api and the Reporter role in the project",
    )
    for page in client.pages(ask):
        pairs = [(one.get("id"), one.get("name")) for one in page if isinstance(one, dict)]
        found = _newest(pairs, kept)
        if found is not None:
            return found
        if any(isinstance(number, int) and number <= kept.job for number, _ in pairs):
            return None  # the list runs from the newest to the oldest
    return None


def _newest(pairs: list[tuple[object, object]], kept: _Own) -> str | None:
    numbers = [number for number, name in pairs if isinstance(number, int) and name == kept.name]
    return str(max(numbers)) if numbers and max(numbers) > kept.job else None


def _is_manual(client: Client, target: Target) -> bool:
    """Return whether a person, or a delay, starts a job; REST does not tell."""
    ask = Ask(
        path="",
        what=f"whether {target.name} ({target.id}) of {target.project} is a manual job",
        needs="the scope read_api and the Reporter role in the project",
    )
    job = f'a:project(fullPath:$p0){{job(id:"{graph.gid("CommitStatus", target.id)}"){{manualJob}}}}'
    data = client.query(*graph.of_projects([job], [target.project]), ask)
    found = data.get("a")
    fields = found.get("job") if isinstance(found, dict) else None
    manual = fields.get("manualJob") if isinstance(fields, dict) else None
    if not isinstance(manual, bool):
        raise unreadable(ask, client.host, "a job with manualJob")
    return manual


def _parse(own: str) -> _Own:
    match json.loads(own):
        case {
            "project": int(project),
            "pipeline": int(pipeline),
            "job": int(job),
            "name": str(name),
            "was": str(was),
        }:
            return _Own(project=project, pipeline=pipeline, job=job, name=name, was=was)
    raise NotDone(Outcome.FAILED, "what was kept of the job when it was stopped cannot be read")
