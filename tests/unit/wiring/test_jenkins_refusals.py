"""Is a Jenkinsfile that cannot be wired safely refused, with place and reason, and no other?"""

from __future__ import annotations

import pytest

from gate.wiring import jenkins
from gate.wiring.records import Refused, WireOptions
from tests.unit.wiring.corpora import PROTECT
from tests.unit.wiring.jenkins_corpus import jenkinsfile, wired


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("node {\n  stage('load') { sh 'x' }\n}\n", (2, 3), "declarative", id="scripted"),
        pytest.param(
            "def x = 1\nnode('a') { stage('unit') { } }\n", (2, 1), "declarative", id="no protected"
        ),
        pytest.param("@Library('team') _\nbuildPlugin()\n", (1, 1), "declarative", id="a call"),
        pytest.param("", (1, 1), "no pipeline", id="empty"),
        pytest.param("// pipeline { }\n", (1, 1), "no pipeline", id="a comment"),
        pytest.param(
            "def call(x) {\nif (x) {\npipeline { stages { } }\n} else {\npipeline { stages { } }\n}\n}\n",
            (5, 1),
            "several pipelines",
            id="several",
        ),
        pytest.param(
            "node {\n  pipeline { stages { } }\n}\n", (2, 3), "inside other code", id="a pipeline in a node"
        ),
        pytest.param("pipeline {\n  agent any\n}\n", (1, 1), "no stages", id="no stages"),
        pytest.param(
            "pipeline { stages {\nstage('a') { steps { sh 'x' } } stage('load') { steps { sh 'x' } }\n} }",
            (2, 1),
            "followed by one block",
            id="two stages in one statement",
        ),
        pytest.param(
            "pipeline { stages {\nstage('load') {\nwhen { branch 'x' } steps { sh 'x' }\n}\n} }",
            (3, 1),
            "behind the block",
            id="when and steps in one statement",
        ),
        pytest.param(
            "pipeline { stages {\n  stage(\"load $x\") { steps { sh 'x' } }\n} }",
            (2, 3),
            "written out",
            id="a name",
        ),
        pytest.param(
            "pipeline { stages {\n  stage(NAME) { steps { sh 'x' } }\n} }",
            (2, 3),
            "written out",
            id="a variable",
        ),
        pytest.param("pipeline { stages {\n  script { }\n} }", (2, 3), "only stage", id="code among stages"),
        pytest.param(
            "pipeline { stages {\nstage('load') { when { branch 'a' }\n when { branch 'b' }\n } } }",
            (3, 2),
            "when twice",
            id="two conditions",
        ),
        pytest.param(
            "pipeline { stages { stage('a') { steps { script {\n stage('load') { sh 'x' } } } } } }",
            (2, 2),
            '"load"',
            id="a protected stage in a script",
        ),
        pytest.param(
            "pipeline { stages { stage('a') { steps { script {\n stage(name) { sh 'x' } } } } } }",
            (2, 2),
            "not known",
            id="a computed stage in a script",
        ),
        pytest.param(
            'pipeline { stages { stage("a") { steps { script {\n stage("lo${x}") { sh "x" } } } } } }',
            (2, 2),
            "lo…",
            id="a stage that could be protected",
        ),
        pytest.param(
            "pipeline { stages { stage('a') { steps { script { parallel(\n load: { sh 'x' }) } } } } }",
            (2, 2),
            '"load"',
            id="a protected branch in a script",
        ),
        pytest.param(
            "def f() {\n  stage('load') { }\n}\npipeline { stages { stage('a') { steps { f() } } } }",
            (2, 3),
            '"load"',
            id="a protected stage in a method",
        ),
        pytest.param(
            "pipeline {\noptions {\n  skipStagesAfterUnstable()\n}\n"
            "stages { stage('load') { steps { x() } } } }",
            (3, 3),
            "unstable",
            id="other stages would be skipped too",
        ),
        pytest.param(
            "pipeline { stages {\nstage('gate') { steps {\nfiberGate(environment: 'a')\n"
            "fiberGate(environment: 'b') } }\n"
            "stage('load') { steps { sh 'x' } } } }",
            (4, 1),
            "several labs",
            id="several labs",
        ),
        pytest.param(
            "pipeline { stages {\nstage('gate') { steps { fiberGate(environment: lab()) } }\n"
            "stage('load') { steps { sh 'x' } } } }",
            (2, 25),
            "environment is computed",
            id="a computed lab",
        ),
        pytest.param(
            "pipeline { stages {\nstage('load') { when true } } }", (2, 17), "no block", id="when true"
        ),
    ],
)
def test_what_cannot_be_done_safely_is_refused_with_its_place(
    text: str, place: tuple[int, int], words: str
) -> None:
    with pytest.raises(Refused) as refused:
        jenkins.wire(jenkinsfile(text), PROTECT, WireOptions())
    assert words in refused.value.reason
    assert (refused.value.place.line, refused.value.place.column) == place


@pytest.mark.parametrize(
    "text",
    [
        "pipeline { stages { stage('a') { steps { script { stage('test ' + x) { } } } } } }",
        "pipeline { stages { stage('a') { steps { script { stage(\"reload ${x}\") { } } } } } }",
        "pipeline { stages { stage('a') { steps { script { x.stage('load'); stage = 'load' } } } } }",
        "pipeline { stages { stage('a') { steps { script { parallel tasks } } } } }",
        "node { stage('gate') { fiberGate() }\nif (fiberGate.isOpen()) { stage('load') { } } }",
    ],
)
def test_what_needs_no_gate_is_not_refused(text: str) -> None:
    assert wired(jenkinsfile(text)).text == text
