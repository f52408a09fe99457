"""Who is told of blocked tests, in which words, and with which exit code?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.guards.running import REASON, Ran, configured, run_suite, write_suite

MIXED = """
import pytest
@pytest.mark.parametrize("number", [1, 2])
def test_configures(number): configure()
def test_reads(): assert read() == 200
"""
ALL_BLOCKED = "def test_configures(): configure()"
ONE_FAILS = MIXED + "def test_fails(): assert read() == 500"


def ran(tmp_path: Path, focus: FocusServer, module: str, *arguments: str, ini: str = "") -> Ran:
    return run_suite(
        write_suite(tmp_path / "suite", ini=ini, test_it=module), focus, tmp_path / "run", *arguments
    )


def test_reporters_that_know_only_skips_are_given_the_reason(tmp_path: Path, focus: FocusServer) -> None:
    found = ran(tmp_path, focus, MIXED)
    case = found.cases["test_it.test_configures[1]"]
    skipped = case.find("skipped")
    assert skipped is not None
    message = skipped.get("message") or ""
    assert message.startswith(f'{REASON}lab: waiting for fiber (prr 0.0, sw_version "waiting for fiber")')
    assert message.endswith("configure* and load* are held back")


def test_junit_has_state_code_and_snapshot_as_properties(tmp_path: Path, focus: FocusServer) -> None:
    found = ran(tmp_path, focus, MIXED)
    properties = {
        p.get("name"): p.get("value") or ""
        for p in found.cases["test_it.test_configures[1]"].iter("property")
    }
    assert properties.pop("gate_snapshot").startswith("lab@20")
    assert properties == {"gate_state": "waiting_for_fiber", "gate_code": "waiting_for_fiber"}
    assert not list(found.cases["test_it.test_reads"].iter("property"))


def test_the_summary_has_a_count_and_a_section_of_its_own(tmp_path: Path, focus: FocusServer) -> None:
    lines = ran(tmp_path, focus, MIXED, "-ra").output.splitlines()
    start = next(index for index, line in enumerate(lines) if "= blocked by gate: 2 tests =" in line)
    assert lines[start + 1].startswith("2 x lab: waiting for fiber (prr 0.0")
    assert lines[start + 2].startswith(
        f"BLOCKED test_it.py::test_configures[1] - POST {focus.url}/configure at "
    )
    assert lines[start + 4].startswith("lab was read as waiting for fiber at ")
    assert "1 passed, 2 blocked in" in lines[-1]
    assert any("test_it.py bb." in line for line in lines)


def test_the_report_names_test_call_and_time(tmp_path: Path, focus: FocusServer) -> None:
    report = ran(tmp_path, focus, MIXED).report
    blocked = report["blocked"][0]
    assert report["schema"] == "gate.tests/1"
    assert blocked["nodeid"] == "test_it.py::test_configures[1]"
    assert blocked["call"] == f"POST {focus.url}/configure"
    assert (blocked["when"], blocked["state"], blocked["calls"]) == ("call", "waiting_for_fiber", 1)
    assert blocked["at"].endswith("Z")
    verdict = report["verdicts"][blocked["snapshot"]]
    assert (verdict["schema"], verdict["open"], verdict["code"]) == (
        "gate.check/1",
        False,
        "waiting_for_fiber",
    )


@pytest.mark.parametrize(
    ("module", "state", "arguments", "code"),
    [
        (MIXED, FocusState.WAITING, (), 0),
        (MIXED, FocusState.WAITING, ("--gate-exit", "keep"), 0),
        (MIXED, FocusState.WAITING, ("--gate-exit", "closed"), 75),
        (MIXED, FocusState.MALFORMED, ("--gate-exit", "closed", "-k", "configures"), 69),
        (ALL_BLOCKED, FocusState.WAITING, ("--gate-exit", "closed"), 75),
        (ALL_BLOCKED, FocusState.WAITING, ("--gate-exit", "closed", "-n", "2"), 75),
        (ONE_FAILS, FocusState.WAITING, ("--gate-exit", "closed"), 1),
        (MIXED, FocusState.READY, ("--gate-exit", "closed"), 0),
        (MIXED, FocusState.WAITING, ("--gate-exit", "closed", "-k", "reads"), 0),
        (MIXED, FocusState.WAITING, ("--gate-exit", "closed", "-k", "nothing"), 5),
    ],
    ids=["default", "keep", "closed", "unknown", "all", "all-in-parallel", "failed", "open", "reads", "none"],
)
def test_the_exit_code_is_pytests_own_or_that_of_a_closed_gate(
    tmp_path: Path, focus: FocusServer, module: str, state: FocusState, arguments: tuple[str, ...], code: int
) -> None:
    focus.state = state
    assert ran(tmp_path, focus, module, *arguments).code == code


def test_a_report_that_cannot_be_written_is_named(tmp_path: Path, focus: FocusServer) -> None:
    found = ran(tmp_path, focus, MIXED, f"--gate-report={tmp_path}")
    assert f"gate: cannot write {tmp_path}: " in found.output
    assert found.code == 78


def test_quiet_runs_say_why_without_a_list(tmp_path: Path, focus: FocusServer) -> None:
    found = ran(tmp_path, focus, MIXED, "-q")
    assert "2 x lab: waiting for fiber" in found.output
    assert "BLOCKED" not in found.output


def test_a_blocked_test_is_neither_failed_nor_mended_for_lf(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    suite = write_suite(
        tmp_path / "suite",
        test_it="""
        def test_failed_when_the_lab_was_there(): assert configure() == 500
        def test_configures(): configure()
        """,
    )
    assert run_suite(suite, focus, tmp_path, "-x").code == 1
    focus.state = FocusState.WAITING
    (tmp_path / "cache").rename(tmp_path / "old")  # the reading
    assert run_suite(suite, focus, tmp_path).counts() == {"blocked": 2}
    last = run_suite(suite, focus, tmp_path, "--lf", "--co", "-q").output
    assert "test_failed_when_the_lab_was_there" in last
    assert "test_configures" not in last


def test_collecting_asks_no_lab(tmp_path: Path, focus: FocusServer) -> None:
    found = ran(tmp_path, focus, MIXED, "--co", "-q")
    assert "3 tests collected" in found.output
    assert not focus.seen


def test_the_first_failure_still_stops_the_run_and_a_block_does_not(
    tmp_path: Path, focus: FocusServer
) -> None:
    module = ONE_FAILS + "\ndef test_never_run(): read()"
    assert ran(tmp_path, focus, module, "-x").counts() == {"blocked": 2, "passed": 1, "failed": 1}
    assert configured(focus) == 0
