"""What does wiring a GitLab file refuse, and does it name the line and the reason?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.wiring import gitlab
from gate.wiring.records import Refused, Unreadable, WireOptions
from tests.unit.wiring.gitlab_corpus import PROTECT, source

REFUSED = [
    pytest.param("load:\n  trigger: acme/lab\n", 2, "another project's pipeline", id="trigger-project"),
    pytest.param(
        "load:\n  trigger: {project: acme/lab, strategy: depend}\n", 2, "another project's", id="trigger-map"
    ),
    pytest.param(
        "load:\n  trigger:\n    include: [{local: a.yml}, {local: b.yml}]\n", 2, "one file", id="trigger-two"
    ),
    pytest.param(
        "load:\n  trigger: {include: [{local: a.yml, inputs: {x: y}}]}\n", 2, "inputs", id="trigger-inputs"
    ),
    pytest.param("load:\n  trigger: {include: ci/$LAB.yml}\n", 2, "variables", id="trigger-variable"),
    pytest.param(
        "load:\n  trigger: {include: [{artifact: a.yml, job: make}]}\n", 2, "stand in", id="trigger-artifact"
    ),
    pytest.param(
        ".t:\n  trigger: {include: a.yml}\nload:\n  extends: .t\n", 3, "not its own", id="trigger-inherited"
    ),
    pytest.param(
        ".n: {needs: [unit]}\nload:\n  extends: .n\n  trigger: {include: a.yml}\n",
        2,
        "needs of",
        id="needs-inherited",
    ),
    pytest.param("load:\n  run:\n    - name: a\n      script: echo\n", 1, "steps", id="run"),
    pytest.param("load:\n  tags: [saas-windows-medium-amd64]\n  script: [dir]\n", 2, "Windows", id="tags"),
    pytest.param(
        "load:\n  image: mcr.microsoft.com/windows/nanoserver:ltsc2022\n  script: [dir]\n",
        2,
        "shell: powershell",
        id="image",
    ),
    pytest.param(
        "load: &l\n  script: [echo one]\nunit:\n  <<: *l\n", 1, "takes keys from", id="leak-by-merge"
    ),
    pytest.param(
        "load:\n  script: [echo one]\nunit:\n  extends: load\n", 1, "hidden job", id="leak-by-extends"
    ),
    pytest.param(
        "load:\n  script: [echo one]\n.x: {extends: load}\nunit:\n  extends: .x\n", 1, '"unit"', id="leak-far"
    ),
    pytest.param(
        "load:\n  script: [echo one]\nunit:\n  script: [!reference [load, script]]\n",
        1,
        "takes keys",
        id="leak-by-reference",
    ),
    pytest.param("load: &l\n  script: [echo one]\nunit: *l\n", 1, "takes keys", id="leak-by-alias"),
    pytest.param(
        "load:\n  before_script: &b\n  - echo before\n  script: [x]\nunit:\n  script: *b\n",
        2,
        "indent its items",
        id="shared-compact-list",
    ),
    pytest.param(
        "load:\n  extends: &e [.a]\n  script: [x]\nunit:\n  extends: *e\n  script: [y]\n.a: {tags: []}\n",
        2,
        "share this list",
        id="shared-extends",
    ),
    pytest.param(
        'load:\n  script: [x]\n  rules:\n    - if: $GATE_OPEN == "true"\n',
        4,
        "no job has run",
        id="rules-on-answer",
    ),
    pytest.param(
        "variables:\n  GATE_OPEN: 'true'\nload:\n  script: [x]\n",
        2,
        "whatever the gate",
        id="answer-variable",
    ),
    pytest.param(
        "load:\n  script: [x]\n  after_script:\n    - ./configure.sh --reset\n",
        4,
        "move that line",
        id="after-script",
    ),
    pytest.param(
        "include: {local: t/fiber-gate.yml, inputs: {child: ci/lab.yml}}\n"
        "load:\n  script: [x]\nboth:\n  trigger: {include: ci/lab.yml}\n",
        5,
        "started here",
        id="child-started-twice",
    ),
    pytest.param(
        ".j: {load: {script: [x]}}\nload: !reference [.j, load]\n", 2, "cannot be read", id="job-by-reference"
    ),
    pytest.param(
        ".j: &j\n  load:\n    script: [x]\n<<: *j\n", 1, "cannot be wired safely", id="jobs-by-merge-key"
    ),
    pytest.param(
        "load:\n  stage: .pre\n  trigger: {include: a.yml}\n", 1, "needs of", id="trigger-beside-the-gate"
    ),
    pytest.param("? load\n: {script: [x]}\n", 1, "", id="question-mark"),
    pytest.param(
        ".i: &i [a.yml]\ninclude: *i\nload:\n  script: [x]\n", 2, "shared by an anchor", id="include-alias"
    ),
]
UNREADABLE = [
    pytest.param("load: [\n", 2, "not YAML", id="not-yaml"),
    pytest.param("load:\n\tscript: x\n", 2, "not YAML", id="tab"),
    pytest.param("load:\n  script: [x]\nload:\n  script: [y]\n", 3, "given twice", id="job-twice"),
    pytest.param("load:\n  stage: a\n  script: [x]\n  stage: b\n", 4, "given twice", id="key-twice"),
    pytest.param("load:\n  script: *nowhere\n", 2, "no anchor", id="unknown-alias"),
    pytest.param("load: \x00\n", 1, "U+0000", id="binary"),
]
NO_PIPELINE = [
    pytest.param("a: {script: x}\n---\nload: {script: y}\n", 2, "second document", id="two-documents"),
    pytest.param(
        "spec: {}\n---\na: {script: x}\n---\nb: {script: y}\n", 4, "second document", id="three-documents"
    ),
    pytest.param("", 1, "no pipeline", id="empty"),
    pytest.param("# nothing\n", 1, "no pipeline", id="comment-only"),
    pytest.param("- a\n- b\n", 1, "no GitLab pipeline", id="list"),
    pytest.param("load\n", 1, "no GitLab pipeline", id="text"),
]
VERBS: dict[str, Callable[[str], object]] = {
    "wire": lambda text: gitlab.wire(source(text), PROTECT, WireOptions()),
    "lint": lambda text: gitlab.lint(source(text), PROTECT),
    "unwire": lambda text: gitlab.unwire(source(text)),
}


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_its_line_and_a_reason(
    text: str, line: int, reason: str
) -> None:
    with pytest.raises(Refused) as caught:
        gitlab.wire(source(text), PROTECT, WireOptions())
    assert not isinstance(caught.value, Unreadable)
    assert caught.value.place.line == line
    assert reason in caught.value.reason
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize(("text", "line", "reason"), UNREADABLE)
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_yaml_is_unreadable_to_every_verb(verb: str, text: str, line: int, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        VERBS[verb](text)
    assert caught.value.place.line == line
    assert reason in caught.value.reason


@pytest.mark.parametrize(("text", "line", "reason"), NO_PIPELINE)
@pytest.mark.parametrize("verb", ["wire", "lint"])
def test_what_is_no_pipeline_is_unreadable(verb: str, text: str, line: int, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        VERBS[verb](text)
    assert caught.value.place.line == line
    assert reason in caught.value.reason
