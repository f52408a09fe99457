"""Which pipelines are called by the reason of a gate step that was closed?

One list for each project: pipelines that have changed since, with their names (gitlabhq
`lib/api/ci/pipelines.rb`, entity ``PipelineBasicWithMetadata``, read 2026-11-24). A gate step that
opens changes the name again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from gate.core.entry import canonical
from gate.core.event import StepClosed
from gate.core.kept import Kept, KeptStep, closed_reason
from gate.core.reason import one_line, without_credentials
from gate.core.work import Project
from gate.providers.gitlab.client import PAGE, Client
from gate.providers.gitlab.pipeline_name import START
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered
from gate.providers.gitlab.words import FINISHED
from gate.providers.keeping import moment, together
from gate.providers.protocol import Each, Member

RUN = "run"  # the kind of a target that is a whole pipeline


def closed_steps(client: Client, member: Member, projects: Projects, since: datetime, each: Each) -> Kept:
    """Return what was held back since a moment, the newest hundred pipelines of each project."""
    try:
        wanted = projects.all()
    except Unanswered as error:
        return Kept(notes=(error.detail,))
    return together(each(lambda project: _of(client, member, project, since), wanted))


def _of(
    client: Client, member: Member, project: Project, since: datetime
) -> tuple[KeptStep, ...] | Unanswered:
    ask = Ask(
        path=f"/projects/{project.id}/pipelines",
        what=f"the pipelines of {project.path}",
        needs="the scope read_api and the Reporter role in the project",
        query={
            "updated_after": since.astimezone(UTC).isoformat(timespec="seconds"),
            "order_by": "updated_at",
            "per_page": PAGE,
        },
    )
    try:
        answer = client.send(ask)
    except Unanswered as error:
        return error
    return tuple(_parsed(answer if isinstance(answer, list) else [], member, project))


def _parsed(rows: list[Any], member: Member, project: Project) -> Iterator[KeptStep]:
    for row in rows:
        match row:
            case {"id": int(number), "name": str(name), "updated_at": str(updated)} if name.startswith(START):
                said, at = closed_reason(name.removeprefix(START)), moment(updated)
                if said is None or at is None:
                    continue
                step = StepClosed(
                    environment=said.environment,
                    code=said.code,
                    provider="gitlab",
                    project=project.path,
                    run=str(number),
                    instance=member.url,
                    ref=one_line(str(row.get("ref") or ""), 255),
                    commit=one_line(str(row.get("sha") or ""), 64),
                    hold=said.hold,
                    url=one_line(without_credentials(str(row.get("web_url") or "")), 500),
                    order=number,
                    own=canonical({"project": int(project.id), "pipeline": number}),
                )
                yield KeptStep(at=at, step=step, over=row.get("status") in FINISHED)
