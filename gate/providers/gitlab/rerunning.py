"""How is a cancelled job started again, and how is it seen that it was?

A retry makes a new job under a new number, and works out later jobs that were skipped. It also
starts a manual job, and a delayed one at once, so what a person starts is left to a person
(gitlabhq `app/services/ci/retry_job_service.rb`, `process_build_service.rb`, read 2026-11-24).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.work import Asked, Outcome, Status
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import is_trigger
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
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
    """Retry a job, unless a person starts it; the request leaves once."""
    try:
        kept = _parse(own)
        if kept.was == "created" and _is_manual(client, target):
            return Asked(outcome=Outcome.REFUSED, detail=_BY_HAND)
        ask = Ask(
            path=f"/projects/{kept.project}/jobs/{kept.job}/retry",
            what=f"the retry of job {target.name} ({kept.job}) of {target.project}",
            needs="the scope api and the Developer role, on a protected branch the right to push or merge",
            method="post",
            repeatable=False,
        )
        answer = client.send(ask, stopping.lane(str(kept.project)))
    except Unanswered as error:
        if error.status == 403 and "not retryable" in error.message:
            detail = "GitLab does not retry it: somebody has retried it already, or it is too old"
            return Asked(outcome=Outcome.CHANGED_SINCE, detail=detail)
        return Asked(outcome=error.outcome, detail=error.detail)
    except NotDone as error:
        return Asked(outcome=error.outcome, detail=error.detail)
    match answer:
        case {"id": int(number)} if number != kept.job:
            detail = _AT_ONCE if kept.was == "scheduled" else ""
            return Asked(outcome=Outcome.RERUN, detail=detail, became=str(number))
    return Asked(outcome=Outcome.FAILED, detail=unreadable(ask, client.host, "the new job").detail)


def newer(client: Client, target: Target, own: str) -> str | None:
    """Return the id of the newest job of the same name in the same pipeline, None where that is it.

    Raises:
        NotDone: the pipeline's jobs cannot be listed.
    """
    kept = _parse(own)
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


def proved(stopping: Stopping, target: Target, became: str) -> Canary:
    """Return how far a job is that a retry has made.

    Raises:
        NotDone: it cannot be seen.
    """
    job = replace(target, id=became)
    seen = stopping.observe([job], map).get(job.key)
    if seen is None:
        raise NotDone(Outcome.FAILED, f"the job {became} of {target.project} cannot be seen")
    match seen.word:
        case "success":
            return Canary.PASSED
        case "failed":
            return Canary.FAILED
    return Canary.NOT_STARTED if seen.status is Status.FINISHED else Canary.UNDER_WAY


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
