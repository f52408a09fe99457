"""A small emulated Jenkins, its time moved by hand, and two ways to ask it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import requests

from gate.sandbox.clock import Clock
from gate.sandbox.jenkins import queueing
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import Build, Item, Kind, Parameter, QueueItem
from gate.sandbox.jenkins.service import JenkinsService
from gate.sandbox.jenkins.users import Permission, parse_user
from gate.sandbox.jenkins.world import Timing, World
from gate.sandbox.server import SandboxServer

USER = "release-bot"
TOKEN = "11" + "a" * 32
PASSWORD = "correct horse"
STAGES = ("build", "configure-lab", "load")
LIBRARY: Any = import_module("jenkins")


def small_world() -> World:
    """Return one job of each kind, nothing started, time standing still."""
    world = World(Clock(0), Timing())
    lab = world.add_item("lab", Kind.FOLDER)
    world.add_item("load live", Kind.PIPELINE, lab, stages=STAGES)
    world.add_item("input", Kind.PIPELINE, lab, stages=STAGES).uses_node = False
    world.add_item("soak", Kind.FREESTYLE, lab)
    world.add_item("alone", Kind.FREESTYLE, concurrent=False)
    deploy = (Parameter(name="TARGET", value="staging"),)
    world.add_item("deploy", Kind.PIPELINE, parameters=deploy, stages=STAGES)
    world.add_item("sign", Kind.PIPELINE, parameters=(*deploy, Parameter(name="PIN", value="1", secret=True)))
    branches = world.add_item("mb", Kind.MULTIBRANCH)
    for branch in ("main", "feature/größe 50%"):
        world.add_item(branch, Kind.PIPELINE, branches, stages=STAGES)
    repository = world.add_item("repo", Kind.MULTIBRANCH, world.add_item("org", Kind.ORGANIZATION))
    world.add_item("main", Kind.PIPELINE, repository, stages=STAGES)
    return world


class Bench:
    """The emulator on loopback, with the world at hand."""

    def __init__(self, server: SandboxServer, service: JenkinsService) -> None:
        self.server = server
        self.service = service
        self.session = requests.Session()
        self.session.auth = (USER, TOKEN)

    @property
    def world(self) -> World:
        return self.service.controller.world

    def client(self, user: str = USER, secret: str = TOKEN) -> Any:
        """Return python-jenkins, as a person would make it."""
        return LIBRARY.Jenkins(self.server.url, user, secret, timeout=5)

    def get(self, path: str, tree: str | None = None, **query: str) -> Any:
        """Return the document at a path."""
        answer = self.ask(path, tree, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, path: str, tree: str | None = None, **query: str) -> requests.Response:
        """Return the answer of a path's API."""
        query = query if tree is None else {**query, "tree": tree}
        return self.session.get(f"{self.server.url}/{path}api/json", params=query, timeout=5)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Post, and follow no redirect."""
        url = f"{self.server.url}/{path}"
        return self.session.post(url, data=fields, timeout=5, allow_redirects=False)

    def order(self, path: str, **fields: object) -> requests.Response:
        """Use a control."""
        return requests.post(f"{self.server.root}/_sandbox/{path}", json=fields, timeout=5)

    def item(self, name: str) -> Item:
        found = self.world.find(tuple(name.split("/")))
        assert found is not None
        return found

    def start(self, name: str, **parameters: str) -> Build:
        """Return a build of a job that has just begun to run."""
        with self.service.lock:
            entry = self.queue(name, delay=0, **parameters)
            queueing.settle(self.world)
            assert entry.build is not None
            return entry.build

    def queue(self, name: str, delay: float = 3600, **parameters: str) -> QueueItem:
        """Return a queue item that stays in its quiet period."""
        values = tuple(Parameter(name=key, value=value) for key, value in parameters.items())
        with self.service.lock:
            entry, _ = queueing.schedule(
                self.world, self.item(name), self.world.now(), parameters=values, delay=delay
            )
            return entry

    def later(self, seconds: float = 10) -> None:
        """Let time go by."""
        with self.service.lock:
            self.world.clock.advance(seconds)
            queueing.settle(self.world)

    def permit(self, name: str, *permissions: Permission, **items: list[Permission]) -> requests.Session:
        """Return a session of a user who may do only this."""
        document = {"name": name, "secret": TOKEN, "permissions": [*permissions], "items": items}
        self.service.controller.users.announce(*parse_user(document))
        session = requests.Session()
        session.auth = (name, TOKEN)
        return session


@contextmanager
def jenkins_bench(
    settings: Settings | None = None, *, crumbs: bool = True, prefix: str = ""
) -> Iterator[Bench]:
    """Serve a small Jenkins until the block ends; the service itself must not fail."""
    service = JenkinsService(small_world, settings, crumbs=crumbs, prefix=prefix)
    server = SandboxServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    bench = Bench(server, service)
    try:
        yield bench
    finally:
        bench.session.close()
        server.shutdown()
        server.server_close()
    assert server.errors == []
