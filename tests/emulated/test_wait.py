"""`gate wait` as a process: real services, real failures of names, and the command behind it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import run_gate
from tests.emulated.rabbitmq import starting_rabbitmq
from tests.support import GATE, clean_environ
from tests.unit.fleet.postgres import running_postgres

NEVER = "tcp://127.0.0.1:1"


def says(word: str) -> list[str]:
    return ["--", sys.executable, "-c", f"print({word!r})"]


@contextmanager
def listening(after: float = 0.0) -> Iterator[int]:
    """Yield a port at which something listens, from `after` seconds on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        timer = threading.Timer(after, server.listen)
        timer.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            timer.cancel()
            timer.join()


def test_a_rabbitmq_that_starts_is_waited_for(tmp_path: Path) -> None:
    with starting_rabbitmq() as port:
        url = f"amqp://guest:hush@127.0.0.1:{port}"
        ran = run_gate(tmp_path, "wait", url, "--for", "1s", "--timeout", "50s", *says("up"))
    assert (ran.code, ran.stdout) == (0, "up\n")
    shown = f"gate: amqp://127.0.0.1:{port}"
    assert ran.stderr.splitlines() == [f"{shown}: refuses the connection", f"{shown}: holds"]


def test_a_postgresql_holds_while_it_runs(tmp_path: Path) -> None:
    with running_postgres() as given:
        url = "postgresql://" + given.partition("://")[2]
        ran = run_gate(tmp_path, "wait", url, "--timeout", "20s")
        assert ran.code == 0
        assert "e%2Fh" not in ran.stderr
    ran = run_gate(tmp_path, "wait", url, "--timeout", "1s")
    assert (ran.code, "refuses the connection" in ran.stderr) == (69, True)


@pytest.mark.parametrize(
    "url", ["dns://mongodb.invalid", "tcp://mongodb.invalid:27017", "mongodb://mongodb.invalid"]
)
def test_a_name_that_does_not_resolve_is_69_and_the_command_does_not_run(tmp_path: Path, url: str) -> None:
    ran = run_gate(tmp_path, "wait", url, "--timeout", "1s", *says("ran"))
    assert (ran.code, ran.stdout) == (69, "")
    lines = ran.stderr.splitlines()
    assert lines[0] == f"gate: {url}: its name cannot be resolved"
    assert lines[-1] == (f"gate: 1s are over: {url} (its name cannot be resolved); not run: {sys.executable}")
    assert len(lines) == 2


def test_all_must_hold_and_only_what_does_not_is_named_in_the_end(tmp_path: Path) -> None:
    with listening() as port:
        url = f"tcp://127.0.0.1:{port}"
        ran = run_gate(tmp_path, "wait", url, "dns://localhost", NEVER, "--timeout", "1s", *says("ran"))
    assert (ran.code, ran.stdout) == (69, "")
    assert f"gate: {url}: holds\n" in ran.stderr
    assert ran.stderr.splitlines()[-1].startswith(f"gate: 1s are over: {NEVER} (refuses the connection); not")


def test_what_comes_up_later_is_told_and_must_stay_for_as_long_as_asked(tmp_path: Path) -> None:
    with listening(after=1.5) as port:
        url = f"tcp://127.0.0.1:{port}"
        started = time.monotonic()
        ran = run_gate(tmp_path, "wait", url, "--for", "1500ms", "--timeout", "30s")
        assert time.monotonic() - started >= 3
    assert ran.code == 0
    assert [line.rpartition(": ")[2] for line in ran.stderr.splitlines()] == [
        "refuses the connection",
        "holds",
    ]


def test_time_that_is_over_before_it_was_steady_says_so(tmp_path: Path) -> None:
    with listening(after=1) as port:
        ran = run_gate(
            tmp_path, "wait", f"tcp://127.0.0.1:{port}", "--for", "2s", "--timeout", "2s", *says("x")
        )
    assert (ran.code, ran.stdout) == (69, "")
    assert "gate: 2s are over: not everything held for 2s; not run: " in ran.stderr


@pytest.mark.parametrize("code", [0, 3, 75])
def test_the_command_gives_its_exit_code_and_keeps_its_arguments(tmp_path: Path, code: int) -> None:
    script = f"import sys; print(sys.argv[1:]); sys.exit({code})"
    ran = run_gate(
        tmp_path, "wait", "dns://localhost", "--", sys.executable, "-c", script, "--for", "-x", "--"
    )
    assert (ran.code, ran.stdout) == (code, "['--for', '-x', '--']\n")


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = run_gate(tmp_path, "wait", "dns://localhost", "--", "no-such-command")
    assert (ran.code, "there is no command 'no-such-command'" in ran.stderr) == (127, True)


def test_the_fibre_is_waited_for_until_the_lab_is_ready(tmp_path: Path, focus: FocusServer) -> None:
    def connect() -> None:
        focus.state = FocusState.READY

    timer = threading.Timer(1.5, connect)
    timer.start()
    ran = run_gate(tmp_path, "wait", f"fiber+{focus.url}", "--timeout", "30s", *says("ready"))
    timer.join()
    assert (ran.code, ran.stdout) == (0, "ready\n")
    first, last = ran.stderr.splitlines()
    assert 'waiting for fiber (prr 0.0, sw_version "waiting for fiber")' in first
    assert last == f"gate: fiber+{focus.url}: holds"


@pytest.mark.parametrize(
    ("state", "said"),
    [(FocusState.WAITING, "waiting for fiber"), (FocusState.MISSING, "no live metadata (HTTP 404)")],
)
def test_a_lab_that_is_not_ready_is_69(
    tmp_path: Path, focus: FocusServer, state: FocusState, said: str
) -> None:
    focus.state = state
    ran = run_gate(tmp_path, "wait", f"fiber+{focus.url}", "--timeout", "1s", *says("ran"))
    assert (ran.code, ran.stdout) == (69, "")
    assert said in ran.stderr


def test_a_hold_keeps_a_ready_lab_from_being_waited_for_with_success(
    tmp_path: Path, focus: FocusServer
) -> None:
    focus.state = FocusState.READY
    hold = json.dumps({"reason": "splice", "by": "dana"})
    ran = run_gate(tmp_path, "wait", f"fiber+{focus.url}", "--timeout", "1s", environ={"GATE_HOLD": hold})
    assert (ran.code, "held by dana: splice" in ran.stderr) == (69, True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["ftp://u:hush@lab/x"], "ftp://lab/x: unknown scheme; known are http://, https://, tcp://"),
        (["tcp://lab"], "tcp://lab: names no port"),
        (["dns://localhost", "--"], "expected a command behind --"),
        (["dns://localhost", "--for", "2m", "--timeout", "1m"], "--for: expected at most --timeout"),
        (["dns://localhost", "--timeout", "soon"], "expected a duration such as 5s"),
        ([], "Missing argument 'URL...'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_usage_and_named(tmp_path: Path, arguments: list[str], problem: str) -> None:
    ran = run_gate(tmp_path, "wait", *arguments)
    assert ran.code == 2
    assert problem in ran.stderr
    assert "hush" not in ran.stderr


def test_a_ca_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = run_gate(tmp_path, "wait", "https://localhost:1", environ={"GATE_VERIFY_TLS": "no-such.pem"})
    assert (ran.code, "GATE_VERIFY_TLS: expected true, false or the path" in ran.stderr) == (78, True)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_ends_the_wait_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [str(GATE), "wait", NEVER, *says("ran")],
        env=clean_environ(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout) == (130, "")
    assert "interrupted" in stderr
