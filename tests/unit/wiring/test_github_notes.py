"""What is a person told to look at, and what do the added jobs look like?"""

from __future__ import annotations

import pytest
import yaml

from gate import __version__
from gate.wiring import github
from gate.wiring.github.gate_job import CALLED
from gate.wiring.records import Source, WireOptions
from tests.support import ROOT
from tests.unit.wiring.corpora import PROTECT, edited

STEPS = "    runs-on: ubuntu-latest\n    steps:\n      - run: ci/x\n"


def _notes(jobs: str, on: str = "push", aggregate: bool = False) -> list[str]:
    source = Source(name="lab.yml", text=f"on: {on}\njobs:\n{jobs}")
    notes = github.wire(source, PROTECT, WireOptions(aggregate=aggregate)).notes
    return [f"{note.place.line}: {note.text}" for note in notes]


SKIP = "GitHub counts a skipped check as passed; --aggregate adds a job to require in its place"


def test_a_job_that_runs_in_any_case_is_pointed_out() -> None:
    jobs = "  load:\n    if: always()\n" + STEPS + "  report:\n    needs: load\n    if: failure()\n" + STEPS

    assert _notes(jobs) == [
        f"3: {SKIP}",
        '4: always() of "load" counts only while the gate is open; it no longer runs in every case',
        '8: "report" runs also while load is held back; look whether it touches the lab',
    ]


def test_a_condition_that_was_always_true_is_pointed_out() -> None:
    jobs = "  load:\n    if: |\n      ${{ github.ref == 'x' }}\n" + STEPS

    assert _notes(jobs)[1].startswith('4: the condition of "load" stood in a text')


@pytest.mark.parametrize(
    "on", ["schedule", "[workflow_dispatch, workflow_run]", "{schedule: [{cron: '0 2 * * *'}]}"]
)
def test_the_aggregate_is_offered_only_where_a_branch_could_require_it(on: str) -> None:
    assert _notes("  load:\n" + STEPS, on) == []
    assert _notes("  load:\n" + STEPS, "[push, pull_request]") == [f"3: {SKIP}"]
    assert _notes("  load:\n" + STEPS, "[push]", aggregate=True) == []


def test_a_called_workflow_tells_what_its_callers_must_grant() -> None:
    assert _notes("  load:\n" + STEPS, "workflow_call") == [
        "2: workflows that call this one must grant it `contents: read`, for the gate"
    ]


def test_a_file_without_a_protected_job_says_so() -> None:
    assert _notes("  unit:\n" + STEPS) == [
        "1: no job here is protected (configure* and load*), so there is nothing to wire"
    ]


def test_the_gate_is_called_as_published() -> None:
    example = yaml.safe_load((ROOT / "pipelines" / "github" / "example.yml").read_text(encoding="utf-8"))
    source = Source(
        name="lab.yml",
        text="on: push\njobs:\n  configure:\n    runs-on: [self-hosted, lab]\n    steps: [{run: x}]\n",
    )
    wired = yaml.safe_load(edited(source, github.wire(source, PROTECT, WireOptions()).edits).text)

    assert wired["jobs"]["gate"] == example["jobs"]["gate"]
    assert wired["jobs"]["gate"]["uses"] == CALLED
    assert CALLED.endswith(f"@v{__version__}")
    assert wired["jobs"]["configure"]["if"] == example["jobs"]["configure"]["if"]


def test_the_aggregate_is_the_published_one() -> None:
    example = yaml.safe_load((ROOT / "pipelines" / "github" / "example.yml").read_text(encoding="utf-8"))
    jobs = "".join(f"  {name}:\n{STEPS}" for name in ("unit", "configure", "load"))
    source = Source(name="lab.yml", text=f"on: push\njobs:\n{jobs}")
    wired = yaml.safe_load(
        edited(source, github.wire(source, PROTECT, WireOptions(aggregate=True)).edits).text
    )

    assert wired["jobs"]["everything"] == example["jobs"]["everything"]
    assert list(wired["jobs"]) == ["gate", "everything", "unit", "configure", "load"]


def test_a_job_that_may_be_skipped_while_open_does_not_fail_the_aggregate() -> None:
    source = Source(name="lab.yml", text=f"on: push\njobs:\n  load:\n    if: github.ref == 'x'\n{STEPS}")
    wired = yaml.safe_load(
        edited(source, github.wire(source, PROTECT, WireOptions(aggregate=True)).edits).text
    )

    assert (
        'test "$result" = success || test "$result" = skipped'
        in wired["jobs"]["everything"]["steps"][0]["run"]
    )
