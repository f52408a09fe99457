"""A small emulated Jenkins and the adapter connected to it; waiting moves the emulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from gate.core.event import Target
from gate.core.secret import Secret
from gate.core.work import Asked, Found, Protects, Seen, Work
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.pace import Pace
from gate.providers.protocol import Member
from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import Build, Cause
from gate.sandbox.jenkins.users import Permission
from tests.unit.sandbox.jenkins_api import TOKEN, USER, Bench, jenkins_bench

T = TypeVar("T")
U = TypeVar("U")

PROTECTS = Protects(patterns=("configure*", "load*"))
REASON = "staging: waiting for fiber since 13:15Z"


def sixteen(call: Callable[[T], U], items: Iterable[T], /) -> Iterator[U]:
    """Call with each item, sixteen at once."""
    with ThreadPoolExecutor(16) as executor:
        yield from executor.map(call, items)


class Lab:
    """The emulator, the adapter, and what a test asks of both."""

    def __init__(self, bench: Bench, **member: Any) -> None:
        self.bench = bench
        world = bench.world
        self.pace = Pace(clock=world.now, sleep=bench.later)
        values = {"url": bench.server.url, "user": USER, "token": Secret(TOKEN), **member}
        self.member = Member(provider="jenkins", **values)
        self.connection = JenkinsConnection(Controller(self.member, self.pace, now=world.now))

    def find(self, protects: Protects = PROTECTS, *, triggers: bool = False) -> Found:
        """Search, sixteen threads at once."""
        return self.connection.find(protects, sixteen, triggers=triggers)

    def work(self, protects: Protects = PROTECTS) -> tuple[Work, ...]:
        """Search where nothing may be in the way."""
        found = self.find(protects)
        assert found.problems == ()
        return found.work

    def one(self, protects: Protects = PROTECTS) -> Work:
        """Return the only thing that is protected."""
        (work,) = self.work(protects)
        return work

    def see(self, target: Target) -> Seen | None:
        """Look where one target is."""
        return self.connection.observe([target], map).get(target.key)

    def history(self, name: str, result: str = "SUCCESS") -> Build:
        """Give a job a finished build that went through all its stages."""
        build = self.bench.start(name)
        with self.bench.service.lock:
            now = self.bench.world.now()
            while lifecycle.enter_stage(build, now):
                pass
            lifecycle.finish(self.bench.world, build, now, result)
        return build

    def started_by(self, name: str, upstream: Build, delay: float = 0) -> Any:
        """Return the queue item of a build that another one has started."""
        cause = Cause(
            upstream=upstream.item.full_name, upstream_build=upstream.number, upstream_url=upstream.item.path
        )
        with self.bench.service.lock:
            entry, _ = queueing.schedule(
                self.bench.world, self.bench.item(name), self.bench.world.now(), causes=(cause,), delay=delay
            )
            queueing.settle(self.bench.world)
            return entry

    def only(self, *permissions: Permission, **items: list[Permission]) -> JenkinsConnection:
        """Return a connection of a user who may do only this."""
        self.bench.permit("reader", *permissions, **items)
        member = Member(provider="jenkins", url=self.bench.server.url, user="reader", token=Secret(TOKEN))
        return JenkinsConnection(Controller(member, self.pace, now=self.bench.world.now))

    def fault(self, path: str, kind: FaultKind = FaultKind.STATUS, **fields: Any) -> None:
        """Let the next requests to a path go wrong."""
        self.bench.server.faults.add(Fault(kind=kind, path=path, **fields))

    def requests(self) -> dict[str, int]:
        """Return what has come, by method and template, and forget it."""
        counted = dict(self.bench.server.log.summary()["requests"])
        self.bench.server.log.clear()
        return counted


def told(asked: Asked | None) -> str:
    """Return what an adapter has said, in a word and a sentence."""
    assert asked is not None
    return f"{asked.outcome or 'accepted'}: {asked.detail}"


@contextmanager
def jenkins_lab(
    settings: Settings | None = None, *, crumbs: bool = True, prefix: str = "", **member: Any
) -> Iterator[Lab]:
    """Serve a small Jenkins until the block ends; paths that it does not have were never asked."""
    with jenkins_bench(settings, crumbs=crumbs, prefix=prefix) as bench:
        lab = Lab(bench, **member)
        try:
            yield lab
        finally:
            lab.connection.close()
        assert bench.server.log.unknown() == {}
