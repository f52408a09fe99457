"""A text that a closed gate step has left is told from every other one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.event import Act, Intended, StepClosed, Target
from gate.core.kept import Said, closed_reason, new_steps
from gate.core.ledger import replay
from gate.core.ledger_state import ClosedStep, LedgerState
from gate.core.model import Code, Hold, Reading
from gate.core.origin import origin_text
from gate.core.reason import plain_description
from gate.core.verdict import held_sentence, judge
from gate.core.work import Origin
from tests.unit.core.ledgers import NOW, ledger

DARK = Reading(environment="staging", taken_at=NOW, status=200, body=b'{"prr": 0.0}')
GONE = Reading(environment="staging", taken_at=NOW, failure=Code.UNREACHABLE, detail="refused")
READY = Reading(environment="staging", taken_at=NOW, status=200, body=b'{"prr": 2000.0}')
HOLD = Hold(id="auto-staging-9", reason="not ready in 2 readings", by="recheck")


@pytest.mark.parametrize(
    ("reading", "holds", "said"),
    [
        (DARK, (), Said(environment="staging", code="waiting_for_fiber")),
        (GONE, (), Said(environment="staging", code="unknown")),
        (READY, (HOLD,), Said(environment="staging", code="held", hold="auto-staging-9")),
        (DARK, (HOLD,), Said(environment="staging", code="waiting_for_fiber", hold="auto-staging-9")),
        (READY, (), None),
    ],
    ids=["dark", "gone", "held", "dark and held", "ready"],
)
def test_what_a_gate_step_says_is_read_again(
    reading: Reading, holds: tuple[Hold, ...], said: Said | None
) -> None:
    reason = judge(reading, holds, NOW).reason
    assert closed_reason(reason) == said
    assert closed_reason(f"{reason} | fix the splice") == said


def test_a_short_description_still_names_lab_and_state() -> None:
    said = closed_reason(
        "built by noa | " + plain_description(held_sentence("staging", HOLD, NOW, ("load*",)))
    )
    assert said is not None
    assert (said.environment, said.code) == ("staging", "held")


@pytest.mark.parametrize("text", ["", "fix: held back tests", "release 1.2: ready", "deploy: on hold"])
def test_other_peoples_words_are_no_reason(text: str) -> None:
    assert closed_reason(text) is None


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    closed_reason(text)


def kept(run: str, **more: object) -> ClosedStep:
    step = StepClosed(
        environment="staging", code="held", provider="gitlab", project="lab/panda", run=run, order=int(run)
    )
    return ClosedStep(seq=0, at=NOW - timedelta(minutes=1), step=replace(step, **more))  # type: ignore[arg-type]


def state(*events: object) -> LedgerState:
    return replay(ledger(*events))  # type: ignore[arg-type]


def test_what_the_ledger_knows_is_not_new() -> None:
    assert new_steps((kept("7"), kept("8")), state(kept("7").step)) == (kept("8"),)


def test_a_pipeline_is_known_by_the_jobs_of_it() -> None:
    job = replace(kept("7").step, run="700", run_kind="job", order=7)
    assert new_steps((kept("7"),), state(job)) == ()
    target = Target(provider="gitlab", instance="x", project="lab/panda", kind="job", id="701")
    stop = Intended(
        action=Act.CANCEL, target=target, before=origin_text(Origin(workflow="load", order=8), "r")
    )
    assert new_steps((kept("8"), kept("9")), state(stop)) == (kept("9"),)
