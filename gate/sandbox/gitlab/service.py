"""How does the emulated GitLab answer a request, from its token to its headers?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab import (
    controls,
    graphql,
    routes_jobs,
    routes_pipelines,
    routes_projects,
    routes_schedules,
    routes_statuses,
    routes_variables,
)
from gate.sandbox.gitlab.calls import Call, Endpoint, Path, parse_params
from gate.sandbox.gitlab.flow import Timing
from gate.sandbox.gitlab.limits import Limits, LimitSettings
from gate.sandbox.gitlab.refusal import Refused
from gate.sandbox.gitlab.seed import seeded_world
from gate.sandbox.gitlab.tokens import Tokens, digest, valid_for
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

API = "/api/v4"
_MODULES = (
    routes_projects,
    routes_pipelines,
    routes_jobs,
    routes_schedules,
    routes_variables,
    routes_statuses,
)


class GitLabService:
    """A GitLab with a seeded fleet.

    Args:
        spec: what the fleet is made from.
        timing: how long things take.
        limits: how strict the rate limits are.
        clock: the sandbox's time.
        strict: refuse tokens that were not announced.
        outside: the time by which the rate limits go.

    Attributes:
        world: what there is.
        tokens: who may do what.
        limits: what has been used.
        lock: to be held while something is changed from outside a request.
    """

    name = "gitlab"
    # The whole path is a template's: REST and GraphQL have no prefix in common but /api.
    prefixes: tuple[str, ...] = ("",)

    def __init__(
        self,
        spec: FleetSpec | None = None,
        *,
        timing: Timing | None = None,
        limits: LimitSettings | None = None,
        clock: Clock | None = None,
        strict: bool = False,
        outside: Callable[[], float] = time.time,
    ) -> None:
        self.lock = threading.RLock()
        self.spec = spec or FleetSpec(projects=0)
        self.clock = clock or Clock()
        self.tokens = Tokens(strict=strict)
        self.limits = Limits(limits or LimitSettings(), outside)
        self._timing = timing or Timing()
        self.world = seeded_world(self.spec, self.clock, self._timing)
        self.router = Router()
        for module in _MODULES:
            for path in module.paths():
                self.router.add(path.method, API + path.template, partial(self._rest, path))
        self.router.add("POST", "/api/graphql", partial(self._asked, graphql.answer, None))
        self.controls = controls.router(self)

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request: throttle first, then token, endpoint and headers."""
        with self.lock:
            key = _key(request)
            throttled = self.limits.throttle(key)
            if throttled is not None:
                return throttled
            answer = json_answer(404, {"error": "404 Not Found"}) if handler is None else handler(request)
            return Answer(
                status=answer.status,
                body=answer.body,
                kind=answer.kind,
                headers=(*answer.headers, *self.limits.headers(key)),
            )

    def reset(self) -> None:
        """Be as at the start; announced tokens stay."""
        with self.lock:
            self.world = seeded_world(self.spec, self.clock, self._timing)
            self.limits.clear()

    def _rest(self, path: Path, request: Request) -> Answer:
        return self._asked(path.endpoint, path, request)

    def _asked(self, endpoint: Endpoint, path: Path | None, request: Request) -> Answer:
        try:
            grant = self.tokens.grant(request.headers)
            if path is not None:
                path.check(grant)
            if grant.job is not None and not valid_for(grant, self.world.job(grant.job)):
                raise Refused(401)
            call = Call(
                request=request,
                grant=grant,
                world=self.world,
                limits=self.limits,
                params=parse_params(request),
            )
            return endpoint(call)
        except Refused as refused:
            return refused.answer()


def _key(request: Request) -> str:
    """Return what stands for who asks, before it is known whether the token counts."""
    headers = request.headers
    names = ("private-token", "job-token", "authorization")
    return digest(next((headers[name] for name in names if name in headers), "anonymous"))
