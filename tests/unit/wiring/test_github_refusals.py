"""What is refused, with its line and the reason, and which forms only look as if they had to be?"""

from __future__ import annotations

import pytest

from gate.wiring import github
from gate.wiring.records import Refused, Source, Unreadable, WireOptions
from tests.unit.wiring.corpora import PROTECT, edited

STEPS = "    runs-on: ubuntu-latest\n    steps:\n      - run: ci/configure\n"
GATE = "  gate:\n    uses: fiber-gate/fiber-gate/.github/workflows/fiber-gate.yml@v0.1.0\n"


def _workflow(jobs: str) -> Source:
    return Source(name=".github/workflows/lab.yml", text=f"on: push\njobs:\n{jobs}")


@pytest.mark.parametrize(
    ("jobs", "line", "column", "reason"),
    [
        pytest.param(
            "  configure:\n    if: ${{ a }} && ${{ b }}\n" + STEPS,
            4,
            9,
            "text with ${{ }} in it, which GitHub takes for true",
            id="a mixed condition",
        ),
        pytest.param("  a b:\n" + STEPS + "  load:\n" + STEPS, 3, 3, "no job of the name", id="no job id"),
        pytest.param(
            "  configure:\n    if: !cancelled()\n" + STEPS,
            4,
            9,
            'YAML takes "!cancelled()" for a tag',
            id="a tag",
        ),
        pytest.param("  configure:\n    if: a &&\n" + STEPS, 4, 9, "no expression", id="a broken condition"),
        pytest.param("  configure:\n    if: [a]\n" + STEPS, 4, 9, "is no text", id="a list for a condition"),
        pytest.param(
            GATE
            + "  configure:\n    needs: gate\n    if: needs.gate.outputs.open == true\n    env: {}\n"
            + STEPS,
            7,
            9,
            "never true",
            id="a condition that never opens",
        ),
        pytest.param(
            '  configure:\n    if: "\\x24{{ a }}"\n' + STEPS,
            4,
            9,
            "without escapes",
            id="an escaped dollar sign",
        ),
        pytest.param("  configure:\n    needs: {a: b}\n" + STEPS, 4, 12, "no job", id="a mapping for needs"),
        pytest.param("  configure:\n    needs: [a b]\n" + STEPS, 4, 13, "no job", id="no id in needs"),
        pytest.param(
            "  unit: &u\n" + STEPS + "  configure: *u\n",
            7,
            14,
            "is not protected",
            id="the text of another job",
        ),
        pytest.param(
            "  configure: &c\n" + STEPS + "  unit: *c\n", 7, 9, "is not protected", id="another job's alias"
        ),
        pytest.param(
            "  configure:\n    needs: &n [a]\n" + STEPS + "  a:\n    needs: *n\n" + STEPS,
            9,
            12,
            "is not protected",
            id="needs shared with an unprotected job",
        ),
        pytest.param(
            "  configure:\n    if: &i github.ref\n    env: {A: *i}\n" + STEPS,
            5,
            14,
            "is not protected",
            id="a condition that is used elsewhere",
        ),
        pytest.param(
            GATE + "    needs: load\n  load:\n" + STEPS,
            6,
            3,
            'the gate "gate" waits for "load"',
            id="a gate that waits for the job",
        ),
        pytest.param(
            "  ? configure\n  : runs-on: x\n    steps: []\n", 4, 5, "a line of its own", id="a key's mark"
        ),
        pytest.param(
            "  configure:\n    needs: &n\n      - a\n" + STEPS + "  b:\n    needs: *n\n" + STEPS,
            10,
            12,
            "is not",
            id="an anchored block list",
        ),
    ],
)
def test_what_cannot_be_done_safely(jobs: str, line: int, column: int, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        github.wire(_workflow(jobs), PROTECT, WireOptions())

    assert reason in caught.value.reason
    assert (caught.value.place.line, caught.value.place.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param(
            "on: push\njobs: {}\n---\non: push\njobs: {}\n", 3, "a second document", id="two documents"
        ),
        pytest.param("a: 1\n", 1, "no workflow", id="no workflow"),
        pytest.param("", 1, "no workflow", id="nothing"),
        pytest.param("- a\n", 1, "no workflow", id="a list"),
        pytest.param("on: push\njobs: [a]\n", 2, "holds no jobs", id="a list of jobs"),
        pytest.param("on: push\njobs:\n  configure:\n", 3, "says nothing", id="an empty job"),
        pytest.param("on: push\njobs:\n  a: {}\n  a: {}\n", 4, "given twice", id="a job twice"),
    ],
)
def test_what_is_no_workflow(text: str, line: int, reason: str) -> None:
    source = Source(name="lab.yml", text=text)
    for act in (lambda: github.wire(source, PROTECT, WireOptions()), lambda: github.lint(source, PROTECT)):
        with pytest.raises(Unreadable) as caught:
            act()
        assert reason in caught.value.reason
        assert caught.value.place.line == line


def _wired(jobs: str) -> Source:
    source = _workflow(jobs)
    return edited(source, github.wire(source, PROTECT, WireOptions()).edits)


def test_a_line_that_was_edited_since_is_not_undone() -> None:
    wired = _wired("  configure:\n    needs: unit\n" + STEPS + "  unit:\n" + STEPS)
    touched = Source(name=wired.name, text=wired.text.replace("[gate, unit]", "[gate, unit, lint]"))

    with pytest.raises(Refused, match=r"line \d+, column 1: .*edited since"):
        github.unwire(touched)


def test_edits_elsewhere_do_not_keep_a_file_from_being_unwired() -> None:
    jobs = "  configure:\n" + STEPS
    wired = _wired(jobs)
    touched = Source(
        name=wired.name, text="# new\n" + wired.text.replace("ci/configure", "ci/configure --all")
    )

    assert edited(touched, github.unwire(touched).edits).text == "# new\n" + _workflow(jobs).text.replace(
        "ci/configure", "ci/configure --all"
    )


def test_the_gate_stays_while_a_job_needs_it_that_was_gated_by_hand_since() -> None:
    wired = _wired("  configure:\n" + STEPS)
    by_hand = "  other:\n    needs: gate\n    if: needs.gate.outputs.open == 'true'\n" + STEPS
    touched = Source(name=wired.name, text=wired.text + by_hand)

    with pytest.raises(Refused, match=r'needs "gate", which would go'):
        github.unwire(touched)


def test_a_job_that_comes_later_is_wired_to_the_gate_that_is_there() -> None:
    wired = _wired("  configure:\n" + STEPS)
    more = Source(name=wired.name, text=wired.text + "  load:\n" + STEPS)
    again = edited(more, github.wire(more, PROTECT, WireOptions()).edits)

    assert again.text.count("uses: fiber-gate/") == 1
    assert github.lint(again, PROTECT) == ()
    assert (
        edited(again, github.unwire(again).edits).text
        == _workflow("  configure:\n" + STEPS + "  load:\n" + STEPS).text
    )


def test_an_aggregate_that_comes_later_is_undone_with_the_rest() -> None:
    wired = _wired("  configure:\n" + STEPS)
    again = edited(wired, github.wire(wired, PROTECT, WireOptions(aggregate=True)).edits)

    assert "everything passed" in again.text
    assert edited(again, github.unwire(again).edits) == _workflow("  configure:\n" + STEPS)
