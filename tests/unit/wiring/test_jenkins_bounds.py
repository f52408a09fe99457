"""Is a Jenkinsfile that is large, deep or broken done with soon, and in one line?"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from gate.wiring import jenkins
from gate.wiring.records import Refused, Unreadable, WireOptions
from tests.unit.wiring.corpora import PROTECT
from tests.unit.wiring.jenkins_corpus import jenkinsfile


@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        '"${' * 100_000,
        "'" * 100_001,
        "/*" * 100_000,
        "pipeline { stages { " + "stage('a') { stages { " * 3000 + "} } " * 3000 + "} }",
        "pipeline { stages { stage('load') { when { expression { "
        + "(" * 20_000
        + "x"
        + ")" * 20_000
        + "} } } } }",
        "pipeline { stages { stage('load') { when { "
        + "allOf { " * 5000
        + "tag 'x'"
        + "}" * 5000
        + " } } } }",
        "pipeline { stages { stage('a') { steps { "
        + "retry(3) { " * 5000
        + "fiberGate()\n" * 1000
        + "}" * 5000
        + "} } } }",
    ],
    ids=range(8),
)
def test_a_hostile_file_is_soon_done_with(text: str) -> None:
    began = time.monotonic()
    with suppress(Refused):
        jenkins.lint(jenkinsfile(text), PROTECT)
    with suppress(Refused):
        jenkins.wire(jenkinsfile(text), PROTECT, WireOptions())
    assert time.monotonic() - began < 10


def test_five_megabytes_are_linted_in_seconds() -> None:
    stages = "".join(
        f"stage('s{number}') {{\n  when {{ branch 'main' }}\n  steps {{\n"
        f"    sh \"echo ${{x}} '{{'\" // {'y' * 900}\n  }}\n}}\n"
        for number in range(5000)
    )
    text = f"pipeline {{\nstages {{\n{stages}stage('load') {{ steps {{ sh 'x' }} }}\n}}\n}}\n"
    assert len(text) > 4_900_000
    began = time.monotonic()
    assert len(jenkins.lint(jenkinsfile(text), PROTECT)) == 1
    assert time.monotonic() - began < 10


def test_a_file_that_is_no_groovy_is_unreadable_to_all_three() -> None:
    source = jenkinsfile("pipeline {\n  stages {\n")
    with pytest.raises(Unreadable, match="line 2, column 10"):
        jenkins.wire(source, PROTECT, WireOptions())
    with pytest.raises(Unreadable, match="line 2, column 10"):
        jenkins.unwire(source)
    with pytest.raises(Unreadable, match="line 2, column 10"):
        jenkins.lint(source, PROTECT)
