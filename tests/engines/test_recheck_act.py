"""The scheduled recheck in act, twice in a row, with its ledger on a ref of a bare repository."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from gate.core.ledger import verify
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries, read_state
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import run_gate
from tests.engines.act import run_workflow
from tests.engines.engine import EngineRun
from tests.engines.github_workflows import composite
from tests.support import BIN, clean_environ, need
from tests.unit.fleet import git_remote

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="act runs steps as they are here, and those for Linux need POSIX"
)

CALLER = """
on: push
jobs:
  recheck:
    uses: ./.github/workflows/fiber-recheck.yml
    with:
      runs-on: '["self-hosted", "lab"]'
"""


@pytest.fixture
def act() -> Path:
    return need("act", BIN)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which the gate of this very checkout is on PATH."""
    return clean_environ(tmp_path / "cache")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a ledger on a ref of a new bare repository."""
    git_remote.alone(tmp_path / "own", monkeypatch)
    return f"git+{git_remote.new_remote(tmp_path / 'state.git')}"


def config(focus: FocusServer, state: str) -> str:
    return json.dumps(
        {
            "environments": {"staging": {"focus_server": focus.url}},
            "state": state,
            "steadiness": {"open_after": 1, "close_after": 1, "steady_for": "0s"},
        }
    )


def recheck(act: Path, focus: FocusServer, environ: Mapping[str, str], work: Path, state: str) -> EngineRun:
    """Run the workflow once, in a repository of its own, as each scheduled run has one."""
    files = {"gate.yml": config(focus, state)}
    return run_workflow(act, focus.url, work, environ, workflow=CALLER, files=files)


def test_the_scheduled_workflow_closes_and_opens(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path, state: str
) -> None:
    run = recheck(act, focus, environ, tmp_path / "first", state)
    assert run.exit_code == 0, run.output
    assert "staging: closed, not ready in 1 reading" in run.output
    with closing(open_state(state)) as ledger:
        (standing,) = read_state(ledger).holds
    assert standing.hold.id in run.output
    focus.state = FocusState.READY
    (tmp_path / "gate.yml").write_text(config(focus, state), encoding="utf-8")
    closed = run_gate(tmp_path, "check", "--max-age", "0s")
    assert (closed.code, standing.hold.id in closed.stdout) == (75, True)

    run = recheck(act, focus, environ, tmp_path / "second", state)
    assert run.exit_code == 0, run.output
    assert "staging: opened, 1 ready reading over 0s" in run.output
    assert run_gate(tmp_path, "check", "--max-age", "0s").code == 0
    with closing(open_state(state)) as ledger:
        assert read_state(ledger).holds == ()
        entries, head = read_entries(ledger)
    assert verify(entries, head=head) is None
    assert not focus.seen["POST /configure"]


def test_a_state_that_is_not_there_fails_the_run_with_one_line(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = recheck(act, focus, environ, tmp_path / "run", f"git+{tmp_path / 'nowhere.git'}")
    assert run.exit_code == 1
    assert f"gate: state git+{tmp_path / 'nowhere.git'}" in run.output


def test_what_the_action_holds_back_without_a_ledger_is_uploaded(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=composite())
    (line,) = (line for line in run.output.splitlines() if "uploaded fiber-gate-closed" in line)
    left = json.loads(line.partition("uploaded fiber-gate-closed ")[2])
    assert (left["environment"], left["code"], left["provider"]) == ("staging", "waiting_for_fiber", "github")
    assert left["run"]
    focus.state = FocusState.READY
    run = run_workflow(act, focus.url, tmp_path / "open", environ, workflow=composite())
    assert "upload" not in run.output
