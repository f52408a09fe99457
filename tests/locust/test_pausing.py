"""With `--gate-pause` a load test waits for its lab, and goes on when it is back."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.locust.load import CONFIGURE, running

USERS = 50
OPTIONS = ("--gate-pause", "--gate-max-age", "300ms")

posix = pytest.mark.skipif(sys.platform == "win32", reason="there, to terminate is to kill")


@pytest.mark.parametrize("workers", [0, 2], ids=["single", "two workers"])
def test_configure_requests_wait_and_go_on_when_the_lab_is_back(
    tmp_path: Path, focus: FocusServer, workers: int
) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, *OPTIONS, "-t", "60s", workers=workers, users=USERS) as load:
        load.reach(100)
        load.turn(FocusState.WAITING)
        time.sleep(1.0)  # every process has heard of it, and what was on its way has arrived
        assert load.since_dark()[0] <= USERS
        load.turn(FocusState.WAITING)
        time.sleep(1.0)
        assert load.since_dark()[0] == 0
        load.turn(FocusState.READY)
        load.reach(100)
        load.terminate()
    log = load.log()
    assert log.count("what configures the lab waits (--gate-pause)") == 1
    assert log.count("; going on") == 1
    assert "stopped" not in log


def test_no_user_is_spawned_before_the_lab_is_ready(tmp_path: Path, focus: FocusServer) -> None:
    with running(tmp_path, focus, *OPTIONS, "-t", "4s", users=10) as load:
        load.reach(3, "GET /live_metadata")
        assert focus.seen["GET /channels"] == 0
        load.turn(FocusState.READY)
        assert load.end() == 0, load.log()
    assert focus.seen[CONFIGURE] > 10


@posix
def test_waiting_is_no_response_time(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, *OPTIONS, "--csv", "out", "-t", "60s", users=10) as load:
        load.reach(20)
        load.turn(FocusState.WAITING)
        time.sleep(2.0)
        load.turn(FocusState.READY)
        load.reach(20)
        load.terminate()
    rows = (tmp_path / "out_stats.csv").read_text(encoding="utf-8").splitlines()
    slowest = max(float(row.split(",")[7]) for row in rows[1:])
    assert slowest < 1000


@posix
def test_a_test_that_ends_while_it_waits_is_not_done(tmp_path: Path, focus: FocusServer) -> None:
    with running(tmp_path, focus, *OPTIONS, "-t", "60s") as load:
        load.reach(3, "GET /live_metadata")
        load.terminate()
        assert load.end() == 75
    assert "the load test ended while it was paused" in load.log()
    assert set(focus.seen) == {"GET /live_metadata"}
