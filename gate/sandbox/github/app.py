"""Who answers a request to the emulated GitHub, after token, visibility, permission and limits?"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.github import (
    edits,
    routes_account,
    routes_artifacts,
    routes_groups,
    routes_reports,
    routes_runs,
    routes_variables,
    routes_workflows,
)
from gate.sandbox.github.calls import Call, Endpoint, error
from gate.sandbox.github.graphql import answer_graphql, rate_limited
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.limits import Exceeded, Limits, LimitSettings
from gate.sandbox.github.model import Repository
from gate.sandbox.github.seed import seeded_world
from gate.sandbox.github.timeline import Timing
from gate.sandbox.github.tokens import APP_FORBIDDEN, APP_ONLY, NOT_FOUND, Grant, Tokens
from gate.sandbox.github.world import World
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer, split

ENDPOINTS: tuple[Endpoint, ...] = (
    *routes_runs.ENDPOINTS,
    *routes_workflows.ENDPOINTS,
    *routes_groups.ENDPOINTS,
    *routes_variables.ENDPOINTS,
    *routes_reports.ENDPOINTS,
    *routes_artifacts.ENDPOINTS,
    *routes_account.ENDPOINTS,
)
GRAPHQL = Endpoint(method="POST", template="/graphql", answer=answer_graphql)
_NAMED = "/repos/{owner}/{repo}"
_NUMBERED = "/repositories/{repository_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubOptions:
    """What an emulated GitHub is like.

    Attributes:
        fleet: what it is seeded with.
        timing: how long things take.
        limits: how strict the rate limits are.
        speed: how fast its time runs; the limits go by real time.
        strict_tokens: accept announced tokens only.
    """

    fleet: FleetSpec = field(default_factory=FleetSpec)
    timing: Timing = field(default_factory=Timing)
    limits: LimitSettings = field(default_factory=LimitSettings)
    speed: float = 1.0
    strict_tokens: bool = False


class GitHub:
    """The service: give it to `gate.sandbox.server.SandboxServer`.

    Args:
        options: what it is like.
        clock: the sandbox's time; by default real time at the options' speed.
        make_world: makes what it begins with; by default the options' seeded fleet.
    """

    name = "github"
    # /api is where a GitHub Enterprise Server has GraphQL; it has nothing else there.
    prefixes: tuple[str, ...] = ("/api/v3", "")

    def __init__(
        self,
        options: GitHubOptions,
        clock: Clock | None = None,
        make_world: Callable[[Clock, Timing], World] | None = None,
    ) -> None:
        self.options = options
        self.clock = clock or Clock(options.speed)
        self.lock = threading.RLock()
        self._make_world = make_world or (lambda clock, timing: seeded_world(options.fleet, clock, timing))
        self.world = self._make_world(self.clock, options.timing)
        self.tokens = Tokens(strict=options.strict_tokens)
        self.limits = Limits(options.limits)
        self.router = self._routes()
        self.controls = edits.router(self)

    def reset(self) -> None:
        """Be as at the start; announced tokens stay."""
        with self.lock:
            self.world = self._make_world(self.clock, self.options.timing)
            self.limits.clear()

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request; see `gate.sandbox.server.Service`."""
        if handler is None:
            return _finished(request, error(404, NOT_FOUND), ())
        with self.lock:
            return handler(request)

    def _routes(self) -> Router:
        router = Router()
        for endpoint in ENDPOINTS:
            handler = self._handler(endpoint)
            router.add(endpoint.method, endpoint.template, handler)
            if endpoint.template.startswith(_NAMED):
                # Where renamed repositories and `Link` headers lead.
                numbered = _NUMBERED + endpoint.template.removeprefix(_NAMED)
                router.add(endpoint.method, numbered, handler, counted_as=endpoint.template)
        lists = {"/organizations/{org_id}/repos": "/orgs/{org}/repos"}
        for numbered, named in lists.items():
            router.add("GET", numbered, self._by_organization_id, counted_as=named)
        graphql = self._handler(GRAPHQL)
        router.add("POST", "/graphql", graphql)
        router.add("POST", "/api/graphql", graphql, counted_as="/graphql")
        return router

    def _by_organization_id(self, request: Request) -> Answer:
        wanted = request.parameters["org_id"]
        login = next((o.login for o in self.world.organizations.values() if str(o.id) == wanted), "")
        listing = next(e for e in ENDPOINTS if e.answer is routes_account.list_organization_repositories)
        return self._handler(listing)(replace(request, parameters={"org": login}))

    def _handler(self, endpoint: Endpoint) -> Handler:
        return lambda request: self._guarded(endpoint, request)

    def _guarded(self, endpoint: Endpoint, request: Request) -> Answer:
        """Ask for the token, then the limits, then the repository, then the permission."""
        resource = "graphql" if endpoint is GRAPHQL else "core"
        try:
            grant = self.tokens.grant(request.headers.get("authorization", ""))
        except Refused as refused:
            return _finished(request, error(refused.status, refused.message), ())
        free = endpoint.template == "/rate_limit"
        if not free:
            exceeded = self.limits.charge(
                grant, resource, request.method, request.at_once, creation=endpoint.creation
            )
            if exceeded:
                answer = _turned_away(exceeded, resource)
                return _finished(request, answer, self.limits.headers(grant, resource))
        try:
            answer = self._carried_out(endpoint, request, grant)
        except Refused as refused:
            answer = error(refused.status, refused.message, *_accepted(endpoint, refused))
        answer = _with_etag(request, answer)
        if answer.status == 304 and not free:
            self.limits.refund(grant)
        return _finished(request, answer, self.limits.headers(grant, resource))

    def _carried_out(self, endpoint: Endpoint, request: Request, grant: Grant) -> Answer:
        call = Call(request=request, grant=grant, world=self.world, limits=self.limits)
        if endpoint.template.startswith(_NAMED):
            found = self._repository(request, grant)
            if isinstance(found, Answer):
                return found
            call = replace(call, found=found)
        if endpoint.app_only and not grant.is_app:
            raise Refused(403, APP_ONLY)
        if endpoint.no_app and grant.is_app:
            raise Refused(403, APP_FORBIDDEN)
        if endpoint.permission:
            grant.require(endpoint.permission, endpoint.level)
        return endpoint.answer(call)

    def _repository(self, request: Request, grant: Grant) -> Repository | Answer:
        """Return the repository that the path names, or where it is now.

        Raises:
            Refused: 404, it is not there or the token does not see it.
        """
        named = request.parameters
        if "repository_id" in named:
            number = named["repository_id"]
            found = self.world.repository_by_id(int(number)) if number.isdecimal() else None
        else:
            found = self.world.repository(named["owner"], named["repo"])
            moved = None if found else self.world.renamed(named["owner"], named["repo"])
            if moved is not None and grant.sees(moved):
                return _moved(request, moved)
        if found is None or not grant.sees(found):
            raise Refused(404, NOT_FOUND)
        return found


def _moved(request: Request, repository: Repository) -> Answer:
    """Return the redirect of a renamed repository: 301 to read, 307 to write; it keeps the query."""
    below = "/".join((f"/repositories/{repository.id}", *split(request.path)[3:]))
    query = f"?{request.raw_query}" if request.raw_query else ""
    url = f"{request.base}{below}{query}"
    permanent = request.method == "GET"
    document = {
        "message": "Moved Permanently" if permanent else "Temporary Redirect",
        "url": url,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    }
    return json_answer(301 if permanent else 307, document, ("Location", url))


def _turned_away(exceeded: Exceeded, resource: str) -> Answer:
    if resource == "graphql" and exceeded.primary:
        return json_answer(200, rate_limited())
    headers = () if exceeded.retry_after is None else (("Retry-After", str(exceeded.retry_after)),)
    return error(exceeded.status, exceeded.message, *headers)


def _accepted(endpoint: Endpoint, refused: Refused) -> tuple[tuple[str, str], ...]:
    """Return the header that names the missing permission."""
    if refused.status != 403 or not endpoint.permission:
        return ()
    return (("X-Accepted-GitHub-Permissions", f"{endpoint.permission}={endpoint.level}"),)


def _with_etag(request: Request, answer: Answer) -> Answer:
    if request.method != "GET" or answer.status != 200:
        return answer
    tag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
    header = ("ETag", tag)
    if tag in request.headers.get("if-none-match", ""):
        return Answer(status=304, headers=(header,))
    return replace(answer, headers=(*answer.headers, header))


def _finished(request: Request, answer: Answer, limits: tuple[tuple[str, str], ...]) -> Answer:
    """Add what every answer of GitHub carries."""
    common = (
        ("X-GitHub-Media-Type", "github.v3; format=json"),
        ("X-GitHub-Request-Id", hashlib.sha256(f"{request.method} {request.path}".encode()).hexdigest()[:16]),
    )
    return replace(answer, headers=(*answer.headers, *limits, *common))
