"""What does a handler know of the request that it answers?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from gate.sandbox.gitlab.limits import Limits
from gate.sandbox.gitlab.model import MAINTAINER, REPORTER, Group, Job, Pipeline, Project
from gate.sandbox.gitlab.refusal import INSUFFICIENT_SCOPE, Refused, bad, invalid, not_found
from gate.sandbox.gitlab.shapes import encode_user
from gate.sandbox.gitlab.tokens import Grant, Kind
from gate.sandbox.gitlab.world import World
from gate.sandbox.routing import Answer, Request

_YES = {True, "true", "1", "t", "on", "yes"}
_NO = {False, "false", "0", "f", "off", "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request by somebody.

    Attributes:
        request: as it came.
        grant: who asks.
        world: what there is.
        limits: what has been used.
        params: query and body together, as Grape sees them.
    """

    request: Request
    grant: Grant
    world: World
    limits: Limits
    params: Mapping[str, Any]

    @property
    def base(self) -> str:
        """The address of the instance, to build links with."""
        return self.request.base

    def user(self, username: str = "") -> dict[str, Any]:
        """Return the document of a person, or of who asks."""
        name = username or self.grant.username
        return encode_user(self.base, self.world.user_id(name), name)

    def project(self, least: int = REPORTER) -> Project:
        """Return the project that the path names.

        Raises:
            Refused: 404 where it is hidden, 301 or 405 where it has moved, 403 where the role is too low.
        """
        name = self.request.parameters["project"]
        found = self.world.project(name)
        if found is None:
            moved = self.world.moved(name)
            if moved is None or not self.grant.role_in(moved):
                raise not_found("Project")
            raise self._moved(moved)
        role = self.grant.role_in(found)
        if not role:
            raise not_found("Project")
        if role < least or (found.archived and self.request.method != "GET"):
            raise Refused(403)
        return found

    def project_with_builds(self) -> Project:
        """Return the project that the path names, where CI/CD is not switched off in it.

        Raises:
            Refused: as `project`, and 403 where it is.
        """
        found = self.project()
        if not found.builds:
            raise Refused(403)
        return found

    def group(self, least: int = REPORTER) -> Group:
        """Return the group that the path names.

        Raises:
            Refused: 404 where it is hidden, 403 where the role is too low.
        """
        found = self.world.group(self.request.parameters["group"])
        if found is None or not self.grant.role_in_groups:
            raise not_found("Group")
        if self.grant.role_in_groups < least:
            raise Refused(403)
        return found

    def pipeline(self) -> Pipeline:
        """Return the pipeline that the path names, children included.

        Raises:
            Refused: 404, or 400 where its id is no number.
        """
        project = self.project()
        number = self.number("pipeline")
        if number not in project.pipelines:
            raise Refused(404)
        return project.pipelines[number]

    def job(self, *, builds_only: bool) -> Job:
        """Return the job that the path names.

        Raises:
            Refused: 404; a trigger job is none where only builds are meant.
        """
        found = self.project().jobs.get(self.number("job"))
        if found is None or (builds_only and found.spec.is_bridge):
            raise Refused(404)
        return found

    def require_maintainer(self, project: Project) -> None:
        """Refuse who is less than a Maintainer.

        Raises:
            Refused: 403.
        """
        if self.grant.role_in(project) < MAINTAINER:
            raise Refused(403)

    def number(self, name: str) -> int:
        """Return an id of the path.

        Raises:
            Refused: 400, it is no number.
        """
        text = self.request.parameters[name]
        if not (text.isascii() and text.isdigit()):
            raise invalid(f"{name}_id", "is invalid")
        return int(text)

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Return a parameter that is text.

        Raises:
            Refused: 400, it is missing.
        """
        value = self.params.get(name)
        if value is None and required:
            raise invalid(name, "is missing")
        return None if value is None else str(value)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """Return a parameter that is one of some words.

        Raises:
            Refused: 400, it is another.
        """
        value = self.params.get(name)
        if value is not None and value not in allowed:
            raise invalid(name)
        return value

    def flag(self, name: str) -> bool | None:
        """Return a parameter that is true or false.

        Raises:
            Refused: 400, it is neither.
        """
        value = self.params.get(name)
        text = value.lower() if isinstance(value, str) else value
        if value is None or text == "":
            return None
        if isinstance(text, list | dict) or text not in _YES | _NO:
            raise invalid(name, "is invalid")
        return text in _YES

    def words(self, name: str, allowed: tuple[str, ...]) -> frozenset[str] | None:
        """Return a parameter that is a list of words: ``name[]=a&name[]=b``.

        Of ``name=a&name=b`` only the last counts, as with Rack.

        Raises:
            Refused: 400, one of them is none of `allowed`.
        """
        pairs = parse_qsl(self.request.raw_query, keep_blank_values=True)
        many = [text for key, text in pairs if key == f"{name}[]"]
        single = [text for key, text in pairs if key == name][-1:]
        chosen = frozenset(many or single)
        if not chosen:
            return None
        if not chosen <= set(allowed):
            raise invalid(name)
        return chosen

    def _moved(self, project: Project) -> Refused:
        """Return what an old path answers: only reading is led on (lib/api/helpers.rb `find_project!`)."""
        if self.request.method != "GET":
            return Refused(405, {"message": "Non GET methods are not allowed for moved projects"})
        parts = self.request.path.split("/")
        parts[4] = str(project.id)
        query = f"?{self.request.raw_query}" if self.request.raw_query else ""
        url = f"{self.base}{'/'.join(parts)}{query}"
        return Refused(301, f"This resource has been moved permanently to {url}", (("Location", url),))


Endpoint = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One endpoint of the API.

    Attributes:
        method: the method.
        template: below ``/api/v4``.
        endpoint: what answers.
        job_token: whether a job's own token may call it.
    """

    method: str
    template: str
    endpoint: Endpoint
    job_token: bool = False

    def check(self, grant: Grant) -> None:
        """Refuse whom the endpoint does not know, and who may only read.

        Raises:
            Refused: 401 or 403.
        """
        if grant.kind is Kind.ANONYMOUS or (grant.kind is Kind.JOB and not self.job_token):
            raise Refused(401)
        if grant.kind is Kind.JOB:
            return
        if not grant.scopes & {"api", "read_api"}:
            raise Refused(403, INSUFFICIENT_SCOPE)
        if self.method != "GET" and not grant.may_write():
            raise Refused(403, INSUFFICIENT_SCOPE)


def parse_params(request: Request) -> dict[str, Any]:
    """Return query and body together.

    Raises:
        Refused: 400, the body is not of the type that it is said to be.
    """
    params: dict[str, Any] = dict(request.query)
    if not request.body.strip():
        return params
    if "json" in request.headers.get("content-type", ""):
        try:
            document = json.loads(request.body)
        except ValueError:
            raise bad("400 Bad request - The request body is not valid JSON") from None
        if not isinstance(document, dict):
            raise bad("400 Bad request - The request body must be an object")
        return {**params, **document}
    return {**params, **dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))}
