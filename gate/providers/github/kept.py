"""Which runs have left an artifact that says that their gate step was closed?

One list for each repository, filtered by the artifact's name; each names its run, branch and commit
(OpenAPI description of ``GET /repos/{owner}/{repo}/actions/artifacts``, read 2026-11-24). An artifact
does not tell the workflow, and its content is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from gate.core.event import StepClosed
from gate.core.kept import Kept
from gate.core.ledger_state import ClosedStep
from gate.core.reason import one_line
from gate.providers.github.client import Client
from gate.providers.github.refusal import ACTIONS_READ
from gate.providers.github.repositories import list_repositories
from gate.providers.github.runs import home
from gate.providers.protocol import Each, Member, NotDone

NAME: Final = "fiber-gate-closed"


def closed_steps(client: Client, member: Member, since: datetime, each: Each) -> Kept:
    """Return what was held back since a moment, the newest hundred of each repository."""
    listing = list_repositories(client, member)
    notes = [listing.problem.detail] if listing.problem else []
    steps: list[ClosedStep] = []
    paths = [project.path for project in listing.projects]
    for found in each(lambda path: _of(client, member, path, since), paths):
        if isinstance(found, NotDone):
            notes.append(found.detail)
        else:
            steps += found
    return Kept(steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def _of(client: Client, member: Member, project: str, since: datetime) -> tuple[ClosedStep, ...] | NotDone:
    try:
        path = f"{home(project)}/actions/artifacts"
        document = client.read(path, project, ACTIONS_READ, {"name": NAME, "per_page": "100"})
    except NotDone as error:
        return error
    return tuple(one for one in _parsed(document, member, project) if one.at >= since)


def _parsed(document: dict[str, Any], member: Member, project: str) -> Iterator[ClosedStep]:
    artifacts = document.get("artifacts")
    for artifact in artifacts if isinstance(artifacts, list) else ():
        match artifact:
            case {
                "name": "fiber-gate-closed",
                "created_at": str(created),
                "workflow_run": {"id": int(run), "head_branch": branch, "head_sha": sha},
            }:
                at = _moment(created)
                if at is None:
                    continue
                step = StepClosed(
                    environment=member.environment or "lab",
                    code="unknown",
                    provider="github",
                    project=project,
                    run=str(run),
                    instance=member.url,
                    ref=one_line(str(branch or "")),
                    commit=one_line(str(sha or ""), 64),
                    url=_page(member, project, run),
                    order=run,
                )
                yield ClosedStep(seq=0, at=at, step=step)


def _page(member: Member, project: str, run: int) -> str:
    site = member.url.partition("/api/")[0]
    if member.url == "https://api.github.com":
        site = "https://github.com"
    return f"{site}/{project}/actions/runs/{run}"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
