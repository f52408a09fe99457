"""Every way in which a GitHub pipeline could open wrongly: that it is real, and that ours is immune."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.act import run_workflow
from tests.engines.github_workflows import REASON, composite, fake_gate
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


def test_the_composite_closed_skips_the_job_that_compares(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """And the trap is real: a bare `if: needs.gate.outputs.open` runs, as "false" is a text."""
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=composite())
    assert run.ran == run.succeeded == {"gate", "trap", "told"}
    assert run.values["gate.gate.open"] == "false"
    assert run.values["gate.gate.state"] == run.values["gate.gate.code"] == "waiting_for_fiber"
    assert REASON in run.values["gate.gate.reason"]


@pytest.mark.parametrize("on_closed", ["skip", "fail"])
def test_a_gate_that_crashed_fails_its_step_and_opens_nothing(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path, on_closed: str
) -> None:
    """Exit code 70 and no outputs: the job after it does not run, with or without a comparison."""
    broken = {**environ, "PATH": fake_gate(tmp_path / "bin", "exit 70", environ["PATH"])}
    text = composite(f"on-closed: {on_closed}")
    run = run_workflow(act, focus.url, tmp_path / "run", broken, workflow=text)
    assert run.ran == {"gate", "told"}
    assert run.succeeded == {"told"}
    assert "exit status 70" in run.output


def test_the_trap_of_a_crashed_gate_is_a_job_that_runs_always(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """`if: always() && needs.gate.outputs.open != 'false'` runs, the comparison with 'true' does not."""
    broken = {**environ, "PATH": fake_gate(tmp_path / "bin", "exit 70", environ["PATH"])}
    trap = "always() && needs.gate.outputs.open != 'false'"
    right = "always() && needs.gate.outputs.open == 'true'"
    text = composite().replace("if: needs.gate.outputs.open == 'true'", f"if: {right}")
    text = text.replace("if: needs.gate.outputs.open\n", f"if: {trap}\n")
    run = run_workflow(act, focus.url, tmp_path / "run", broken, workflow=text)
    assert run.ran == {"gate", "trap", "told"}


@pytest.mark.parametrize(
    "output", ["", 'echo "open=" >> "$GITHUB_OUTPUT"'], ids=["no-output", "empty-output"]
)
def test_a_gate_whose_output_is_empty_opens_nothing(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path, output: str
) -> None:
    """A gate that ends well and says nothing: only a job that asks for anything but false runs."""
    silent = {**environ, "PATH": fake_gate(tmp_path / "bin", f"{output}\nexit 0", environ["PATH"])}
    text = composite().replace("if: needs.gate.outputs.open\n", "if: needs.gate.outputs.open != 'false'\n")
    run = run_workflow(act, focus.url, tmp_path / "run", silent, workflow=text)
    assert run.ran == run.succeeded == {"gate", "trap", "told"}


def test_an_output_file_that_cannot_be_written_fails_the_step_even_where_closed_means_skip(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """The folder in the file's place also stops root, whom no permission would."""
    script = f'GITHUB_OUTPUT="{tmp_path}" exec {GATE} "$@"'
    unwritable = {**environ, "PATH": fake_gate(tmp_path / "bin", script, environ["PATH"])}
    run = run_workflow(act, focus.url, tmp_path / "run", unwritable, workflow=composite())
    assert run.ran == {"gate", "told"}
    assert "exit status 78" in run.output
    assert "GITHUB_OUTPUT: cannot write" in run.output


def test_a_step_that_is_cancelled_in_the_middle_opens_nothing(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    run = run_workflow(
        act,
        focus.url,
        tmp_path / "run",
        environ,
        workflow=composite("wait: 10m"),
        cancel_when=lambda: focus.seen["GET /live_metadata"] > 0,
    )
    assert run.exit_code != 0
    assert "gate" not in run.succeeded
    assert not {"right", "trap"} & run.ran
    assert run.values.get("gate.gate.open", "") == ""


@pytest.mark.parametrize(
    ("inputs", "named"),
    [("on-closed: maybe", "input on-closed: expected skip or fail"), ("wait: soon", "--wait")],
)
def test_an_input_that_cannot_be_fails_the_step_and_is_named(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path, inputs: str, named: str
) -> None:
    focus.state = FocusState.READY
    run = run_workflow(act, focus.url, tmp_path / "run", environ, workflow=composite(inputs))
    assert run.ran == {"gate", "told"}
    assert named in run.output


def test_inputs_reach_the_step_as_text_and_never_as_code(
    act: Path, focus: FocusServer, environ: Mapping[str, str], tmp_path: Path
) -> None:
    focus.state = FocusState.READY
    hold = "$(touch hacked); `touch hacked`' \" ::notice::forged ${{ 1 + 1 }} ##[error]forged"
    run = run_workflow(
        act, focus.url, tmp_path / "run", environ, workflow=composite(), variables={"GATE_HOLD": hold}
    )
    assert run.values["gate.gate.open"] == "false"
    assert "$(touch hacked)" in run.values["gate.gate.reason"]
    assert run.values["annotation.level"] == "warning"
    assert not list(tmp_path.rglob("hacked"))
