"""What one guard knows, how it shares a reading, and when it opens and closes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate import asking
from gate.config import Config
from gate.core.model import Code, Verdict
from gate.core.verdict import misconfigured
from gate.guards.http import FiberNotReady, Guard, may_send
from gate.sandbox.focus import FocusServer, FocusState
from tests.support import clean_environ
from tests.unit.guards.labs import READ, guard_of

LABS = {
    "staging": {"focus_server": "https://10.10.10.100/focus-server", "aliases": ["http://localhost:8500"]},
    "kefar_saba": {"focus_server": "https://10.20.10.100/focus-server"},
}


def guard_of_two(tmp_path: Path) -> Guard:
    """Return a guard of two labs, which are not asked."""
    document = {"environments": LABS, "default_environment": "staging"}
    return Guard(Config(source="a test", document=document), clean_environ(tmp_path))


def test_every_lab_of_the_configuration_is_known_by_every_address(tmp_path: Path) -> None:
    guard = guard_of_two(tmp_path)
    names = {
        "https://10.10.10.100/focus-server/configure": "staging",
        "http://127.0.0.1:8500//configure": "staging",
        "https://10.20.10.100:443/focus-server/config/7": "kefar_saba",
    }
    for url, name in names.items():
        lab = guard.lab_of("POST", url)
        assert lab is not None
        assert lab.name == name
    assert guard.lab_of("GET", "https://10.10.10.100/focus-server/configure") is None
    assert guard.lab_of("POST", "https://elsewhere.example/focus-server/configure") is None


def test_what_is_remembered_of_foreign_hosts_has_a_bound(tmp_path: Path) -> None:
    guard = guard_of_two(tmp_path)
    for number in range(5000):
        assert guard.lab_of("POST", f"https://host-{number}.example/configure") is None
    assert len(guard._labs_at) <= 4096
    assert guard.lab_of("POST", "https://10.10.10.100/focus-server/configure") is not None


def test_only_a_ready_lab_may_be_configured(focus: FocusServer, tmp_path: Path) -> None:
    guard = guard_of(focus, tmp_path)
    closed = guard.snapshot()
    assert closed.id.startswith("lab@")
    assert not may_send("POST", focus.url + "/configure", closed)
    assert may_send("POST", focus.url + "/recordings_in_time_range", closed)
    focus.state = FocusState.READY
    assert may_send("POST", focus.url + "/configure", guard.snapshot(max_age=0))


@pytest.mark.parametrize("state", [FocusState.DOWN, FocusState.MALFORMED, FocusState.MISSING])
def test_a_lab_whose_state_is_unknown_is_not_configured(
    focus: FocusServer, tmp_path: Path, state: FocusState
) -> None:
    focus.state = state
    with pytest.raises(FiberNotReady, match="state unknown"):
        guard_of(focus, tmp_path).check("POST", focus.url + "/configure")


def test_a_reading_that_fails_by_a_bug_sends_nothing(focus: FocusServer, tmp_path: Path) -> None:
    def ask(question: asking.Question, max_age: float, environ: Mapping[str, str]) -> Verdict:
        raise RuntimeError("a bug")

    guard = guard_of(focus, tmp_path, ask=ask)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            guard.check("POST", focus.url + "/configure")


def test_it_opens_when_the_fibre_is_back_and_closes_when_it_is_gone(
    focus: FocusServer, tmp_path: Path
) -> None:
    guard = guard_of(focus, tmp_path, max_age=0.1)
    url = focus.url + "/configure"
    for state in (FocusState.WAITING, FocusState.READY, FocusState.WAITING, FocusState.READY):
        focus.state = state
        time.sleep(0.12)
        if state is FocusState.READY:
            guard.check("POST", url)
        else:
            with pytest.raises(FiberNotReady):
                guard.check("POST", url)


def held(guard: Guard, url: str) -> bool:
    try:
        guard.check("POST", url)
    except FiberNotReady:
        return True
    return False


@pytest.mark.parametrize("max_age", [5.0, None, 0.0])
def test_two_hundred_threads_at_once_cost_one_reading(
    focus: FocusServer, tmp_path: Path, max_age: float | None
) -> None:
    guard = guard_of(focus, tmp_path)
    ready = threading.Barrier(200)

    def ask(_: int) -> bool:
        ready.wait(timeout=30)
        if max_age is None:
            return held(guard, focus.url + "/configure")
        return not guard.snapshot(max_age=max_age).verdict.open

    with ThreadPoolExecutor(200) as pool:
        assert all(pool.map(ask, range(200)))
    assert focus.seen[READ] <= (1 if max_age != 0 else 20)
    assert focus.seen["POST /configure"] == 0


def test_guards_of_many_processes_share_a_reading(focus: FocusServer, tmp_path: Path) -> None:
    arguments = [(focus.url, str(tmp_path))] * 3
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        reasons = pool.starmap(reason_elsewhere, arguments, chunksize=1)
    assert all("waiting for fiber" in reason for reason in reasons)
    assert focus.seen[READ] == 1


def reason_elsewhere(url: str, cache: str) -> str:
    """Ask in another process, and send the exception back as text and whole."""
    guard = Guard(Config(source="a test"), clean_environ(Path(cache), GATE_FOCUS_SERVER=url))
    try:
        guard.check("POST", url + "/configure")
    except FiberNotReady as error:
        return str(pickle.loads(pickle.dumps(error)))
    return "sent"


def test_the_exception_travels_between_processes_whole(focus: FocusServer, tmp_path: Path) -> None:
    with pytest.raises(FiberNotReady) as caught:
        guard_of(focus, tmp_path).check("post", focus.url + "/configure")
    travelled = pickle.loads(pickle.dumps(caught.value))
    assert type(travelled) is FiberNotReady
    assert str(travelled) == str(caught.value)
    assert (travelled.call, travelled.verdict) == (caught.value.call, caught.value.verdict)
    assert travelled.verdict.code is Code.WAITING_FOR_FIBER
    assert str(travelled).startswith(
        f"POST {focus.url}/configure is held back: lab: waiting for fiber (prr 0.0"
    )


def test_a_fork_in_the_middle_of_a_reading_leaves_no_lock_behind(focus: FocusServer, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows knows no fork")
    reading, finish = threading.Event(), threading.Event()

    def ask(question: asking.Question, max_age: float, environ: Mapping[str, str]) -> Verdict:
        if os.getpid() == parent:
            reading.set()
            finish.wait(timeout=20)
        return misconfigured("a test", "lab", datetime.now(UTC))

    parent = os.getpid()
    guard = guard_of(focus, tmp_path, ask=ask)
    thread = threading.Thread(target=guard.snapshot)
    thread.start()
    assert reading.wait(timeout=20)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        guard.snapshot()
        os._exit(0 if time.monotonic() - started < 5 else 1)
    _, status = os.waitpid(child, 0)
    finish.set()
    thread.join(timeout=20)
    assert os.waitstatus_to_exitcode(status) == 0
