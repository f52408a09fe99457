"""What does GitLab answer about pipeline schedules?

gitlabhq `lib/api/ci/pipeline_schedules.rb` and `app/policies/ci/pipeline_schedule_policy.rb`, read
2026-11-24: only its owner, or an administrator of the instance, changes a schedule; a
Maintainer may take it over, and cannot give it back.
"""

from __future__ import annotations

from gate.sandbox.gitlab.calls import Call, Path
from gate.sandbox.gitlab.cron import next_run
from gate.sandbox.gitlab.model import DEVELOPER, MAINTAINER, Project, Schedule
from gate.sandbox.gitlab.paging import page_of
from gate.sandbox.gitlab.refusal import Refused, bad, not_found
from gate.sandbox.gitlab.shapes import encode_listed_pipeline
from gate.sandbox.gitlab.shapes_project import encode_schedule, encode_schedule_details
from gate.sandbox.routing import Answer, json_answer


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    all_, one = "/projects/{project}/pipeline_schedules", "/projects/{project}/pipeline_schedules/{schedule}"
    return (
        Path(method="GET", template=all_, endpoint=_list),
        Path(method="POST", template=all_, endpoint=_create),
        Path(method="GET", template=one, endpoint=_get),
        Path(method="PUT", template=one, endpoint=_update),
        Path(method="DELETE", template=one, endpoint=_delete),
        Path(method="GET", template=f"{one}/pipelines", endpoint=_pipelines),
        Path(method="POST", template=f"{one}/take_ownership", endpoint=_take_ownership),
        Path(method="POST", template=f"{one}/play", endpoint=_play),
    )


def _list(call: Call) -> Answer:
    scope = call.choice("scope", ("active", "inactive"))
    project = call.project()
    chosen = [one for one in project.schedules.values() if scope is None or one.active is (scope == "active")]
    return page_of(call.request, chosen, lambda one: encode_schedule(one, call.user(one.owner)))


def _get(call: Call) -> Answer:
    return _details(call, _found(call)[1])


def _create(call: Call) -> Answer:
    project = call.project(DEVELOPER)
    call.limits.act(call.grant, schedule_change="")
    texts = {name: call.text(name, required=True) or "" for name in ("description", "ref", "cron")}
    _check_cron(texts["cron"])
    active = call.flag("active") is not False
    zone = call.text("cron_timezone") or "UTC"
    made = call.world.add_schedule(
        project, **texts, active=active, cron_timezone=zone, owner=call.grant.username
    )
    return _details(call, made, 201)


def _update(call: Call) -> Answer:
    _, schedule = _found(call)
    call.limits.act(call.grant, schedule_change="")
    update_schedule(call, schedule)
    return _details(call, schedule)


def update_schedule(call: Call, schedule: Schedule) -> None:
    """Change a schedule as the parameters say.

    Raises:
        Refused: 403 to whom it does not belong, 400 where the cron line is none.
    """
    if not may_update(call, schedule):
        raise Refused(403)
    cron, active, ref = call.text("cron") or schedule.cron, call.flag("active"), call.text("ref")
    _check_cron(cron)
    if active is not None:
        schedule.active = active
    if ref:
        schedule.ref = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    schedule.cron = cron
    schedule.cron_timezone = call.text("cron_timezone") or schedule.cron_timezone
    schedule.description = call.text("description") or schedule.description
    now = call.world.now()
    schedule.next_run, schedule.updated = next_run(cron, now), now


def may_update(call: Call, schedule: Schedule) -> bool:
    """Return whether a schedule belongs to who asks, or to anybody as for an administrator."""
    return call.grant.admin or schedule.owner == call.grant.username


def _delete(call: Call) -> Answer:
    project, schedule = _found(call)
    call.limits.act(call.grant, schedule_change="")
    _check_admin(call, project, schedule)
    del project.schedules[schedule.id]
    return Answer(status=204)


def _pipelines(call: Call) -> Answer:
    project, schedule = _found(call)
    found = [one for one in project.pipelines.values() if one.schedule is schedule]
    return page_of(call.request, found, lambda one: encode_listed_pipeline(call.base, one))


def _take_ownership(call: Call) -> Answer:
    project, schedule = _found(call)
    call.limits.act(call.grant, schedule_change="")
    _check_admin(call, project, schedule)
    if schedule.owner == call.grant.username:
        return _details(call, schedule)
    schedule.owner, schedule.updated = call.grant.username, call.world.now()
    return _details(call, schedule, 201)


def _play(call: Call) -> Answer:
    """Start a pipeline as the schedule's owner; the schedule stays as it is."""
    project, schedule = _found(call, DEVELOPER)
    call.limits.act(call.grant, schedule_play=schedule.id)
    made = call.world.add_pipeline(
        project,
        project.template,
        ref=schedule.ref.removeprefix("refs/heads/"),
        source="schedule",
        user=schedule.owner,
    )
    made.schedule = schedule
    schedule.last_pipeline = made
    return json_answer(201, {"message": "201 Created"})


def _found(call: Call, least: int = DEVELOPER) -> tuple[Project, Schedule]:
    project = call.project(least) if call.request.method != "GET" else call.project()
    found = project.schedules.get(call.number("schedule"))
    if found is None:
        raise not_found("Pipeline Schedule")
    return project, found


def _check_admin(call: Call, project: Project, schedule: Schedule) -> None:
    if call.grant.role_in(project) < MAINTAINER and schedule.owner != call.grant.username:
        raise Refused(403)


def _check_cron(cron: str) -> None:
    try:
        next_run(cron, 0.0)
    except ValueError as error:
        raise bad({"cron": [str(error)]}) from None


def _details(call: Call, schedule: Schedule, status: int = 200) -> Answer:
    owner = call.user(schedule.owner)
    return json_answer(status, encode_schedule_details(call.base, schedule, owner))
