"""Does wiring a Jenkinsfile put the gate where it belongs, and change nothing else?"""

from __future__ import annotations

import re

import pytest

from gate import __version__
from gate.wiring import jenkins
from gate.wiring.jenkins.plan import LIBRARY
from gate.wiring.records import Refused, WireOptions
from tests.support import ROOT
from tests.unit.wiring.corpora import PROTECT, edited
from tests.unit.wiring.jenkins_corpus import FILES, jenkinsfile, keeps, tokens, unwired, wired

UNTOUCHED = {
    "gated-by-comparison",
    "gated-by-comparison-in-lines",
    "gated-by-failing",
    "gated-by-hand",
    "gated-by-hand-as-a-whole",
    "nothing-protected",
}
every_file = pytest.mark.parametrize("name", FILES)


def test_the_corpus_is_large_enough() -> None:
    assert len(FILES) >= 60


@every_file
def test_what_was_there_stays(name: str) -> None:
    before, after = FILES[name], wired(FILES[name])
    assert keeps(before, after)
    signs = tokens(after)
    assert all(token in signs for token in tokens(before))


@every_file
def test_only_a_file_without_a_missing_gate_stays_as_it_is(name: str) -> None:
    assert (wired(FILES[name]) == FILES[name]) is (name in UNTOUCHED)


@every_file
def test_line_ends_are_the_files_own(name: str) -> None:
    ends = re.compile(r"\r\n|\n|\r")
    before, after = (set(ends.findall(source.text)) for source in (FILES[name], wired(FILES[name])))
    assert after == (before or {"\n"})


@every_file
def test_unwiring_gives_back_every_byte(name: str) -> None:
    assert unwired(wired(FILES[name])) == FILES[name]


@every_file
def test_wiring_twice_changes_nothing(name: str) -> None:
    after = wired(FILES[name])
    assert jenkins.wire(after, PROTECT, WireOptions()).edits == ()


@every_file
def test_nothing_is_found_in_a_wired_file(name: str) -> None:
    assert jenkins.lint(wired(FILES[name]), PROTECT) == ()


@every_file
def test_a_missing_gate_is_found_before(name: str) -> None:
    assert bool(jenkins.lint(FILES[name], PROTECT)) is (name not in UNTOUCHED)


PLAIN = """pipeline {
    agent any
    stages {
        stage('load') {
            steps {
                sh 'locust'
            }
        }
    }
}
"""


def test_the_gate_is_written_in_the_published_form() -> None:
    text = wired(jenkinsfile(PLAIN)).text
    lines = [line for line in text.splitlines() if "fiber-gate: " not in line]
    assert lines == [
        *LIBRARY,
        "",
        "pipeline {",
        "    agent any",
        "    stages {",
        "        stage('gate') {",
        "            steps {",
        "                fiberGate()",
        "            }",
        "        }",
        "        stage('load') {",
        "            when {",
        "                beforeAgent true",
        "                expression { fiberGate.isOpen() }",
        "            }",
        "            steps {",
        "                sh 'locust'",
        "            }",
        "        }",
        "    }",
        "}",
    ]


def test_the_library_is_loaded_as_the_example_loads_it() -> None:
    example = (ROOT / "pipelines" / "jenkins" / "example.Jenkinsfile").read_text(encoding="utf-8")
    assert "\n".join(LIBRARY) in example
    assert __version__ in LIBRARY[0]


def test_the_shipped_example_is_wired_and_clean() -> None:
    example = jenkinsfile(
        (ROOT / "pipelines" / "jenkins" / "example.Jenkinsfile").read_text(encoding="utf-8")
    )
    assert wired(example) == example
    assert jenkins.lint(example, PROTECT) == ()


def stage(body: str) -> str:
    gate = "stage('gate') { steps { fiberGate() } }"
    return f"library 'fiber-gate'\npipeline {{\nagent any\nstages {{\n{gate}\n{body}\n}}\n}}\n"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        pytest.param(
            "stage('load') { steps { x() } }",
            "stage('load') { when { beforeAgent true; expression { fiberGate.isOpen() } }; steps { x() } }",
            id="in one line",
        ),
        pytest.param(
            "stage('load') {\nwhen { branch 'main' }\nsteps { sh 'x' } }",
            "when { beforeAgent true; expression { fiberGate.isOpen() }; branch 'main' }",
            id="beside a condition",
        ),
        pytest.param(
            "stage('load') {\nwhen { beforeAgent true; branch 'main' }\nsteps { sh 'x' } }",
            "when { expression { fiberGate.isOpen() }; beforeAgent true; branch 'main' }",
            id="with beforeAgent already",
        ),
        pytest.param(
            "stage('load') {\nwhen { expression { fileExists('x') } }\nsteps { sh 'x' } }",
            "when { expression { fiberGate.isOpen() }; expression { fileExists('x') } }",
            id="a condition that needs the agent is not looked at earlier",
        ),
        pytest.param(
            "stage('load') {\ninput { message 'Go?' }\nwhen { branch 'main' }\nsteps { sh 'x' } }",
            "when { beforeInput true; beforeAgent true; expression { fiberGate.isOpen() }; branch 'main' }",
            id="nobody is asked for nothing",
        ),
        pytest.param(
            "stage('load') {\ninput { message 'Go?' }\n"
            "when { environment name: 'A', value: 'y' }\nsteps { x() } }",
            "when { expression { fiberGate.isOpen() }; environment name: 'A', value: 'y' }",
            id="a condition on the answer is looked at behind it",
        ),
    ],
)
def test_a_condition_is_put_beside_what_stands_there(body: str, line: str) -> None:
    assert line in wired(jenkinsfile(stage(body))).text.splitlines()


def test_a_stage_that_asks_a_person_asks_the_gate_first() -> None:
    lines = [line.strip() for line in wired(FILES["input-without-when"]).text.splitlines()]
    at = lines.index("beforeInput true")
    assert lines[at - 1 : at + 3] == [
        "when {",
        "beforeInput true",
        "beforeAgent true",
        "expression { fiberGate.isOpen() }",
    ]


def test_the_gates_stage_takes_no_name_that_is_taken() -> None:
    assert "stage('fiber gate 2') {" in wired(FILES["gate-of-somebody-else"]).text


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("library-of-ours")])
def test_a_library_that_is_loaded_already_is_not_loaded_again(name: str) -> None:
    after = wired(FILES[name]).text
    assert "fiberGate()" in after
    assert LIBRARY[0] not in after


def test_a_stage_far_to_the_right_is_indented_by_a_usual_step() -> None:
    text = PLAIN.replace("        stage('load') {", " " * 24 + "stage('load') {")
    assert " " * 28 + "steps {" in wired(jenkinsfile(text)).text.splitlines()


def test_the_gates_lab_is_asked_about_in_each_stage() -> None:
    text = stage("stage('load') { steps { sh 'x' } }").replace(
        "fiberGate()", "fiberGate(environment: 'a', focusServer: params.LAB, wait: '10m', onClosed: 'skip')"
    )
    assert "fiberGate.isOpen(environment: 'a', focusServer: params.LAB)" in wired(jenkinsfile(text)).text


def test_a_stage_that_is_protected_later_on_is_wired_beside_the_others() -> None:
    text = PLAIN.replace("stage('load')", "stage('soak') { steps { sh 'x' } }\n        stage('load')")
    once = wired(jenkinsfile(text))
    twice = edited(once, jenkins.wire(once, (*PROTECT, "soak"), WireOptions()).edits)
    assert twice.text.count("fiberGate.isOpen()") == 2
    assert twice.text.count("fiberGate()") == 1
    assert unwired(twice).text == text


def test_every_name_may_be_protected() -> None:
    source = jenkinsfile(PLAIN)
    after = edited(source, jenkins.wire(source, ["*"], WireOptions()).edits)
    assert after.text.count("isOpen()") == 1
    assert jenkins.wire(after, ["*"], WireOptions()).edits == ()
    assert jenkins.lint(after, ["*"]) == ()


def test_a_person_may_go_on_working_beside_the_gate() -> None:
    text = (
        wired(jenkinsfile(PLAIN))
        .text.replace("sh 'locust'", "sh 'locust -u 5'")
        .replace("agent any", "agent none")
    )
    assert unwired(jenkinsfile(text)).text == PLAIN.replace("'locust'", "'locust -u 5'").replace(
        "any", "none"
    )


def test_what_a_person_has_changed_in_the_gate_is_not_undone() -> None:
    text = wired(jenkinsfile(PLAIN)).text.replace("isOpen()", "isOpen(environment: 'staging')")
    with pytest.raises(Refused, match=r"line 16.*edited since"):
        unwired(jenkinsfile(text))


def test_a_mark_in_a_text_is_no_mark() -> None:
    before = FILES["mark-in-a-text"]
    assert unwired(before) == before
    assert unwired(wired(before)) == before


def notes(text: str) -> list[str]:
    return [note.text for note in jenkins.wire(jenkinsfile(text), PROTECT, WireOptions()).notes]


def test_a_person_is_told_to_name_the_lab_where_nothing_does() -> None:
    assert "GATE_FOCUS_SERVER" in notes(PLAIN)[0]
    assert notes(FILES["lab-in-the-environment"].text) == []


def test_a_person_is_told_what_the_gates_agent_needs() -> None:
    assert "Python 3.11" in notes(FILES["docker-agent"].text)[1]


def test_a_person_is_told_of_agents_and_questions_that_come_before_the_gate() -> None:
    assert "beforeAgent true" in notes(FILES["when-needs-the-agent"].text)[1]
    assert "beforeInput true" in notes(FILES["input-with-an-answer-in-when"].text)[1]


def test_a_person_is_told_that_nothing_is_protected() -> None:
    (note,) = notes(FILES["nothing-protected"].text)
    assert note == "no stage matches configure* and load*: there is nothing to hold back"
