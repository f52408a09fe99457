"""How is a hold raised, read and lifted? As a variable of the organisation or of a repository.

`vars` of a workflow read both, the repository's before the organisation's (GitHub's documentation
on variables and OpenAPI description, read 2026-11-24).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome
from gate.providers.github.client import Answer, Client
from gate.providers.github.refusal import (
    OWNER_VARIABLES_READ,
    OWNER_VARIABLES_WRITE,
    VARIABLES_READ,
    VARIABLES_WRITE,
    Permission,
    asked,
    not_done,
    unreadable,
)
from gate.providers.github.runs import home
from gate.providers.protocol import Member, NotDone

NAME: Final = "GATE_HOLD"

_REACH: Final = {
    "selected": "only the repositories that are selected for the variable",
    "private": "only private and internal repositories",
}


def place_of(member: Member, project: str) -> Target:
    """Return where a hold is kept: for a repository, or for the owner."""
    return Target(provider="github", instance=member.url, project=project, kind="hold", id=NAME, name=NAME)


def read_variable(client: Client, place: Target) -> str | None:
    """Return the hold's text, None where there is none.

    Raises:
        NotDone: it cannot be read.
    """
    answer = client.send("GET", _path(place))
    if answer.status == 404:
        # Who may list the variables knows that this one is not there; 30 is the longest page.
        client.read(_list_path(place), place.project, _reading(place), {"per_page": "1"})
        return None
    return _value(client, place, answer)


def write_variable(client: Client, place: Target, text: str | None) -> Asked:
    """Write the hold's text or take it away, and read back what is there."""
    try:
        if text is None:
            return _lifted(client, place)
        _put(client, place, text)
    except NotDone as error:
        return asked(error)
    try:
        answer = client.send("GET", _path(place))
        if _value(client, place, answer) != text:
            words = f"{place.project} at {client.host}: {NAME} was written, and holds another text now"
            return Asked(outcome=Outcome.FAILED, detail=words)
        return Asked(outcome=Outcome.HELD, detail=_reach(client, place, answer))
    except NotDone as error:
        return _unseen(error)


def _put(client: Client, place: Target, text: str) -> None:
    """Make the variable, or change it where it is there; its visibility stays as it is.

    Raises:
        NotDone: neither was done.
    """
    fields: dict[str, Any] = {"name": NAME, "value": text}
    if _is_owners(place):
        fields["visibility"] = "all"
    answer = client.send("POST", _list_path(place), body=fields)
    if answer.status == 409:
        answer = client.send("PATCH", _path(place), body={"value": text})
    if answer.status not in (201, 204):
        raise _refused(client, place, answer)


def _lifted(client: Client, place: Target) -> Asked:
    answer = client.send("DELETE", _path(place))
    if answer.status not in (204, 404):
        raise _refused(client, place, answer)
    if answer.status == 204:
        answer = client.send("GET", _path(place))
        try:
            still = None if answer.status == 404 else _value(client, place, answer)
        except NotDone as error:
            return _unseen(error)
    else:
        still = read_variable(client, place)
    if still is None:
        return Asked(outcome=Outcome.LIFTED)
    if answer.status == 404:
        raise _refused(client, place, answer)
    words = f"{place.project} at {client.host}: {NAME} was taken away, and is there again"
    return Asked(outcome=Outcome.FAILED, detail=words)


def _unseen(error: NotDone) -> Asked:
    """Return that a place was written and cannot be read back: no refusal, which nothing would follow."""
    return Asked(
        outcome=Outcome.FAILED, detail=f"{NAME} was written, and cannot be read back: {error.detail}"
    )


def _value(client: Client, place: Target, answer: Answer) -> str:
    document = client.object_in(answer, place.project, _reading(place))
    value = document.get("value")
    if not isinstance(value, str):
        raise unreadable(client.host, place.project, "value: expected text")
    return value


def _reach(client: Client, place: Target, answer: Answer) -> str:
    visibility = client.object_in(answer, place.project, _reading(place)).get("visibility")
    if isinstance(visibility, str) and visibility in _REACH:
        return one_line(f"{NAME} of {place.project} reaches {_REACH[visibility]}", 300)
    return ""


def _refused(client: Client, place: Target, answer: Answer) -> NotDone:
    needs = OWNER_VARIABLES_WRITE if _is_owners(place) else VARIABLES_WRITE
    return not_done(client.host, place.project, answer, answer.message, needs, client.now())


def _reading(place: Target) -> Permission:
    return OWNER_VARIABLES_READ if _is_owners(place) else VARIABLES_READ


def _is_owners(place: Target) -> bool:
    return "/" not in place.project


def _list_path(place: Target) -> str:
    if _is_owners(place):
        return f"/orgs/{quote(place.project, safe='')}/actions/variables"
    return f"{home(place.project)}/actions/variables"


def _path(place: Target) -> str:
    return f"{_list_path(place)}/{quote(place.id, safe='')}"
