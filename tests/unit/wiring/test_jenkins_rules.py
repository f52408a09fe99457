"""Does every rule for Jenkinsfiles flag the files that it is there for, and leave their near-twins alone?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.wiring import jenkins
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import PROTECT, RULES, edited, read

FILES = sorted(RULES.glob("jenkins-*/*.Jenkinsfile"))
BAD = [path for path in FILES if path.name.startswith("bad")]
# What wiring mends; of the others a person has to say what was meant.
MENDED = {
    ("ungated-stage", "bad"),
    ("truthiness", "bad"),
    ("truthiness", "bad-text"),
    ("restart", "bad"),
    ("restart", "bad-failing"),
    *(("bypassed-gate", f"bad{kind}") for kind in ("", "-or", "-not", "-return", "-unequal")),
}


def rule_of(path: Path) -> str:
    return path.parent.name.replace("-", "/", 1)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_a_bad_file_is_flagged_by_its_rule_alone(path: Path) -> None:
    found = jenkins.lint(read(path), PROTECT)
    assert [finding.rule for finding in found] == [rule_of(path)]


@pytest.mark.parametrize("path", BAD, ids=name_of)
def test_its_near_twin_is_not(path: Path) -> None:
    twin = path.with_stem(path.stem.replace("bad", "good", 1))
    if twin.exists():
        assert jenkins.lint(read(twin), PROTECT) == ()
    else:
        assert (path.parent / "good.Jenkinsfile").exists()


def test_every_rule_has_a_bad_file_and_a_good_one() -> None:
    for rule in jenkins.RULES:
        for name in ("bad", "good"):
            assert (RULES / rule.id.replace("/", "-") / f"{name}.Jenkinsfile").exists()
    assert {rule_of(path) for path in FILES} == {rule.id for rule in jenkins.RULES}


@pytest.mark.parametrize(
    "path", [path for path in BAD if (path.parent.name[8:], path.stem) in MENDED], ids=name_of
)
def test_wiring_mends_what_can_be_mended(path: Path) -> None:
    source = read(path)
    wired = edited(source, jenkins.wire(source, PROTECT, WireOptions()).edits)
    assert jenkins.lint(wired, PROTECT) == ()


def test_a_finding_names_the_stage_and_its_place() -> None:
    source = Source(name="Jenkinsfile", text="pipeline { stages {\n  stage('Load') { steps { sh 'x' } }\n} }")
    (found,) = jenkins.lint(source, PROTECT)
    assert found.message == 'stage "Load": a protected stage runs whatever the gate says'
    assert (found.place.line, found.place.column) == (2, 3)


def test_a_hostile_stage_name_is_shown_as_one_harmless_line() -> None:
    text = "pipeline { stages {\nstage('load\\n::error::x \\u202e') { steps { sh 'x' } }\n} }"
    (found,) = jenkins.lint(Source(name="Jenkinsfile", text=text), PROTECT)
    assert "\n" not in found.message
    assert "::error" not in found.message
    assert "\u202e" not in found.message


def test_findings_come_in_the_order_of_the_text() -> None:
    stages = "\n".join(f"stage('load {number}') {{ steps {{ sh 'x' }} }}" for number in range(5))
    found = jenkins.lint(Source(name="Jenkinsfile", text=f"pipeline {{ stages {{\n{stages}\n}} }}"), PROTECT)
    assert [finding.place.line for finding in found] == [2, 3, 4, 5, 6]


def test_a_pipeline_that_cannot_be_read_is_looked_through_as_code() -> None:
    text = "node { pipeline { stages {\nstage('load') { steps { sh 'x' } }\n} } }"
    (found,) = jenkins.lint(Source(name="Jenkinsfile", text=text), PROTECT)
    assert (found.rule, found.place.line) == ("jenkins/ungated-stage", 2)
