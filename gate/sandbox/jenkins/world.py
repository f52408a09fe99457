"""Which items, nodes, builds and queue items are there?"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from gate.sandbox.clock import Clock
from gate.sandbox.jenkins.agenda import Agenda
from gate.sandbox.jenkins.model import (
    Build,
    Computer,
    Item,
    Kind,
    Parameter,
    QueueItem,
    Scan,
)

BUILT_IN = "Built-In Node"
_FORBIDDEN = re.compile(r"[?*/\\%!@#$^&|<>\[\]:;]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take, in seconds of the sandbox's time.

    Attributes:
        stop: from a stop to the end, where no `post` goes on.
        term: from a term to the end.
        kill: from a kill to the end.
        quiet: how long a build waits before it may start.
        run: how long a build then takes, its stages in equal parts.
        scan: how long a scan for branches takes.
        left: how long a queue item is known after it has left.
    """

    stop: float = 2.0
    term: float = 1.0
    kill: float = 0.5
    quiet: float = 5.0
    run: float = 300.0
    scan: float = 5.0
    left: float = 300.0


class World:
    """All that the emulated controller knows, apart from users.

    Args:
        clock: the sandbox's time.
        timing: how long things take.

    Attributes:
        quieting: why no build starts and no pipeline goes on; None while all goes on.
        running: the builds that are not finished, oldest first.
        queue: what has not left the queue, oldest first.
        movable: the part of the queue that may leave by itself.
        gone: what has left the queue.
        touched: something has changed that may let a queue item move.
    """

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self.clock = clock
        self.timing = timing
        self.agenda = Agenda()
        self.items: dict[str, Item] = {}
        self.computers = [Computer(name=BUILT_IN, built_in=True, slots=[None, None])]
        self._roomy = {BUILT_IN: self.computers[0]}
        self.running: dict[int, Build] = {}
        self.queue: dict[int, QueueItem] = {}
        self.movable: dict[int, QueueItem] = {}
        self.gone: dict[int, QueueItem] = {}
        self.scans: list[Scan] = []
        self.quieting: str | None = None
        self.touched = False
        self._last_id = 0

    def now(self) -> float:
        """Return the sandbox's time in seconds."""
        return self.clock.now()

    def new_id(self) -> int:
        """Return the number of the next queue item."""
        self._last_id += 1
        return self._last_id

    def add_computer(self, name: str, executors: int) -> Computer:
        """Make an agent."""
        made = Computer(name=name, slots=[None] * executors)
        self.computers.append(made)
        self._roomy[name] = made
        self.touched = True
        return made

    def add_item(
        self,
        name: str,
        kind: Kind,
        parent: Item | None = None,
        *,
        parameters: tuple[Parameter, ...] = (),
        stages: tuple[str, ...] = (),
        concurrent: bool = True,
    ) -> Item:
        """Make a job or a folder.

        Args:
            name: for a branch job the branch itself, which is then encoded.
            kind: what it is.
            parent: where it is; None is the root.
            parameters: with their defaults.
            stages: of a pipeline.
            concurrent: whether two builds may run at once.

        Raises:
            ValueError: Jenkins takes no such name.
        """
        if parent is not None and parent.kind is Kind.MULTIBRANCH:
            name = quote(name, safe="")
        elif _FORBIDDEN.search(name):
            raise ValueError(f"{name}: Jenkins takes no such name")
        made = Item(
            name=name, kind=kind, parent=parent, parameters=parameters, stages=stages, concurrent=concurrent
        )
        siblings = parent.children if parent else self.items
        siblings[made.name] = made
        return made

    def find(self, names: tuple[str, ...]) -> Item | None:
        """Return the item that these names lead to from the root."""
        found: Item | None = None
        for name in names:
            children = found.children if found else self.items
            found = children.get(name)
            if found is None:
                return None
        return found

    def all_items(self) -> Iterator[Item]:
        """Yield every item, a folder before what is in it."""
        waiting = list(self.items.values())
        while waiting:
            item = waiting.pop()
            yield item
            waiting.extend(item.children.values())

    def remove(self, item: Item) -> None:
        """Let an item vanish with what is queued of it, as one that was deleted."""
        siblings = item.parent.children if item.parent else self.items
        siblings.pop(item.name, None)
        inside = {id(item), *(id(child) for child in _below(item))}
        for queued in [entry for entry in self.queue.values() if id(entry.item) in inside]:
            self.leave(queued, self.now(), cancelled=True)
        for build in [build for build in self.running.values() if id(build.item) in inside]:
            build.building, build.result = False, "ABORTED"
            self.release(build)

    def rename(self, item: Item, name: str) -> None:
        """Give an item another name; nothing leads from the old one to it."""
        siblings = item.parent.children if item.parent else self.items
        del siblings[item.name]
        item.name = name
        siblings[name] = item

    def leave(self, entry: QueueItem, moment: float, *, cancelled: bool, build: Build | None = None) -> None:
        """Take an entry off the queue."""
        self.queue.pop(entry.id, None)
        self.movable.pop(entry.id, None)
        entry.left, entry.cancelled, entry.build = moment, cancelled, build
        self.gone[entry.id] = entry

    def free_computer(self) -> Computer | None:
        """Return a node with an executor that nothing occupies."""
        return next(iter(self._roomy.values()), None)

    def occupy(self, computer: Computer, build: Build) -> None:
        """Let a build take an executor."""
        computer.slots[computer.slots.index(None)] = build
        build.seats.append(computer)
        if None not in computer.slots:
            del self._roomy[computer.name]

    def release(self, build: Build) -> None:
        """Forget that a build ran, and free what it has occupied."""
        self.running.pop(id(build), None)
        self.vacate(build)

    def vacate(self, build: Build) -> None:
        """Free what a build has occupied."""
        self.touched = True
        for computer in build.seats:
            computer.slots[computer.slots.index(build)] = None
            self._roomy[computer.name] = computer
        build.seats.clear()
        if build.host is not None:
            build.host.one_off.pop(id(build), None)

    def host_of(self, item: Item) -> Computer:
        """Return where a pipeline's one-off executor is: the built-in node if that takes it."""
        if self.computers[0].takes_pipelines:
            return self.computers[0]
        agents = self.computers[1:] or self.computers
        return agents[zlib.crc32(item.full_name.encode()) % len(agents)]


def _below(item: Item) -> Iterator[Item]:
    for child in item.children.values():
        yield child
        yield from _below(child)
