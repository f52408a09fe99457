"""Wired workflows in act: closed, no protected job runs; open, all that ran before runs again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from gate.wiring import github
from gate.wiring.edits import apply_edits
from gate.wiring.records import Source, WireOptions
from tests.engines.act import run_workflow
from tests.support import BIN, clean_environ, need

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="act runs steps as they are here, and those for Linux need POSIX"
)

PROTECT = ("configure*", "load*")
STEP = "    runs-on: ubuntu-latest\n    steps:\n      - run: echo ran\n"

# As teams write them: every form of `needs` and `if` that reads differently.
WORKFLOW = (
    "name: lab # כל הבדיקות\non: push\njobs:\n"
    f"  unit:\n{STEP}"
    f"  configure-plain:\n{STEP}"
    f"  configure-list:\n    needs:\n      # first\n      - unit\n{STEP}"
    f"  configure-flow:\n    needs: [unit]\n    if: github.event_name == 'push' # always here\n{STEP}"
    f"  configure-wrapped:\n    needs: unit\n    if: ${{{{ github.event_name == 'push' }}}}\n{STEP}"
    f"  configure-block:\n    if: |\n      github.event_name == 'push' ||\n      failure()\n{STEP}"
    f"  configure-trap:\n    if: |\n      ${{{{ github.event_name == 'push' }}}}\n{STEP}"
    f"  configure-quoted:\n    if: 'github.event_name == ''push'''\n{STEP}"
    f"  configure-never:\n    if: github.event_name == 'schedule'\n{STEP}"
    f"  configure-always:\n    needs: [configure-never]\n    if: always()\n{STEP}"
    f"  load-chain:\n    needs: [configure-plain, configure-list]\n{STEP}"
    "  load-flow: {runs-on: ubuntu-latest, needs: unit, steps: [{run: echo ran}]}\n"
    "  stage:\n    name: ${{ matrix.stage }}\n    strategy: {matrix: {stage: [configure, report]}}\n"
    f"{STEP}"
    f"  report:\n    needs: [load-chain]\n    if: ${{{{ !cancelled() }}}}\n{STEP}"
)
UNPROTECTED = {"unit", "report"}
NEVER = {"configure-never"}
ALL = {
    line.strip().split(":")[0]
    for line in WORKFLOW.splitlines()
    if line.startswith("  ") and not line.startswith("   ") and ":" in line
}


@pytest.fixture
def act() -> Path:
    return need("act", BIN)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which the gate of this very checkout is on PATH."""
    return clean_environ(tmp_path / "cache")


def _wired(text: str, aggregate: bool = False) -> str:
    source = Source(name=".github/workflows/lab.yml", text=text)
    return apply_edits(text, github.wire(source, PROTECT, WireOptions(aggregate=aggregate)).edits)


def _jobs(ran: frozenset[str]) -> set[str]:
    """Return what ran without the gate, whose called job shows under its caller's id or its own."""
    return {job for job in ran if job in ALL}


def test_before_wiring_every_job_runs(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=WORKFLOW)

    assert _jobs(run.ran) == ALL - NEVER


def test_closed_no_protected_job_runs_and_everything_else_does(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=_wired(WORKFLOW))

    assert _jobs(run.ran) == _jobs(run.succeeded) == UNPROTECTED
    assert run.exit_code == 0


def test_open_all_run_as_before(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=_wired(WORKFLOW))

    assert _jobs(run.ran) == _jobs(run.succeeded) == ALL - NEVER
    assert run.exit_code == 0


@pytest.mark.parametrize("state", [FocusState.WAITING, FocusState.READY])
def test_the_aggregate_is_red_while_closed_and_green_when_open(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path, state: FocusState
) -> None:
    focus.state = state
    text = _wired(f"on: push\njobs:\n  configure:\n{STEP}  unit:\n{STEP}", aggregate=True)
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=text)

    assert "everything" in run.ran
    assert ("everything" in run.succeeded) is (state is FocusState.READY)
    assert ("configure" in run.ran) is (state is FocusState.READY)


def test_unwired_it_is_the_workflow_that_it_was() -> None:
    wired = Source(name=".github/workflows/lab.yml", text=_wired(WORKFLOW, aggregate=True))

    assert apply_edits(wired.text, github.unwire(wired).edits) == WORKFLOW
