"""Is every workflow of the corpus wired as it should be, and given back to the byte?"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.wiring import github
from gate.wiring.github.protected import is_held, protected_jobs
from gate.wiring.github.workflow import parse_workflow
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import CORPUS, PROTECT, edited, outside, read

FILES = sorted((CORPUS / "github").glob("*.yml"))
OPTIONS = [WireOptions(), WireOptions(aggregate=True)]

corpus = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def _wired(source: Source, chosen: WireOptions = OPTIONS[0]) -> Source:
    return edited(source, github.wire(source, PROTECT, chosen).edits)


def _both(source: Source) -> list[Source]:
    return [_wired(source, options) for options in OPTIONS]


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(FILES) >= 80


@corpus
def test_unwiring_gives_back_every_byte(path: Path) -> None:
    source = read(path)
    for wired in _both(source):
        assert edited(wired, github.unwire(wired).edits) == source


@corpus
def test_wiring_twice_changes_nothing(path: Path) -> None:
    for options in OPTIONS:
        assert github.wire(_wired(read(path), options), PROTECT, options).edits == ()


@corpus
def test_no_line_outside_of_the_edits_changes(path: Path) -> None:
    source = read(path)
    for wired in _both(source):
        before, kept = outside(source, wired)
        assert kept == before


@corpus
def test_a_wired_file_holds_every_protected_job_and_lint_finds_nothing(path: Path) -> None:
    for wired in _both(read(path)):
        workflow = parse_workflow(wired)
        assert all(is_held(job, workflow) for job in protected_jobs(workflow, PROTECT))
        assert github.lint(wired, PROTECT) == ()


@corpus
def test_what_wiring_changes_lint_finds_before(path: Path) -> None:
    source = read(path)

    assert bool(github.lint(source, PROTECT)) == bool(github.wire(source, PROTECT, OPTIONS[0]).edits)
    assert path.stem.startswith("none") != bool(github.lint(source, PROTECT))


@corpus
def test_all_else_that_a_workflow_says_stays(path: Path) -> None:
    before, after = parse_workflow(read(path)), parse_workflow(_wired(read(path)))
    protected = {job.id for job in protected_jobs(before, PROTECT)}

    for job in before.jobs:
        same = after.job(job.id)
        assert same
        assert same.name == job.name
        assert [need for need in same.needs if need in job.needs] == list(job.needs)
        if job.id not in protected:
            assert (same.needs, same.condition and same.condition.inner) == (
                job.needs,
                job.condition and job.condition.inner,
            )


def test_every_wired_file_is_what_githubs_schema_says_if_it_was_before(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    for path in FILES:
        source = read(path)
        (before / path.name).write_bytes(source.text.encode())
        (after / path.name).write_bytes(_wired(source, OPTIONS[1]).text.encode())

    wrong_before = _wrong(before)
    assert _wrong(after) <= wrong_before
    assert len(wrong_before) <= 6  # forms that GitHub's own parser takes, or act's, and the schema does not


def _wrong(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    files = [str(path) for path in sorted(folder.glob("*.yml"))]
    ran = subprocess.run(
        [*command, "-o", "json", *files], capture_output=True, timeout=120, check=False, encoding="utf-8"
    )
    said = json.loads(ran.stdout)
    wrong = [*said.get("errors", []), *said.get("parse_errors", [])]
    return {Path(error["filename"]).name for error in wrong}


def test_the_time_to_wire_lint_and_unwire_grows_with_the_file() -> None:
    def seconds(count: int) -> float:
        job = "  load{0}:\n    needs: [unit]\n    if: a || b\n    runs-on: x\n    steps: []\n"
        text = "on: push\njobs:\n  unit: {runs-on: x, steps: []}\n" + "".join(map(job.format, range(count)))
        started = time.process_time()
        wired = _wired(Source(name="lab.yml", text=text), OPTIONS[1])
        assert github.lint(wired, PROTECT) == ()
        assert edited(wired, github.unwire(wired).edits).text == text
        return time.process_time() - started

    seconds(50)
    assert seconds(2000) < 30 * max(min(seconds(200), seconds(200)), 0.02)
