"""The sandbox's Focus server as a process: the recorded answers, switchable, counting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from gate.sandbox import recorded
from gate.sandbox.focus import FocusServer, FocusState
from tests.support import clean_environ


@contextmanager
def sandbox(folder: Path, state: str) -> Iterator[str]:
    """Run `python -m gate.sandbox focus` and yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gate.sandbox", "focus", "--state", state, "--port", "0"],
        env=clean_environ(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        words, _, address = process.stdout.readline().strip().partition(": ")
        assert words == f"focus server ({state})"
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=5)


def post(url: str, **fields: object) -> requests.Response:
    return requests.post(url, json=fields, timeout=5)


def test_it_serves_switches_and_counts(tmp_path: Path) -> None:
    with sandbox(tmp_path, "waiting") as url:
        root = url.removesuffix("/focus-server")
        assert get(f"{url}/live_metadata").json() == recorded.WAITING
        refused = post(f"{url}/configure", view_type=0)
        assert (refused.status_code, refused.json()["status"]) == (503, "waiting_for_fiber")
        assert post(f"{root}/_sandbox/state", state="ready").json() == {"state": "ready"}
        assert get(f"{url}/live_metadata").json() == recorded.READY
        assert post(f"{url}//configure").status_code == 200
        assert post(f"{url}/config/7").status_code == 200
        assert get(f"{root}/_sandbox/requests").json() == {
            "GET /live_metadata": 2,
            "POST /configure": 2,
            "POST /config/7": 1,
        }


@pytest.mark.parametrize(
    ("state", "status", "start"),
    [
        (FocusState.WAITING, 200, b'{"dx": 0.0, "prr": 0.0'),
        (FocusState.READY, 200, b'{"prr": 2000.0'),
        (FocusState.MALFORMED, 200, b"<!DOCTYPE html>"),
        (FocusState.MISSING, 404, b'{"detail"'),
    ],
)
def test_each_state_has_its_answer(focus: FocusServer, state: FocusState, status: int, start: bytes) -> None:
    focus.state = state
    answer = get(f"{focus.url}/live_metadata")
    assert (answer.status_code, answer.content.startswith(start)) == (status, True)


def test_down_hangs_up(focus: FocusServer) -> None:
    focus.state = FocusState.DOWN
    with pytest.raises(requests.ConnectionError):
        get(f"{focus.url}/live_metadata")


def test_slow_sends_a_byte_a_second(focus: FocusServer) -> None:
    focus.state = FocusState.SLOW
    with requests.get(f"{focus.url}/live_metadata", timeout=5, stream=True) as answer:
        assert next(answer.iter_content(1)) == b"{"
        assert answer.elapsed.total_seconds() < 1
        assert int(answer.headers["Content-Length"]) > 100


def test_flapping_is_ready_and_waiting_by_turns(focus: FocusServer) -> None:
    focus.state = FocusState.FLAPPING
    rates = [get(f"{focus.url}/live_metadata").json()["prr"] for _ in range(6)]
    assert rates == [2000.0, 2000.0, 0.0, 0.0, 2000.0, 2000.0]


@pytest.mark.parametrize("ready", [False, True])
def test_read_only_paths_answer_in_both_states(focus: FocusServer, ready: bool) -> None:
    focus.state = FocusState.READY if ready else FocusState.WAITING
    for path in ("channels", "sensors", "ack"):
        assert get(f"{focus.url}/{path}").status_code == 200
    assert post(f"{focus.url}/recordings_in_time_range").status_code == 200
    assert get(f"{focus.url}/metadata/1-1").status_code == (200 if ready else 404)
    assert get(f"{focus.url}/nothing").status_code == 404


def test_an_unknown_state_is_refused_with_the_known_ones(focus: FocusServer) -> None:
    answer = post(focus.url.replace("/focus-server", "/_sandbox/state"), state="on fire")
    assert (answer.status_code, "waiting, ready, down" in answer.json()["error"]) == (400, True)
    assert focus.state is FocusState.WAITING


def test_the_counters_can_start_anew(focus: FocusServer) -> None:
    get(f"{focus.url}/live_metadata")
    counters = focus.url.replace("/focus-server", "/_sandbox/requests")
    requests.delete(counters, timeout=5)
    assert get(counters).json() == {}


def test_a_port_that_is_taken_is_told(focus: FocusServer, tmp_path: Path) -> None:
    port = str(focus.server_address[1])
    ran = subprocess.run(
        [sys.executable, "-m", "gate.sandbox", "focus", "--port", port],
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Error: cannot listen on 127.0.0.1:{port}: ")
