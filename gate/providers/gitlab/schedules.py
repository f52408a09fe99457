"""Which schedules start what is protected, and how is one switched off and on again?

A schedule starts a whole pipeline and has no jobs of its own. It is protected where its
description matches, or the name or stage of a job in the last pipeline that it started, of a
child pipeline's too. Only its owner, or an administrator, changes a schedule; who takes it over
cannot give it back, so that is never done (gitlabhq `lib/api/ci/pipeline_schedules.rb`,
`app/policies/ci/pipeline_schedule_policy.rb`, gitlab-org/gitlab#512601, read 2026-11-24).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.reason import one_line, quoted
from gate.core.work import Asked, Found, Outcome, Problem, Project, Protects, Trigger
from gate.providers.gitlab import graph
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.protocol import Each, Member

_NODES = "nodes{name stage{name}%s}"
_JOBS = f"jobs(first:100){{{_NODES % (' downstreamPipeline{jobs(first:50){' + _NODES % '' + '}}')}}}"
_LAST = f"pageInfo{{hasNextPage endCursor}} nodes{{id lastPipeline{{{_JOBS}}}}}"
_PAGE = f"pipelineSchedules(first:50,after:$c){{{_LAST}}}"
_QUERY = f"query($p:ID!,$c:String){{project(fullPath:$p){{{_PAGE}}}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one project's schedules are."""

    triggers: tuple[Trigger, ...] = ()
    others: int = 0
    problems: tuple[Problem, ...] = ()


def added_to(
    found: Found, client: Client, member: Member, projects: Sequence[Project], protects: Protects, each: Each
) -> Found:
    """Return what was found with the active schedules that start what is protected."""
    seen = list(each(lambda project: _of_project(client, member, project, protects), projects))
    others = sum(one.others for one in seen)
    some = "1 active schedule matches" if others == 1 else f"{others} active schedules match"
    note = f"{some} no pattern, neither by description nor by the jobs of the last pipeline; left on"
    return replace(
        found,
        triggers=tuple(trigger for one in seen for trigger in one.triggers),
        problems=(*found.problems, *(problem for one in seen for problem in one.problems)),
        notes=(*found.notes, *((note,) if others else ())),
    )


def read(client: Client, projects: Projects, target: Target) -> str | None:
    """Return a schedule's form, None where it is gone.

    Raises:
        Unanswered: it cannot be read.
    """
    ask = replace(_one(projects, target), needs="the scope read_api and the Developer role in the project")
    try:
        form = _form(client.send(ask))
    except Unanswered as error:
        if error.status == 404 and "schedule" in error.message.casefold():
            return None
        raise
    if form is None:
        raise unreadable(ask, client.host, "a schedule")
    return canonical(form)


def write(client: Client, projects: Projects, target: Target, form: str) -> Asked:
    """Switch a schedule on or off as a form says; the rest of the form is what it is compared by."""
    wanted = json.loads(form)
    try:
        client.send(replace(_one(projects, target), method="put", body={"active": wanted["active"]}))
    except Unanswered as error:
        if error.status == 403:
            owner = one_line(str(wanted.get("owner") or "somebody who has left"), 80)
            detail = (
                f"the schedule {quoted(target.name)} of {target.project} belongs to {owner}: only its owner "
                "or an administrator may switch it, and taking it over could not be undone"
            )
            return Asked(outcome=Outcome.REFUSED, detail=detail)
        if error.status in (0, 200):  # it may have arrived all the same
            return Asked(detail=error.detail)
        return Asked(outcome=error.outcome, detail=error.detail)
    return Asked()


def _of_project(client: Client, member: Member, project: Project, protects: Protects) -> _Seen:
    try:
        schedules = list(_listed(client, project))
        named = {number: protects.matched((form["description"],)) for number, form in schedules}
        if None in named.values():
            known = set(named)
            for number, words in _last_jobs(client, project):
                if number in known and named[number] is None:
                    named[number] = protects.matched(words)
    except Unanswered as error:
        target = _target(member, project, 0, "schedules")
        asked = Asked(outcome=error.outcome, detail=error.detail)
        return _Seen(problems=(Problem(target=target, asked=asked),))
    triggers = tuple(
        Trigger(
            target=_target(member, project, number, form["description"]),
            matched=one_line(name, 255),
            active=form["active"],
            form=canonical(form),
            suspended_form=canonical({**form, "active": False}),
        )
        for number, form in schedules
        if (name := named[number]) is not None
    )
    others = sum(form["active"] and named[number] is None for number, form in schedules)
    return _Seen(triggers=triggers, others=others)


def _listed(client: Client, project: Project) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the schedules by their numbers; one that is off may be so by an earlier pause."""
    ask = Ask(
        path=f"/projects/{project.id}/pipeline_schedules",
        what=f"the schedules of {project.path}",
        needs="the scope read_api and the Developer role in the project",
    )
    found: dict[int, dict[str, Any]] = {}
    for page in client.pages(ask):
        for fields in page:
            form = _form(fields)
            if form is None:
                raise unreadable(ask, client.host, "schedules")
            found[fields["id"]] = form
    yield from found.items()


def _last_jobs(client: Client, project: Project) -> Iterator[tuple[int, list[str]]]:
    """Yield by a schedule's number the names and stages of what it started last."""
    ask = Ask(
        path="",
        what=f"the last pipelines of the schedules of {project.path}",
        needs="the scope read_api and the Developer role in the project",
    )
    cursor: str | None = ""
    while cursor is not None:
        data = client.query(_QUERY, {"p": project.path, "c": cursor or None}, ask)
        found = data.get("project")
        schedules = found.get("pipelineSchedules") if isinstance(found, dict) else None
        for node in graph.nodes(schedules):
            last = node.get("lastPipeline")
            yield graph.number_of(node.get("id")), list(_words(last))
        cursor = graph.cursor_of(schedules) if isinstance(schedules, dict) else None


def _words(pipeline: object) -> Iterator[str]:
    """Yield the names and stages of a pipeline's jobs, and of those below them."""
    for job in graph.nodes(pipeline.get("jobs") if isinstance(pipeline, dict) else None):
        yield graph.text_at(job, "name")
        yield graph.text_at(job, "stage", "name")
        yield from _words(job.get("downstreamPipeline"))


def _form(fields: Any) -> dict[str, Any] | None:
    match fields:
        case {
            "id": int(),
            "active": bool(active),
            "cron": str(cron),
            "ref": str(ref),
            "description": str(description),
        }:
            owner = fields.get("owner")
            return {
                "active": active,
                "cron": one_line(cron, 100),
                "cron_timezone": one_line(str(fields.get("cron_timezone", "")), 100),
                "description": one_line(description, 255),
                "owner": one_line(graph.text_at(owner, "username"), 255),
                "ref": one_line(ref, 255),
            }
    return None


def _one(projects: Projects, target: Target) -> Ask:
    return Ask(
        path=f"/projects/{projects.number(target.project)}/pipeline_schedules/{target.id}",
        what=f"the schedule {quoted(target.name)} of {target.project}",
        needs="the scope api and to be the schedule's owner",
    )


def _target(member: Member, project: Project, number: int, name: str) -> Target:
    return Target(
        provider="gitlab",
        instance=member.url,
        project=project.path,
        kind="trigger",
        id=str(number) if number else "*",
        name=one_line(name, 255),
        url=f"{member.url}/{project.path}/-/pipeline_schedules",
    )
