"""Which ledger a command means."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.core.model import State
from gate.errors import ConfigError
from gate.fleet.where import DEFAULT_STATE, state_url

LAB = "environments: {staging: {focus_server: 'https://10.0.0.1'}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_it_is_the_default() -> None:
    assert state_url(None, None, {}) == DEFAULT_STATE == "sqlite:///.gate/state.db"


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(folder: Path) -> None:
    (folder / "gate.yml").write_text(f"{LAB}state: sqlite:///file.db\n", encoding="utf-8")
    environ = {"GATE_STATE": "sqlite:///environ.db"}
    assert state_url("sqlite:///option.db", None, environ) == "sqlite:///option.db"
    assert state_url(None, None, environ) == "sqlite:///environ.db"
    assert state_url(None, None, {}) == "sqlite:///file.db"


@pytest.mark.parametrize("state", State)
def test_the_state_of_a_verdict_in_gate_state_is_no_address(state: State) -> None:
    assert state_url(None, None, {"GATE_STATE": state}) == DEFAULT_STATE


def test_a_file_without_a_state_means_the_default(folder: Path) -> None:
    (folder / "other.yml").write_text(LAB, encoding="utf-8")
    assert state_url(None, "other.yml", {}) == DEFAULT_STATE
    assert state_url(None, None, {"GATE_CONFIG": "other.yml"}) == DEFAULT_STATE


def test_names_in_the_files_state_are_replaced(folder: Path) -> None:
    (folder / "gate.yml").write_text(f"{LAB}state: 'postgresql://g:${{PW}}@db/x'\n", encoding="utf-8")
    assert state_url(None, None, {"PW": "geheim"}) == "postgresql://g:geheim@db/x"
    with pytest.raises(ConfigError, match=r"gate.yml: state: \$\{PW\} is not set"):
        state_url(None, None, {})


def test_a_file_that_is_named_and_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yml"):
        state_url(None, "nowhere.yml", {})
