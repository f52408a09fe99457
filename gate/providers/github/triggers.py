"""What starts runs by itself, and how is it switched off and on? A workflow's own switch.

Only ``active`` is switched off and only ``disabled_manually`` is what comes of it: a workflow that
GitHub has disabled (``disabled_inactivity``, ``disabled_fork``) or that is ``deleted`` starts
nothing and is never touched (OpenAPI description of api.github.com, read 2026-11-24).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Project, Protects, Trigger
from gate.providers.github.client import Client
from gate.providers.github.documents import Workflow, names_of, parse_list, parse_workflow
from gate.providers.github.refusal import (
    ACTIONS_READ,
    ACTIONS_WRITE,
    NotFound,
    asked,
    not_done,
    unreadable,
)
from gate.providers.github.runs import home
from gate.providers.protocol import Member, NotDone

ACTIVE: Final = "active"
SUSPENDED: Final = "disabled_manually"

_SWITCHES: Final = {ACTIVE: "enable", SUSPENDED: "disable"}


def find_triggers(
    client: Client,
    member: Member,
    project: Project,
    protects: Protects,
    by_job: Mapping[tuple[str, str], str],
) -> tuple[Trigger, ...] | NotDone:
    """Return the workflows of a repository that are protected, or why they cannot be listed.

    A list of workflows does not show their jobs, so that of those protected by a job's name only
    the ones with a run in flight are known.

    Args:
        client: GitHub.
        member: whose repository.
        project: the repository.
        protects: what is protected.
        by_job: the matching name of runs in flight, by repository and workflow file.
    """
    try:
        workflows = _list_workflows(client, project.path)
    except NotDone as error:
        return error
    found = []
    for workflow in workflows:
        matched = protects.matched(names_of(workflow.name, workflow.path)) or by_job.get(
            (project.path, one_line(workflow.path))
        )
        if matched is not None:
            found.append(_trigger(member, project.path, workflow, matched))
    return tuple(found)


def read_form(client: Client, target: Target) -> str | None:
    """Return the state of a workflow's switch, None where the workflow is gone.

    Raises:
        NotDone: it cannot be read.
    """
    try:
        document = client.read(_path(target), target.project, ACTIONS_READ)
    except NotFound:
        # Who sees the repository's workflows sees that this one is not among them.
        client.read(f"{home(target.project)}/actions/workflows", target.project, ACTIONS_READ)
        return None
    try:
        return _form(parse_workflow(document, "workflow").state)
    except ValueError as error:
        raise unreadable(client.host, target.project, str(error)) from None


def write_form(client: Client, target: Target, form: str) -> Asked:
    """Switch a workflow off or on."""
    switch = _SWITCHES.get(_state(form))
    if switch is None:
        words = f"{target.project}: a workflow cannot be brought to {one_line(form, 80)}"
        return Asked(outcome=Outcome.FAILED, detail=words)
    answer = client.send("PUT", f"{_path(target)}/{switch}")
    if answer.status == 204:
        return Asked()
    return asked(not_done(client.host, target.project, answer, answer.message, ACTIONS_WRITE, client.now()))


def _list_workflows(client: Client, project: str) -> list[Workflow]:
    found: list[Workflow] = []
    for answer in client.pages(f"{home(project)}/actions/workflows", {}):
        document = client.object_in(answer, project, ACTIONS_READ)
        try:
            entries = parse_list(document, "workflows")
            found += [parse_workflow(entry, f"workflows[{i}]") for i, entry in enumerate(entries)]
        except ValueError as error:
            raise unreadable(client.host, project, str(error)) from None
    return found


def _trigger(member: Member, project: str, workflow: Workflow, matched: str) -> Trigger:
    target = Target(
        provider="github",
        instance=member.url,
        project=project,
        kind="trigger",
        id=str(workflow.id),
        name=one_line(workflow.name or workflow.path),
        url=one_line(workflow.url, 300),
    )
    return Trigger(
        target=target,
        matched=one_line(matched),
        active=workflow.state == ACTIVE,
        form=_form(workflow.state),
        suspended_form=_form(SUSPENDED),
    )


def _path(target: Target) -> str:
    return f"{home(target.project)}/actions/workflows/{quote(target.id, safe='')}"


def _form(state: str) -> str:
    return canonical({"state": one_line(state, 60)})


def _state(form: str) -> str:
    try:
        fields = json.loads(form)
    except ValueError:
        return ""
    state = fields.get("state") if isinstance(fields, dict) else None
    return state if isinstance(state, str) else ""
