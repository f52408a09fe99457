"""The shipped GitHub files in act: which jobs run, closed and open."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate import __version__
from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.act import COMMANDS, run_example, run_workflow
from tests.engines.github_workflows import LAB, LOCAL, PUBLISHED, REASON, composite, reusable, told
from tests.support import BIN, GATE, clean_environ, need

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="act runs steps as they are here, and those for Linux need POSIX"
)


@pytest.fixture
def act() -> Path:
    return need("act", BIN)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which the gate of this very checkout is on PATH."""
    return clean_environ(tmp_path / "cache")


# The example.


def test_the_example_holds_back_the_lab_jobs_while_the_lab_waits(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_example(act, focus.url, tmp_path / "run", environ)
    assert run.ran == {"gate", "unit", "everything"}
    assert run.succeeded == {"gate", "unit"}  # a skip does not look like a pass: `everything` is red
    assert run.exit_code == 1
    assert run.values["annotation.level"] == "warning"
    assert run.values["annotation.title"] == "gate closed: waiting for fiber"
    assert REASON in run.values["annotation.message"]
    assert REASON.replace("(", "\\(") in run.values["summary"]
    assert not focus.seen["POST /configure"]


def test_the_example_runs_everything_while_the_lab_is_ready(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    run = run_example(act, focus.url, tmp_path / "run", environ)
    assert run.ran == run.succeeded == {"gate", "unit", "configure", "load", "everything"}
    assert run.exit_code == 0
    assert all(f"{name} ran" in run.output for name in COMMANDS)
    assert run.values["annotation.level"] == "notice"
    assert run.values["gate.gate.open"] == "true"


# The reusable workflow.


@pytest.mark.parametrize("workflow", [LOCAL, PUBLISHED], ids=["local", "published"])
@pytest.mark.parametrize(
    ("state", "expected", "outputs"),
    [
        (FocusState.WAITING, {"gate", "told"}, "false waiting_for_fiber waiting_for_fiber; staging: waiting"),
        (FocusState.READY, {"gate", "told", "right"}, "true ready ready; staging: ready"),
        (FocusState.MALFORMED, {"gate", "told"}, "false unknown malformed; staging:"),
    ],
    ids=["waiting", "ready", "malformed"],
)
def test_the_reusable_workflow_hands_its_four_outputs_to_the_caller(
    act: Path,
    focus: FocusServer,
    environ: Mapping[str, str],
    tmp_path: Path,
    workflow: str,
    state: FocusState,
    expected: set[str],
    outputs: str,
) -> None:
    focus.state = state
    text = reusable(workflow, LAB)
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=text)
    assert run.ran == run.succeeded == expected
    assert run.exit_code == 0
    assert told(run).startswith(outputs)


def test_the_reusable_workflow_reads_gate_yml_where_no_lab_is_given(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    files = {"gate.yml": f"environments:\n  kefar_saba: {{focus_server: '{focus.url}'}}\n"}
    text = reusable(PUBLISHED, "environment: kefar_saba")
    run = run_workflow(act, "", tmp_path / "run", environ, workflow=text, files=files)
    assert "right" in run.succeeded
    assert told(run).startswith("true ready ready; kefar_saba: ready")


def test_the_reusable_workflow_reads_the_hold_of_the_calling_repository(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    run = run_workflow(
        act,
        focus.url,
        tmp_path / "run",
        environ,
        workflow=reusable(PUBLISHED, LAB),
        variables={"GATE_HOLD": "lab moves to building 4"},
    )
    assert "right" not in run.ran
    assert told(run).startswith("false held held;")
    assert "lab moves to building 4" in told(run)


def test_on_closed_fail_makes_the_called_job_fail(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    text = reusable(PUBLISHED, f"{LAB}, on-closed: fail")
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=text)
    assert run.ran == {"gate"}
    assert not run.succeeded
    assert run.exit_code == 1


# The composite action.


def test_the_composite_open_runs_the_job_that_compares(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=composite())
    assert run.ran == run.succeeded == {"gate", "right", "trap", "told"}


def test_on_closed_fail_fails_the_step_and_still_says_why(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=composite("on-closed: fail"))
    assert run.ran == {"gate", "told"}
    assert "gate" not in run.succeeded
    assert run.values["gate.gate.open"] == "false"
    assert REASON in run.values["annotation.message"]
    assert "exit status 75" in run.output


def test_the_action_installs_itself_from_its_checkout_where_no_gate_is_on_path(
    act: Path,
    focus: FocusServer,
    environ: Mapping[str, str],
    tmp_path: Path,
    wheelhouse: Path,
) -> None:
    focus.state = FocusState.READY
    offline = {
        **environ,
        "PATH": path_without_gate(tmp_path / "bin", environ),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheelhouse),
        "PIP_CONFIG_FILE": os.devnull,
    }
    text = reusable(PUBLISHED, LAB)
    run = run_workflow(act, focus.url, tmp_path / "run", offline, workflow=text)
    assert f"gate: installing {__version__} from the action's checkout" in run.output
    assert run.ran == run.succeeded == {"gate", "right", "told"}
    assert told(run).startswith("true ready ready;")


def path_without_gate(folder: Path, environ: Mapping[str, str]) -> str:
    """Return a PATH that has this Python and the system's programs, and no gate."""
    folder.mkdir()
    python = folder / "python3"
    base = getattr(sys, "_base_executable", sys.executable)
    python.write_text(f'#!/bin/sh\nexec "{base}" "$@"\n')
    python.chmod(0o755)
    rest = [place for place in environ["PATH"].split(os.pathsep) if not Path(place, GATE.name).exists()]
    return os.pathsep.join([str(folder), *rest])
