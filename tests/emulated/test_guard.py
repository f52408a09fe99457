"""`gate guard -- COMMAND` as a process: the command runs only while the gate is open."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import Ran, run_gate
from tests.support import GATE, clean_environ

PYTHON = sys.executable


def guard(folder: Path, focus: FocusServer, *command: str, **environ: str) -> Ran:
    values = {"GATE_FOCUS_SERVER": focus.url, **environ}
    return run_gate(folder, "guard", "--environment", "staging", "--", *command, environ=values)


@pytest.mark.parametrize(
    ("state", "code"), [(FocusState.WAITING, 75), (FocusState.MALFORMED, 69), (FocusState.MISSING, 69)]
)
def test_a_closed_gate_does_not_run_the_command(
    tmp_path: Path, focus: FocusServer, state: FocusState, code: int
) -> None:
    focus.state = state
    ran = guard(tmp_path, focus, PYTHON, "-c", "open('ran', 'w')")
    assert (ran.code, ran.stdout) == (code, "")
    assert "configure* and load* are held back; not run: " in ran.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("code", [0, 1, 42, 75])
def test_an_open_gate_passes_output_and_exit_code_through(
    tmp_path: Path, focus: FocusServer, code: int
) -> None:
    focus.state = FocusState.READY
    ran = guard(tmp_path, focus, PYTHON, "-c", f"print('hello'); raise SystemExit({code})")
    assert (ran.code, ran.stdout) == (code, "hello\n")
    assert ran.stderr.startswith("gate: staging: ready")


SHOW = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('GATE_')}))"


def test_the_command_is_told_which_lab_its_guards_are_for(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    (tmp_path / "ca.pem").write_text("", encoding="utf-8")
    (tmp_path / "gate.yml").write_text(
        "environments:\n"
        f"  staging: {{focus_server: '{focus.url}', verify_tls: ca.pem, aliases: ['http://lab:1']}}\n"
        "  other: {focus_server: 'http://127.0.0.1:9'}\n",
        encoding="utf-8",
    )
    ran = run_gate(tmp_path, "guard", "--environment", "staging", "--", PYTHON, "-c", SHOW)
    assert (ran.code, json.loads(ran.stdout)) == (
        0,
        {
            "GATE_ENVIRONMENT": "staging",
            "GATE_FOCUS_SERVER": focus.url,
            "GATE_FOCUS_ALIASES": "http://lab:1",
            "GATE_VERIFY_TLS": str(tmp_path / "ca.pem"),
        },
    )


def test_the_command_finds_the_file_that_was_given(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    (tmp_path / "lab.yml").write_text(
        f"environments: {{staging: {{focus_server: '{focus.url}', verify_tls: false}}}}", encoding="utf-8"
    )
    ran = run_gate(tmp_path, "--config", "lab.yml", "guard", "--", PYTHON, "-c", SHOW)
    told = json.loads(ran.stdout)
    assert told["GATE_CONFIG"] == str(tmp_path / "lab.yml")
    assert told["GATE_VERIFY_TLS"] == "false"


def test_a_file_that_the_command_would_not_read_is_refused(tmp_path: Path, focus: FocusServer) -> None:
    for name in ("lab.yml", "gate.yml"):
        (tmp_path / name).write_text(
            f"environments: {{staging: {{focus_server: '{focus.url}'}}}}", encoding="utf-8"
        )
    ran = run_gate(tmp_path, "--config", "lab.yml", "guard", "--", PYTHON, "-c", SHOW)
    assert (ran.code, "the guards inside the command would read" in ran.stderr) == (78, True)
    assert run_gate(tmp_path, "--config", "gate.yml", "guard", "--", PYTHON, "-c", "").code == 75


@pytest.mark.parametrize("state", [FocusState.READY, FocusState.WAITING])
def test_credentials_in_an_address_are_not_shown(
    tmp_path: Path, focus: FocusServer, state: FocusState
) -> None:
    focus.state = state
    address = focus.url.replace("http://", "http://lab:hunter2@")
    ran = guard(tmp_path, focus, PYTHON, "-c", "", GATE_FOCUS_SERVER=address)
    assert "hunter2" not in ran.stdout + ran.stderr


def test_arguments_reach_the_command_as_they_are(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    wanted = ["--environment", "x", "a b", "", "--help", "$HOME", "--"]
    ran = guard(tmp_path, focus, PYTHON, "-c", "import sys; print(sys.argv[1:])", *wanted)
    assert ran.stdout.strip() == str(wanted)


def test_a_hold_keeps_the_command_back(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    ran = guard(tmp_path, focus, PYTHON, "-c", "open('ran', 'w')", GATE_HOLD="splicing")
    assert (ran.code, "held: splicing" in ran.stderr) == (75, True)
    assert not (tmp_path / "ran").exists()


def test_a_command_that_is_not_there_is_named(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    ran = guard(tmp_path, focus, "no-such-command")
    assert (ran.code, "there is no command 'no-such-command'" in ran.stderr) == (127, True)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_command_that_may_not_run_is_named(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    (tmp_path / "data.txt").write_text("no program", encoding="utf-8")
    ran = guard(tmp_path, focus, "./data.txt")
    assert (ran.code, "cannot run './data.txt': Permission denied" in ran.stderr) == (126, True)


def test_without_a_command_it_is_wrong_usage(tmp_path: Path, focus: FocusServer) -> None:
    assert guard(tmp_path, focus).code == 2


def test_a_wrong_configuration_runs_nothing(tmp_path: Path, focus: FocusServer) -> None:
    ran = guard(tmp_path, focus, PYTHON, "-c", "open('ran', 'w')", GATE_FOCUS_SERVER="lab")
    assert ran.code == 78
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command(tmp_path: Path, focus: FocusServer, number: signal.Signals) -> None:
    focus.state = FocusState.READY
    (tmp_path / "job.py").write_text(
        "import signal, sys, time\n"
        "for n in (signal.SIGINT, signal.SIGTERM): signal.signal(n, lambda n, f: sys.exit(40 + n))\n"
        "print('running', flush=True)\n"
        "time.sleep(30)\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [GATE, "guard", "--", PYTHON, "job.py"],
        cwd=tmp_path,
        env=clean_environ(tmp_path, GATE_FOCUS_SERVER=focus.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"running\n"
    process.send_signal(number)
    started = time.monotonic()
    assert process.wait(timeout=20) == 40 + number
    assert time.monotonic() - started < 10
    process.stdout.close()
