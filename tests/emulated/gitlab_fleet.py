"""A group in an emulated GitLab and the adapter that is connected to it; time passes when a test says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gate.core.event import Target
from gate.core.secret import Secret
from gate.core.work import Found, Protects, Work
from gate.fleet.pool import Pool
from gate.providers import gitlab
from gate.providers.gitlab.connection import GitLabConnection
from gate.providers.pace import Pace
from gate.providers.protocol import Member
from gate.sandbox.clock import Clock
from gate.sandbox.faults import Fault
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab.command import NO_LIMITS
from gate.sandbox.gitlab.flow import Timing
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import Job, JobSpec, Pipeline, Project
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.gitlab.tokens import parse_grant
from gate.sandbox.server import SandboxServer

TOKEN = "glpat-planted-secret"
PROTECTS = Protects(patterns=("configure*", "load*"))
# So long that nothing ends in a test unless the test moves the time.
SLOW = Timing(queue=600, cancel=600, cascade=300)
LOAD = JobSpec(name="load / größe 50%", stage="lab")
UNIT = JobSpec(name="unit", stage="test")


class Time:
    """Seconds since the epoch that pass only when somebody waits; for many threads."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = time.time()
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds


class Lab:
    """A served emulator, and a connection to its group ``acme``."""

    def __init__(self, server: SandboxServer, service: GitLabService, clock: Time, threads: int) -> None:
        self.server = server
        self.service = service
        self.time = clock
        self.threads = threads
        self.pool = Pool(threads)
        self.connection = self.connect()

    def connect(self, token: str = TOKEN, **member: Any) -> GitLabConnection:
        """Return another connection, as another process would have it."""
        fields: dict[str, Any] = {"root": "acme", "url": self.server.url, **member}
        one = Member(provider="gitlab", token=Secret(token), **fields)
        return gitlab.connect(one, Pace(at_once=self.threads, clock=self.time.now, sleep=self.time.sleep))

    def find(self, *, triggers: bool = False) -> Found:
        """Look for what is protected."""
        return self.connection.find(PROTECTS, self.pool.each, triggers=triggers)

    def work(self) -> tuple[Work, ...]:
        """Return what is protected, where nothing stands in the way of looking."""
        found = self.find()
        assert found.problems == ()
        return found.work

    def observe(self, *targets: Target) -> list[str]:
        """Return in which word each target was seen, empty where it was not."""
        seen = self.connection.observe(targets, self.pool.each)
        return [seen[target.key].word if target.key in seen else "" for target in targets]

    def project(self, path: str = "acme/panda") -> Project:
        """Return a project, made where there is none."""
        return self.service.world.project(path) or self.service.world.add_project(path)

    def pipeline(self, *jobs: JobSpec, project: str = "acme/panda", **more: Any) -> Pipeline:
        """Make a pipeline, by default with one protected job that runs."""
        if not jobs:
            more = {"statuses": ("running",), **more}
        return self.service.world.add_pipeline(self.project(project), jobs or (LOAD,), **more)

    def advance(self, seconds: float) -> None:
        """Let time go by in GitLab."""
        self.service.clock.advance(seconds)
        for project in self.service.world.projects.values():
            self.service.world.settle(project)

    def grant(self, token: str = TOKEN, **fields: object) -> str:
        """Say what a token may do."""
        self.service.tokens.announce(*parse_grant({"token": token, **fields}))
        return token

    def fault(self, kind: Any, **fields: Any) -> None:
        """Let something go wrong."""
        self.server.faults.add(Fault(kind=kind, **fields))

    def count(self, method: str = "", template: str = "") -> int:
        """Return how many requests came."""
        return self.server.log.count(method, template and f"/api/v4{template}")

    def counted(self) -> dict[str, int]:
        """Return all requests by what they asked for, and begin anew."""
        counts = dict(self.server.log.summary()["requests"])
        self.server.log.clear()
        return {words.replace("/api/v4", ""): number for words, number in counts.items()}

    def close(self) -> None:
        """Let go."""
        self.pool.close()
        self.connection.close()


@contextmanager
def serving(
    *,
    limits: LimitSettings = NO_LIMITS,
    timing: Timing = SLOW,
    spec: FleetSpec | None = None,
    threads: int = 4,
) -> Iterator[Lab]:
    """Serve a GitLab whose time a test moves; none of its paths was unknown, and it had no bug."""
    clock = Time()
    began = clock.now()
    service = GitLabService(
        spec,
        timing=timing,
        limits=limits,
        clock=Clock(speed=0.0, source=lambda: began),
        outside=clock.now,
    )
    service.world.add_group("acme")
    server = SandboxServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    lab = Lab(server, service, clock, threads)
    try:
        yield lab
    finally:
        lab.close()
        server.shutdown()
        server.server_close()
    assert server.errors == []
    assert server.log.unknown() == {}


def ids(works: Sequence[Work]) -> list[str]:
    """Return what is to be stopped, by number."""
    return [work.target.id for work in works]


def names(jobs: Sequence[Job]) -> list[str]:
    """Return jobs by number."""
    return [str(job.id) for job in jobs]
