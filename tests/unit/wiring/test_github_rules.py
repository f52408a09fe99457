"""Does every rule flag the file that it is there for, and leave its near-twin alone?"""

from __future__ import annotations

import pytest

from gate.wiring import github
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import PROTECT, RULES, edited, read

# What wiring cannot mend, since only a person knows what was meant.
LEFT = {"github/gate-continue-on-error", "github/never-opens", "github/skip-passes"}

GATE = "  gate:\n    uses: fiber-gate/fiber-gate/.github/workflows/fiber-gate.yml@v0.1.0\n"
STEPS = "    runs-on: ubuntu-latest\n    steps:\n      - run: ci/configure\n"
ACTION = "      - id: gate\n        uses: fiber-gate/fiber-gate/pipelines/github@v0.1.0\n"

every_rule = pytest.mark.parametrize("rule", [rule.id for rule in github.RULES])


@every_rule
def test_the_bad_file_is_flagged(rule: str) -> None:
    found = github.lint(read(RULES / rule.replace("/", "-") / "bad.yml"), PROTECT)

    assert [finding.rule for finding in found] == [rule]
    assert found[0].place.line > 1


@every_rule
def test_its_near_twin_is_not(rule: str) -> None:
    assert github.lint(read(RULES / rule.replace("/", "-") / "good.yml"), PROTECT) == ()


@pytest.mark.parametrize("rule", [rule.id for rule in github.RULES if rule.id not in LEFT])
def test_wiring_mends_what_the_rule_flags(rule: str) -> None:
    source = read(RULES / rule.replace("/", "-") / "bad.yml")
    wired = edited(source, github.wire(source, PROTECT, WireOptions()).edits)

    assert github.lint(wired, PROTECT) == ()
    assert edited(wired, github.unwire(wired).edits) == source


def _found(jobs: str, name: str = "lab.yml") -> list[tuple[str, int, int]]:
    source = Source(name=name, text=f"on: push\njobs:\n{jobs}")
    return [(one.rule, one.place.line, one.place.column) for one in github.lint(source, PROTECT)]


@pytest.mark.parametrize(
    ("jobs", "found"),
    [
        pytest.param("  configure:\n" + STEPS, [("github/ungated-job", 3, 3)], id="no gate at all"),
        pytest.param(
            "  configure:\n    if: success()\n" + STEPS,
            [("github/ungated-job", 3, 3)],
            id="a condition of its own",
        ),
        pytest.param(
            "  configure:\n    if: '!cancelled()'\n" + STEPS,
            [("github/always", 4, 9)],
            id="always, without a gate",
        ),
        pytest.param(
            GATE
            + "  configure:\n    needs: gate\n    if: inputs.x || needs.gate.outputs.open == 'true'\n"
            + STEPS,
            [("github/if-fails-open", 7, 9)],
            id="behind an or",
        ),
        pytest.param(
            GATE + "  configure:\n    needs: gate\n    if: needs.gate.result == 'success'\n" + STEPS,
            [("github/needs-alone", 5, 3)],
            id="the result of the gate",
        ),
        pytest.param(
            GATE
            + "  configure:\n    needs: gate\n    if: ${{ needs.gate.outputs.open }} == 'true'\n"
            + STEPS,
            [("github/if-always-true", 7, 9)],
            id="a comparison outside of the braces",
        ),
        pytest.param(
            "  configure:\n    runs-on: x\n    steps:\n" + ACTION + "      - run: ci/configure\n",
            [("github/ungated-job", 3, 3)],
            id="a gate step that the next step does not heed",
        ),
        pytest.param(
            "  configure:\n    runs-on: x\n    steps:\n"
            + ACTION
            + "        with: {on-closed: fail}\n      - run: a\n        if: always()\n",
            [("github/ungated-job", 3, 3)],
            id="a step that runs although the gate step failed",
        ),
        pytest.param(
            "  configure:\n    runs-on: x\n    steps:\n      - run: ci/configure\n" + ACTION,
            [("github/ungated-job", 3, 3)],
            id="a gate step behind the work",
        ),
        pytest.param(
            "  configure:\n    runs-on: x\n    steps:\n"
            + ACTION
            + "        continue-on-error: true\n        with: {on-closed: fail}\n      - run: a\n",
            [("github/ungated-job", 3, 3), ("github/gate-continue-on-error", 8, 9)],
            id="a gate step that may fail",
        ),
    ],
)
def test_where_and_why_load_could_get_through(jobs: str, found: list[tuple[str, int, int]]) -> None:
    assert _found(jobs) == found


@pytest.mark.parametrize("name", ["ci/load-tests.yml", "configure.yaml", "C:\\lab\\Load.YML"])
def test_the_files_name_protects_every_job(name: str) -> None:
    assert _found("  drive:\n" + STEPS, name) == [("github/ungated-job", 3, 3)]
    assert _found("  drive:\n" + STEPS, "ci/other.yml") == []


def test_the_workflows_name_protects_every_job() -> None:
    source = Source(name="ci.yml", text=f"name: Load tests\non: push\njobs:\n  a:\n{STEPS}  b:\n{STEPS}")

    assert [finding.rule for finding in github.lint(source, PROTECT)] == ["github/ungated-job"] * 2


def test_protect_patterns_are_shell_patterns_of_any_case() -> None:
    source = Source(name="ci.yml", text=f"on: push\njobs:\n  Soak-Test:\n{STEPS}  unit:\n{STEPS}")

    assert [one.place.line for one in github.lint(source, ("soak-?est",))] == [3]


def test_a_summary_that_a_closed_gate_skips_is_flagged() -> None:
    held = "  configure:\n    needs: gate\n    if: needs.gate.outputs.open == 'true'\n" + STEPS
    summary = (
        "  summary:\n    needs: [gate, configure]\n    runs-on: x\n    steps:\n"
        "      - run: ci/sum ${{ needs.gate.outputs.open }} ${{ needs.configure.result }}\n"
    )

    assert [rule for rule, _, _ in _found(GATE + held + summary)] == ["github/skip-passes"]
