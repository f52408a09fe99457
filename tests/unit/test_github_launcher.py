"""The launcher of the GitHub action: inputs, which gate is used, and exit codes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate import __version__
from gate.sandbox.focus import FocusServer, FocusState
from tests.support import GATE
from tests.unit.github_step import LAUNCHER, outputs, posix, put_gate, run_launcher, step_environ


def load_launcher() -> ModuleType:
    spec = spec_from_file_location("launch", LAUNCHER)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


launch: Any = load_launcher()


# Inputs.


def test_an_empty_input_leaves_what_the_job_has_set() -> None:
    environ = {"GATE_FOCUS_SERVER": "http://job", "GATE_INPUT_FOCUS_SERVER": "", "GATE_INPUT_HOLD": " "}
    assert launch.read_inputs(environ) == (
        ["check", "--format=github", "--wait=0s"],
        {"GATE_FOCUS_SERVER": "http://job"},
        False,
        "",
    )


def test_an_input_goes_before_what_the_job_has_set() -> None:
    variables = {
        "FOCUS_SERVER": "http://input",
        "ENVIRONMENT": "staging",
        "HOLD": "stop",
        "VERIFY_TLS": "false",
    }
    environ = {f"GATE_{name}": "job" for name in variables}
    environ |= {f"GATE_INPUT_{name}": value for name, value in variables.items()}
    assert launch.read_inputs(environ).environ == {f"GATE_{name}": value for name, value in variables.items()}


def test_the_other_inputs_become_options_that_no_value_can_break_out_of() -> None:
    environ = {"GATE_INPUT_WAIT": "10m", "GATE_INPUT_CONFIG": "--help", "GATE_INPUT_CANCEL_RUN": "true"}
    inputs = launch.read_inputs(environ)
    assert inputs.arguments == ["--config=--help", "check", "--format=github", "--wait=10m", "--cancel-run"]


def test_the_recheck_gets_its_tokens_and_a_missing_secret_is_not_set() -> None:
    environ = {"GATE_INPUT_COMMAND": "recheck", "GITLAB_TOKEN": "", "GITHUB_TOKEN": "t", "PATH": ""}
    inputs = launch.read_inputs({**environ, "GATE_INPUT_CONFIG": "ci/gate.yml"})
    assert inputs == (["--config=ci/gate.yml", "recheck"], {"GITHUB_TOKEN": "t", "PATH": ""}, False, "all")
    assert launch.read_inputs({**environ, "GATE_INPUT_SWEEP": "false"}).arguments == ["recheck", "--no-sweep"]
    with pytest.raises(launch.Problem, match='input sweep: expected true or false, found "no"'):
        launch.read_inputs({**environ, "GATE_INPUT_SWEEP": "no"})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"GATE_INPUT_CANCEL_RUN": "true"}, "job-token", id="cancel-run"),
        pytest.param({"GATE_INPUT_CANCEL_RUN": "true", "GITHUB_TOKEN": "own"}, "own", id="the-jobs-own"),
        pytest.param({"GATE_INPUT_CANCEL_RUN": "false"}, None, id="no-cancel-run"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_gate_gets_a_token_only_where_it_is_to_cancel(environ: dict[str, str], expected: str | None) -> None:
    inputs = launch.read_inputs({**environ, "GATE_INPUT_TOKEN": "job-token"})
    assert inputs.environ.get("GITHUB_TOKEN") == expected
    assert not any(name.startswith("GATE_INPUT_") for name in inputs.environ)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ON_CLOSED", "maybe", 'input on-closed: expected skip or fail, found "maybe"'),
        ("ON_CLOSED", "Skip", 'input on-closed: expected skip or fail, found "Skip"'),
        ("CANCEL_RUN", "yes", 'input cancel-run: expected true or false, found "yes"'),
        ("ON_CLOSED", "a%\nb", 'input on-closed: expected skip or fail, found "a%25%0Ab"'),
    ],
)
def test_an_unknown_word_fails_the_step_and_names_the_input(
    focus: FocusServer, tmp_path: Path, name: str, value: str, message: str
) -> None:
    done = run_launcher(step_environ(tmp_path, focus, **{f"GATE_INPUT_{name}": value}), tmp_path)
    assert done.returncode == 78
    assert done.stdout == f"::error title=gate cannot start::{message}\n"
    assert not focus.seen


# Exit codes.


@given(st.integers(min_value=-64, max_value=2**32), st.booleans())
def test_only_open_or_gates_own_word_for_closed_ends_a_step_well(code: int, fails: bool) -> None:
    ends_well = code == 0 or (code in (69, 75) and not fails)
    assert (launch.step_code(code, fails) == 0) == ends_well
    assert launch.step_code(code, fails) >= 0


@pytest.mark.parametrize(
    ("state", "on_closed", "code", "opened"),
    [
        (FocusState.READY, "skip", 0, "true"),
        (FocusState.READY, "fail", 0, "true"),
        (FocusState.WAITING, "", 0, "false"),
        (FocusState.WAITING, "fail", 75, "false"),
        (FocusState.MISSING, "skip", 0, "false"),
        (FocusState.MISSING, "fail", 69, "false"),
    ],
)
def test_a_closed_gate_skips_or_fails_as_asked(
    focus: FocusServer, tmp_path: Path, state: FocusState, on_closed: str, code: int, opened: str
) -> None:
    focus.state = state
    done = run_launcher(step_environ(tmp_path, focus, GATE_INPUT_ON_CLOSED=on_closed), tmp_path)
    assert done.returncode == code
    assert outputs(tmp_path)["open"] == opened
    assert set(outputs(tmp_path)) == {"open", "state", "code", "reason"}


def test_an_output_file_that_cannot_be_written_fails_the_step_though_closed_means_skip(
    focus: FocusServer, tmp_path: Path
) -> None:
    environ = {**step_environ(tmp_path, focus), "GITHUB_OUTPUT": str(tmp_path)}
    done = run_launcher(environ, tmp_path)
    assert done.returncode == 78
    assert "GITHUB_OUTPUT: cannot write" in done.stderr


# Which gate.


def test_the_version_is_that_of_the_checkout() -> None:
    assert launch.own_version() == __version__


def test_a_gate_of_the_own_version_on_path_is_used(focus: FocusServer, tmp_path: Path) -> None:
    code = "print(launch.gate_on_path(launch.Children()))"
    done = run_launcher(step_environ(tmp_path, focus), tmp_path, code=code)
    assert GATE.stem in done.stdout
    assert done.stdout != "[]\n"


@posix
@pytest.mark.parametrize(
    "says", ["gate 0.0.9", f"gate {__version__}.1", f"Gate Lab CLI {__version__}", ""], ids=str
)
def test_another_gate_on_path_is_left_alone(focus: FocusServer, tmp_path: Path, says: str) -> None:
    environ = {**step_environ(tmp_path, focus), "PATH": put_gate(tmp_path / "bin", "exit 0", says)}
    done = run_launcher(environ, tmp_path, code="print(launch.gate_on_path(launch.Children()))")
    assert done.stdout == "[]\n"


@posix
def test_a_gate_in_the_working_folder_is_left_alone(focus: FocusServer, tmp_path: Path) -> None:
    environ = {**step_environ(tmp_path, focus), "PATH": put_gate(tmp_path / "bin", "exit 0")}
    done = run_launcher(environ, tmp_path / "bin", code="print(launch.gate_on_path(launch.Children()))")
    assert done.stdout == "[]\n"


@posix
@pytest.mark.parametrize("script", ["exit 1", "kill -KILL $$", "not a program"], ids=["fails", "dies", "bad"])
def test_a_gate_that_cannot_say_its_version_is_left_alone(
    focus: FocusServer, tmp_path: Path, script: str
) -> None:
    path = put_gate(tmp_path / "bin", "exit 0")
    start = "" if script == "not a program" else "#!/bin/sh\n"
    (tmp_path / "bin" / "gate").write_text(f"{start}{script}\n")
    done = run_launcher(
        {**step_environ(tmp_path, focus), "PATH": path},
        tmp_path,
        code="print(launch.gate_on_path(launch.Children()))",
    )
    assert done.stdout == "[]\n"


def test_an_installation_that_fails_ends_the_step_and_opens_nothing(
    focus: FocusServer, tmp_path: Path
) -> None:
    """The real venv, and a pip that has nowhere to look."""
    environ = {
        **step_environ(tmp_path, focus),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
    }
    code = "launch.gate_on_path = lambda children: []; sys.exit(launch.main())"
    done = run_launcher(environ, tmp_path, code=code)
    assert done.returncode == 78
    assert "::error title=gate cannot start::could not install gate with pip" in done.stdout
    assert f"have gate {__version__} on the runner's PATH" in done.stdout
    assert not outputs(tmp_path)


def test_an_installed_gate_is_used_again_within_the_job(focus: FocusServer, tmp_path: Path) -> None:
    code = (
        "asked = []; "
        "launch.install = lambda children, command, purpose: (asked.append(purpose), "
        "__import__('pathlib').Path(command[-1]).mkdir(exist_ok=True) if '--clear' in command else None); "
        "inputs = launch.read_inputs({}); "
        "first = launch.installed_gate(None, inputs); "
        "print(first == launch.installed_gate(None, inputs), len(asked), first[1:])"
    )
    done = run_launcher(step_environ(tmp_path, focus), tmp_path, code=code)
    assert done.stdout == "True 2 ['-I', '-m', 'gate']\n", done.stderr


# Old Pythons.


def test_the_launcher_is_written_in_words_that_python_3_6_can_read() -> None:
    ast.parse(LAUNCHER.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_what_is_missing(tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.version_info = (3, 8, 10); sys.version = '3.8.10 (default)'; "
        f"runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 78
    assert done.stdout == (
        "::error title=gate cannot start::Python 3.11 or later is needed, this is 3.8.10\n"
    )
