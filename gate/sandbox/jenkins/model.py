"""What does the emulated Jenkins consist of? Mutable records: their changes are its life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from gate.sandbox.jenkins.agenda import Change

_SUCCESSFUL = ("SUCCESS", "UNSTABLE")


class Kind(StrEnum):
    """What an item is. The first three hold other items."""

    FOLDER = "folder"
    MULTIBRANCH = "multibranch"
    ORGANIZATION = "organization"
    PIPELINE = "pipeline"
    FREESTYLE = "freestyle"


class Stops(StrEnum):
    """What it takes to end a build; what is stronger ends it too."""

    ON_STOP = "on_stop"
    ON_TERM = "on_term"
    ON_KILL = "on_kill"
    NEVER = "never"


class QueueState(StrEnum):
    """Where a queue item is: its quiet period, behind another build, or without an executor."""

    WAITING = "Waiting"
    BLOCKED = "Blocked"
    BUILDABLE = "Buildable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter's definition, or its value in a build; the value of a secret is never shown."""

    name: str
    value: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a build was started: by a user, an upstream build, as a replay of a build, else by a timer."""

    user: str = ""
    upstream: str = ""
    upstream_build: int = 0
    upstream_url: str = ""
    replayed: int = 0


@dataclass(slots=True, kw_only=True)
class Stage:
    """One stage that was entered, or skipped; `state` is the word of pipeline-graph-view."""

    id: str
    name: str
    state: str
    started: float
    ended: float | None = None


@dataclass(eq=False, repr=False, slots=True, kw_only=True)
class Item:
    """A job, or what holds jobs.

    Attributes:
        name: as it stands in `full_name`; a branch job's is the encoded branch, ``feature%2Fx``.
        concurrent: whether two of its builds may run at once.
        stages: of a pipeline, in their order.
        uses_node: whether its pipeline holds a `node` while it runs.
        downstream: what a freestyle job starts once a build of it has succeeded.
    """

    name: str
    kind: Kind
    parent: Item | None = None
    description: str = ""
    disabled: bool = False
    concurrent: bool = True
    parameters: tuple[Parameter, ...] = ()
    stages: tuple[str, ...] = ()
    uses_node: bool = True
    downstream: tuple[Item, ...] = ()
    children: dict[str, Item] = field(default_factory=dict)
    builds: dict[int, Build] = field(default_factory=dict)
    next_number: int = 1

    @property
    def full_name(self) -> str:
        """Its name below the root, folders divided by slashes."""
        return f"{self.parent.full_name}/{self.name}" if self.parent else self.name

    @property
    def path(self) -> str:
        """Its URL below the root; a per cent sign in a name is encoded once more."""
        before = self.parent.path if self.parent else ""
        return f"{before}job/{quote(self.name, safe='')}/"

    @property
    def holds_items(self) -> bool:
        """Whether other items are below it."""
        return self.kind in {Kind.FOLDER, Kind.MULTIBRANCH, Kind.ORGANIZATION}

    @property
    def generated(self) -> bool:
        """Whether a scan has made it, so that nobody may configure it."""
        return self.parent is not None and self.parent.kind in {Kind.MULTIBRANCH, Kind.ORGANIZATION}

    def ancestors(self) -> Iterator[Item]:
        """Yield what it is in, nearest first."""
        above = self.parent
        while above:
            yield above
            above = above.parent

    def permalink(self, word: str) -> Build | None:
        """Return the build that ``lastBuild`` and its like stand for; unstable counts as successful."""
        fitting = [
            build
            for build in self.builds.values()
            if word == "lastBuild"
            or (not build.building and (word == "lastCompletedBuild" or build.result in _SUCCESSFUL))
        ]
        return max(fitting, key=lambda build: build.number, default=None)

    def running(self) -> list[Build]:
        """Return the builds that are not finished."""
        return [build for build in self.builds.values() if build.building]


@dataclass(eq=False, repr=False, slots=True, kw_only=True)
class Build:
    """One build.

    Attributes:
        result: may be set while `building` still is true.
        queue_id: the queue item that it was.
        host: where its one-off executor is, of a pipeline.
        seats: where it occupies an executor.
        stops: what it takes to end it.
        post: seconds that ``post { }`` goes on after a stop.
        zombie: it builds, but no executor knows of it.
        paused: by a person.
        interrupted_by: whose stop ended it.
        deferred: what happens as soon as the pipeline may go on.
        ending: an abort has begun, `post` runs.
        waiting: what stands in the queue for it while it waits for an agent.
    """

    item: Item
    number: int
    started: float
    queue_id: int = -1
    building: bool = True
    result: str | None = None
    ended: float | None = None
    description: str | None = None
    parameters: tuple[Parameter, ...] = ()
    causes: tuple[Cause, ...] = ()
    revision: str = ""
    stages: list[Stage] = field(default_factory=list)
    host: Computer | None = None
    seats: list[Computer] = field(default_factory=list)
    stops: Stops = Stops.ON_STOP
    post: float = 0.0
    zombie: bool = False
    paused: bool = False
    interrupted_by: list[str] = field(default_factory=list)
    deferred: list[Change] = field(default_factory=list)
    ending: bool = False
    waiting: QueueItem | None = None

    @property
    def pipeline(self) -> bool:
        """Whether it is a pipeline's."""
        return self.item.kind is Kind.PIPELINE

    @property
    def path(self) -> str:
        """Its URL below the root."""
        return f"{self.item.path}{self.number}/"


@dataclass(eq=False, repr=False, slots=True, kw_only=True)
class QueueItem:
    """Something in the queue.

    Attributes:
        part_of: the running build that waits for an agent with it; None for what is no build yet.
        held: it stays until someone cancels it, as where no agent has its label.
        ready: when its quiet period ends.
        left: when it left the queue.
        build: what it became.
    """

    id: int
    item: Item
    since: float
    state: QueueState
    part_of: Build | None = None
    parameters: tuple[Parameter, ...] = ()
    causes: tuple[Cause, ...] = ()
    revision: str = ""
    held: bool = False
    why: str = ""
    ready: float = 0.0
    left: float | None = None
    cancelled: bool = False
    build: Build | None = None


@dataclass(eq=False, repr=False, slots=True, kw_only=True)
class Computer:
    """One node.

    Attributes:
        takes_pipelines: whether the one-off executors of pipelines are here.
        slots: its executors with the builds that occupy them.
        one_off: the builds on one-off executors.
    """

    name: str
    built_in: bool = False
    takes_pipelines: bool = True
    slots: list[Build | None] = field(default_factory=list)
    one_off: dict[int, Build] = field(default_factory=dict)


@dataclass(eq=False, repr=False, slots=True, kw_only=True)
class Scan:
    """A multibranch project or an organisation that looks for branches."""

    item: Item
    started: float
