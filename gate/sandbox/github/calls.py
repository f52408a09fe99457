"""What does a handler know of the request that it answers?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.limits import Limits
from gate.sandbox.github.model import Organization, Repository, Run, Workflow
from gate.sandbox.github.timeline import Timing
from gate.sandbox.github.tokens import NOT_FOUND, Grant
from gate.sandbox.github.world import World
from gate.sandbox.routing import Answer, Request, json_answer, split

BAD_JSON = "Problems parsing JSON"
_DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request with everything that GitHub knows about it.

    Attributes:
        request: as it came.
        grant: who asks.
        world: all there is.
        limits: what was used.
        found: the repository that the path names; None where it names none.
    """

    request: Request
    grant: Grant
    world: World
    limits: Limits
    found: Repository | None = None

    @property
    def base(self) -> str:
        """The absolute URL below which the API is."""
        return self.request.base

    @property
    def now(self) -> float:
        """The sandbox's time."""
        return self.world.now()

    @property
    def timing(self) -> Timing:
        """How long things take."""
        return self.world.timing

    @property
    def repository(self) -> Repository:
        """The repository that the path names."""
        if self.found is None:
            raise Refused(404, NOT_FOUND)
        return self.found

    @property
    def listed_path(self) -> str:
        """The path as `Link` headers give it: the repository by its number."""
        rest = split(self.request.path)
        below = rest[3:] if rest[0] == "repos" else rest[2:]
        return "/".join((f"/repositories/{self.repository.id}", *below))

    def text(self, name: str) -> str:
        """Return what the path template has named."""
        return self.request.parameters[name]

    def number(self, name: str) -> int:
        """Return a number that the path template has named; what is none is not found."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Refused(404, NOT_FOUND)
        return int(text)

    def run(self) -> Run:
        """Return the run that the path names."""
        found = self.repository.runs.get(self.number("run_id"))
        if found is None:
            raise Refused(404, NOT_FOUND)
        return found

    def workflow(self) -> Workflow:
        """Return the workflow that the path names by number or by its file's name."""
        wanted, known = self.text("workflow_id"), self.repository.workflows
        if wanted.isascii() and wanted.isdigit() and int(wanted) in known:
            return known[int(wanted)]
        for workflow in known.values():
            if workflow.file == wanted:
                return workflow
        raise Refused(404, NOT_FOUND)

    def organization(self) -> Organization:
        """Return the organisation that the path names, in any case of letters."""
        found = self.world.organizations.get(self.text("org").lower())
        if found is None or found.is_user:
            raise Refused(404, NOT_FOUND)
        return found

    def body(self) -> Mapping[str, Any]:
        """Return the JSON object that was sent; nothing is an empty one.

        Raises:
            Refused: 400, it is none.
        """
        try:
            document = self.request.json()
        except ValueError:
            raise Refused(400, BAD_JSON) from None
        if document is None:
            return {}
        if not isinstance(document, Mapping):
            raise Refused(400, "Body should be a JSON object")
        return document


def wanted_text(body: Mapping[str, Any], key: str) -> str:
    """Return a text that GitHub insists on.

    Raises:
        Refused: 422, it is not there or no text.
    """
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise Refused(422, f'Invalid request.\n\n"{key}" wasn\'t supplied.')
    return value


def optional_text(body: Mapping[str, Any], key: str) -> str | None:
    """Return a text that may be left out or null.

    Raises:
        Refused: 422, it is something else.
    """
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(422, f"Invalid request.\n\nFor '{key}', {value!r} is not a string.")
    return value


def error(status: int, message: str, *headers: tuple[str, str]) -> Answer:
    """Return a ``basic-error``."""
    document = {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)}
    return json_answer(status, document, *headers)


def empty(status: int) -> Answer:
    """Return an ``empty-object``, or nothing at all with 204."""
    return Answer(status=204) if status == 204 else json_answer(status, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call that GitHub's API has.

    Attributes:
        method: in upper case.
        template: as GitHub's OpenAPI description names the path.
        answer: what answers.
        permission: what a token needs; empty for nothing.
        level: ``read`` or ``write``.
        app_only: whether only an App may (check runs).
        no_app: whether an App may not (approving deployments).
        creation: whether it counts as content creation.
    """

    method: str
    template: str
    answer: Callable[[Call], Answer]
    permission: str = ""
    level: str = "read"
    app_only: bool = False
    no_app: bool = False
    creation: bool = False


def reading(template: str, answer: Callable[[Call], Answer], permission: str = "") -> Endpoint:
    """Return a GET that needs a permission to read."""
    return Endpoint(method="GET", template=template, answer=answer, permission=permission)


def writing(
    method: str, template: str, answer: Callable[[Call], Answer], permission: str, **more: bool
) -> Endpoint:
    """Return a call that needs a permission to write."""
    return Endpoint(
        method=method, template=template, answer=answer, permission=permission, level="write", **more
    )
