"""A text that a closed gate step has left is told from every other one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.event import Act, Intended, Observed, StepClosed, StepOpened, Target
from gate.core.kept import KeptStep, Said, closed_reason, new_steps, placed
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState
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


def kept(run: str, **more: object) -> KeptStep:
    step = StepClosed(
        environment="staging", code="held", provider="gitlab", project="lab/panda", run=run, order=int(run)
    )
    return KeptStep(at=NOW - timedelta(minutes=1), step=replace(step, **more))  # type: ignore[arg-type]


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


def started_again(run: str, outcome: str = "rerun") -> tuple[Intended, Observed]:
    """Return that gate has started a whole run again, as the third and fourth entry of a ledger."""
    target = Target(provider="gitlab", instance="x", project="lab/panda", kind="run", id=run)
    before = origin_text(Origin(workflow="", order=int(run)), "gate closed")
    return Intended(action=Act.RERUN, target=target, before=before), Observed(intent=2, outcome=outcome)


@pytest.mark.parametrize(
    ("minutes", "over", "new"),
    [
        pytest.param(3, True, True, id="held back once more"),
        pytest.param(0.5, True, False, id="held back before"),
        pytest.param(3, False, False, id="it goes on, and shows what it showed before"),
    ],
)
def test_a_run_that_gate_has_started_again_may_be_held_back_once_more(
    minutes: float, over: bool, new: bool
) -> None:
    now = state(kept("7").step, *started_again("7"))
    seen = replace(kept("7"), at=NOW + timedelta(minutes=minutes), over=over)
    assert (new_steps((seen,), now) == (seen,)) is new


def test_a_start_that_came_to_nothing_makes_nothing_new() -> None:
    now = state(kept("7").step, *started_again("7", outcome="failed"))
    assert new_steps((replace(kept("7"), at=NOW + timedelta(minutes=3)),), now) == ()


def test_what_the_ledger_has_heard_of_since_is_not_new() -> None:
    now = state(kept("7").step, *started_again("7"), kept("7").step)
    assert new_steps((replace(kept("7"), at=NOW + timedelta(minutes=9)),), now) == ()


def test_a_job_that_was_started_again_makes_nothing_new_of_its_pipeline() -> None:
    job = replace(kept("7").step, run="700", run_kind="job", order=7)
    target = Target(provider="gitlab", instance="x", project="lab/panda", kind="job", id="700")
    before = origin_text(Origin(workflow="load", order=7), "gate closed")
    again = (Intended(action=Act.RERUN, target=target, before=before), Observed(intent=2, outcome="rerun"))
    assert new_steps((replace(kept("7"), at=NOW + timedelta(minutes=9)),), state(job, *again)) == ()


def test_what_a_provider_keeps_stands_behind_what_the_ledger_says_of_the_time_before() -> None:
    opened = StepOpened(environment="staging", provider="gitlab", project="lab/panda", run="6", order=6)
    now = state(opened, kept("7").step, replace(opened, run="9", ref="dev", order=9))
    assert placed(kept("8"), now).seq == 0
    assert placed(replace(kept("8"), at=NOW + timedelta(minutes=1)), now).seq == 1
    assert placed(replace(kept("8"), at=NOW + timedelta(minutes=2)), now).seq == 3
