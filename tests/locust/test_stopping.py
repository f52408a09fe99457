"""A load test whose lab is dark, or goes dark, is stopped: at once, wholly, and with its reason."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import requests

from gate.sandbox.focus import FocusServer, FocusState
from tests.locust.load import CONFIGURE, GUARDED, SHAPED, USERS, Load, running
from tests.support import free_port

REASON = 'waiting for fiber (prr 0.0, sw_version "waiting for fiber")'
SOON = 5.0  # seconds; measured: below 0.5 for one process, 2 with workers, whom Locust waits for

single_and_distributed = pytest.mark.parametrize("workers", [0, 2], ids=["single", "two workers"])


def assert_stopped(load: Load, users: int = 50) -> None:
    """Assert that the test ended for the lab, and that no user sent more than what was on its way."""
    assert load.end() == 75, load.log()
    sent, seconds = load.since_dark()
    assert sent <= users
    assert seconds < SOON
    assert f"gate: lab: {REASON}" in load.log()
    assert "the load test is stopped" in load.log()
    assert "Traceback" not in "".join(map(load.log, range(len(load.processes))))
    assert f"stopped by gate: lab: {REASON}" in reason_in(load.report())


def reason_in(report: str) -> str:
    """Return the exceptions that the HTML report's script will show."""
    found = re.search(r"window.templateArgs = (\{.*\})", report)
    assert found
    return "\n".join(row["msg"] for row in json.loads(found[1])["exceptions_statistics"])


@single_and_distributed
def test_a_dark_lab_gets_no_user_at_all(tmp_path: Path, focus: FocusServer, workers: int) -> None:
    with running(tmp_path, focus, workers=workers) as load:
        assert load.end() == 75
    assert dict(focus.seen) == {"GET /live_metadata": 1}
    assert REASON in load.log()
    assert f"stopped by gate: lab: {REASON}" in reason_in(load.report())
    assert "Ramping" not in load.log()


def test_a_lab_that_cannot_be_known_gets_none_either(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.MALFORMED
    with running(tmp_path, focus) as load:
        assert load.end() == 69
    assert focus.seen[CONFIGURE] == 0
    assert "state unknown" in load.log()


def test_a_test_that_ends_before_the_lab_has_answered_is_not_done(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.SLOW
    with running(tmp_path, focus, "-t", "1s") as load:
        assert load.end() == 69
    assert "ended before the lab had answered" in load.log() or "no complete answer" in load.log()
    assert set(focus.seen) <= {"GET /live_metadata"}  # a busy machine may end before it has asked


@single_and_distributed
def test_a_lab_that_goes_dark_in_the_middle_stops_the_test(
    tmp_path: Path, focus: FocusServer, workers: int
) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, "-t", "60s", workers=workers) as load:
        load.reach(150)
        load.turn(FocusState.WAITING)
        assert_stopped(load)


@single_and_distributed
def test_a_lab_that_goes_dark_during_ramp_up_gets_no_further_user(
    tmp_path: Path, focus: FocusServer, workers: int
) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, "-t", "60s", workers=workers, rate=10) as load:
        load.reach(25)
        load.turn(FocusState.WAITING)
        assert_stopped(load, users=30)
    assert "All users spawned" not in load.log()


@single_and_distributed
def test_a_shape_is_stopped_as_well(tmp_path: Path, focus: FocusServer, workers: int) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, workers=workers, file=SHAPED) as load:
        load.reach(40)
        load.turn(FocusState.WAITING)
        assert_stopped(load)


def test_users_who_only_read_are_stopped_by_the_interval(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    file = GUARDED.replace("configure: 3, ", "")
    with running(tmp_path, focus, "--gate-max-age", "400ms", file=file) as load:
        load.reach(20, "GET /channels")
        load.turn(FocusState.WAITING)
        assert_stopped(load)
    assert focus.seen[CONFIGURE] == 0


def test_users_who_swallow_everything_and_repeat_cannot_slip_through(
    tmp_path: Path, focus: FocusServer
) -> None:
    focus.state = FocusState.READY
    stubborn = """
    while True:
        try:
            return user.client.post("/configure", json={}).raise_for_status()
        except Exception:
            pass
"""
    file = GUARDED.replace('    user.client.post("/configure", json={})', stubborn)
    with running(tmp_path, focus, "--stop-timeout", "20", file=file) as load:
        load.reach(100)
        load.turn(FocusState.WAITING)
        assert_stopped(load)


def test_a_user_that_configures_when_it_ends_does_not_delay_the_end(
    tmp_path: Path, focus: FocusServer
) -> None:
    focus.state = FocusState.READY
    farewell = """

def say_goodbye(user):
    user.client.post("/config/1", json={})

Slow.on_stop = Fast.on_stop = say_goodbye
"""
    with running(tmp_path, focus, file=GUARDED + farewell) as load:
        load.reach(100)
        load.turn(FocusState.WAITING)
        assert_stopped(load)
    assert focus.seen["POST /config/1"] == 0


def test_a_client_that_is_not_locusts_is_held_back_too(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    file = "import requests\n" + GUARDED.replace("user.client.post(", "requests.post(user.host + ")
    with running(tmp_path, focus, "--gate-max-age", "400ms", file=file, users=20) as load:
        load.reach(50)
        load.turn(FocusState.WAITING)
        load.end()
        load.before = focus.seen[CONFIGURE]
    assert load.processes[0].returncode == 75


def test_a_web_ui_stays_until_its_time_to_quit(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    options = ("--autoquit", "0", "--web-port", str(free_port()))
    with running(tmp_path, focus, *options, headless=False) as load:
        load.reach(50)
        load.turn(FocusState.WAITING)
        assert_stopped(load)


@single_and_distributed
def test_at_a_web_ui_the_run_is_stopped_in_its_ramp_up_and_the_next_is_asked_for_anew(
    tmp_path: Path, focus: FocusServer, workers: int
) -> None:
    focus.state = FocusState.READY
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    with running(tmp_path, focus, "--web-port", str(port), headless=False, workers=workers, rate=10) as load:
        load.reach(25)
        load.turn(FocusState.WAITING)
        load.hear("the load test is stopped")
        time.sleep(2.5)  # in which a ramp-up that went on would have spawned the rest
        stats = requests.get(f"{page}/stats/requests", timeout=5).json()
        assert (stats["state"], stats["user_count"]) in (("stopped", 0), ("stopping", 0), ("ready", 0))
        assert load.since_dark()[0] <= 30
        load.turn(FocusState.READY)
        swarm = {"user_count": "10", "spawn_rate": "10", "host": focus.url}
        assert requests.post(f"{page}/swarm", data=swarm, timeout=5).json()["success"]
        load.reach(20)
        load.terminate()


def test_the_manuals_example_that_ends_with_exit_code_0_does_not_win(
    tmp_path: Path, focus: FocusServer
) -> None:
    example = """
from locust import events

@events.quitting.add_listener
def decide(environment, **kwargs):
    environment.process_exit_code = 0

"""
    with running(tmp_path, focus, file=example + GUARDED) as load:
        assert load.end() == 75


def test_a_ready_lab_is_not_in_the_way(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    with running(tmp_path, focus, "-t", "4s") as load:
        assert load.end() == 0, load.log()
    assert focus.seen[CONFIGURE] > 50
    assert focus.seen["GET /live_metadata"] == 1


@pytest.mark.parametrize("switch", [["--gate-off"], []], ids=["off", "no import"])
def test_without_the_guard_locust_is_as_it_was(tmp_path: Path, focus: FocusServer, switch: list[str]) -> None:
    file = GUARDED if switch else USERS
    with running(tmp_path, focus, *switch, "-t", "60s", users=5, file=file) as load:
        load.reach(10)
        load.terminate()
    assert ("gate: off" in load.log()) is bool(switch)


def test_a_wrong_configuration_starts_nothing(tmp_path: Path, focus: FocusServer) -> None:
    with running(tmp_path, focus, GATE_FOCUS_SERVER="lab") as load:
        assert load.end() == 78
    assert "gate: GATE_FOCUS_SERVER: expected a URL" in load.log()
    assert "Traceback" not in load.log()
    assert not focus.seen


def test_another_lab_being_dark_does_not_stop_the_test(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    (tmp_path / "gate.yml").write_text(
        "environments:\n"
        "  dark: {focus_server: 'http://127.0.0.1:9/focus-server'}\n"
        f"  here: {{focus_server: '{focus.url}'}}\n"
        "default_environment: dark\n",
        encoding="utf-8",
    )
    with running(tmp_path, focus, "-t", "4s", GATE_FOCUS_SERVER="") as load:
        assert load.end() == 0, load.log()
    assert focus.seen[CONFIGURE] > 50
