"""How does a hold reach every gate step? As the variable ``GATE_HOLD`` of the group, or of each project.

Jobs read it whatever their branch and environment: neither protected nor masked, and raw, so
that a dollar sign in a reason stays what it is. A variable of another environment scope is
somebody else's (gitlabhq `lib/api/ci/variables.rb`, `lib/api/ci/group_variables.rb`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from gate.core.event import Target
from gate.core.work import Asked, Outcome
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.protocol import Member

NAME: Final = "GATE_HOLD"
LONGEST: Final = 10_000  # characters that GitLab takes

_EVERYWHERE: Final = {"filter[environment_scope]": "*"}
_FORM: Final = {
    "variable_type": "env_var",
    "protected": False,
    "masked": False,
    "raw": True,
    "environment_scope": "*",
}


class Holds:
    """Reads and writes the variable of one member of the fleet.

    Args:
        client: what asks.
        member: whose `root` is the group.
        projects: knows the numbers of projects.
    """

    def __init__(self, client: Client, member: Member, projects: Projects) -> None:
        self._client = client
        self._member = member
        self._projects = projects

    def shared(self) -> Target:
        """Return the group's place."""
        return self._place(
            self._member.root, f"{self._member.url}/groups/{self._member.root}/-/settings/ci_cd"
        )

    def of_projects(self) -> tuple[Target, ...]:
        """Return the place of each project.

        Raises:
            Unanswered: the projects cannot be listed.
        """
        base = self._member.url
        return tuple(self._place(p.path, f"{base}/{p.path}/-/settings/ci_cd") for p in self._projects.all())

    def read(self, place: Target) -> str | None:
        """Return the variable's value, None where there is none.

        Raises:
            Unanswered: it cannot be read.
        """
        ask = self._ask(place, f"/{NAME}", query=dict(_EVERYWHERE))
        try:
            answer = self._client.send(ask)
        except Unanswered as error:
            if error.status == 404 and "variable" in error.message.casefold():
                return None
            raise
        match answer:
            case {"value": str(value)}:
                return value
        raise unreadable(ask, self._client.host, "a variable with a value")

    def write(self, place: Target, text: str | None) -> Asked:
        """Write the variable or take it away, and read it back."""
        if text is not None and len(text) > LONGEST:
            detail = f"the hold has {len(text)} characters, and GitLab takes {LONGEST}: give a shorter reason"
            return Asked(outcome=Outcome.FAILED, detail=detail)
        try:
            self._remove(place) if text is None else self._set(place, text)
        except Unanswered as error:
            return Asked(outcome=error.outcome, detail=error.detail)
        try:
            now = self.read(place)
        except Unanswered as error:  # never a refusal, which says that nothing was written
            detail = f"{NAME} was written, and cannot be read back: {error.detail}"
            return Asked(outcome=Outcome.FAILED, detail=detail)
        if now != text:
            return Asked(outcome=Outcome.FAILED, detail=f"{NAME} was written, and reads otherwise afterwards")
        return Asked(outcome=Outcome.LIFTED if text is None else Outcome.HELD)

    def _set(self, place: Target, text: str) -> None:
        new = self._ask(place, "", method="post", body={"key": NAME, "value": text, **_FORM})
        try:
            self._client.send(new)
        except Unanswered as error:
            if error.status != 400 or "taken" not in error.message:
                raise
            body = {"value": text, **_FORM}
            self._client.send(self._ask(place, f"/{NAME}", method="put", query=dict(_EVERYWHERE), body=body))

    def _remove(self, place: Target) -> None:
        try:
            self._client.send(self._ask(place, f"/{NAME}", method="delete", query=dict(_EVERYWHERE)))
        except Unanswered as error:
            if error.status != 404 or "variable" not in error.message.casefold():
                raise

    def _ask(
        self,
        place: Target,
        rest: str,
        *,
        method: str = "get",
        query: dict[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Ask:
        if place.project == self._member.root:
            home = f"/groups/{quote(place.project, safe='')}"
            what, needs = f"the variable {NAME} of the group {place.project}", "the Owner role in the group"
        else:
            home = f"/projects/{self._projects.number(place.project)}"
            what, needs = f"the variable {NAME} of {place.project}", "the Maintainer role in the project"
        return Ask(
            path=f"{home}/variables{rest}",
            what=what,
            needs=f"the scope api and {needs}",
            method=method,
            query=query or {},
            body=None if body is None else dict(body),
        )

    def _place(self, project: str, url: str) -> Target:
        return Target(
            provider="gitlab",
            instance=self._member.url,
            project=project,
            kind="hold",
            id=NAME,
            name=NAME,
            url=url,
        )
