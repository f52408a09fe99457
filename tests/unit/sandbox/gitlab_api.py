"""An emulated GitLab asked without a network, in time that stands still until a test moves it."""

from __future__ import annotations

import json
from typing import Any

from gate.sandbox import controls
from gate.sandbox.clock import Clock
from gate.sandbox.faults import Faults
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab.command import NO_LIMITS
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import Job, JobSpec, Pipeline, Project
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.gitlab.world import World
from gate.sandbox.requestlog import RequestLog
from gate.sandbox.routing import Answer, Request, parse_query

START = 1_795_500_000.0
BASE = "http://127.0.0.1:8500"
TOKEN = "glpat-sandbox"
JOB_TOKEN = "glcbt-sandbox"
PATH = "acme/panda"


class Api:
    """Asks one emulated GitLab, which holds the project `acme/panda` and what a test adds.

    Args:
        limits: how strict the rate limits are; none by default.
        spec: a fleet to have besides.
    """

    def __init__(self, limits: LimitSettings = NO_LIMITS, spec: FleetSpec | None = None) -> None:
        self.outside = START
        clock = Clock(speed=0.0, source=lambda: START)
        self.service = GitLabService(spec, clock=clock, limits=limits, outside=lambda: self.outside)
        self.project = self.world.add_project(PATH)

    @property
    def world(self) -> World:
        """What there is."""
        return self.service.world

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.service.clock.advance(seconds)

    def pipeline(self, *jobs: JobSpec, project: Project | None = None, **more: Any) -> Pipeline:
        """Make a pipeline, by default with one job called `build`."""
        specs = jobs or (JobSpec(name="build"),)
        return self.world.add_pipeline(project or self.project, specs, **more)

    def job(self, spec: JobSpec | None = None, status: str = "running") -> Job:
        """Make a pipeline of one job in a status."""
        return self.pipeline(spec or JobSpec(name="build"), statuses=(status,)).jobs[0]

    def announce(self, token: str, **fields: object) -> str:
        """Say what a token may do, and return it."""
        self.control("token", token=token, **fields)
        return token

    def control(self, path: str, **fields: object) -> Any:
        """Use one of the emulator's own controls; a refusal is an assertion that says why."""
        request = Request(
            method="POST", path=f"/_sandbox/{path}", body=json.dumps(fields).encode(), base=BASE
        )
        common = controls.router(RequestLog(), Faults(), self.service.reset, float, lambda _: None)
        answer = controls.answer(common, self.service.controls, request)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = TOKEN) -> Answer:
        """Send a request below `/api/v4` (or to the whole path, where it starts with `/api`)."""
        whole = path if path.startswith("/api") else f"/api/v4{path}"
        where, _, query = whole.partition("?")
        found = self.service.router.find(method, where)
        name = "job-token" if token and token.startswith("glcbt-") else "private-token"
        request = Request(
            method=method,
            path=where,
            raw_query=query,
            query=parse_query(query),
            headers={"content-type": "application/json", **({name: token} if token else {})},
            body=b"" if body is None else json.dumps(body).encode(),
            base=BASE,
            parameters=found[1] if found else {},
        )
        return self.service.answer(request, found[0].handler if found else None)

    def get(self, path: str, **more: Any) -> Any:
        """Return the document that a GET answers."""
        return json.loads(self.ask("GET", path, **more).body)

    def status(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
        """Return the status of an answer, and its document."""
        answer = self.ask(method, path, body, **more)
        return answer.status, json.loads(answer.body) if answer.body else None

    def graphql(self, query: str, *, token: str = TOKEN, **variables: object) -> Any:
        """Return the document that a GraphQL query answers."""
        return self.status("POST", "/api/graphql", {"query": query, "variables": variables}, token=token)[1]

    def at(self, thing: Pipeline | Job) -> str:
        """Return the path of a pipeline or a job."""
        if isinstance(thing, Job):
            return f"/projects/{thing.pipeline.project.id}/jobs/{thing.id}"
        return f"/projects/{thing.project.id}/pipelines/{thing.id}"

    def look(self, *things: Pipeline | Job) -> list[str]:
        """Return the statuses of pipelines and jobs at this moment."""
        for project in self.world.projects.values():
            self.world.settle(project)
        return [thing.status for thing in things]
