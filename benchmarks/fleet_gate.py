"""What comes of `gate pause-all`, run as a process: how long, how large, how many requests?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.fleet_servers import TOKENS, Server

_REASON: Final = "the fibre is being spliced"
_STANDS: Final = " stands at "
_ROOTS: Final = {"github": '"owner": "acme"', "gitlab": '"group": "acme"', "jenkins": '"user": "bench"'}
_FOREIGN: Final = ("GATE_", "GITHUB_", "CI_", "GITLAB_", "JENKINS_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What one run came to.

    Attributes:
        code: the exit code.
        seconds: from the start of the process to its end.
        first_hold: seconds from the start of the process until gate says that a hold stands.
        megabytes: the most memory that the process had at once; None where that is not told.
        receipt: what it printed.
        seen: by server in their order, the requests of each kind.
    """

    code: int
    seconds: float
    first_hold: float
    megabytes: float | None
    receipt: dict[str, Any]
    seen: tuple[dict[str, int], ...]

    def total(self, place: int) -> int:
        """Return how many requests a server has seen."""
        return sum(self.seen[place].values())


def pause(servers: Sequence[Server], *arguments: str) -> Paused:
    """Run `gate pause-all` over servers until it ends.

    Args:
        servers: what the fleet is made of.
        *arguments: further ones.
    """
    before = [server.seen() for server in servers]
    with tempfile.TemporaryDirectory() as folder:
        command = _command(Path(folder), servers, "--yes", "--format", "json", *arguments)
        printed = Path(folder, "printed")
        with printed.open("wb") as stdout:
            started = time.monotonic()
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environ(),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
            )
            first = _first_hold(process)
            code, megabytes = _ended(process)
            seconds = time.monotonic() - started
        receipt = json.loads(printed.read_text(encoding="utf-8"))
    return Paused(
        code=code,
        seconds=seconds,
        first_hold=first - started,
        megabytes=megabytes,
        receipt=receipt,
        seen=tuple(_difference(server.seen(), old) for server, old in zip(servers, before, strict=True)),
    )


def still_protected(servers: Sequence[Server]) -> int:
    """Return how many protected runs, jobs and queue items are in flight and were not told to stop."""
    planned = pause(servers, "--dry-run").receipt["targets"]
    return sum(target["action"] == "cancel" for target in planned)


def after_confirmation(servers: Sequence[Server]) -> float:
    """Return the seconds from a person's yes until gate says that a hold stands; then end it.

    Where there are no pseudo-terminals, from the start of the process with ``--yes``.
    """
    if sys.platform == "win32":
        return pause(servers).first_hold
    import pty

    with tempfile.TemporaryDirectory() as folder:
        terminal, its_end = pty.openpty()
        command = _command(Path(folder), servers)
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environ(),
            stdin=its_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(its_end)
        try:
            assert process.stderr is not None
            asked = b""
            while b"[y/N]" not in asked:
                asked += os.read(process.stderr.fileno(), 4096) or _no_question()
            os.write(terminal, b"y\n")
            confirmed = time.monotonic()
            for line in process.stderr:
                if _STANDS.encode() in line:
                    return time.monotonic() - confirmed
            raise RuntimeError("no hold was raised")
        finally:
            process.kill()
            process.communicate()
            os.close(terminal)


def _command(folder: Path, servers: Sequence[Server], *arguments: str) -> list[str]:
    entries = "".join(map(_entry, servers))
    (folder / "gate.yml").write_text(f"fleet:\n{entries}", encoding="utf-8")
    return [sys.executable, "-m", "gate", "pause-all", "--reason", _REASON, *arguments]


def _entry(server: Server) -> str:
    kind, root = server.provider, _ROOTS[server.provider]
    return f'  - {{"provider": "{kind}", "url": "{server.url}", "token": "{TOKENS[kind]}", {root}}}\n'


def _no_question() -> bytes:
    raise RuntimeError("gate has asked nothing")


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "PYTHONUTF8": "1"}


def _first_hold(process: subprocess.Popen[bytes]) -> float:
    """Read what gate says to its end, and return when it said first that a hold stands."""
    assert process.stderr is not None
    first = float("inf")
    with process.stderr as said:
        for line in said:
            if _STANDS.encode() in line:
                first = min(first, time.monotonic())
    return first


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, float | None]:
    """Return a process's exit code, and the most memory that it had, in megabytes."""
    if sys.platform == "win32":
        return process.wait(), None
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, used.ru_maxrss * unit / 1e6


def _difference(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {kind: count - before.get(kind, 0) for kind, count in now.items() if count > before.get(kind, 0)}
