"""A suite in the shapes of a real one, run as it is: closed, open, in parallel, with reruns."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gate.asking import MAX_AGE
from gate.sandbox.focus import FocusServer, FocusState
from tests.conftest import serving
from tests.guards.running import SUITE, configured, names_of, run_suite

PARALLEL = ("-n", "2")
RERUNS = ("--reruns", "2", "-p", "no:cacheprovider")
NEITHER = "POST /configure_later"  # which only reads like a request that configures
THEIR_READINGS = 2  # tests that read the metadata; each process has a health check besides


@pytest.fixture(scope="module")
def configuring(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with serving(FocusServer()) as lab:
        return names_of(SUITE, lab, tmp_path_factory.mktemp("names"), "configures")


@pytest.mark.parametrize("arguments", [(), PARALLEL, RERUNS], ids=["plain", "in-parallel", "with-reruns"])
def test_closed_the_lab_sees_nothing_and_exactly_the_configuring_tests_are_blocked(
    tmp_path: Path, focus: FocusServer, configuring: set[str], arguments: tuple[str, ...]
) -> None:
    started = time.monotonic()
    ran = run_suite(SUITE, focus, tmp_path, *arguments)
    took = time.monotonic() - started
    assert configured(focus) - focus.seen[NEITHER] == 0
    assert {name for name, outcome in ran.outcomes.items() if outcome == "blocked"} == configuring
    assert {outcome for name, outcome in ran.outcomes.items() if name not in configuring} == {"passed"}
    assert len(configuring) >= 60
    assert len(ran.outcomes) - len(configuring) >= 30
    assert ran.code == 0
    assert f"blocked by gate: {len(configuring)} tests" in ran.output
    assert f"{len(configuring)} blocked" in ran.output.splitlines()[-1]
    assert "rerun" not in ran.output.splitlines()[-1]
    assert len(ran.report["blocked"]) == len(configuring)
    processes = 2 if arguments == PARALLEL else 1
    assert focus.seen["GET /live_metadata"] - THEIR_READINGS - processes <= 1 + took / MAX_AGE


def test_open_every_test_passes_and_none_is_blocked(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    ran = run_suite(SUITE, focus, tmp_path)
    assert set(ran.outcomes.values()) == {"passed"}
    assert configured(focus) > 60
    assert ran.code == 0
    assert "blocked" not in ran.output
    assert ran.report["blocked"] == []
