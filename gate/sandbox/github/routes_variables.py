"""What does GitHub answer about the variables of repositories and organisations?

Pages of 30 at most, 10 where the request does not say; names are kept in upper case
(OpenAPI description and documentation on variables, read 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gate.sandbox.github.calls import Call, empty, optional_text, reading, wanted_text, writing
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Organization, Repository, Variable
from gate.sandbox.github.paging import page_of
from gate.sandbox.github.shapes_reports import encode_variable
from gate.sandbox.github.tokens import NOT_FOUND
from gate.sandbox.routing import Answer, json_answer

USUAL_PAGE = 10
LONGEST_PAGE = 30
LONGEST_VALUE = 48 * 1024
_VISIBILITIES = ("all", "private", "selected")
_Holder = Repository | Organization


def list_variables(call: Call) -> Answer:
    """Return a page of variables, by name."""
    holder = _holder(call)
    path = call.listed_path if isinstance(holder, Repository) else call.request.path
    return _page(call, list(holder.variables.values()), _url(call, holder), path)


def list_visible(call: Call) -> Answer:
    """Return a page of the organisation's variables that a repository may read."""
    repository = call.repository
    organization = call.world.organizations[repository.owner.lower()]
    seen = [variable for variable in organization.variables.values() if _visible(variable, repository)]
    return _page(call, seen, "", call.listed_path)


def get_variable(call: Call) -> Answer:
    """Return one variable."""
    holder = _holder(call)
    return json_answer(200, encode_variable(_found(call, holder), _url(call, holder)))


def create_variable(call: Call) -> Answer:
    """Make a variable; 409 where it is there already."""
    holder, body = _holder(call), call.body()
    name, value = _name(wanted_text(body, "name")), _value(body)
    visibility = _visibility(holder, body, None)
    if name in holder.variables:
        raise Refused(409, "Already exists - Variable already exists")
    call.world.set_variable(holder, name, value, visibility)
    _select(holder.variables[name], body)
    return empty(201)


def update_variable(call: Call) -> Answer:
    """Change what is given of name, value and visibility."""
    holder, body = _holder(call), call.body()
    variable = _found(call, holder)
    if "value" in body:
        variable.value = _value(body)
    variable.visibility = _visibility(holder, body, variable.visibility)
    _select(variable, body)
    new_name = _name(optional_text(body, "name") or variable.name)
    if new_name != variable.name:
        if new_name in holder.variables:
            raise Refused(409, "Already exists - Variable already exists")
        del holder.variables[variable.name]
        variable.name = new_name
        holder.variables[new_name] = variable
    variable.updated = call.now
    return empty(204)


def delete_variable(call: Call) -> Answer:
    """Remove a variable."""
    holder = _holder(call)
    del holder.variables[_found(call, holder).name]
    return empty(204)


def _holder(call: Call) -> _Holder:
    return call.organization() if "org" in call.request.parameters else call.repository


def _url(call: Call, holder: _Holder) -> str:
    """Return an organisation's URL, which makes the answer one of an organisation's variable."""
    return f"{call.base}/orgs/{holder.login}" if isinstance(holder, Organization) else ""


def _page(call: Call, variables: list[Variable], url: str, path: str) -> Answer:
    return page_of(
        call.request,
        sorted(variables, key=lambda variable: variable.name),
        lambda variable: encode_variable(variable, url),
        "variables",
        usual=USUAL_PAGE,
        most=LONGEST_PAGE,
        path=path,
    )


def _found(call: Call, holder: _Holder) -> Variable:
    found = holder.variables.get(call.text("name").upper())
    if found is None:
        raise Refused(404, NOT_FOUND)
    return found


def _visible(variable: Variable, repository: Repository) -> bool:
    match variable.visibility:
        case "all":
            return True
        case "private":
            return repository.private
        case _:
            return repository.id in variable.repositories


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) or text.upper().startswith("GITHUB_"):
        raise Refused(
            422,
            "Variable name is invalid. It must only contain alphanumeric characters or underscores, "
            "must not start with a number or with GITHUB_.",
        )
    return text.upper()


def _value(body: Mapping[str, Any]) -> str:
    value = body.get("value")
    if not isinstance(value, str):
        raise Refused(422, 'Invalid request.\n\n"value" wasn\'t supplied.')
    if len(value.encode()) > LONGEST_VALUE:
        raise Refused(422, "Variable value is too large: at most 48 KB.")
    return value


def _visibility(holder: _Holder, body: Mapping[str, Any], before: str | None) -> str:
    if isinstance(holder, Repository):
        return "all"
    value = body.get("visibility", before)
    if value not in _VISIBILITIES:
        raise Refused(422, 'Invalid request.\n\n"visibility" wasn\'t supplied.')
    return str(value)


def _select(variable: Variable, body: Mapping[str, Any]) -> None:
    chosen = body.get("selected_repository_ids")
    if isinstance(chosen, list):
        variable.repositories = [number for number in chosen if isinstance(number, int)]


_OWN = "/repos/{owner}/{repo}/actions/variables"
_ORGANIZATION = "/orgs/{org}/actions/variables"
_VISIBLE = "/repos/{owner}/{repo}/actions/organization-variables"
_PLACES = ((_OWN, "actions_variables"), (_ORGANIZATION, "organization_actions_variables"))
ENDPOINTS = (
    *(reading(path, list_variables, permission) for path, permission in _PLACES),
    *(reading(path + "/{name}", get_variable, permission) for path, permission in _PLACES),
    *(writing("POST", path, create_variable, permission) for path, permission in _PLACES),
    *(writing("PATCH", path + "/{name}", update_variable, permission) for path, permission in _PLACES),
    *(writing("DELETE", path + "/{name}", delete_variable, permission) for path, permission in _PLACES),
    reading(_VISIBLE, list_visible, "actions_variables"),
)
