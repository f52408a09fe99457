"""An emulated GitHub with a small fleet, and the adapter connected to it in time that nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gate.core.event import Target
from gate.core.secret import Secret
from gate.core.work import Protects, Work
from gate.fleet.pool import Pool
from gate.providers import github
from gate.providers.pace import Pace
from gate.providers.protocol import Connection, Member
from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.model import Repository, Run, Workflow
from gate.sandbox.github.timeline import Timing
from gate.sandbox.server import SandboxServer

LAB = Protects(patterns=("configure*", "load*"))
RUNS = "/repos/{owner}/{repo}/actions/runs"
RUN = RUNS + "/{run_id}"
JOBS = RUN + "/jobs"
WORKFLOWS = "/repos/{owner}/{repo}/actions/workflows"
NO_LIMITS = LimitSettings(enabled=False)
# So long that nothing ends in a test unless the test moves the time.
SLOW = Timing(cancel=600, force=60, queue=600, run=6000)


class Patience:
    """Time of the adapter's own that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Meddled(Pace):
    """A budget that lets something happen just before a request leaves.

    Attributes:
        before: what happens, by the number of the request, the first being 1.
        pauses: what all threads were told to wait.
    """

    def __init__(self, patience: Patience) -> None:
        super().__init__(clock=patience, sleep=patience.sleep, write_points=5.0)
        self.before: dict[int, Callable[[], object]] = {}
        self.pauses: list[float] = []

    def take(self, points: float = 1.0) -> None:
        super().take(points)
        self.before.pop(self.requests, lambda: None)()

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        super().pause(seconds)


class Lab:
    """A served emulator, the adapter, and everything else that a test wants at hand."""

    def __init__(self, server: SandboxServer, service: GitHub, token: str) -> None:
        self.server = server
        self.service = service
        self.patience = Patience()
        self.pool = Pool(8)
        self.member = Member(provider="github", url=server.url, root="acme", token=Secret(token))
        self.connection = self.connect()

    def connect(self, **more: Any) -> Connection:
        """Return another connection, of a member that differs in `more`."""
        fields = {name: getattr(self.member, name) for name in Member.__dataclass_fields__}
        return github.connect(Member(**{**fields, **more}), Meddled(self.patience))

    @property
    def pace(self) -> Meddled:
        """The adapter's budget."""
        assert isinstance(self.connection.pace, Meddled)
        return self.connection.pace

    def before(self, request: int, happens: Callable[[], object]) -> None:
        """Let something happen just before the adapter's request of this number leaves."""
        self.pace.before[request] = happens

    @property
    def repository(self) -> Repository:
        """The fleet's first repository."""
        return next(self.service.world.repositories())

    def workflow(self, name: str, file: str, *jobs: str, repository: Repository | None = None) -> Workflow:
        """Make a workflow."""
        return self.service.world.add_workflow(repository or self.repository, name, file, jobs or ("build",))

    def run(self, workflow: Workflow | None = None, status: str = "in_progress", **more: Any) -> Run:
        """Make a run in the first repository, by default of its load test."""
        workflow = workflow or next(
            (w for w in self.repository.workflows.values() if w.name == "load-live"), None
        )
        workflow = workflow or self.workflow("load-live", "nightly.yml", "build", "live")
        return self.service.world.add_run(self.repository, workflow, status=status, **more)

    def target(self, run: Run) -> Target:
        """Return what the adapter calls a run of the first repository."""
        return Target(
            provider="github",
            instance=self.member.url,
            project=self.repository.full_name,
            kind="run",
            id=str(run.id),
            name=run.workflow.name,
            url="https://example.com/run",
        )

    def work(self, run: Run) -> Work:
        """Return what `find` says of a run of the first repository."""
        found = self.connection.find(LAB, self.pool.each)
        (one,) = [work for work in found.work if work.target.id == str(run.id)]
        return one

    def advance(self, seconds: float) -> None:
        """Let the emulator's time go by."""
        self.service.clock.advance(seconds)

    def fault(self, kind: FaultKind = FaultKind.STATUS, **more: Any) -> None:
        """Let something go wrong."""
        self.server.faults.add(Fault(kind=kind, **more))

    def count(self, method: str, template: str) -> int:
        """Return how many such requests came."""
        return self.server.log.count(method, template)

    def deny(self, token: str, **permissions: str) -> None:
        """Take permissions of a token away."""
        grant = self.service.tokens.grant(f"Bearer {token}")
        fields = {name: getattr(grant, name) for name in type(grant).__dataclass_fields__}
        self.service.tokens.announce(
            token, type(grant)(**{**fields, "permissions": {**grant.permissions, **permissions}})
        )


@contextmanager
def github_lab(
    *,
    token: str = "ghp_lab",
    fleet: FleetSpec | None = None,
    limits: LimitSettings = NO_LIMITS,
    timing: Timing = SLOW,
) -> Iterator[Lab]:
    """Serve an emulated GitHub; none of its paths was unknown, and it had no bug."""
    fleet = fleet or FleetSpec(projects=1, pipelines=2, runs=0, finished=0, odd_names=0)
    service = GitHub(GitHubOptions(fleet=fleet, timing=timing, limits=limits))
    server = SandboxServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    lab = Lab(server, service, token)
    try:
        yield lab
    finally:
        lab.pool.close()
        lab.connection.close()
        server.shutdown()
        server.server_close()
    assert server.errors == []
    assert server.log.unknown() == {}
