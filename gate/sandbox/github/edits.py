"""What can someone else do meanwhile? Third-party changes and the emulator's own controls.

All below `/_sandbox/`, besides what `gate.sandbox.controls` lists:

==================  ===========================================================================
GET world           every repository's workflows, variables and runs, and the organisations'
                    variables: the truth to compare with
POST variable       ``{"repository" | "organization", "name", "value": text or null}``
POST workflow       ``{"repository", "workflow": number or file, "state", "concurrency"}``
POST run            ``{"repository", "run", "conclusion" | "behaviour" | "listed_only" |
                    "always": [job names]}``; with ``workflow`` and, if wanted, ``status``,
                    ``branch`` and ``age`` instead of ``run``: a new one
POST repository     ``{"repository", "rename" | "remove": true | "private": bool}``
POST token          ``{"token", "kind", "permissions", "repositories", "expired", "limit"}``
POST clock          ``{"advance": seconds}`` or ``{"speed": factor}``
POST limits         ``{"token", "reset_in": seconds}``: that token's hour is used up
GET doubtful        what was done whose real effect nobody has verified
==================  ===========================================================================
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from gate.sandbox.clock import Clock
from gate.sandbox.controls import parse_control
from gate.sandbox.fleet import Behaviour
from gate.sandbox.github import lifecycle
from gate.sandbox.github.limits import Limits
from gate.sandbox.github.model import STATES, Repository, Run, Workflow
from gate.sandbox.github.tokens import Tokens, parse_grant
from gate.sandbox.github.world import World
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

_LONGEST_STEP = 366 * 86400.0
_FASTEST = 100_000.0


class Edited(Protocol):
    """What the controls change."""

    clock: Clock
    limits: Limits
    lock: threading.RLock
    tokens: Tokens
    world: World


_Edit = Callable[[Edited, Mapping[str, Any]], Any]


def router(github: Edited) -> Router:
    """Return the controls of one emulated GitHub."""
    paths = Router()
    edits: dict[str, _Edit] = {
        "variable": edit_variable,
        "workflow": edit_workflow,
        "run": edit_run,
        "repository": edit_repository,
        "token": announce_token,
        "clock": move_clock,
        "limits": use_up,
    }
    for name, edit in edits.items():
        paths.add("POST", f"/_sandbox/{name}", _handler(github, edit))
    paths.add("GET", "/_sandbox/world", _handler(github, lambda edited, _: describe(edited.world)))
    paths.add("GET", "/_sandbox/doubtful", _handler(github, lambda edited, _: edited.world.doubtful))
    return paths


def describe(world: World) -> dict[str, Any]:
    """Return all that can be changed, as it is now."""
    return {
        "organizations": {
            organization.login: {name: item.value for name, item in organization.variables.items()}
            for organization in world.organizations.values()
        },
        "repositories": {
            repository.full_name: {
                "workflows": {item.path: item.state for item in repository.workflows.values()},
                "variables": {name: item.value for name, item in repository.variables.items()},
                "runs": {str(run.id): _described(run) for run in repository.runs.values()},
            }
            for repository in world.repositories()
        },
    }


def edit_variable(github: Edited, document: Mapping[str, Any]) -> Any:
    """Set or remove a variable as somebody else."""
    holder: Any
    if "organization" in document:
        holder = github.world.organizations.get(str(document["organization"]).lower())
        if holder is None:
            raise ValueError("organization: there is none of this name")
    else:
        holder = _repository(github, document)
    name, value = str(document.get("name", "")).upper(), document.get("value")
    if not name:
        raise ValueError("name: expected text")
    if value is None:
        holder.variables.pop(name, None)
    else:
        github.world.set_variable(holder, name, str(value), str(document.get("visibility", "all")))
    return {"variables": {name: item.value for name, item in holder.variables.items()}}


def edit_workflow(github: Edited, document: Mapping[str, Any]) -> Any:
    """Switch a workflow, or give it a concurrency group."""
    workflow = _workflow(_repository(github, document), document)
    state = str(document.get("state", workflow.state))
    if state not in STATES:
        raise ValueError(f"state: expected one of {', '.join(STATES)}")
    workflow.state, workflow.updated = state, github.world.now()
    if "concurrency" in document:
        workflow.concurrency = None if document["concurrency"] is None else str(document["concurrency"])
    workflow.cancel_in_progress = document.get("cancel_in_progress", workflow.cancel_in_progress) is True
    return {"id": workflow.id, "state": workflow.state}


def edit_run(github: Edited, document: Mapping[str, Any]) -> Any:
    """Finish a run, make it stubborn, or start a new one."""
    repository = _repository(github, document)
    run = _new_run(github, repository, document) if "run" not in document else _run(repository, document)
    if "behaviour" in document:
        run.behaviour = _behaviour(document)
    run.listed_only = document.get("listed_only", run.listed_only) is True
    for job in run.jobs:
        job.always = job.always or job.name in document.get("always", ())
    if "conclusion" in document:
        conclusion = str(document["conclusion"])
        lifecycle.finish(repository, run, github.world.now(), conclusion, github.world.timing)
    return {"id": run.id, **_described(run)}


def edit_repository(github: Edited, document: Mapping[str, Any]) -> Any:
    """Rename a repository, hide it, or make it vanish."""
    repository = _repository(github, document)
    if "rename" in document:
        github.world.rename(repository, str(document["rename"]))
    if "private" in document:
        repository.private = document["private"] is True
    if document.get("remove") is True:
        github.world.remove(repository)
    return {"id": repository.id, "full_name": repository.full_name}


def announce_token(github: Edited, document: Mapping[str, Any]) -> Any:
    """Say what a token may do."""
    token, grant = parse_grant(document)
    github.tokens.announce(token, grant)
    return {"kind": grant.kind, "permissions": dict(grant.permissions)}


def move_clock(github: Edited, document: Mapping[str, Any]) -> Any:
    """Move the sandbox's time on, or change how fast it runs."""
    if "advance" in document:
        github.clock.advance(_number(document, "advance", -_LONGEST_STEP, _LONGEST_STEP))
    if "speed" in document:
        now = github.clock.now()
        github.clock.speed = _number(document, "speed", 0, _FASTEST)
        github.clock.advance(now - github.clock.now())
    return {"now": github.clock.now(), "speed": github.clock.speed}


def use_up(github: Edited, document: Mapping[str, Any]) -> Any:
    """Use up a token's hour."""
    try:
        grant = github.tokens.grant(f"Bearer {document.get('token', '')}")
    except lifecycle.Refused:
        raise ValueError("token: it is not accepted") from None
    github.limits.exhaust(grant, _number(document, "reset_in", 0, 3600.0))
    return {}


def _handler(github: Edited, edit: _Edit) -> Handler:
    def handler(request: Request) -> Answer:
        with github.lock:
            return json_answer(200, edit(github, parse_control(request.body)))

    return handler


def _repository(github: Edited, document: Mapping[str, Any]) -> Repository:
    owner, _, name = str(document.get("repository", "")).partition("/")
    found = github.world.repository(owner, name)
    if found is None:
        raise ValueError("repository: there is none of this name")
    return found


def _workflow(repository: Repository, document: Mapping[str, Any]) -> Workflow:
    wanted = document.get("workflow")
    for workflow in repository.workflows.values():
        if wanted in {workflow.id, workflow.file, workflow.name}:
            return workflow
    raise ValueError("workflow: there is none of this number, file or name")


def _run(repository: Repository, document: Mapping[str, Any]) -> Run:
    found = repository.runs.get(document["run"]) if isinstance(document["run"], int) else None
    if found is None:
        raise ValueError("run: there is none of this number")
    return found


def _new_run(github: Edited, repository: Repository, document: Mapping[str, Any]) -> Run:
    return github.world.add_run(
        repository,
        _workflow(repository, document),
        status=str(document.get("status", "in_progress")),
        branch=str(document.get("branch", "main")),
        age=_number(document, "age", 0, _LONGEST_STEP) if "age" in document else 0.0,
    )


def _behaviour(document: Mapping[str, Any]) -> Behaviour:
    try:
        return Behaviour(str(document["behaviour"]))
    except ValueError:
        raise ValueError(f"behaviour: expected one of {', '.join(Behaviour)}") from None


def _described(run: Run) -> dict[str, Any]:
    return {
        "workflow": run.workflow.path,
        "name": run.workflow.name,
        "branch": run.branch,
        "status": run.status,
        "conclusion": run.conclusion,
        "attempt": run.attempt,
        "jobs": {job.name: job.conclusion or job.status for job in run.jobs},
    }


def _number(document: Mapping[str, Any], key: str, least: float, most: float) -> float:
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{key}: expected a number from {least:g} to {most:g}")
    return float(value)
