"""Which processes run on this machine, and how is one told to stop?"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from gate.errors import MissingExtra


class How(StrEnum):
    """How a process is told to stop, each way harsher than the one before."""

    INTERRUPT = "interrupt"
    TERMINATE = "terminate"
    KILL = "kill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process, as it was when the list was made.

    Attributes:
        pid: its number.
        parent: its parent's number.
        created: when it was started, in seconds since 1970; with `pid` it names one process only.
        user: whose it is.
        name: what it is called in lists.
        argv: its command line; empty where it may not be read. May hold secrets: never shown.
    """

    pid: int
    parent: int
    created: float
    user: str
    name: str
    argv: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, float]:
        """What names it among all that have ever run."""
        return (self.pid, self.created)


class Machine(Protocol):
    """What is asked of the machine that gate runs on."""

    @property
    def me(self) -> Process:
        """Gate's own process."""

    def processes(self) -> tuple[Process, ...]:
        """Return all that run now, of every user, without what has ended and is not waited for."""

    def folder(self, process: Process) -> Path | None:
        """Return its working folder, or None where it may not be read."""

    def environ(self, process: Process) -> Mapping[str, str]:
        """Return its environment; empty where it may not be read."""

    def is_alive(self, process: Process) -> bool:
        """Return whether this very process still runs."""

    def tell(self, process: Process, how: How) -> str:
        """Tell it to stop, and return why that was refused; empty where it was not."""


def this_machine() -> Machine:
    """Return the machine that gate runs on.

    Raises:
        MissingExtra: psutil is not installed.
    """
    try:
        import psutil
    except ImportError:
        raise MissingExtra("processes", "looking at this machine's processes") from None
    return _ThisMachine(psutil)


class _ThisMachine:
    """The machine, through psutil.

    A handle of psutil knows its process by number and time of start, and refuses to act on
    another one that has taken over the number.
    """

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        self._handles: dict[tuple[int, float], Any] = {}
        self.me = _record(psutil.Process(os.getpid()).as_dict(_ATTRIBUTES, ad_value=None))

    def processes(self) -> tuple[Process, ...]:
        found: list[Process] = []
        for handle in self._psutil.process_iter(_ATTRIBUTES, ad_value=None):
            if handle.info["status"] != self._psutil.STATUS_ZOMBIE:
                process = _record(handle.info)
                self._handles[process.key] = handle
                found.append(process)
        return tuple(found)

    def folder(self, process: Process) -> Path | None:
        try:
            return Path(self._handles[process.key].cwd())
        except (self._psutil.Error, OSError):
            return None

    def environ(self, process: Process) -> Mapping[str, str]:
        try:
            return dict(self._handles[process.key].environ())
        except (self._psutil.Error, OSError):
            return {}

    def is_alive(self, process: Process) -> bool:
        handle = self._handles[process.key]
        try:
            return bool(handle.is_running() and handle.status() != self._psutil.STATUS_ZOMBIE)
        except self._psutil.NoSuchProcess:
            return False
        except self._psutil.Error:
            return True

    def tell(self, process: Process, how: How) -> str:
        handle = self._handles[process.key]
        try:
            match how:
                case How.INTERRUPT:
                    _interrupt(handle)
                case How.TERMINATE:
                    handle.terminate()
                case How.KILL:
                    handle.kill()
        except self._psutil.NoSuchProcess:
            return ""
        except self._psutil.AccessDenied:
            return "this user may not stop it"
        except OSError as error:
            return error.strerror or str(error)
        return ""


_ATTRIBUTES = ["pid", "ppid", "create_time", "username", "name", "cmdline", "status"]


def _record(info: Mapping[str, Any]) -> Process:
    return Process(
        pid=info["pid"],
        parent=info["ppid"] or 0,
        created=info["create_time"] or 0.0,
        user=info["username"] or "",
        name=info["name"] or "",
        argv=tuple(info["cmdline"] or ()),
    )


if sys.platform == "win32":

    def _interrupt(handle: Any) -> None:
        # Where the process shares gate's console without leading a group of its own, Windows gives
        # the event to the whole console, gate included.
        before = signal.signal(signal.SIGBREAK, signal.SIG_IGN)
        try:
            handle.send_signal(signal.CTRL_BREAK_EVENT)
        finally:
            signal.signal(signal.SIGBREAK, before)

else:

    def _interrupt(handle: Any) -> None:
        handle.send_signal(signal.SIGINT)
        handle.send_signal(signal.SIGCONT)  # what is suspended in a terminal would never see it
