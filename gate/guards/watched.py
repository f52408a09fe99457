"""How is a command run so that it, and all it has started, can be stopped?

It gets a process group of its own, and every signal that would have reached it is passed on.
Stopping asks first: tests that are interrupted still tear down, which frees what they hold
at the lab; what does not end is terminated, and then killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from gate.core.model import Verdict

Ask = Callable[[], Verdict]

_LOOK = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, in seconds, each way of stopping is given before the next."""

    interrupted: float = 10.0
    terminated: float = 5.0
    killed: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a watched command ended.

    Attributes:
        code: its exit code; 128 and the signal's number where a signal ended it.
        closed: the verdict for which it was stopped, or None where it ended by itself.
    """

    code: int
    closed: Verdict | None


def run_watched(
    command: Sequence[str],
    environ: Mapping[str, str],
    ask: Ask,
    interval: float,
    patience: Patience | None = None,
) -> Ended:
    """Run a command to its end, or until the gate is closed.

    Args:
        command: what to run.
        environ: its environment.
        ask: returns the verdict of this moment; is called on a thread of its own, so that a
            lab that answers slowly does not delay the end of the command.
        interval: seconds between two questions.
        patience: how long each way of stopping is given.

    Raises:
        OSError: the command cannot be started.
    """
    closed: list[Verdict] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(ask, interval, over, closed), daemon=True)
    with _Relay() as relay:
        process = _start(command, environ)
        relay.to(process)
        watcher.start()
        while process.poll() is None and not closed:
            _wait(process, _LOOK)
        over.set()
        if process.returncode is None:
            _stop(process, patience or Patience())
    code = process.returncode if process.returncode is not None else -int(signal.SIGTERM)
    return Ended(code=code if code >= 0 else 128 - code, closed=closed[0] if closed else None)


def _watch(ask: Ask, interval: float, over: threading.Event, closed: list[Verdict]) -> None:
    while not over.wait(interval):
        verdict = ask()
        if not verdict.open:
            closed.append(verdict)
            return


def _stop(process: subprocess.Popen[bytes], patience: Patience) -> None:
    """End the command and all it has started, each way harsher than the one before."""
    for signal_all, seconds in (
        (_interrupt, patience.interrupted),
        (_terminate, patience.terminated),
        (_kill, patience.killed),
    ):
        signal_all(process)
        give_up = time.monotonic() + seconds
        while _is_alive(process) and time.monotonic() < give_up:
            _wait(process, _LOOK)
        if not _is_alive(process):
            return


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
        if _is_alive(process):  # the command has ended, but not what it started
            time.sleep(seconds)


if sys.platform == "win32":
    _PASSED_ON = (signal.SIGINT, signal.SIGBREAK)

    def _start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(list(command), env=dict(environ), creationflags=flags)

    def _interrupt(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError):  # there is no console to send it through
            os.kill(process.pid, signal.CTRL_BREAK_EVENT)

    def _pass_on(process: subprocess.Popen[bytes], _number: int) -> None:
        _interrupt(process)  # a process group of its own gets no Ctrl-C

    def _terminate(process: subprocess.Popen[bytes]) -> None:
        # The tree must be named while its root lives; nothing else on Windows knows it.
        tree = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(tree, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10)

    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.kill()

    def _is_alive(process: subprocess.Popen[bytes]) -> bool:
        return process.poll() is None

else:
    _PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def _start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        # A session, not only a group: in the background of a terminal's session, whatever
        # reads from the terminal would be stopped by it.
        return subprocess.Popen(list(command), env=dict(environ), start_new_session=True)

    def _interrupt(process: subprocess.Popen[bytes]) -> None:
        _pass_on(process, signal.SIGINT)

    def _terminate(process: subprocess.Popen[bytes]) -> None:
        _pass_on(process, signal.SIGTERM)

    def _kill(process: subprocess.Popen[bytes]) -> None:
        _pass_on(process, signal.SIGKILL)

    def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    def _is_alive(process: subprocess.Popen[bytes]) -> bool:
        """Return whether anything is left of the command's process group."""
        process.poll()
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # macOS: what is left has ended and is not waited for
            return process.returncode is None
        return True


class _Relay:
    """Gives the command what is sent to this process, as if it stood in its place."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Relay:
        for number in _PASSED_ON:
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def to(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on to this process from now on, and what came before it was there."""
        self._process = process
        while self._early:
            _pass_on(process, self._early.pop(0))

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._process is None:
            self._early.append(number)
        else:
            _pass_on(self._process, number)
