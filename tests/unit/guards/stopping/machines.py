"""A machine that exists only here: processes, what they ignore, and a clock that goes by sleeping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gate.guards.processes import How, Process

STARTED = 1_000_000.0


def process(pid: int, *argv: str, parent: int = 1, user: str = "dana", created: float = STARTED) -> Process:
    name = argv[0] if argv else "idle"
    return Process(pid=pid, parent=parent, created=created, user=user, name=name, argv=argv)


@dataclass
class FakeMachine:
    """Processes that end `slowness` seconds after the first way of stopping that they do not ignore."""

    me: Process
    running: list[Process]
    ignores: dict[int, set[How]] = field(default_factory=dict)
    slowness: dict[int, float] = field(default_factory=dict)
    refuses: dict[int, str] = field(default_factory=dict)
    starts: dict[int, list[Process]] = field(default_factory=dict)
    folders: dict[int, Path] = field(default_factory=dict)
    environs: dict[int, Mapping[str, str]] = field(default_factory=dict)
    told: list[tuple[int, How]] = field(default_factory=list)
    now: float = 0.0
    ends: dict[tuple[int, float], float] = field(default_factory=dict)

    def processes(self) -> tuple[Process, ...]:
        return tuple(one for one in self.running if self.is_alive(one))

    def folder(self, process: Process) -> Path | None:
        return self.folders.get(process.pid)

    def environ(self, process: Process) -> Mapping[str, str]:
        return self.environs.get(process.pid, {})

    def is_alive(self, process: Process) -> bool:
        return self.now < self.ends.get(process.key, float("inf"))

    def tell(self, process: Process, how: How) -> str:
        self.told.append((process.pid, how))
        if process.pid in self.refuses:
            return self.refuses[process.pid]
        self.running += self.starts.pop(process.pid, [])
        if how not in self.ignores.get(process.pid, set()):
            at = self.now + self.slowness.get(process.pid, 0.0)
            self.ends[process.key] = min(at, self.ends.get(process.key, float("inf")))
        return ""

    def sleep(self, seconds: float) -> None:
        self.now += seconds
