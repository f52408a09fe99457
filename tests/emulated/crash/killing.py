"""How is a gate process killed at the request, or at the commit, that a test names?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate.sandbox.routing import Answer, Request
from tests.support import ROOT, clean_environ

KILL = 9  # SIGKILL, which Windows does not name
LONGEST = 30.0  # seconds until a process that was killed is gone
LEDGER = "the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a process is killed.

    Attributes:
        where: the name of an emulator, or `LEDGER`.
        number: which of its requests or commits, from 1.
        after: once that is carried out, and before anybody knows; of requests, only those that
            change something are counted then, since others leave nothing behind.
    """

    where: str
    number: int
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.number} of {self.where}"


@dataclass(slots=True)
class Died:
    """A process that was forked, and whether it is gone."""

    pid: int
    gone: threading.Event = field(default_factory=threading.Event)


class Reaper:
    """Watches the requests of a fleet: counts them, and kills their sender at the point that is set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = threading.Condition()
        self.set(None)

    def set(self, point: Point | None) -> None:
        """Begin to count anew; `point` is where to kill, None for nowhere."""
        with self._known:
            self._point = point
            self._victim: Died | None = None
            self.requests: Counter[str] = Counter()
            self.changes: Counter[str] = Counter()

    def aim(self, victim: Died) -> None:
        """Say who sends the requests."""
        with self._known:
            self._victim = victim
            self._known.notify_all()

    def watch(self, name: str, request: Request, answered: Callable[[], Answer]) -> Answer:
        """Let a request come through, unless its sender dies first; see `fleet.Watch`."""
        changes = request.method != "GET" and not request.path.endswith("/graphql")
        with self._lock:
            self.requests[name] += 1
            self.changes[name] += changes
            before = self._point == Point(where=name, number=self.requests[name])
            after = changes and self._point == Point(where=name, number=self.changes[name], after=True)
        if before:
            self._kill()
            return Answer(status=503)
        answer = answered()
        if after:
            self._kill()
        return answer

    def _kill(self) -> None:
        with self._known:
            self._known.wait_for(lambda: self._victim is not None, LONGEST)
        assert self._victim is not None
        os.kill(self._victim.pid, KILL)
        assert self._victim.gone.wait(LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a gate process.

    Attributes:
        code: its exit code; negative where a signal ended it.
        stdout: what it printed.
        stderr: what it said.
        commits: how many commits it had made.
    """

    code: int
    stdout: str
    stderr: str
    commits: int


class Zygote:
    """Starts gate processes, one at a time; see `tests.emulated.crash.zygote`."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process = process
        self._name = name
        assert self._line() == "ready"

    def run(
        self, folder: Path, *arguments: str, reaper: Reaper | None = None, point: Point | None = None
    ) -> Ran:
        """Run gate in a folder until it ends, or until it is killed at a point."""
        files = {part: f"{self._name}.{part}" for part in ("stdout", "stderr", "commits")}
        (folder / files["commits"]).unlink(missing_ok=True)
        dies = point if point is not None and point.where == LEDGER else None
        order: dict[str, Any] = {
            "folder": str(folder),
            "arguments": arguments,
            "die_at": dies.number if dies else 0,
            "after": dies is not None and dies.after,
            **files,
        }
        if reaper is not None:
            reaper.set(point)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        victim = Died(pid=int(self._line()))
        if reaper is not None:
            reaper.aim(victim)
        code = int(self._line())
        victim.gone.set()
        return self._ran(folder, code, files)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the zygote is gone"
        return line.strip()

    def _ran(self, folder: Path, code: int, files: dict[str, str]) -> Ran:
        commits = folder / files["commits"]
        ran = Ran(
            code=code,
            stdout=(folder / files["stdout"]).read_text(encoding="utf-8"),
            stderr=(folder / files["stderr"]).read_text(encoding="utf-8"),
            commits=int(commits.read_text(encoding="ascii")) if commits.is_file() else 0,
        )
        assert "Traceback" not in ran.stderr
        return ran


@contextmanager
def zygotes(folder: Path, names: Sequence[str]) -> Iterator[list[Zygote]]:
    """Start one zygote for each name; they end with the block."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.emulated.crash.zygote"],
            cwd=ROOT,
            env=clean_environ(folder / "cache"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for _ in names
    ]
    try:
        yield [Zygote(process, name) for process, name in zip(processes, names, strict=True)]
    finally:
        for process in processes:
            with process:  # closes stdin, which ends it
                pass
