"""`gate guard --watch -- COMMAND` as a process: the command is stopped when the lab goes dark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.model import Code, State, Verdict
from gate.guards.watched import Ended, Patience, run_watched
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import run_gate
from tests.support import GATE, clean_environ

PYTHON = sys.executable
OPTIONS = ("guard", "--watch", "--max-age", "200ms", "--")

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
try:
    time.sleep(60)
finally:
    print("torn down", flush=True)
"""


@contextmanager
def watching(folder: Path, focus: FocusServer, script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script under `gate guard --watch` until the block ends, with its output to read."""
    (folder / "job.py").write_text(script, encoding="utf-8")
    with subprocess.Popen(
        [str(GATE), *OPTIONS, PYTHON, "job.py"],
        cwd=folder,
        env=clean_environ(folder / "cache", GATE_FOCUS_SERVER=focus.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line of a process's output."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_running(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    status = Path(f"/proc/{pid}/stat")
    if not Path("/proc").is_dir():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    try:
        return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("state", "code"), [(FocusState.WAITING, 75), (FocusState.MISSING, 69)])
def test_a_lab_that_goes_dark_stops_the_command_and_all_it_started(
    tmp_path: Path, focus: FocusServer, state: FocusState, code: int
) -> None:
    focus.state = FocusState.READY
    with watching(tmp_path, focus, FAMILY) as process:
        grandchild = int(said(process))
        focus.state = state
        started = time.monotonic()
        stdout, stderr = process.communicate(timeout=20)
        assert time.monotonic() - started < 5
    assert process.returncode == code
    assert "are held back; stopped: " in stderr
    if sys.platform != "win32":
        assert stdout == "torn down\n"
        assert not is_running(grandchild)


@pytest.mark.parametrize("code", [0, 1, 75])
def test_a_command_that_ends_first_gives_its_exit_code(tmp_path: Path, focus: FocusServer, code: int) -> None:
    focus.state = FocusState.READY
    ran = run_gate(
        tmp_path,
        *(*OPTIONS, PYTHON, "-c", f"print('hello'); raise SystemExit({code})"),
        environ={"GATE_FOCUS_SERVER": focus.url},
    )
    assert (ran.code, ran.stdout) == (code, "hello\n")


def test_what_is_not_there_is_named(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    ran = run_gate(tmp_path, *OPTIONS, "no-such-command", environ={"GATE_FOCUS_SERVER": focus.url})
    assert (ran.code, "there is no command 'no-such-command'" in ran.stderr) == (127, True)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_a_watched_command(
    tmp_path: Path, focus: FocusServer, number: signal.Signals
) -> None:
    focus.state = FocusState.READY
    script = (
        "import signal, sys, time\n"
        "for n in (signal.SIGINT, signal.SIGTERM): signal.signal(n, lambda n, f: sys.exit(40 + n))\n"
        "print('running', flush=True)\n"
        "time.sleep(30)\n"
    )
    with watching(tmp_path, focus, script) as process:
        assert said(process) == "running"
        process.send_signal(number)
        assert process.wait(timeout=10) == 40 + number


def ended(folder: Path, script: str, patience: Patience) -> Ended:
    """Run a script that closes the gate itself, by making the file `dark`."""
    closed = Verdict(
        environment="lab",
        state=State.WAITING_FOR_FIBER,
        code=Code.WAITING_FOR_FIBER,
        reason="dark",
        checked_at=datetime.now(UTC),
    )
    is_open = Verdict(
        environment="lab", state=State.READY, code=Code.READY, reason="ready", checked_at=datetime.now(UTC)
    )
    dark = folder / "dark"
    command = [PYTHON, "-c", script.replace("DARK", repr(str(dark)))]
    return run_watched(command, os.environ, lambda: closed if dark.exists() else is_open, 0.05, patience)


@posix
@pytest.mark.parametrize(
    ("ignored", "number"),
    [([], 2), (["SIGINT"], 15), (["SIGINT", "SIGTERM"], 9)],
    ids=str,
)
def test_what_does_not_end_is_stopped_harder(tmp_path: Path, ignored: list[str], number: int) -> None:
    script = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        + "".join(f"signal.signal(signal.{name}, signal.SIG_IGN)\n" for name in ignored)
        + "open(DARK, 'w').close()\n"
        "time.sleep(60)\n"
    )
    done = ended(tmp_path, script, Patience(interrupted=0.5, terminated=0.5, killed=5))
    assert done.code == 128 + number
    assert done.closed is not None


@posix
def test_a_child_that_outlives_its_parents_teardown_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN)"
    script = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {stubborn + '; time.sleep(60)'!r}])\n"
        "time.sleep(0.5)\n"
        "open(DARK, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    done = ended(tmp_path, script, Patience(interrupted=0.5, terminated=0.5, killed=2))
    assert done.closed is not None
    assert not is_running(int((tmp_path / "dark").read_text(encoding="utf-8")))
