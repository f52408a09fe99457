"""What does GitLab answer about itself, people, groups, projects and runners?"""

from __future__ import annotations

from gate.sandbox.gitlab.calls import Call, Path
from gate.sandbox.gitlab.model import GUEST, MAINTAINER, OWNER, Project, Runner
from gate.sandbox.gitlab.paging import page_of
from gate.sandbox.gitlab.refusal import Refused, invalid, not_found
from gate.sandbox.gitlab.shapes import encode_job
from gate.sandbox.gitlab.shapes_project import (
    encode_group,
    encode_project,
    encode_runner,
    encode_simple_project,
)
from gate.sandbox.gitlab.tokens import Kind
from gate.sandbox.routing import Answer, json_answer

VERSION = "19.6.0-ee"
_ORDERS = ("id", "name", "path", "created_at", "updated_at", "similarity", "star_count", "last_activity_at")


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    return (
        Path(method="GET", template="/version", endpoint=_version),
        Path(method="GET", template="/user", endpoint=_user),
        Path(method="GET", template="/job", endpoint=_own_job, job_token=True),
        Path(method="GET", template="/groups/{group}", endpoint=_group),
        Path(method="GET", template="/groups/{group}/projects", endpoint=_group_projects),
        Path(method="GET", template="/projects/{project}", endpoint=_project),
        Path(method="GET", template="/runners/{runner}", endpoint=_get_runner),
        Path(method="PUT", template="/runners/{runner}", endpoint=_put_runner),
        Path(method="GET", template="/projects/{project}/runners", endpoint=_project_runners),
    )


def _version(_: Call) -> Answer:
    return json_answer(200, {"version": VERSION, "revision": "sandbox"})


def _user(call: Call) -> Answer:
    return json_answer(200, {**call.user(), "is_admin": call.grant.admin, "bot": False})


def _own_job(call: Call) -> Answer:
    job = call.world.job(call.grant.job) if call.grant.job is not None else None
    if call.grant.kind is not Kind.JOB or job is None:
        raise not_found("Job")
    return json_answer(200, encode_job(call.base, job, call.user(job.user)))


def _group(call: Call) -> Answer:
    found = call.group(GUEST)
    parent = call.world.group(found.path.rpartition("/")[0]) if "/" in found.path else None
    return json_answer(200, encode_group(call.base, found, parent))


def _group_projects(call: Call) -> Answer:
    call.limits.act(call.grant, projects_index=call.request.parameters["group"])
    found = call.world.in_group(call.group(GUEST), subgroups=call.flag("include_subgroups") is True)
    archived, search = call.flag("archived"), (call.text("search") or "").lower()
    chosen = [
        project
        for project in found
        if call.grant.role_in(project)
        and (archived is None or project.archived is archived)
        and search in project.path.rpartition("/")[2].lower()
    ]
    simple = call.flag("simple") is True
    return page_of(call.request, _ordered(call, chosen), lambda project: _encode(call, project, simple))


def _ordered(call: Call, projects: list[Project]) -> list[Project]:
    order, down = call.choice("order_by", _ORDERS), call.choice("sort", ("asc", "desc")) != "asc"
    match order:
        case "id":
            return sorted(projects, key=lambda project: project.id, reverse=down)
        case "name" | "path":
            return sorted(projects, key=lambda project: project.path.lower(), reverse=down)
        case _:
            return projects if down else projects[::-1]


def _encode(call: Call, project: Project, simple: bool) -> dict[str, object]:
    group = call.world.add_group(project.group)
    if simple:
        return encode_simple_project(call.base, project, group)
    return encode_project(call.base, project, group, call.grant.role_in(project))


def _project(call: Call) -> Answer:
    call.limits.act(call.grant, project=call.request.parameters["project"])
    return json_answer(200, _encode(call, call.project(GUEST), call.flag("simple") is True))


def _project_runners(call: Call) -> Answer:
    call.require_maintainer(call.project())
    return page_of(call.request, [*call.world.runners.values()], encode_runner)


def _runner(call: Call) -> Runner:
    found = call.world.runners.get(call.number("runner"))
    if found is None:
        raise not_found("Runner")
    if call.grant.role < MAINTAINER and not call.grant.admin:
        raise Refused(403)
    return found


def _get_runner(call: Call) -> Answer:
    return json_answer(200, {**encode_runner(_runner(call)), "projects": [], "tag_list": ["lab"]})


def _put_runner(call: Call) -> Answer:
    runner = _runner(call)
    if call.grant.role < OWNER and not call.grant.admin:
        raise Refused(403)
    paused, active = call.flag("paused"), call.flag("active")
    if paused is not None and active is not None:
        raise invalid("paused, active", "are mutually exclusive")
    if paused is None and active is not None:
        paused = not active
    if paused is not None:
        call.world.pause(runner, paused=paused)
    runner.description = call.text("description") or runner.description
    return json_answer(200, {**encode_runner(runner), "projects": [], "tag_list": ["lab"]})
