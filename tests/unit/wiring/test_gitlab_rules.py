"""Does every rule for GitLab files flag what it is for, and not its near-twin?"""

from __future__ import annotations

import pytest

from gate.wiring import gitlab
from gate.wiring.records import Rule, Severity
from tests.unit.wiring.gitlab_corpus import PROTECT, RULES, source

rules = pytest.mark.parametrize("rule", gitlab.RULES, ids=lambda rule: str(rule.id))
GUARDED = "load:\n  extends: .fiber-gate-guard\n"
GATE = "stages: [gate, lab]\ngate:\n  stage: gate\n  script: [gate check]\n"


def _found(text: str, *protect: str) -> list[tuple[str, int]]:
    found = gitlab.lint(source(text), protect or PROTECT)
    return [(finding.rule.removeprefix("gitlab/"), finding.place.line) for finding in found]


@rules
def test_a_rule_flags_its_bad_file_and_nothing_else_does(rule: Rule) -> None:
    text = (RULES / rule.id.replace("/", "-") / "bad.yml").read_text(encoding="utf-8")
    (finding,) = gitlab.lint(source(text), PROTECT)
    assert finding.rule == rule.id
    assert "\n" not in finding.message


@rules
def test_a_rule_leaves_the_near_twin_alone(rule: Rule) -> None:
    text = (RULES / rule.id.replace("/", "-") / "good.yml").read_text(encoding="utf-8")
    assert gitlab.lint(source(text), PROTECT) == ()


def test_every_rule_has_its_two_files_and_every_file_its_rule() -> None:
    folders = {path.name for path in RULES.glob("gitlab-*")}
    assert folders == {rule.id.replace("/", "-") for rule in gitlab.RULES}


@rules
def test_a_rule_says_why_and_what_to_write_instead(rule: Rule) -> None:
    assert rule.id.startswith("gitlab/")
    assert rule.title == rule.title.strip(" .")
    assert len(rule.help) > 80
    assert rule.severity in (Severity.ERROR, Severity.WARNING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("heavy:\n  stage: Load lab\n  script: [x]\n", [("ungated-job", 1)], id="by-stage"),
        pytest.param("LOAD:\n  script: [x]\n", [("ungated-job", 1)], id="any-case"),
        pytest.param(".load:\n  script: [x]\n", [], id="hidden"),
        pytest.param("load:\n  image: x\n", [], id="no-job"),
        pytest.param(
            "include: a.yml\nload:\n  extends: .x\n", [("ungated-job", 2)], id="script-out-of-sight"
        ),
        pytest.param(
            GUARDED + "  script:\n    - echo first\n    - gate --config g.yml guard --watch -- x\n",
            [],
            id="options",
        ),
        pytest.param(GUARDED + '  script: ["A=b python3 -m gate guard -- x"]\n', [], id="as-a-module"),
        pytest.param(GUARDED + "  script: ['& gate guard -- x']\n", [], id="powershell"),
        pytest.param(GUARDED + "  script: [echo gate guard -- x]\n", [("ungated-job", 1)], id="only-said"),
        pytest.param(
            GUARDED + "  script: [x]\n  after_script: [gate guard -- x]\n", [("ungated-job", 1)], id="after"
        ),
        pytest.param(
            GUARDED + "  script: ['set +e', gate guard -- x]\n", [("guard-ignored", 3)], id="errors-off"
        ),
        pytest.param(GUARDED + "  script: [gate guard -- x &]\n", [("guard-ignored", 3)], id="background"),
        pytest.param(GUARDED + "  script: [gate guard -- x || exit 75]\n", [], id="or-exit"),
        pytest.param(
            GUARDED + "  script: [gate guard -- x]\n  after_script: ['bash ci/load.sh']\n",
            [("unguarded-line", 4)],
            id="after-script",
        ),
        pytest.param(
            GUARDED + "  script: [make download, gate guard -- x]\n", [], id="a-word-that-only-ends-so"
        ),
        pytest.param(
            GUARDED + "  script: [make configure, gate guard -- x]\n", [("unguarded-line", 3)], id="a-task"
        ),
        pytest.param(
            GATE + "load:\n  stage: lab\n  needs: [{job: gate, optional: true}]\n  script: [x]\n",
            [("needs-bypass", 5)],
            id="optional",
        ),
        pytest.param(
            GATE + "  when: manual\nload:\n  stage: lab\n  script: [x]\n",
            [("allow-failure", 2)],
            id="manual-gate",
        ),
        pytest.param(
            GATE + "load:\n  stage: lab\n  when: on_failure\n  script: [x]\n",
            [("when-always", 7)],
            id="on-failure",
        ),
        pytest.param(GATE + "load:\n  stage: gate\n  script: [x]\n", [("gate-stage", 5)], id="same-stage"),
        pytest.param(
            GATE + "load:\n  stage: lab\n  trigger: acme/lab\n", [], id="trigger-behind-a-failing-gate"
        ),
        pytest.param(
            "include: {local: fiber-gate.yml, inputs: {on-closed: fail, stage: .pre}}\n"
            "fiber-gate: {allow_failure: true}\nload:\n  script: [x]\n",
            [("allow-failure", 1)],
            id="overridden-gate",
        ),
        pytest.param(
            "include: {local: fiber-gate.yml}\nload:\n  needs: [fiber-gate]\n  script: [x]\n",
            [("allow-failure", 1)],
            id="needs-the-orange-gate",
        ),
        pytest.param("unit:\n  only: {variables: [$GATE_CODE]}\n", [("rules-on-answer", 2)], id="only"),
        pytest.param(
            "workflow:\n  rules: [{if: '${GATE_STATE}'}]\n", [("rules-on-answer", 2)], id="workflow-rules"
        ),
        pytest.param(
            "unit:\n  script: [x]\n  variables: {GATE_CODE: ready}\n", [("answer-variable", 3)], id="of-a-job"
        ),
    ],
)
def test_what_lets_load_through_is_found_where_it_stands(text: str, expected: list[tuple[str, int]]) -> None:
    assert _found(text) == expected


def test_what_is_protected_is_what_the_patterns_say() -> None:
    text = "deploy-lab:\n  script: [x]\nload:\n  script: [y]\n"
    assert _found(text, "deploy*") == [("ungated-job", 1)]


def test_findings_come_in_the_order_of_the_text() -> None:
    text = "load-b:\n  script: [x]\nvariables: {GATE_OPEN: 'x'}\nload-a:\n  script: [x]\n"
    assert [line for _, line in _found(text)] == [1, 3, 4]
