"""`gate stop-tests` as a process, on real pytest and Locust processes, with decoys beside them.

Every call names a lab at a port of its own, so that no other test process of this machine is meant.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.emulated.process import Ran, run_gate
from tests.emulated.test_guard_watch import is_running
from tests.support import clean_environ, need

PYTHON = sys.executable
BRIGHT = "http://127.0.0.1:1/focus-server"
CONFIG = f"""
environments:
  dark: {{{{focus_server: "{{url}}"}}}}
  bright: {{{{focus_server: "{BRIGHT}"}}}}
default_environment: dark
tests: {{{{names: ["test_configure_zz_*"], markers: ["zz_load"]}}}}
"""
TESTS = """
import pathlib, signal, subprocess, sys, time

CHILD = "import signal, time, sys; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; time.sleep(60)"

def ready(text=""):
    pathlib.Path("ready").write_text(text)
    time.sleep(60)

def test_configure_zz_plain():
    try:
        ready()
    finally:
        pathlib.Path("torn-down").touch()

def test_configure_zz_stubborn():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ready()

def test_configure_zz_deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()

def test_configure_zz_children():
    child = subprocess.Popen([sys.executable, "-c", CHILD])
    time.sleep(0.5)
    ready(str(child.pid))

def test_reads():
    ready()
"""
LOCUST = """
import pathlib
from locust import User, constant, events, task

class Reader(User):
    wait_time = constant(0.1)
    @task
    def nothing(self):
        pathlib.Path("ready").touch()

@events.quitting.add_listener
def quitting(environment, **_):
    pathlib.Path("quitting").touch()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@dataclass
class Bench:
    """Processes that a test has started, each in a folder of its own.

    Attributes:
        folder: holds their folders, `gate.yml` and the ledger.
        url: the lab's address; nothing listens there, and no other process names it.
        started: the processes.
    """

    folder: Path
    url: str
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "gate.yml").write_text(CONFIG.format(url=self.url), encoding="utf-8")

    def start(
        self, name: str, argv: Sequence[str], *, executable: str | None = None, lab: str | None = None
    ) -> int:
        """Start a process that names a lab in its environment."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "test_zz.py").write_text(TESTS, encoding="utf-8")
        (folder / "load.py").write_text(LOCUST, encoding="utf-8")
        process = subprocess.Popen(
            argv,
            executable=executable,
            cwd=folder,
            env=clean_environ(folder, FOCUS_URL=self.url if lab is None else lab),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process.pid

    def pytest(self, name: str, *arguments: str, lab: str | None = None) -> int:
        """Start pytest on one of the tests, and wait until it is at it."""
        options = ["-p", "no:cacheprovider", "--junitxml=report.xml"]
        pid = self.start(name, [PYTHON, "-m", "pytest", *options, *arguments], lab=lab)
        self.wait_for(name, "ready")
        return pid

    def wait_for(self, name: str, file: str) -> str:
        """Return what is in a file once it is there."""
        path = self.folder / name / file
        give_up = time.monotonic() + 20
        while not path.exists():
            assert time.monotonic() < give_up, f"{name} never wrote {file}"
            time.sleep(0.05)
        return path.read_text(encoding="utf-8")

    def stop_tests(self, *options: str) -> Ran:
        """Run `gate stop-tests` for the lab."""
        return run_gate(self.folder, "stop-tests", "--environment", "dark", *options)

    def end(self) -> None:
        """Kill what is left of the processes started here, with their groups."""
        for process in self.started:
            if sys.platform != "win32":
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=10)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        bench = Bench(folder=tmp_path, url=f"http://127.0.0.1:{kept.getsockname()[1]}/focus-server")
        try:
            yield bench
        finally:
            bench.end()


def history(bench: Bench) -> list[dict[str, object]]:
    ran = run_gate(bench.folder, "history", "--format", "json")
    return [entry for entry in json.loads(ran.stdout)["entries"] if isinstance(entry, dict)]


def test_a_pytest_is_interrupted_so_that_it_tears_down_and_writes_its_report(bench: Bench) -> None:
    pid = bench.pytest("plain", "-k", "plain")
    ran = bench.stop_tests("--yes")
    assert ran.code == 0, ran.stderr
    assert not is_running(pid)
    shown, stopped = ran.stdout.splitlines()
    assert shown.startswith(f"{pid} pytest -k 'plain' in {bench.folder / 'plain'}: ")
    assert f"old, started by python {os.getpid()}; runs test_configure_zz_plain" in shown.replace(
        "python3", "python"
    )
    assert stopped.startswith(f"stopped: {pid} pytest -k 'plain' in ")
    assert ": interrupted, gone after " in stopped
    assert (bench.folder / "plain" / "torn-down").exists()
    assert "<testsuite" in (bench.folder / "plain" / "report.xml").read_text(encoding="utf-8")


def test_the_ledger_says_what_was_going_to_be_stopped_and_what_came_of_it(bench: Bench) -> None:
    pid = bench.pytest("plain", "-k", "plain")
    assert bench.stop_tests("--yes", "--by", "dana").code == 0
    intent, outcome = history(bench)
    assert (intent["kind"], intent["by"], intent["action"]) == ("intent", "dana", "stop")
    target = intent["target"]
    assert isinstance(target, dict)
    assert (target["provider"], target["kind"], target["name"]) == ("local", "process", "pytest -k 'plain'")
    assert str(target["id"]).startswith(f"{pid}@")
    assert (outcome["kind"], outcome["outcome"], outcome["intent"]) == ("outcome", "stopped", 1)


def test_what_ignores_the_first_signal_or_both_is_ended_all_the_same(bench: Bench) -> None:
    stubborn = bench.pytest("stubborn", "-k", "stubborn")
    deaf = bench.pytest("deaf", "-k", "deaf")
    ran = bench.stop_tests("--yes", "--grace", "1s")
    assert ran.code == 0, ran.stdout
    assert not is_running(stubborn)
    assert not is_running(deaf)
    stopped = [line for line in ran.stdout.splitlines() if line.startswith("stopped: ")]
    assert [": terminated, gone" in line for line in stopped] == [True, False]
    assert [": killed, gone" in line for line in stopped] == [False, True]


def test_children_are_ended_with_their_parent(bench: Bench) -> None:
    bench.pytest("children", "-k", "children")
    child = int(bench.wait_for("children", "ready"))
    assert is_running(child)
    ran = bench.stop_tests("--yes", "--grace", "1s")
    assert ran.code == 0, ran.stdout
    assert not is_running(child)
    assert "with 1 that it started" in ran.stdout


def test_a_locust_is_interrupted_so_that_it_quits_by_itself(bench: Bench) -> None:
    host = f"--host={bench.url}"
    argv = [PYTHON, "-m", "locust", "-f", "load.py", "--headless", "-u", "1", host]
    pid = bench.start("locust", argv, lab="")
    bench.wait_for("locust", "ready")
    ran = bench.stop_tests("--yes")
    assert ran.code == 0, ran.stdout
    assert not is_running(pid)
    assert f"{pid} locust -f load.py -H {bench.url} in " in ran.stdout
    assert ": interrupted, gone after " in ran.stdout
    assert (bench.folder / "locust" / "quitting").exists()


def test_decoys_and_what_only_reads_or_belongs_elsewhere_live_on(bench: Bench) -> None:
    sleep = "import time; time.sleep(60)"
    editor = bench.start(
        "editor", ["vim", "-c", sleep, "test_configure_zz_plain.py", "pytest"], executable=PYTHON
    )
    grep = need("grep")
    search = bench.start("grep", [str(grep), "-e", "pytest -k test_configure_zz", "-"])
    shell = bench.start(
        "shell", [shutil.which("sh") or "sh", "-c", "sleep 60; : pytest -k test_configure_zz"]
    )
    script = bench.start("script", [PYTHON, "-c", sleep, "-m", "pytest"])
    reads = bench.pytest("reads", "-k", "reads")
    elsewhere = bench.pytest("elsewhere", "-k", "plain", lab=BRIGHT)
    target = bench.pytest("target", "-k", "plain")
    ran = bench.stop_tests("--yes")
    assert ran.code == 0, ran.stdout
    assert not is_running(target)
    assert all(map(is_running, (editor, search, shell, script, reads, elsewhere)))
    assert len(ran.stdout.splitlines()) == 2
    assert f"gate: not touched, since it does not name dark: {elsewhere} pytest" in ran.stderr


def test_a_marker_counts_like_a_name(bench: Bench) -> None:
    (bench.folder / "marked").mkdir()
    content = TESTS.replace("def test_reads", "import pytest\n\n@pytest.mark.zz_load\ndef test_reads")
    assert content != TESTS
    (bench.folder / "marked" / "test_marked.py").write_text(content, encoding="utf-8")
    pid = bench.pytest("run", "-k", "reads", str(bench.folder / "marked" / "test_marked.py"))
    ran = bench.stop_tests("--dry-run")
    assert f"{pid} pytest" in ran.stdout
    assert "runs test_reads" in ran.stdout


def test_a_dry_run_stops_nothing_and_writes_nothing(bench: Bench) -> None:
    pid = bench.pytest("plain", "-k", "plain")
    ran = bench.stop_tests("--dry-run")
    assert (ran.code, len(ran.stdout.splitlines())) == (0, 1)
    assert is_running(pid)
    assert not (bench.folder / ".gate").exists()


def test_without_a_terminal_nobody_can_be_asked_and_nothing_is_stopped(bench: Bench) -> None:
    pid = bench.pytest("plain", "-k", "plain")
    ran = bench.stop_tests()
    assert (ran.code, "add --yes" in ran.stderr) == (2, True)
    assert is_running(pid)


def test_what_is_started_again_in_the_place_of_what_was_stopped_is_named(bench: Bench) -> None:
    loop = f"while :; do rm -f ready; '{PYTHON}' -m pytest -p no:cacheprovider -k plain; done"
    bench.start("loop", [shutil.which("sh") or "sh", "-c", loop])
    bench.wait_for("loop", "ready")
    ran = bench.stop_tests("--yes")
    assert ran.code == 1, ran.stdout
    assert "started again: " in ran.stdout
    assert ", by sh " in ran.stdout


def test_gate_never_stops_the_pytest_that_it_runs_in(bench: Bench) -> None:
    content = f"""
import subprocess
def test_configure_zz_inside():
    command = [{PYTHON!r}, "-m", "gate", "stop-tests", "--environment", "dark", "--yes"]
    done = subprocess.run(command, cwd={str(bench.folder)!r}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no test process of yours would configure jobs of dark\\n"
"""
    (bench.folder / "test_inside.py").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "test_inside.py"],
        cwd=bench.folder,
        env=clean_environ(bench.folder / "cache", FOCUS_URL=bench.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_to_stop_is_said_and_is_0(bench: Bench) -> None:
    ran = bench.stop_tests("--yes")
    assert (ran.code, ran.stdout) == (0, "no test process of yours would configure jobs of dark\n")
    assert not (bench.folder / ".gate").exists()


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        ("", 'gate.yml: tests: missing; name the tests that configure a lab, such as names: ["test_'),
        ('tests: {names: ["*"]}', "gate.yml: tests.names[0]: '*' matches every test; narrow it, or stop"),
        (
            'tests: {names: ["test_configure_*", "TEST_*"]}',
            "gate.yml: tests.names[1]: 'TEST_*' matches every",
        ),
        ('tests: {names: ["test?*"]}', "gate.yml: tests.names[0]: 'test?*' matches every test"),
    ],
)
def test_a_pattern_that_matches_everything_is_refused_without_force(
    tmp_path: Path, tests: str, problem: str
) -> None:
    lab = 'environments: {dark: {focus_server: "http://127.0.0.1:18497"}}\n'
    (tmp_path / "gate.yml").write_text(lab + tests, encoding="utf-8")
    options = ("stop-tests", "--environment", "dark", "--dry-run")
    ran = run_gate(tmp_path, *options)
    assert (ran.code, ran.stdout) == (78, "")
    assert problem in ran.stderr
    assert "--force" in ran.stderr
    assert run_gate(tmp_path, *options, "--force").code == 0


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (["--environment", "nowhere"], 78, "unknown environment 'nowhere'; known are dark, bright"),
        (["--grace", "soon"], 2, "expected a duration such as 5s"),
    ],
    ids=["environment", "grace"],
)
def test_bad_input_is_named(tmp_path: Path, options: list[str], code: int, problem: str) -> None:
    (tmp_path / "gate.yml").write_text(CONFIG.format(url=BRIGHT), encoding="utf-8")
    ran = run_gate(tmp_path, "stop-tests", *options, "--dry-run")
    assert (ran.code, problem in ran.stderr) == (code, True)


def test_a_ledger_that_cannot_be_written_stops_gate_before_anything_else(bench: Bench) -> None:
    pid = bench.pytest("plain", "-k", "plain")
    ran = run_gate(bench.folder, "--state", "nonsense://x", "stop-tests", "--environment", "dark", "--yes")
    assert (ran.code, "state nonsense://x" in ran.stderr) == (78, True)
    assert is_running(pid)
