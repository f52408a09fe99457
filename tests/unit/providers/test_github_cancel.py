"""A cancelled step of the GitHub action: the runner signals the step's first process alone, which is bash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from gate.sandbox.focus import FocusServer, FocusState
from tests.support import need
from tests.unit.github_step import ACTION, outputs, posix, put_gate, step_environ

pytestmark = posix


def posix_script() -> str:
    """Return the script of the action's step for Linux and macOS."""
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    (script,) = [step["run"] for step in action["runs"]["steps"] if step.get("shell") == "bash"]
    return str(script)


def start_step(script: str, environ: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """Start a step as the runner starts it, in a process group of its own."""
    bash = need("bash")
    (folder / "step.sh").write_text(script)
    return subprocess.Popen(
        [str(bash), "--noprofile", "--norc", "-e", "-o", "pipefail", str(folder / "step.sh")],
        env=dict(environ),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)


def end_group(step: subprocess.Popen[str]) -> None:
    if sys.platform != "win32":
        try:
            os.killpg(step.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    step.communicate(timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_cancelled_step_ends_promptly_and_opens_nothing(
    focus: FocusServer, tmp_path: Path, number: signal.Signals
) -> None:
    environ = step_environ(tmp_path, focus, GATE_INPUT_WAIT="10m")
    step = start_step(posix_script(), environ, tmp_path)
    try:
        wait_until(lambda: focus.seen["GET /live_metadata"] > 0)
        time.sleep(0.5)
        asked = time.monotonic()
        step.send_signal(number)
        _, said = step.communicate(timeout=30)
        assert time.monotonic() - asked < 5
        assert step.returncode == 130
        assert "gate: interrupted; the gate stays closed" in said
        assert "Traceback" not in said
        focus.state = FocusState.READY  # whatever lived on would see this and open
        time.sleep(0.3)
        assert "open" not in outputs(tmp_path)
    finally:
        end_group(step)


def test_the_trap_without_exec_is_real(focus: FocusServer, tmp_path: Path) -> None:
    """Under a bash that waits, the signal never comes to gate."""
    environ = step_environ(tmp_path, focus, GATE_INPUT_WAIT="10m")
    step = start_step(posix_script().replace("exec ", "") + "\ntrue\n", environ, tmp_path)
    try:
        wait_until(lambda: focus.seen["GET /live_metadata"] > 0)
        step.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            step.wait(timeout=2)
    finally:
        end_group(step)


@pytest.mark.parametrize("where", ["check", "--version"])
def test_a_gate_that_will_not_stop_is_killed_and_counts_as_cancelled(
    focus: FocusServer, tmp_path: Path, where: str
) -> None:
    started = tmp_path / "started"
    stubborn = f"trap '' INT TERM; touch {started}; sleep 30; exit 0"
    path = put_gate(tmp_path / "bin", stubborn)
    if where == "--version":
        (tmp_path / "bin" / "gate").write_text(f"#!/bin/sh\n{stubborn}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(ACTION)!r}); import launch; launch.GRACE_SECONDS = 0.5; "
        "sys.exit(launch.main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**step_environ(tmp_path, focus), "PATH": path},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as step:
        try:
            wait_until(started.exists)
            step.send_signal(signal.SIGINT)
            assert step.wait(timeout=10) == 130
        finally:
            if sys.platform != "win32" and step.poll() is None:
                os.killpg(step.pid, signal.SIGKILL)
