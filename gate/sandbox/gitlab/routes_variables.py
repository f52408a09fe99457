"""What does GitLab answer about the variables of projects and groups?

gitlabhq `lib/api/ci/variables.rb`, `lib/api/group_variables.rb`, read 2026-11-24: a project's need the
role Maintainer, a group's the role Owner.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gate.sandbox.gitlab.calls import Call, Endpoint, Path
from gate.sandbox.gitlab.model import MAINTAINER, OWNER, Variable
from gate.sandbox.gitlab.paging import page_of
from gate.sandbox.gitlab.refusal import Refused, bad, not_found
from gate.sandbox.gitlab.shapes_project import encode_variable
from gate.sandbox.routing import Answer, json_answer

LONGEST_VALUE = 10_000
_KEY = re.compile(r"[A-Za-z0-9_]{1,255}")
_MANY = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
_TYPES = ("env_var", "file")


def paths() -> tuple[Path, ...]:
    """Return the endpoints of this file."""
    made: list[Path] = []
    for home, holder in (("/projects/{project}", _of_project), ("/groups/{group}", _of_group)):
        verbs: tuple[tuple[str, str, Callable[[Call, list[Variable]], Answer]], ...] = (
            ("GET", "", _list),
            ("POST", "", _create),
            ("GET", "/{key}", _get),
            ("PUT", "/{key}", _update),
            ("DELETE", "/{key}", _delete),
        )
        for method, rest, act in verbs:
            made.append(Path(method=method, template=f"{home}/variables{rest}", endpoint=_on(act, holder)))
    return tuple(made)


def set_variable(variables: list[Variable], key: str, value: str | None) -> None:
    """Set a variable as another person would; None takes it away."""
    kept = [variable for variable in variables if variable.key == key]
    for variable in kept:
        if value is None:
            variables.remove(variable)
        else:
            variable.value = value
    if not kept and value is not None:
        variables.append(Variable(key=key, value=value))


def _on(act: Callable[[Call, list[Variable]], Answer], holder: Callable[[Call], list[Variable]]) -> Endpoint:
    return lambda call: act(call, holder(call))


def _of_project(call: Call) -> list[Variable]:
    return call.project(MAINTAINER).variables


def _of_group(call: Call) -> list[Variable]:
    return call.group(OWNER).variables


def _list(call: Call, variables: list[Variable]) -> Answer:
    return page_of(call.request, variables, encode_variable)


def _get(call: Call, variables: list[Variable]) -> Answer:
    return json_answer(200, encode_variable(_found(call, variables)))


def _create(call: Call, variables: list[Variable]) -> Answer:
    key, value = call.text("key", required=True) or "", call.text("value", required=True) or ""
    if not _KEY.fullmatch(key):
        raise bad({"key": ["can contain only letters, digits and '_'."]})
    made = Variable(key=key, value=value)
    _apply(call, made)
    if any(one.key == key and one.environment_scope == made.environment_scope for one in variables):
        raise bad({"key": [f"({key}) has already been taken"]})
    variables.append(made)
    return json_answer(201, encode_variable(made))


def _update(call: Call, variables: list[Variable]) -> Answer:
    found = _found(call, variables)
    _apply(call, found)
    return json_answer(200, encode_variable(found))


def _delete(call: Call, variables: list[Variable]) -> Answer:
    variables.remove(_found(call, variables))
    return Answer(status=204)


def _found(call: Call, variables: list[Variable]) -> Variable:
    key, scope = call.request.parameters["key"], call.params.get("filter[environment_scope]")
    nested = call.params.get("filter")
    if isinstance(nested, dict):
        scope = nested.get("environment_scope", scope)
    found = [one for one in variables if one.key == key and scope in {None, one.environment_scope}]
    if not found:
        raise not_found("Variable")
    if len(found) > 1:
        raise Refused(409, {"message": _MANY})
    return found[0]


def _apply(call: Call, variable: Variable) -> None:
    value = call.text("value")
    if value is not None and len(value) > LONGEST_VALUE:
        raise bad({"value": [f"is too long (maximum is {LONGEST_VALUE} characters)"]})
    variable.value = variable.value if value is None else value
    variable.variable_type = call.choice("variable_type", _TYPES) or variable.variable_type
    variable.environment_scope = call.text("environment_scope") or variable.environment_scope
    if "description" in call.params:
        variable.description = call.text("description")
    for name in ("protected", "masked", "raw"):
        flag = call.flag(name)
        if flag is not None:
            setattr(variable, name, flag)
