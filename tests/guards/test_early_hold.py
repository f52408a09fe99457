"""Tests that are held back before they are set up: by name, by marker."""

from __future__ import annotations

from pathlib import Path

from gate.sandbox.focus import FocusServer, FocusState
from tests.guards.running import configured, run_suite, write_suite

SUITE = """
import pytest

@pytest.fixture
def costly():
    with open("set_up", "a") as file: file.write("x")

def test_configure_channel(costly): pass

@pytest.mark.parametrize("way", ["a", "b"])
def test_Waterfall_view(costly, way): pass

@pytest.mark.load
def test_ramp(costly): pass

@pytest.mark.requires_fiber
class TestLive:
    def test_stream(self, costly): pass

@pytest.mark.no_fiber
def test_configure_form(): assert read() == 200

@pytest.mark.no_fiber
def test_configure_form_and_send_it(): configure()

def test_reads(): assert read() == 200
"""
GATE = """
environments: {{staging: {{focus_server: "{url}"}}}}
tests:
  names: ["test_configure_*", "test_waterfall_*"]
  markers: ["load"]
"""
INI = "markers = load: load tests\ngate = true\n"


def test_names_and_markers_hold_back_before_the_set_up_and_no_fiber_exempts(
    tmp_path: Path, focus: FocusServer
) -> None:
    suite = write_suite(tmp_path / "suite", ini=INI, test_it=SUITE)
    (suite / "gate.yml").write_text(GATE.format(url=focus.url), "utf-8")
    ran = run_suite(suite, focus, tmp_path, environ={})
    assert {name.removeprefix("test_it."): outcome for name, outcome in ran.outcomes.items()} == {
        "test_configure_channel": "blocked",
        "test_Waterfall_view[a]": "blocked",
        "test_Waterfall_view[b]": "blocked",
        "test_ramp": "blocked",
        "TestLive.test_stream": "blocked",
        "test_configure_form": "passed",
        "test_configure_form_and_send_it": "blocked",
        "test_reads": "passed",
    }
    assert not (suite / "set_up").exists()
    held = {block["nodeid"].rpartition("::")[2]: block["held"] for block in ran.report["blocked"]}
    assert held["test_configure_channel"] == "name like test_configure_*"
    assert held["test_ramp"] == "marker load"
    assert held["test_stream"] == "marker requires_fiber"
    assert held["test_configure_form_and_send_it"] == f"POST {focus.url}/configure"
    assert [block["call"] for block in ran.report["blocked"] if block["held"] == "marker load"] == [None]
    assert configured(focus) == 0


def test_nothing_is_held_back_when_the_lab_is_ready(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    suite = write_suite(tmp_path / "suite", ini=INI, test_it=SUITE)
    (suite / "gate.yml").write_text(GATE.format(url=focus.url), "utf-8")
    assert run_suite(suite, focus, tmp_path, environ={}).counts() == {"passed": 8}
