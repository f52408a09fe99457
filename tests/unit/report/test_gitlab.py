"""What GitLab reads from a gate job: dotenv, annotations, JUnit, the child pipeline."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from gate.core.model import Verdict
from gate.core.reason import HELD_BACK
from gate.report.gitlab import ANNOTATIONS, CHILD, DOTENV, JUNIT, render
from tests.support import need
from tests.unit.report.scenes import EVERY, READY, WAITING, scene

ALL = pytest.mark.parametrize("verdict", EVERY.values(), ids=EVERY.keys())
REAL_JOBS = b"# real jobs, as they stand\r\nconfigure: {script: [./configure.sh]}\n"


def files(verdict: Verdict, folder: Path, child: bytes | None = None, **environ: str) -> dict[str, bytes]:
    report = render(verdict, replace(scene(folder, **environ), child=child))
    assert all(file.required and file.path.parent == folder for file in report.files)
    return {file.path.name: file.content for file in report.files}


@ALL
def test_the_dotenv_file_holds_three_slugs(verdict: Verdict, tmp_path: Path) -> None:
    lines = files(verdict, tmp_path)[DOTENV].decode().splitlines()
    opened = "true" if verdict.open else "false"
    assert lines == [f"GATE_OPEN={opened}", f"GATE_STATE={verdict.state}", f"GATE_CODE={verdict.code}"]
    assert all(re.fullmatch(r"[A-Z_]+=[a-z_]+", line) for line in lines)


@ALL
def test_the_annotation_has_gitlabs_shape_and_stays_within_its_limits(
    verdict: Verdict, tmp_path: Path
) -> None:
    content = files(verdict, tmp_path)[ANNOTATIONS]
    assert len(content) < 81_920
    assert list(json.loads(content)) == ["gate"]
    ((link,),) = json.loads(content).values()
    assert set(link) == {"external_link"}
    label, url = link["external_link"]["label"], link["external_link"]["url"]
    assert url == "https://lab.example/focus-server/live_metadata"
    assert len(label) <= 255
    assert verdict.reason.startswith(label.removesuffix("…"))


def test_without_an_address_there_is_no_annotation(tmp_path: Path) -> None:
    report = render(WAITING, replace(scene(tmp_path), link=""))
    content = next(file.content for file in report.files if file.path.name == ANNOTATIONS)
    assert json.loads(content) == {}


@ALL
def test_the_junit_file_shows_the_reason_where_the_gate_is_closed(verdict: Verdict, tmp_path: Path) -> None:
    suite = ElementTree.fromstring(files(verdict, tmp_path)[JUNIT]).find("testsuite")
    assert suite is not None
    case = suite.find("testcase")
    assert case is not None
    results = list(case)
    assert len(results) == (0 if verdict.open else 1)
    for result in results:
        assert result.get("message") == verdict.reason
        assert result.text == verdict.reason
        assert suite.get({"skipped": "skipped", "error": "errors"}[result.tag]) == "1"


@ALL
def test_outside_text_opens_no_section_and_no_colour(verdict: Verdict, tmp_path: Path) -> None:
    log = render(verdict, scene(tmp_path)).stdout
    started = int(scene(tmp_path).now.timestamp())
    expected = [f"section_start:{started}:gate_evidence", f"section_end:{started}:gate_evidence"]
    assert re.findall("\x1b\\[0K(section_[a-z]+:[0-9]+:[a-z_]+)", log) == expected
    assert log.count("\x1b") == 4
    assert log.count("\r") == 2


def test_an_open_gate_hands_the_real_jobs_on_unchanged(tmp_path: Path) -> None:
    assert files(READY, tmp_path, child=REAL_JOBS)[CHILD] == REAL_JOBS


def test_without_real_jobs_there_is_no_child(tmp_path: Path) -> None:
    assert CHILD not in files(READY, tmp_path)


@pytest.mark.parametrize(
    "verdict",
    [pytest.param(verdict, id=name) for name, verdict in EVERY.items() if not verdict.open],
)
def test_a_closed_gate_hands_on_one_job_that_names_the_reason(verdict: Verdict, tmp_path: Path) -> None:
    child = yaml.safe_load(files(verdict, tmp_path, child=REAL_JOBS)[CHILD])
    ((name, job),) = child.items()
    assert name.startswith(HELD_BACK)
    assert job["allow_failure"] == {"exit_codes": 75}
    ran = subprocess.run(
        [need("bash"), "-e", "-c", "\n".join(job["script"])], capture_output=True, timeout=20, check=False
    )
    assert ran.returncode == 75
    assert ran.stdout.decode().splitlines()[0] == verdict.reason.replace("'", "’")
    assert ran.stderr == b""


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ('["lab", "windows"]', ["lab", "windows"]),
        ("lab, windows", ["lab", "windows"]),
        ("[]", None),
        ("", None),
        ("7", None),
    ],
)
def test_the_held_job_runs_where_the_gate_ran(value: str, tags: list[str] | None, tmp_path: Path) -> None:
    child = yaml.safe_load(files(WAITING, tmp_path, child=REAL_JOBS, CI_RUNNER_TAGS=value)[CHILD])
    ((_, job),) = child.items()
    assert job.get("tags") == tags
