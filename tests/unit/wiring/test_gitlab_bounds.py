"""Are GitLab files read in time that grows with their length, whatever they hold?"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from gate.wiring import gitlab
from gate.wiring.records import Refused, WireOptions
from tests.unit.wiring.gitlab_corpus import PROTECT, source, unwired, wired

JOB = "load-{0}:\n  stage: test\n  before_script:\n    - echo before\n  script:\n    - echo {0}\n"


def _seconds(text: str) -> float:
    started = time.process_time()
    gitlab.lint(source(text), PROTECT)
    return time.process_time() - started


def test_lint_takes_time_that_grows_linearly() -> None:
    small, large = ("".join(JOB.format(number) for number in range(count)) for count in (200, 1600))
    _seconds(small)
    assert min(_seconds(large) for _ in range(3)) < 24 * max(min(_seconds(small) for _ in range(3)), 0.005)


def test_a_file_of_a_thousand_protected_jobs_is_wired_and_undone() -> None:
    text = "".join(JOB.format(number) for number in range(1000))
    started = time.process_time()
    assert unwired(wired(text)) == text
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            )
            + "load:\n  script: *i\n",
            id="a-bomb-of-aliases",
        ),
        pytest.param(
            "".join(
                f".r{number}:\n  script: [{', '.join([f'!reference [.r{number + 1}, script]'] * 50)}]\n"
                for number in range(9)
            )
            + ".r9:\n  script: []\nload:\n  script: !reference [.r0, script]\n",
            id="a-bomb-of-references",
        ),
        pytest.param(
            "load:\n  extends: .e0\n"
            + "".join(f".e{number}: {{extends: .e{number + 1}}}\n" for number in range(3000)),
            id="a-chain-of-extends",
        ),
        pytest.param(
            "load:\n  extends: [.e0]\n  script: [x]\n"
            + "".join(
                f".e{n}: {{extends: [{', '.join(f'.e{m}' for m in range(n + 1, n + 9))}]}}\n"
                for n in range(200)
            ),
            id="a-net-of-extends",
        ),
        pytest.param(
            "load:\n  extends: .a\n  script: [x]\n.a: {extends: .b}\n.b: {extends: .a}\n", id="a-circle"
        ),
        pytest.param("load:\n  extends: load\n  script: !reference [load, script]\n", id="itself"),
        pytest.param("load: " + "[" * 5000, id="deep-lists"),
        pytest.param("load:\n  script: " + "{a: " * 5000, id="deep-maps"),
        pytest.param("load:\n  script: ['" + "gate " * 200_000 + "']\n", id="a-long-line"),
        pytest.param("load:\n  script: [gate guard -- '" + "(|& " * 200_000 + "']\n", id="a-line-of-signs"),
        pytest.param("#" * 3_000_000, id="too-long"),
    ],
)
def test_nothing_hangs_or_grows_without_end(text: str) -> None:
    started = time.process_time()
    for verb in (lambda: wired(text), lambda: gitlab.lint(source(text), PROTECT), lambda: unwired(text)):
        with suppress(Refused):
            verb()
    assert time.process_time() - started < 8


def test_wiring_tells_the_time_of_no_one() -> None:
    text = "".join(JOB.format(number) for number in range(3))
    first = gitlab.wire(source(text), PROTECT, WireOptions())
    assert gitlab.wire(source(text), PROTECT, WireOptions()) == first
