"""How is a load test run, watched and ended in a test?

Locust runs as a person runs it, in processes of its own; the Focus server counts.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gate.sandbox.focus import FocusServer, FocusState
from tests.support import clean_environ, free_port

CONFIGURE = "POST /configure"
PATIENCE = 60.0  # seconds; a bound for a machine that is busy, not a measure

USERS = """\
from locust import FastHttpUser, HttpUser, constant

def configure(user):
    user.client.post("/configure", json={})

def channels(user):
    user.client.get("/channels")

class Slow(HttpUser):
    wait_time = constant(0.25)
    tasks = {configure: 3, channels: 1}

class Fast(FastHttpUser):
    wait_time = constant(0.25)
    tasks = {configure: 3, channels: 1}
"""
GUARDED = "import gate.guards.locust\n" + USERS
SHAPED = (
    GUARDED
    + """
from locust import LoadTestShape

class Steps(LoadTestShape):
    def tick(self):
        seconds = self.get_run_time()
        return (10 + 10 * int(seconds), 20) if seconds < 30 else None
"""
)


@dataclass(slots=True, kw_only=True)
class Load:
    """A load test that runs.

    Attributes:
        folder: its working folder.
        focus: the lab that it is sent to.
        processes: Locust's, the master or only one first.
        before: how many configure requests came before the lab went dark.
        dark_at: when it went dark; at first, when the test was started.
    """

    folder: Path
    focus: FocusServer
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    before: int = 0
    dark_at: float = field(default_factory=time.monotonic)

    def start(self, *arguments: str, **environ: str) -> None:
        """Start one process of Locust."""
        number = len(self.processes)
        values = {"GATE_FOCUS_SERVER": self.focus.url, "PYTHONUNBUFFERED": "1", **environ}
        with (self.folder / f"{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env=clean_environ(self.folder / "cache", **values),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)

    def reach(self, count: int, request: str = CONFIGURE) -> None:
        """Return when the lab has seen that many more of a request."""
        wanted = self.focus.seen[request] + count
        give_up = time.monotonic() + PATIENCE
        while self.focus.seen[request] < wanted:
            assert time.monotonic() < give_up, self.log()
            assert self.processes[0].poll() is None, self.log()
            time.sleep(0.01)

    def hear(self, words: str) -> None:
        """Return when the first process has said that."""
        give_up = time.monotonic() + PATIENCE
        while words not in self.log():
            assert time.monotonic() < give_up, self.log()
            time.sleep(0.05)

    def turn(self, state: FocusState) -> None:
        """Let the lab go dark, or come back, and count anew."""
        self.focus.state = state
        self.dark_at = time.monotonic()
        self.before = self.focus.seen[CONFIGURE]

    def terminate(self) -> None:
        """Ask the first process to end, as a CI system does; on Windows that is to kill."""
        for process in self.processes if sys.platform == "win32" else self.processes[:1]:
            process.terminate()
        self.end()

    def end(self) -> int:
        """Return the exit code of the first process when every one has ended by itself."""
        for process in self.processes:
            process.wait(timeout=PATIENCE)
        return self.processes[0].returncode

    def since_dark(self) -> tuple[int, float]:
        """Return the configure requests that came since, and the seconds that it took to end."""
        return self.focus.seen[CONFIGURE] - self.before, time.monotonic() - self.dark_at

    def log(self, number: int = 0) -> str:
        """Return what a process has said."""
        return (self.folder / f"{number}.log").read_text(encoding="utf-8", errors="replace")

    def report(self) -> str:
        """Return the HTML report, in which a browser's script finds the reason."""
        return (self.folder / "report.html").read_text(encoding="utf-8")


@contextmanager
def running(
    folder: Path,
    focus: FocusServer,
    *options: str,
    workers: int = 0,
    users: int = 50,
    rate: float = 50,
    file: str = GUARDED,
    module: Sequence[str] = ("locust",),
    headless: bool = True,
    **environ: str,
) -> Iterator[Load]:
    """Run a load test until the block ends, which no process of it outlives.

    Args:
        folder: where it runs.
        focus: the lab.
        *options: further options of the first process.
        workers: how many there are; with none, a single process does all.
        users: how many in all.
        rate: how many are spawned a second.
        file: the locustfile's text.
        module: what Python runs, with its arguments.
        headless: without web UI.
        **environ: further variables, for every process.
    """
    (folder / "locustfile.py").write_text(file, encoding="utf-8")
    load = Load(folder=folder, focus=focus)
    port = str(free_port())
    roles = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    roles += ["--expect-workers", str(workers)]
    common = ["--headless"] if headless else ["--autostart", "--web-host", "127.0.0.1"]
    common += ["-u", str(users), "-r", str(rate), "--host", focus.url, "--html", "report.html"]
    common += ["--only-summary", *(roles if workers else [])]
    try:
        load.start(*module, *common, *options, **environ)
        for _ in range(workers):
            load.start("locust", "--worker", "--master-port", port, *options, **environ)
        yield load
    finally:
        for process in load.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def plain(text: str) -> str:
    """Return a log without its times, hosts and empty lines."""
    return re.sub(r"^\[[^\]]*\] [^/\n]*/", "", text, flags=re.MULTILINE)
