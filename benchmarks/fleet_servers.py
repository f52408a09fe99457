"""Which servers does the fleet of the benchmark have, and what have they seen?

A GitHub, a GitLab and two Jenkins controllers of the sandbox, each a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import requests

LATENCY: Final = 0.05  # of every answer, in seconds
TOKENS: Final = {"github": "ghp_bench", "gitlab": "glpat-bench", "jenkins": "11" + "0" * 32}
SEEDS: Final = (7, 8)  # of the two controllers
_SPEED: Final = 20  # a cancel lands after 0.1 s, so that little is waited for but requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a fleet is; a third of what is in flight is protected.

    Attributes:
        share: of a whole fleet: 300 repositories, 300 projects and two controllers with 1,000 jobs
            each, with 3,000 runs in flight, of which 1,000 are protected.
    """

    share: float

    @property
    def projects(self) -> int:
        """Repositories, and as many GitLab projects."""
        return self._part(300)

    @property
    def runs(self) -> int:
        """In flight at GitHub, and as many pipelines at GitLab."""
        return self._part(1200)

    @property
    def jobs(self) -> int:
        """Jobs of each Jenkins controller."""
        return self._part(1000)

    @property
    def builds(self) -> int:
        """In flight on each Jenkins controller, its queue included."""
        return self._part(300)

    def _part(self, whole: int) -> int:
        return max(1, round(whole * self.share))


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One emulator that serves.

    Attributes:
        provider: which kind.
        root: its address, without a path.
        limits: whether it keeps the limits that the real one documents.
    """

    provider: str
    root: str
    limits: bool

    @property
    def url(self) -> str:
        """The address for ``gate.yml``: GitHub without limits is an Enterprise Server."""
        return f"{self.root}/api/v3" if self.provider == "github" and not self.limits else self.root

    def seen(self) -> dict[str, int]:
        """Return how many requests of each kind have come."""
        found: dict[str, int] = self._control("GET", "requests")["requests"]
        return found

    def statuses(self) -> dict[str, int]:
        """Return how many answers of each status have left."""
        found: dict[str, int] = self._control("GET", "requests")["statuses"]
        return found

    def reset(self) -> None:
        """Let the fleet be as at the start, and count anew."""
        self._control("POST", "reset")

    def answer_after(self, seconds: float) -> None:
        """Let every answer take so long."""
        self._control("PUT", "latency", {"seconds": seconds})

    def _control(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(method, f"{self.root}/_sandbox/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def serving(size: Size, *, limits: bool, latency: float = LATENCY) -> Iterator[tuple[Server, ...]]:
    """Start all four, and end them afterwards.

    Args:
        size: of the fleet.
        limits: whether the documented limits are kept. They go by the clock on the wall.
        latency: of every answer, in seconds.
    """
    kept = "--limits" if limits else "--no-limits"
    projects = ("--projects", str(size.projects), "--runs", str(size.runs), kept)
    jobs = ("--jobs", str(size.jobs), "--runs", str(size.builds))
    commands = (
        ("github", *projects),
        ("gitlab", *projects),
        *(("jenkins", *jobs, "--seed", str(seed)) for seed in SEEDS),
    )
    common = ("--latency", f"{latency * 1000:.0f}ms", "--speed", str(_SPEED))
    with ExitStack() as stack:
        started = [stack.enter_context(_process(*command, *common)) for command in commands]
        yield tuple(
            Server(provider=command[0], root=_address(process), limits=limits and command[0] != "jenkins")
            for command, process in zip(commands, started, strict=True)
        )


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "gate.sandbox", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    """Return the address that an emulator prints once its fleet is there."""
    assert process.stdout is not None
    line = process.stdout.readline()
    scheme, found, rest = line.strip().rpartition(": ")[2].partition("://")
    if not found:
        raise RuntimeError(f"an emulator did not start: {line}")
    return f"{scheme}://{rest.partition('/')[0]}"
