"""The command that lints, as a process: text, JSON, SARIF, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.emulated.process import run_gate

UNGATED = "on: push\njobs:\n  configure: {runs-on: x, steps: [{run: y}]}\n"
FINE = "on: push\njobs:\n  unit: {runs-on: x, steps: [{run: y}]}\n"


def _file(folder: Path, name: str, text: str) -> None:
    path = folder / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_text_names_file_line_column_severity_and_rule(tmp_path: Path) -> None:
    _file(tmp_path, "a.yml", UNGATED)
    _file(tmp_path, "b.yml", FINE)
    ran = run_gate(tmp_path, "lint", ".github")

    assert (ran.code, ran.stderr) == (1, "")
    assert ran.stdout == (
        '.github/workflows/a.yml:3:3: error: "configure": protected, and nothing asks the gate before it '
        "[github/ungated-job]\n"
    )


def test_nothing_found_says_so(tmp_path: Path) -> None:
    _file(tmp_path, "b.yml", FINE)

    assert run_gate(tmp_path, "lint", ".").stdout == "nothing found in 1 file\n"
    assert run_gate(tmp_path, "lint", ".").code == 0


def test_a_file_that_cannot_be_read_does_not_hide_what_is_found_in_another(tmp_path: Path) -> None:
    _file(tmp_path, "a.yml", UNGATED)
    _file(tmp_path, "broken.yml", "on: [")
    ran = run_gate(tmp_path, "lint", ".")

    assert ran.code == 2
    assert "[github/ungated-job]" in ran.stdout
    assert "broken.yml:1:6: not YAML" in ran.stderr


def test_json_is_one_object(tmp_path: Path) -> None:
    _file(tmp_path, "a.yml", UNGATED)
    _file(tmp_path, "broken.yml", "on: [")
    said = json.loads(run_gate(tmp_path, "lint", "--format", "json", ".").stdout)

    assert (said["schema"], said["files"]) == ("gate.lint/1", 2)
    assert said["findings"] == [
        {
            "path": ".github/workflows/a.yml",
            "line": 3,
            "column": 3,
            "rule": "github/ungated-job",
            "severity": "error",
            "message": '"configure": protected, and nothing asks the gate before it',
        }
    ]
    assert [problem["path"] for problem in said["problems"]] == [".github/workflows/broken.yml"]


def test_sarif_is_a_log_of_one_run(tmp_path: Path) -> None:
    _file(tmp_path, "a.yml", UNGATED)
    ran = run_gate(tmp_path, "lint", "--format", "sarif", ".")
    said = json.loads(ran.stdout)

    assert ran.code == 1
    assert said["version"] == "2.1.0"
    assert [result["ruleId"] for result in said["runs"][0]["results"]] == ["github/ungated-job"]
    assert said["runs"][0]["invocations"] == [{"executionSuccessful": True}]


def test_hostile_names_command_no_terminal_and_no_runner(tmp_path: Path) -> None:
    text = 'on: push\njobs:\n  "load\\e[31m\\n::error::x": {runs-on: x, steps: []}\n'
    _file(tmp_path, "a.yml", text)
    ran = run_gate(tmp_path, "lint", ".")

    assert ran.code == 1
    assert "\x1b" not in ran.stdout
    assert len(ran.stdout.splitlines()) == 1
    assert "::error" not in ran.stdout


def test_protect_is_a_pattern_of_any_case(tmp_path: Path) -> None:
    _file(tmp_path, "b.yml", FINE)

    assert run_gate(tmp_path, "lint", "--protect", "UN?T", ".").code == 1
