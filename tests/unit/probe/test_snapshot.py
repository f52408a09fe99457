"""One reading for many gates: used while young, asked for once, never trusted when odd."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.model import Code, Environment, Reading, State
from gate.core.verdict import judge
from gate.probe import snapshot
from gate.probe.lock import try_lock
from gate.probe.snapshot import cache_folder, take_reading
from gate.sandbox import recorded
from gate.sandbox.focus import FocusServer, FocusState

LAB = Environment(name="staging", focus_server="http://127.0.0.1:1/focus-server", timeout=0.2)
READY = json.dumps(recorded.READY).encode()
WAITING = json.dumps(recorded.WAITING).encode()


class Lab:
    """Answers what it is told to, and counts."""

    def __init__(self, body: bytes = WAITING, takes: float = 0.0) -> None:
        self.body = body
        self.takes = takes
        self.asked = 0

    def __call__(self, environment: Environment) -> Reading:
        self.asked += 1
        time.sleep(self.takes)
        return Reading(environment=environment.name, taken_at=datetime.now(UTC), status=200, body=self.body)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}


def cache_file(environ: dict[str, str]) -> Path:
    return next(cache_folder(environ).glob("*.json"))


def test_a_young_reading_is_shared(environ: dict[str, str]) -> None:
    lab = Lab()
    first = take_reading(LAB, 5, environ, lab)
    assert take_reading(LAB, 5, environ, lab) == first
    assert lab.asked == 1


def test_max_age_0_asks_in_any_case(environ: dict[str, str]) -> None:
    lab = Lab()
    for _ in range(3):
        take_reading(LAB, 0, environ, lab)
    assert lab.asked == 3


def test_an_old_reading_is_asked_for_again(environ: dict[str, str]) -> None:
    lab = Lab()
    take_reading(LAB, 5, environ, lab)
    time.sleep(0.05)
    take_reading(LAB, 0.01, environ, lab)
    assert lab.asked == 2


def test_a_reading_that_failed_is_shared_too(environ: dict[str, str]) -> None:
    asked = []

    def down(environment: Environment) -> Reading:
        asked.append(environment)
        return Reading(
            environment="staging", taken_at=datetime.now(UTC), failure=Code.TIMEOUT, detail="no answer"
        )

    take_reading(LAB, 5, environ, down)
    shared = take_reading(LAB, 5, environ, down)
    assert (shared.failure, shared.detail, len(asked)) == (Code.TIMEOUT, "no answer", 1)


@pytest.mark.parametrize(
    "other",
    [
        replace(LAB, name="kefar_saba"),
        replace(LAB, focus_server="http://127.0.0.1:2/focus-server"),
        replace(LAB, verify_tls=False),
        replace(LAB, dependencies=("tcp://127.0.0.1:1",)),
    ],
)
def test_another_lab_never_gets_this_ones_reading(environ: dict[str, str], other: Environment) -> None:
    lab = Lab()
    take_reading(LAB, 5, environ, lab)
    take_reading(other, 5, environ, lab)
    assert lab.asked == 2


def spoil(path: Path, **fields: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("ascii")), **fields}), "ascii")


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"taken_at": TOMORROW, "since": TOMORROW}, id="from the future"),
        pytest.param({"taken_at": "2025-11-08T13:20:00+00:00"}, id="stale"),
        pytest.param({"taken_at": datetime.now(UTC).replace(tzinfo=None).isoformat()}, id="no zone"),
        pytest.param({"schema": "gate.snapshot/2"}, id="another schema"),
        pytest.param({"environment": "kefar_saba"}, id="another lab"),
        pytest.param({"failure": "ready"}, id="a failure that opens"),
        pytest.param({"failure": "nonsense"}, id="an unknown failure"),
        pytest.param({"status": "200"}, id="status as text"),
        pytest.param({"status": True}, id="status true"),
        pytest.param({"body": 7}, id="body no text"),
        pytest.param({"body": "\u05d0"}, id="body no bytes"),
        pytest.param({"dependencies_down": 7}, id="no list"),
    ],
)
def test_a_reading_that_is_odd_is_ignored_and_replaced(
    environ: dict[str, str], fields: dict[str, object]
) -> None:
    lab = Lab(READY)
    take_reading(LAB, 5, environ, lab)
    spoil(cache_file(environ), **fields)
    lab.body = WAITING
    assert take_reading(LAB, 5, environ, lab).body == WAITING
    assert take_reading(LAB, 5, environ, lab).body == WAITING
    assert lab.asked == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_reading_is_ignored_and_replaced(environ: dict[str, str], content: bytes) -> None:
    lab = Lab()
    take_reading(LAB, 5, environ, lab)
    cache_file(environ).write_bytes(content)
    assert take_reading(LAB, 5, environ, lab).status == 200
    assert lab.asked == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's folder by ACL")
def test_a_file_that_others_may_write_is_ignored(environ: dict[str, str]) -> None:
    lab = Lab()
    take_reading(LAB, 5, environ, lab)
    assert cache_file(environ).stat().st_mode & 0o777 == 0o600
    cache_file(environ).chmod(0o666)
    take_reading(LAB, 5, environ, lab)
    assert lab.asked == 2


def test_where_no_cache_can_be_kept_each_gate_asks(tmp_path: Path) -> None:
    (tmp_path / "fiber-gate").write_text("a file in the way")
    environ = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    lab = Lab()
    for _ in range(2):
        assert take_reading(LAB, 5, environ, lab).since is not None
    assert lab.asked == 2


def test_many_at_once_ask_once(environ: dict[str, str]) -> None:
    lab = Lab(takes=0.2)
    readings: list[Reading] = []
    threads = [
        threading.Thread(target=lambda: readings.append(take_reading(LAB, 5, environ, lab)))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lab.asked == 1
    assert len(set(map(repr, readings))) == 1


def test_a_holder_of_the_lock_that_hangs_does_not_hold_the_others_for_ever(environ: dict[str, str]) -> None:
    lab = Lab()
    take_reading(LAB, 5, environ, lab)
    lock = cache_file(environ).with_suffix(".lock")
    cache_file(environ).unlink()
    with try_lock(lock) as ours:
        assert ours
        started = time.monotonic()
        assert take_reading(LAB, 5, environ, lab).status == 200
        assert 0.5 < time.monotonic() - started < 5  # four timeouts
    assert lab.asked == 2


class TestSince:
    """Since when a lab is known to be so."""

    def test_it_is_the_first_reading_of_the_same_kind(self, environ: dict[str, str]) -> None:
        lab = Lab()
        first = take_reading(LAB, 0, environ, lab)
        second = take_reading(LAB, 0, environ, lab)
        assert first.since == first.taken_at
        assert second.since == first.taken_at
        assert second.taken_at > first.taken_at

    def test_it_begins_anew_when_the_lab_changes(self, environ: dict[str, str]) -> None:
        lab = Lab()
        take_reading(LAB, 0, environ, lab)
        lab.body = READY
        changed = take_reading(LAB, 0, environ, lab)
        assert changed.since == changed.taken_at

    def test_a_gap_of_more_than_fifteen_minutes_breaks_it(self, environ: dict[str, str]) -> None:
        lab = Lab()
        take_reading(LAB, 0, environ, lab)
        old = (datetime.now(UTC) - timedelta(minutes=16)).isoformat()
        spoil(cache_file(environ), taken_at=old, since=old)
        reading = take_reading(LAB, 0, environ, lab)
        assert reading.since == reading.taken_at


def test_the_default_asks_the_real_lab_and_then_its_dependencies(
    environ: dict[str, str], focus: FocusServer
) -> None:
    focus.state = FocusState.READY
    nobody = "tcp://127.0.0.1:1"
    environment = replace(LAB, focus_server=focus.url, timeout=2.0, dependencies=(nobody,))
    reading = take_reading(environment, 0, environ)
    verdict = judge(reading, (), datetime.now(UTC))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, Code.DEPENDENCY_DOWN)
    assert f"{nobody} (refuses the connection)" in verdict.reason


def test_dependencies_of_a_lab_that_waits_are_left_alone(focus: FocusServer) -> None:
    environment = replace(LAB, focus_server=focus.url, timeout=2.0, dependencies=("tcp://127.0.0.1:1",))
    assert snapshot.ask_lab(environment).dependencies_down == ()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_the_cache_lies_where_the_system_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere/fiber-gate")
    assert tmp_path in cache_folder({}).parents
    assert os.environ["HOME"] == str(tmp_path)
