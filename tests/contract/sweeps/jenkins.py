"""An emulated Jenkins: what is in flight is a build, or a queue item that is no build yet."""

from __future__ import annotations

from typing import Any, Final

from gate.core.secret import Secret
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.protocol import Connection, Member
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import Behaviour
from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.model import Build, Cause, Item, Kind, Parameter, QueueItem, Stops
from gate.sandbox.jenkins.service import JenkinsService
from gate.sandbox.jenkins.users import Permission, parse_user
from gate.sandbox.jenkins.world import Timing, World
from gate.sandbox.server import SandboxServer
from tests.contract.sweeps.lab import NAME, Call, May, PatientPace, Pattern, State, Time, Watched, fault

USER: Final = "release-bot"
TOKEN: Final = "11" + "0123456789abcdef" * 2
_STOPS = {
    Behaviour.OBEYS: Stops.ON_STOP,
    Behaviour.NEEDS_FORCE: Stops.ON_TERM,
    Behaviour.STUCK: Stops.NEVER,
}
_DENIED = {
    May.CANCEL: Permission.CANCEL,
    May.LIST: Permission.READ_ALL,
    May.SWITCH: Permission.CONFIGURE,
}


class JenkinsLab:
    """A controller with two folders. It keeps no hold: its builds read the ledger."""

    provider = "jenkins"
    holds = 0

    def __init__(self, time: Time | None = None) -> None:
        self.time = time or Time()
        self.world = World(Clock(source=self.time.now), Timing(run=1e7))
        self.folders = [self.world.add_item(name, Kind.FOLDER) for name in ("panda", "fibre")]
        self.service = JenkinsService(lambda: self.world)
        self.watched = Watched(self.service)
        self.server = SandboxServer(self.watched)
        self.calls = {
            Call.CANCEL: Pattern(method="POST", path="*/stop"),
            Call.LIST: Pattern(method="GET", path="/computer/api/json"),
            Call.LOOK: Pattern(method="GET", path="/job/*/api/json"),
            Call.HOLD: Pattern(path="/no/such/thing"),
            Call.SWITCH: Pattern(method="POST", path="*able"),
            Call.RERUN: Pattern(method="POST", path="*/stages/rerun"),
            Call.ANY: Pattern(),
        }
        self.seen_apart = (Pattern(path="/queue/api/json"), Pattern(path="/computer/api/json"))

    @property
    def member(self) -> Member:
        """The controller."""
        return Member(
            provider="jenkins", url=self.server.url, environment="staging", user=USER, token=Secret(TOKEN)
        )

    def connect(self, member: Member | None = None) -> Connection:
        """Return python-jenkins' adapter."""
        pace = PatientPace(self.time)
        return JenkinsConnection(Controller(member or self.member, pace, now=self.time.now))

    def begin(
        self,
        state: State = State.RUNNING,
        *,
        name: str = NAME,
        project: int = 0,
        behaviour: Behaviour = Behaviour.OBEYS,
        grouped: bool = False,
    ) -> Any:
        """Begin a build; one that waits, waits for an agent in the middle, and one that is queued is none."""
        with self.service.lock:
            item = self._item(name, self.folders[project])
            item.concurrent = not grouped
            entry, _ = queueing.schedule(
                self.world,
                item,
                self.time.now(),
                parameters=(Parameter(name="RUN", value=str(self.world.new_id())),),
                delay=1e7 if state is State.QUEUED else 0,
            )
            queueing.settle(self.world)
            if state is State.QUEUED:
                return entry
            assert entry.build is not None
            entry.build.stops = _STOPS[behaviour]
            if state is State.WAITING:
                queueing.wait_for_agent(self.world, entry.build, held=True)
            return entry.build

    def state(self, thing: Any) -> State:
        """Return where a build or queue item is."""
        with self.service.lock:
            queueing.settle(self.world)
        if isinstance(thing, QueueItem):
            if thing.build is not None:
                return self.state(thing.build)
            return State.STOPPED if thing.cancelled else State.QUEUED
        if thing.building:
            return State.WAITING if thing.waiting else State.RUNNING
        return State.STOPPED if thing.result == "ABORTED" else State.ENDED

    def reason_on(self, thing: Build) -> str:
        """Return the build's description."""
        return thing.description or ""

    def own_target_environ(self, thing: Build) -> dict[str, str]:
        """Return what Jenkins tells a build."""
        return {
            "JENKINS_URL": f"{self.server.url}/",
            "JOB_NAME": thing.item.full_name,
            "BUILD_NUMBER": str(thing.number),
        }

    def end(self, thing: Build) -> None:
        """Let a build succeed."""
        with self.service.lock:
            lifecycle.finish(self.world, thing, self.time.now(), "SUCCESS")

    def start(self, thing: QueueItem) -> None:
        """Let the quiet period end."""
        with self.service.lock:
            if thing.left is None:
                queueing.begin(self.world, thing, self.time.now())

    def stop(self, thing: Build) -> None:
        """Stop a build."""
        with self.service.lock:
            thing.post = 5.0
            lifecycle.abort(self.world, thing, self.time.now(), "noa")

    def remove(self, thing: Build) -> None:
        """Delete the build's job."""
        with self.service.lock:
            self.world.remove(thing.item)

    def move(self, thing: Build) -> None:
        """Rename the build's job; nothing leads from its old name to it."""
        with self.service.lock:
            self.world.rename(thing.item, "load-moved")

    def starts(self, thing: Any) -> int:
        """Return how many builds, and queue items, were begun with the same parameters after it."""
        known: list[Any] = [*thing.item.builds.values(), *self.world.queue.values()]
        same = [one for one in known if one.parameters == thing.parameters]
        first = thing.build if isinstance(thing, QueueItem) else thing
        return sum(one not in (first, thing) for one in same)

    def start_again(self, thing: Build) -> None:
        """Rebuild a build."""
        with self.service.lock:
            queueing.schedule(
                self.world,
                thing.item,
                self.time.now(),
                parameters=thing.parameters,
                causes=(Cause(user="noa"), Cause(replayed=thing.number)),
                revision=thing.revision,
                delay=0,
            )
            queueing.settle(self.world)

    def trigger(self, *, on: bool = True) -> Item:
        """Make a job."""
        made = self._item("load-nightly", self.folders[0])
        made.disabled = not on
        return made

    def is_on(self, trigger: Item) -> bool:
        """Return whether a job is enabled."""
        return not trigger.disabled

    def switch(self, trigger: Item, *, on: bool) -> None:
        """Switch a job."""
        with self.service.lock:
            queueing.set_disabled(self.world, trigger, self.time.now(), disabled=not on)

    def meddle(self, trigger: Item) -> None:
        """Delete a job: its switch has two forms, and both are known."""
        with self.service.lock:
            self.world.remove(trigger)

    def hold_texts(self) -> list[str]:
        """Return nothing."""
        return []

    def put_hold(self, text: str | None) -> None:
        """Do nothing."""

    def deny(self, *what: May) -> None:
        """Take permissions from the user."""
        taken = {_DENIED[one] for one in what if one in _DENIED}
        left = [one for one in Permission if one not in taken]
        document = {"name": USER, "secret": TOKEN, "permissions": left}
        self.service.controller.users.announce(*parse_user(document))
        if May.FORCE in what:
            headers = (("X-Required-Permission", str(Permission.CANCEL)),)
            harder = Pattern(method="POST", path="*/term")
            fault(self, harder, status=403, message="missing", headers=headers, times=99)

    def expire(self) -> None:
        """Let the token be revoked."""
        self.service.controller.users.announce(*parse_user({"name": USER, "secret": TOKEN, "expired": True}))

    def spend_the_limit(self, seconds: float) -> None:
        """Answer as a controller behind a proxy that is starting: a Jenkins itself has no limit."""
        headers = (("Retry-After", str(int(seconds))),)
        fault(self, Call.CANCEL, status=503, message="Please wait", headers=headers)

    def too_often(self, seconds: int | None, times: int = 2) -> None:
        """Answer as a proxy before Jenkins does."""
        headers = () if seconds is None else (("Retry-After", str(seconds)),)
        fault(self, Call.CANCEL, status=429, message="Too Many Requests", headers=headers, times=times)

    def _item(self, name: str, folder: Item) -> Item:
        """Return a pipeline; a name that no job may have is a branch's."""
        try:
            known = folder.children.get(name)
            made = known or self.world.add_item(name, Kind.PIPELINE, folder)
        except ValueError:
            above = self.world.add_item("load-branches", Kind.MULTIBRANCH, folder)
            made = self.world.add_item(name, Kind.PIPELINE, above)
        made.uses_node, made.parameters = False, (Parameter(name="RUN", value="0"),)
        return made
