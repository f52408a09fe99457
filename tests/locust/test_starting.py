"""Every way to switch the guard on: an import, a file in Locust's list, `gate guard --locust`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import gate.guards
from gate.guards.startup import guarded_locust
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import run_gate
from tests.locust.load import CONFIGURE, USERS, running
from tests.support import BIN

LOCUST = BIN / ("locust.exe" if sys.platform == "win32" else "locust")
GUARDED = ["-P", "-m", "gate.guards.locust"]


def test_one_more_file_in_locusts_list_is_enough(tmp_path: Path, focus: FocusServer) -> None:
    (ours,) = (Path(folder) / "locust" / "locustfile.py" for folder in gate.guards.__path__)
    with running(tmp_path, focus, "-f", f"locustfile.py,{ours}", file=USERS) as load:
        assert load.end() == 75, load.log()
    assert focus.seen[CONFIGURE] == 0


def test_it_runs_alone_for_a_locustfile_that_cannot_be_changed(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    module = ("gate", "guard", "--locust", "--", str(LOCUST))
    with running(tmp_path, focus, "-t", "60s", file=USERS, module=module) as load:
        load.reach(100)
        load.turn(FocusState.WAITING)
        assert load.end() == 75, load.log()
        assert load.since_dark()[0] <= 50
    assert "the load test is stopped" in load.log()


def test_a_dark_lab_does_not_even_start_locust(tmp_path: Path, focus: FocusServer) -> None:
    environ = {"GATE_FOCUS_SERVER": focus.url}
    ran = run_gate(tmp_path, "guard", "--locust", "--", str(LOCUST), "--headless", environ=environ)
    assert (ran.code, "not run: " in ran.stderr) == (75, True)


def test_a_command_without_locust_is_wrong_usage(tmp_path: Path, focus: FocusServer) -> None:
    environ = {"GATE_FOCUS_SERVER": focus.url}
    ran = run_gate(tmp_path, "guard", "--locust", "--", "pytest", environ=environ)
    assert (ran.code, "--locust: the command runs no locust" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python3", "-m", "locust", "-f", "a.py"], ["python3", "-m", "gate.guards.locust", "-f", "a.py"]),
        (["uv", "run", "locust", "-u", "5"], ["uv", "run", "python", *GUARDED, "-u", "5"]),
        ([str(LOCUST), "-f", "locust"], [str(Path(sys.executable)), *GUARDED, "-f", "locust"]),
        (["pytest", "-k", "locusts"], None),
    ],
    ids=["module", "runner", "script", "none"],
)
def test_locust_is_started_by_way_of_its_guard(command: list[str], expected: list[str] | None) -> None:
    assert guarded_locust(command) == expected


def test_a_locust_that_is_not_found_is_run_by_gates_own_python() -> None:
    assert guarded_locust(["locust"], which=lambda _: None) == [sys.executable, *GUARDED]


def test_a_link_leads_to_the_python_beside_what_it_points_to(tmp_path: Path) -> None:
    home, shims = tmp_path / "home" / "bin", tmp_path / "shims"
    home.mkdir(parents=True)
    shims.mkdir()
    python = home / ("python.exe" if sys.platform == "win32" else "python")
    for path in (home / "locust", python):
        path.touch()
    try:
        (shims / "locust").symlink_to(home / "locust")
    except OSError:
        pytest.skip("this account may make no links")
    started = guarded_locust(["locust"], which=lambda _: str(shims / "locust"))
    assert started == [str(python), *GUARDED]
