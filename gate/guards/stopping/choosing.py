"""Which processes are to be stopped, and which are only told of?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.guards.processes import Machine, Process
from gate.guards.stopping.command_line import TestRun, Tool, parse_command
from gate.guards.stopping.labs import Lab, named_labs
from gate.guards.stopping.working_tree import MOST_FILES, Found, Patterns, configuring_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be stopped.

    Attributes:
        patterns: which tests configure a lab.
        everything: whether every test is meant, whatever its name.
        labs: all labs that are known.
        environment: the lab that alone is meant; empty where every one is.
    """

    patterns: Patterns
    everything: bool = False
    labs: tuple[Lab, ...] = ()
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A test process.

    Attributes:
        process: which.
        run: what it runs.
        folder: where; None where that may not be read.
        why: why it is counted, in a few words.
        parent: what started it, as people find it in a list.
    """

    process: Process
    run: TestRun
    folder: Path | None
    why: str
    parent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to be stopped, and what is only told of.

    Attributes:
        stop: of this user, and meant.
        foreign: meant, but another user's.
        elsewhere: of this user, but it names another lab than the one that is meant, or none.
    """

    stop: tuple[Running, ...] = ()
    foreign: tuple[Running, ...] = ()
    elsewhere: tuple[Running, ...] = ()


def choose(machine: Machine, processes: Sequence[Process], wish: Wish) -> Choice:
    """Return what a wish comes to among the processes of a machine.

    Gate itself, and what it was started by, is never among it.
    """
    kin = kin_of(machine.me, processes)
    by_pid = {process.pid: process for process in processes}
    looker = _Looker(machine, wish)
    stop: list[Running] = []
    foreign: list[Running] = []
    elsewhere: list[Running] = []
    for process in processes:
        run = parse_command(process.argv)
        if run is None or run.harmless or process.pid in kin:
            continue
        running = looker.look(process, run, by_pid)
        if running is None:
            continue
        if not looker.is_meant(running):
            elsewhere.append(running)
        elif process.user == machine.me.user:
            stop.append(running)
        else:
            foreign.append(running)
    return Choice(stop=tuple(stop), foreign=tuple(foreign), elsewhere=tuple(elsewhere))


def kin_of(me: Process, processes: Sequence[Process]) -> frozenset[int]:
    """Return the numbers of a process and of all that it was started by."""
    parents = {process.pid: process.parent for process in processes}
    kin = {me.pid}
    pid = me.parent
    while pid and pid not in kin:
        kin.add(pid)
        pid = parents.get(pid, 0)
    return frozenset(kin)


def descendants_of(roots: Sequence[Process], processes: Sequence[Process]) -> Iterator[Process]:
    """Yield what processes have started, and what that has started, and so on."""
    children: dict[int, list[Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    seen = {root.pid for root in roots}
    waiting = list(roots)
    while waiting:
        parent = waiting.pop()
        for child in children.get(parent.pid, ()):
            # A number may have been taken over: what is older than its parent is not its child.
            if child.pid not in seen and child.created >= parent.created:
                seen.add(child.pid)
                waiting.append(child)
                yield child


class _Looker:
    """Looks at working trees, the same selection in the same folder only once."""

    def __init__(self, machine: Machine, wish: Wish) -> None:
        self._machine = machine
        self._wish = wish
        self._known: dict[tuple[Path, tuple[str, ...]], Found] = {}

    def look(self, process: Process, run: TestRun, by_pid: Mapping[int, Process]) -> Running | None:
        """Return a test process, or None where it would configure nothing."""
        folder = self._machine.folder(process)
        why = self._why(run, folder)
        if why is None:
            return None
        parent = by_pid.get(process.parent)
        started_by = f"{parent.name} {parent.pid}" if parent else f"{process.parent}, which is gone"
        return Running(process=process, run=run, folder=folder, why=why, parent=started_by)

    def is_meant(self, running: Running) -> bool:
        """Return whether a process names the lab that is meant, where one is."""
        wish = self._wish
        if not wish.environment:
            return True
        environ = self._machine.environ(running.process)
        return wish.environment in named_labs(running.process.argv, environ, wish.labs)

    def _why(self, run: TestRun, folder: Path | None) -> str | None:
        if run.tool is Tool.LOCUST:
            return "load"
        if self._wish.everything:
            return "every test is meant"
        if folder is None:
            return "where it runs may not be read, so in doubt it counts"
        known = (folder, run.words)
        if known not in self._known:
            self._known[known] = configuring_tests(run, folder, self._wish.patterns)
        found = self._known[known]
        if found.too_many:
            return f"more than {MOST_FILES} test files, so in doubt it counts"
        return f"runs {', '.join(found.names)}" if found.names else None
