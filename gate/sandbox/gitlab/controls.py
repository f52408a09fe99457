"""What can a test or a drill tell the emulated GitLab, beyond what all emulators have?

Below ``/_sandbox/``, besides what `gate.sandbox.controls` lists:

=========================  ====================================================================
GET world                  how many projects, pipelines and jobs there are, by status
POST token                 what a token may do (see `tokens.parse_grant`)
POST clock                 ``{"advance": 60}``, ``{"speed": 10}``
POST limits                ``{"requests": null, "actions": {"job_cancel": 5}}``
POST pipelines             a pipeline in ``project`` with ``jobs`` (see `_spec`)
POST jobs/{id}             another person, or the runner, ends a job: ``{"status": "success"}``
POST schedules/{id}        another person changes it: ``active``, ``owner``, ``description``
POST variables             ``project`` or ``group``, ``key``, ``value``; null takes it away
POST projects              ``project``, and ``move``, ``remove``, ``archived``, ``builds``,
                           ``protected_refs``, ``cancel_role`` or ``locked`` (a commit, for a minute)
=========================  ====================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock
from typing import Any, Protocol

from gate.sandbox.clock import Clock
from gate.sandbox.controls import parse_control
from gate.sandbox.fleet import Behaviour
from gate.sandbox.gitlab.flow import change, refresh
from gate.sandbox.gitlab.limits import Limits, LimitSettings
from gate.sandbox.gitlab.model import JobSpec, Project, Schedule
from gate.sandbox.gitlab.routes_variables import set_variable
from gate.sandbox.gitlab.shapes import encode_listed_pipeline
from gate.sandbox.gitlab.tokens import Tokens, parse_grant
from gate.sandbox.gitlab.words import STATUSES
from gate.sandbox.gitlab.world import World
from gate.sandbox.routing import Answer, Request, Router, json_answer

_LOCK_SECONDS = 60.0
_WORDS = ("name", "stage", "when", "ends_as", "elsewhere")
_FLAGS = ("allow_failure", "graceful", "unserved", "mirrors")
_WHEN = ("on_success", "on_failure", "always", "manual", "delayed")


class Controlled(Protocol):
    """What of a service is controlled."""

    lock: RLock
    world: World
    tokens: Tokens
    limits: Limits
    clock: Clock


_Control = Callable[[Controlled, Request, dict[str, Any]], Any]


def router(service: Controlled) -> Router:
    """Return the controls of one service."""
    paths = Router()
    table: tuple[tuple[str, str, _Control], ...] = (
        ("GET", "world", _world),
        ("POST", "token", _token),
        ("POST", "clock", _clock),
        ("POST", "limits", _limits),
        ("POST", "pipelines", _pipelines),
        ("POST", "jobs/{id}", _job),
        ("POST", "schedules/{id}", _schedule),
        ("POST", "variables", _variables),
        ("POST", "projects", _projects),
    )
    for method, path, control in table:
        paths.add(method, f"/_sandbox/{path}", partial(_under_lock, service, control))
    return paths


def _under_lock(service: Controlled, control: _Control, request: Request) -> Answer:
    given = parse_control(request.body)
    try:
        with service.lock:
            return json_answer(200, control(service, request, given))
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not of the form that the control takes: {error}") from None


def _world(service: Controlled, _: Request, __: dict[str, Any]) -> Any:
    projects = [*service.world.projects.values()]
    for project in projects:
        service.world.settle(project)
    pipelines = [pipeline for project in projects for pipeline in project.pipelines.values()]
    jobs = [job for pipeline in pipelines for job in pipeline.latest()]
    return {
        "projects": len(projects),
        "pipelines": dict(Counter(pipeline.status for pipeline in pipelines)),
        "jobs": dict(Counter(job.status for job in jobs)),
    }


def _token(service: Controlled, _: Request, given: dict[str, Any]) -> Any:
    token, grant = parse_grant(given)
    service.tokens.announce(token, grant)
    return {"kind": grant.kind, "username": grant.username, "role": grant.role}


def _clock(service: Controlled, _: Request, given: dict[str, Any]) -> Any:
    if "advance" in given:
        service.clock.advance(_number(given, "advance"))
    if "speed" in given:
        # Time goes on from where it is: the clock counts from its beginning.
        before = service.clock.now()
        service.clock.speed = _number(given, "speed")
        service.clock.advance(before - service.clock.now())
    return {"now": service.clock.now(), "speed": service.clock.speed}


def _limits(service: Controlled, _: Request, given: dict[str, Any]) -> Any:
    usual = LimitSettings()
    actions, requests = given.get("actions", usual.actions), given.get("requests", usual.requests)
    if not isinstance(actions, Mapping) or not all(isinstance(most, int) for most in actions.values()):
        raise ValueError("actions: expected an object with whole numbers")
    if requests is not None and not isinstance(requests, int):
        raise ValueError("requests: expected a whole number or null")
    service.limits.clear()
    service.limits.settings = LimitSettings(
        requests=requests, actions=dict(actions), retry_after=given.get("retry_after") is not False
    )
    return {"requests": requests, "actions": dict(actions)}


def _pipelines(service: Controlled, request: Request, given: dict[str, Any]) -> Any:
    jobs = given.get("jobs")
    if not isinstance(jobs, list) or not jobs:
        raise ValueError("jobs: expected a list of objects with a name")
    project = service.world.project(str(given.get("project"))) or service.world.add_project(
        _text(given, "project")
    )
    statuses = [str(job.get("status", "")) for job in jobs]
    if not set(filter(None, statuses)) <= set(STATUSES):
        raise ValueError(f"status: expected one of {', '.join(STATUSES)}")
    made = service.world.add_pipeline(
        project,
        [_spec(job) for job in jobs],
        ref=str(given.get("ref", "main")),
        source=str(given.get("source", "push")),
        user=str(given.get("user", "noa")),
        statuses=[*_until_empty(statuses)],
        still=given.get("still") is True,
    )
    ids = {job.spec.name: job.id for job in made.jobs}
    return {**encode_listed_pipeline(request.base, made), "jobs": ids}


def _until_empty(statuses: list[str]) -> list[str]:
    """Return the statuses before the first that was not given; the rest is worked out."""
    return statuses[: statuses.index("")] if "" in statuses else statuses


def _spec(given: object) -> JobSpec:
    """Return the job that a control describes, with the keys of `JobSpec`.

    Raises:
        ValueError: something is not as `JobSpec` says; the message names the key.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise ValueError("jobs: expected objects with a name")
    if given.get("when", "on_success") not in _WHEN:
        raise ValueError(f"when: expected one of {', '.join(_WHEN)}")
    fields: dict[str, Any] = {key: str(given[key]) for key in _WORDS if key in given}
    fields |= {key: given[key] is True for key in _FLAGS if key in given}
    if "seconds" in given:
        fields["seconds"] = _number(given, "seconds")
    if "behaviour" in given:
        fields["behaviour"] = Behaviour(given["behaviour"])
    if "needs" in given:
        fields["needs"] = tuple(map(str, given["needs"]))
    if "child" in given:
        fields["child"] = tuple(_spec(job) for job in given["child"])
    return JobSpec(**fields)


def _job(service: Controlled, request: Request, given: dict[str, Any]) -> Any:
    job = service.world.job(_id(request))
    status = _text(given, "status")
    if job is None or status not in STATUSES:
        raise ValueError("expected an existing job and a status")
    change(job, status, service.world.now())
    refresh(job.pipeline, service.world.now(), service.world.life)
    return {"id": job.id, "status": job.status}


def _schedule(service: Controlled, request: Request, given: dict[str, Any]) -> Any:
    number = _id(request)
    for project in service.world.projects.values():
        if number in project.schedules:
            return _change_schedule(project.schedules[number], given, service.world.now())
    raise ValueError("no such schedule")


def _change_schedule(schedule: Schedule, given: dict[str, Any], now: float) -> Any:
    schedule.active = given.get("active", schedule.active) is True
    schedule.owner = str(given.get("owner", schedule.owner))
    schedule.description = str(given.get("description", schedule.description))
    schedule.updated = now
    return {"id": schedule.id, "active": schedule.active, "owner": schedule.owner}


def _variables(service: Controlled, _: Request, given: dict[str, Any]) -> Any:
    where = "group" if "group" in given else "project"
    name, value = _text(given, where), given.get("value")
    found = service.world.group(name) if where == "group" else service.world.project(name)
    if found is None:
        raise ValueError(f"{where}: there is none of this name")
    set_variable(found.variables, _text(given, "key"), None if value is None else str(value))
    return {"key": given["key"], "value": value}


def _projects(service: Controlled, _: Request, given: dict[str, Any]) -> Any:
    project = service.world.project(_text(given, "project"))
    if project is None:
        raise ValueError("project: there is none of this name")
    if "move" in given:
        service.world.move(project, _text(given, "move"))
    if given.get("remove") is True:
        service.world.remove(project)
    _settings(project, given)
    if "locked" in given:
        project.locked[_text(given, "locked")] = service.world.now() + _LOCK_SECONDS
    return {"id": project.id, "path": project.path}


def _settings(project: Project, given: dict[str, Any]) -> None:
    if "archived" in given:
        project.archived = given["archived"] is True
    if "builds" in given:
        project.builds = given["builds"] is True
    if "protected_refs" in given:
        project.protected_refs = {str(ref): int(role) for ref, role in given["protected_refs"].items()}
    if "cancel_role" in given:
        role = given["cancel_role"]
        project.cancel_role = None if role is None else int(role)


def _id(request: Request) -> int:
    text = request.parameters["id"]
    if not text.isdigit():
        raise ValueError("expected an id")
    return int(text)


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: expected text")
    return value


def _number(given: Mapping[str, Any], key: str) -> float:
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: expected a number")
    return float(value)
