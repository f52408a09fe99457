"""Which fleet do the crash tests work on? Three emulators with twenty things to stop each, in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings as GitHubLimits
from gate.sandbox.github.timeline import Timing as GitHubTiming
from gate.sandbox.gitlab.flow import Timing as GitLabTiming
from gate.sandbox.gitlab.limits import LimitSettings as GitLabLimits
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.jenkins import queueing
from gate.sandbox.jenkins.model import Cause, Item, Kind, Parameter, QueueState
from gate.sandbox.jenkins.service import JenkinsService
from gate.sandbox.jenkins.world import Timing as JenkinsTiming
from gate.sandbox.jenkins.world import World as JenkinsWorld
from gate.sandbox.routing import Answer, Handler, Request, Router
from gate.sandbox.server import SandboxServer

PROTECT = ("configure*", "load*")
OWNER = "acme"
TOKENS = {"github": "ghp_crash", "gitlab": "glpat-crash", "jenkins": "11" + "c" * 32}
USER = "release-bot"

LANDS = 0.02  # seconds from a cancel to the end
LATER = 600.0  # what is queued, or runs, stays so
Watch = Callable[[str, Request, Callable[[], Answer]], Answer]


class Watched:
    """A service that somebody looks at: who watches is given each request, and may let it come through.

    Args:
        service: what answers.
        watch: given the service's name, the request, and how to have it answered.
    """

    def __init__(self, service: GitHub | GitLabService | JenkinsService, watch: Watch) -> None:
        self.service = service
        self.watch = watch
        self.name: str = service.name
        self.prefixes: tuple[str, ...] = service.prefixes
        self.router: Router = service.router
        self.controls: Router = service.controls

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request as whoever watches has it."""
        return self.watch(self.name, request, lambda: self.service.answer(request, handler))

    def reset(self) -> None:
        """Be as at the start."""
        self.service.reset()


class Fleet:
    """Three served emulators.

    Args:
        projects: how many GitHub and GitLab have each, and half as many folders Jenkins.
        runs: how many protected runs each has in flight.
        watch: see `Watched`.
    """

    def __init__(self, projects: int, runs: int, watch: Watch | None = None) -> None:
        spec = FleetSpec(
            owner=OWNER,
            projects=projects,
            runs=runs + projects,
            protected_share=runs / (runs + projects),
            finished=1,
            pipelines=2,
        )
        self.github = GitHub(
            GitHubOptions(
                fleet=spec,
                timing=GitHubTiming(cancel=LANDS, force=LANDS, queue=LATER, run=LATER),
                limits=GitHubLimits(enabled=False),
            )
        )
        self.gitlab = GitLabService(
            spec,
            timing=GitLabTiming(queue=LATER, cancel=LANDS, cascade=LANDS),
            limits=GitLabLimits(requests=None, actions={}),
        )
        self.jenkins = JenkinsService(lambda: jenkins_world(max(1, projects // 2), runs))
        self.watch = watch or (lambda _name, _request, answered: answered())
        watched = [Watched(service, self._watched) for service in (self.github, self.gitlab, self.jenkins)]
        self.servers = {service.name: SandboxServer(service) for service in watched}

    def reset(self) -> None:
        """Be as at the start."""
        for server in self.servers.values():
            server.reset()

    def quiet(self) -> bool:
        """Return whether no request is under way."""
        return not any(server.log.at_once() for server in self.servers.values())

    def write_config(self, folder: Path) -> None:
        """Write a `gate.yml` that names all three."""
        roots = {"github": "owner", "gitlab": "group", "jenkins": "folder"}
        document = {
            "environments": {"lab": {"focus_server": "http://127.0.0.1:9"}},
            "protect": list(PROTECT),
            "fleet": [
                {
                    "provider": name,
                    "url": server.url,
                    "token": TOKENS[name],
                    roots[name]: OWNER,
                    **({"user": USER} if name == "jenkins" else {}),
                }
                for name, server in self.servers.items()
            ],
        }
        (folder / "gate.yml").write_text(json.dumps(document), encoding="utf-8")

    def _watched(self, name: str, request: Request, answered: Callable[[], Answer]) -> Answer:
        return self.watch(name, request, answered)


@contextmanager
def serving(projects: int, runs: int, watch: Watch | None = None) -> Iterator[Fleet]:
    """Serve a fleet; none of the emulators' paths was unknown, and none of them had a bug."""
    fleet = Fleet(projects, runs, watch)
    with ExitStack() as stack:
        for server in fleet.servers.values():
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            )
            thread.start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        yield fleet
    for server in fleet.servers.values():
        assert server.errors == []
        assert server.log.unknown() == {}


def jenkins_world(folders: int, runs: int) -> JenkinsWorld:
    """Return a controller with pipelines, plain jobs and queue items, some of them protected.

    In each folder one pipeline is protected by its name and another by its stage; one plain job
    runs and another waits in the queue. No two of a job's queue items or plain builds are alike,
    since Jenkins itself would not tell them apart.
    """
    timing = JenkinsTiming(stop=LANDS, term=LANDS, kill=LANDS, quiet=0.0, run=10 * LATER)
    world = JenkinsWorld(Clock(), timing)
    top = world.add_item(OWNER, Kind.FOLDER)
    for number in range(folders):
        share = runs // folders + (number < runs % folders)
        world.add_computer(f"agent-{number}", share + 2)
        folder = world.add_item(f"panda-{number}", Kind.FOLDER, top)
        by_name = world.add_item("load live", Kind.PIPELINE, folder, stages=("build", "live"))
        by_stage = world.add_item("release", Kind.PIPELINE, folder, stages=("configure-lab", "ship"))
        soak = world.add_item("load soak", Kind.FREESTYLE, folder)
        other = world.add_item("unit", Kind.PIPELINE, folder, stages=("build", "report"))
        for place in range(share - 2):
            _start(world, by_stage if place % 3 == 2 else by_name)
        _start(world, soak)
        _start(world, other)
        label = (Parameter(name="RUN", value=""),)
        waits = world.add_item("configure gain", Kind.FREESTYLE, folder, parameters=label)
        queueing.hold_in_queue(
            world, waits, QueueState.BUILDABLE, 60.0, "There are no nodes with the label ‘lab’"
        )
    return world


def _start(world: JenkinsWorld, item: Item) -> None:
    queueing.schedule(world, item, world.now(), causes=(Cause(user="noa"),), delay=0)
    queueing.settle(world)
