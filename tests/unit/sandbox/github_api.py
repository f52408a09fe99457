"""An emulated GitHub asked without a network, in time that stands still until a test moves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gate.sandbox.clock import Clock
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.model import Repository, Run, Workflow
from gate.sandbox.github.timeline import Timing
from gate.sandbox.github.world import World
from gate.sandbox.routing import Answer, Request, parse_query

START = 1_795_500_000.0
BASE = "http://127.0.0.1:8500/api/v3"
ROOT = "http://127.0.0.1:8500"
TOKEN = "ghp_sandbox"
APP_TOKEN = "ghs_sandbox"


def still_clock() -> Clock:
    """Return a clock that only `advance` moves."""
    return Clock(speed=0.0, source=lambda: START)


def small_world(clock: Clock, timing: Timing) -> World:
    """Return one organisation with one repository and one workflow of three jobs."""
    world = World(clock, timing)
    repository = world.add_repository("acme", "panda")
    world.add_workflow(repository, "Load / 100 %", "load-live.yml", ("build", "load-live-job", "clean-up"))
    return world


class Api:
    """Asks one emulated GitHub.

    Args:
        limits: how strict the rate limits are; none by default.
        strict_tokens: whether only announced tokens are accepted.
    """

    def __init__(self, limits: LimitSettings | None = None, *, strict_tokens: bool = False) -> None:
        options = GitHubOptions(limits=limits or LimitSettings(enabled=False), strict_tokens=strict_tokens)
        self.github = GitHub(options, still_clock(), small_world)

    @property
    def world(self) -> World:
        """What there is."""
        return self.github.world

    @property
    def repository(self) -> Repository:
        """The repository `acme/panda`."""
        found = self.world.repository("acme", "panda")
        assert found is not None
        return found

    @property
    def workflow(self) -> Workflow:
        """Its workflow."""
        return next(iter(self.repository.workflows.values()))

    def run(self, status: str = "in_progress", **more: Any) -> Run:
        """Make a run of the workflow."""
        return self.world.add_run(self.repository, self.workflow, status=status, **more)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.github.clock.advance(seconds)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = TOKEN,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        base: str = BASE,
        at_once: int = 1,
    ) -> Answer:
        """Send a request and return the answer."""
        raw = urlencode({key: str(value) for key, value in (query or {}).items()})
        found = self.github.router.find(method, path)
        request = Request(
            method=method,
            path=path,
            query=parse_query(raw),
            raw_query=raw,
            headers={**({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})},
            body=b"" if body is None else json.dumps(body).encode(),
            base=base,
            parameters=found[1] if found else {},
            at_once=at_once,
        )
        return self.github.answer(request, found[0].handler if found else None)

    def runs(self, path: str, method: str = "GET", **more: Any) -> Answer:
        """Ask below the repository's runs."""
        return self.ask(method, f"/repos/acme/panda/actions/runs{path}", **more)

    def state(self, run: Run) -> tuple[str, str | None]:
        """Return a run's status and conclusion as the API tells them."""
        document = read(self.runs(f"/{run.id}"))
        return document["status"], document["conclusion"]


def read(answer: Answer) -> Any:
    """Return an answer's document."""
    return json.loads(answer.body)


def told(answer: Answer) -> tuple[int, str]:
    """Return an answer's status and message."""
    return answer.status, read(answer)["message"]


def header(answer: Answer, name: str) -> str:
    """Return one header of an answer, or an empty text."""
    return next((value for key, value in answer.headers if key.lower() == name.lower()), "")
