"""`gate config` and the bare command line as processes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from gate import __version__
from tests.emulated.process import run_gate
from tests.unit.test_config import DESIGNED

TOKENS = dict.fromkeys(["GITHUB_TOKEN", "GITLAB_TOKEN", "J_USER", "J_TOKEN", "SLACK_URL"], "geheim")


def test_a_good_file_is_called_good(tmp_path: Path) -> None:
    (tmp_path / "gate.yml").write_text(DESIGNED, encoding="utf-8")
    ran = run_gate(tmp_path, "config", "check", environ=TOKENS)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == ("gate.yml: good\nenvironments: staging, kefar_saba\nprotect: configure*, load*\n")


def test_every_problem_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.yml"
    path.write_text("protct: []\nenvironments: {a: {focus_server: 'http://x', timeout: 5}}", encoding="utf-8")
    ran = run_gate(tmp_path, "config", "check", "other.yml")
    assert (ran.code, ran.stdout) == (78, "")
    assert ran.stderr.splitlines() == [
        "gate: other.yml: protct: unknown key; did you mean protect?",
        "gate: other.yml: environments.a.timeout: expected a duration such as 5s or 10m, found 5",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DESIGNED, "fleet[0].token: ${GITHUB_TOKEN} is not set"),
        (DESIGNED + "default_environment: x", "the key 'default_environment' is given twice"),
        (
            "environments: {a: {focus_server: 'http://x'}}\n"
            "fleet: [{provider: github, url: x, environment: b}]",
            "fleet[0].environment: unknown environment 'b'; known are a",
        ),
        (
            "environments: {a: {focus_server: 'x'}, b: {focus_server: 'http://x'}}",
            "environments.a.focus_server",
        ),
    ],
)
def test_what_only_a_later_command_would_meet_is_named_as_well(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "gate.yml").write_text(text, encoding="utf-8")
    ran = run_gate(tmp_path, "config", "check")
    assert (ran.code, message in ran.stderr) == (78, True)


def test_a_configuration_from_the_environment_can_be_checked_too(tmp_path: Path) -> None:
    assert run_gate(tmp_path, "config", "check", environ={"GATE_FOCUS_SERVER": "http://127.0.0.1"}).code == 0
    assert run_gate(tmp_path, "config", "check", environ={"GATE_FOCUS_SERVER": "127.0.0.1"}).code == 78


def test_the_printed_schema_is_one(tmp_path: Path) -> None:
    ran = run_gate(tmp_path, "config", "schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.stdout))
    assert ran.code == 0


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run_gate(tmp_path, "--version").stdout == f"gate {__version__}\n"


def test_the_module_is_the_same_command(tmp_path: Path) -> None:
    import sys

    ran = run_gate(tmp_path, "--version", program=[sys.executable, "-m", "gate"])
    assert ran.stdout == f"gate {__version__}\n"


@pytest.mark.parametrize("command", [(), ("check",), ("guard",), ("config",), ("config", "check")])
def test_help_is_there_for_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = run_gate(tmp_path, *command, "--help")
    assert ran.code == 0
    assert ran.stdout.startswith("Usage: gate")


def test_the_help_of_gate_names_the_exit_codes(tmp_path: Path) -> None:
    said = re.sub(r"\s+", " ", run_gate(tmp_path, "--help").stdout)
    for code in (
        "0 open",
        "1 done in part",
        "2 usage",
        "69 ",
        "70 a bug",
        "75 waiting",
        "78 config",
        "130 int",
    ):
        assert code in said


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    ran = run_gate(tmp_path, "chekc")
    assert (ran.code, "No such command 'chekc'" in ran.stderr) == (2, True)
