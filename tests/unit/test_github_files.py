"""The shipped GitHub files: nothing in them is code by accident, and each value reaches its place."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gate import __version__
from tests.support import ROOT, need
from tests.unit.github_step import ACTION, posix

SHIPPED = sorted([*ACTION.rglob("*.yml"), *(ROOT / ".github" / "workflows").glob("*.yml")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_shipped_file_puts_an_expression_inside_a_script(path: Path) -> None:
    for script in scripts(yaml.safe_load(path.read_text(encoding="utf-8"))):
        assert "${{" not in script


def test_the_published_address_names_this_very_version() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    versions = set(re.findall(r"fiber-gate/fiber-gate/[\w./-]+@(\S+)", text))
    assert versions == {f"v{__version__}"}


def test_every_input_reaches_both_steps_of_the_action() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    wanted = {f"GATE_INPUT_{name.replace('-', '_').upper()}" for name in action["inputs"]}
    launching = [step for step in action["runs"]["steps"] if "run" in step]
    for step in launching:
        assert wanted | {"GATE_INPUT_TOKEN"} == set(step["env"])
    assert {step["shell"] for step in launching} == {"bash", "powershell"}


def test_every_input_reaches_both_steps_of_the_recheck() -> None:
    action = yaml.safe_load((ACTION / "recheck" / "action.yml").read_text(encoding="utf-8"))
    wanted = {f"GATE_INPUT_{name.upper()}" for name in (*action["inputs"], "command")}
    for step in action["runs"]["steps"]:
        assert set(step["env"]) == wanted
    assert {step["shell"] for step in action["runs"]["steps"]} == {"bash", "powershell"}


def test_the_recheck_is_scheduled_callable_and_one_at_a_time() -> None:
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "fiber-recheck.yml").read_text(encoding="utf-8")
    )
    triggers = workflow[True]  # YAML 1.1 reads the key `on` so
    assert triggers["schedule"] == [{"cron": "*/5 * * * *"}]
    assert {"workflow_dispatch", "workflow_call"} <= set(triggers)
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert job["concurrency"] == {"group": "fiber-recheck-tick", "cancel-in-progress": False}


def test_foreign_actions_are_pinned_by_their_full_sha() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    foreign = [use for use in re.findall(r"(?m)^\s*(?:- )?uses: (\S+)", text) if use.startswith("actions/")]
    assert foreign
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use) for use in foreign)


def scripts(document: object) -> list[str]:
    """Return every `run` in a workflow or action."""
    match document:
        case dict():
            own = [value for key, value in document.items() if key == "run" and isinstance(value, str)]
            return own + [script for value in document.values() for script in scripts(value)]
        case list():
            return [script for value in document for script in scripts(value)]
        case _:
            return []


@posix
@pytest.mark.parametrize(
    ("opened", "results", "passes"),
    [
        pytest.param("true", "success success success success", True, id="open"),
        pytest.param("false", "success success skipped skipped", False, id="closed"),
        pytest.param("", "failure success skipped skipped", False, id="crashed"),
        pytest.param("", "success success success success", False, id="empty-output"),
        pytest.param("true", "success failure skipped skipped", False, id="unit-failed"),
        pytest.param("true", "success success success cancelled", False, id="load-cancelled"),
        pytest.param("true", "success success success skipped", False, id="load-skipped"),
        pytest.param("true", "failure success success success", False, id="gate-failed-after-open"),
    ],
)
def test_the_examples_aggregate_passes_only_when_open_and_everything_succeeded(
    tmp_path: Path, opened: str, results: str, passes: bool
) -> None:
    example = yaml.safe_load((ACTION / "example.yml").read_text(encoding="utf-8"))
    job = example["jobs"]["everything"]
    assert job["if"] == "always()"
    assert set(job["needs"]) == set(example["jobs"]) - {"everything"}
    (tmp_path / "step.sh").write_text(job["steps"][0]["run"])
    command = [str(need("bash")), "-e", str(tmp_path / "step.sh")]
    environ = {"OPEN": opened, "RESULTS": results}
    done = subprocess.run(command, env=environ, check=False, capture_output=True, timeout=30)
    assert (done.returncode == 0) == passes


def test_the_examples_lab_jobs_compare_with_the_word_and_its_unit_tests_need_no_gate() -> None:
    jobs = yaml.safe_load((ACTION / "example.yml").read_text(encoding="utf-8"))["jobs"]
    assert {jobs[name]["if"] for name in ("configure", "load")} == {"needs.gate.outputs.open == 'true'"}
    assert all("gate" in jobs[name]["needs"] for name in ("configure", "load"))
    assert "needs" not in jobs["unit"]
    assert "if" not in jobs["unit"]
