"""Which runs have left an artifact that says that their gate step was closed?

One list for each repository, filtered by the artifact's name; each names its run (OpenAPI description
of ``GET /repos/{owner}/{repo}/actions/artifacts``, read 2026-11-24). Its content is not read. Where there
are any, a list of the newest runs tells their workflows, and whether they were started again since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from gate.core.entry import canonical
from gate.core.event import StepClosed
from gate.core.kept import Kept, KeptStep
from gate.core.reason import one_line
from gate.providers.github.client import Client
from gate.providers.github.documents import Run
from gate.providers.github.refusal import ACTIONS_READ, NotFound
from gate.providers.github.repositories import list_repositories
from gate.providers.github.runs import home, list_newest, read_run
from gate.providers.keeping import moment, together
from gate.providers.protocol import Each, Member, NotDone

NAME: Final = "fiber-gate-closed"


def closed_steps(client: Client, member: Member, since: datetime, each: Each) -> Kept:
    """Return what was held back since a moment, the newest hundred of each repository."""
    listing = list_repositories(client, member)
    notes = [listing.problem.detail] if listing.problem else []
    paths = [project.path for project in listing.projects]
    return together(each(lambda path: _of(client, member, path, since), paths), notes)


def _of(client: Client, member: Member, project: str, since: datetime) -> tuple[KeptStep, ...] | NotDone:
    try:
        path = f"{home(project)}/actions/artifacts"
        document = client.read(path, project, ACTIONS_READ, {"name": NAME, "per_page": "100"})
        left = {number: at for number, at in _left(document).items() if at >= since}
        runs = _runs(client, project, left) if left else {}
    except NotDone as error:
        return error
    return tuple(
        _kept(member, project, runs[number], at)
        for number, at in left.items()
        if _is_last(runs.get(number), at)
    )


def _left(document: Mapping[str, Any]) -> dict[int, datetime]:
    """Return when each run has left its newest artifact."""
    found: dict[int, datetime] = {}
    artifacts = document.get("artifacts")
    for artifact in artifacts if isinstance(artifacts, list) else ():
        match artifact:
            case {"name": "fiber-gate-closed", "created_at": str(created), "workflow_run": {"id": int(run)}}:
                at = moment(created)
                if at is not None:
                    found[run] = max(at, found.get(run, at))
    return found


def _runs(client: Client, project: str, wanted: Iterable[int]) -> dict[int, Run]:
    """Return runs by their numbers: from one list, and one by one what is older; not those that are gone."""
    runs = {run.id: run for run in list_newest(client, project)}
    for number in wanted:
        if number not in runs:
            try:
                runs[number] = read_run(client, project, str(number))
            except NotFound:
                continue
    return runs


def _is_last(run: Run | None, at: datetime) -> bool:
    """Return whether no attempt has begun since the one that left an artifact."""
    started = moment(run.started) if run is not None else None
    return run is not None and (started is None or started <= at)


def _kept(member: Member, project: str, run: Run, at: datetime) -> KeptStep:
    step = StepClosed(
        environment=member.environment or "lab",
        code="unknown",
        provider="github",
        project=project,
        run=str(run.id),
        instance=member.url,
        workflow=one_line(run.path, 255),
        ref=one_line(run.ref, 255),
        commit=one_line(run.sha, 64),
        url=one_line(run.url, 500),
        order=run.id,
        own=canonical({"attempt": run.attempt}),
    )
    return KeptStep(at=at, step=step)
