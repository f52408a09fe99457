"""What waits once the recheck has lifted its hold: what that hold held back, the newest of each, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.event import (
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Observed,
    Ownership,
    Rechecked,
    StepClosed,
)
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState, Lifted
from gate.core.model import Hold, Scope
from gate.core.recovery import ATTEMPTS, closing_again, is_free, is_starting, waiting_under
from tests.unit.core.ledgers import NOW, ledger
from tests.unit.core.rechecks import sample
from tests.unit.core.test_debt import again, closed, opened

SCOPE = Scope(environments=("staging",))
AUTO = HoldRaised(
    hold=Hold(id="auto-staging-9", reason="dark", by="recheck", scope=SCOPE), ownership=Ownership.AUTO
)
LIFT = HoldLifted(hold="auto-staging-9", ownership=Ownership.AUTO)


def tick(*, ready: bool, known: int) -> Rechecked:
    return Rechecked(samples=(sample(ready, NOW + timedelta(seconds=known), known),))


def state(*events: Event) -> LedgerState:
    return replay(ledger(*events))


def waiting(*events: Event) -> list[str]:
    now = state(*events)
    (lifted,) = now.lifted
    return [change.target.id for change in waiting_under(now, lifted)]


def held(run: int) -> StepClosed:
    return closed(run, hold="auto-staging-9", ref=f"ref{run}")


def nameless(run: int) -> StepClosed:
    return closed(run, hold="", ref=f"ref{run}")


def test_what_the_hold_held_back_waits_and_what_a_person_held_back_does_not() -> None:
    by_person = closed(8, hold="P1", ref="ref8")
    assert waiting(tick(ready=True, known=0), AUTO, held(7), by_person, LIFT) == ["7"]


def test_what_names_no_hold_waits_where_its_lab_was_not_ready_any_more() -> None:
    ready, dark = tick(ready=True, known=1), tick(ready=False, known=3)
    assert waiting(nameless(5), ready, nameless(6), dark, AUTO, nameless(7), LIFT) == ["6", "7"]


def test_of_another_lab_nothing_waits() -> None:
    elsewhere = StepClosed(environment="kefar_saba", code="held", provider="github", project="a/b", run="9")
    assert waiting(AUTO, elsewhere, LIFT) == []


def test_where_a_newer_run_has_gone_on_nothing_older_waits() -> None:
    older, newer = closed(7, hold="auto-staging-9"), opened(8)
    assert waiting(AUTO, older, newer, LIFT) == []


def test_what_waited_under_an_earlier_hold_waits_on_until_all_is_done() -> None:
    second = HoldRaised(
        hold=Hold(id="auto-staging-12", reason="dark", by="recheck", scope=SCOPE), ownership=Ownership.AUTO
    )
    lift = HoldLifted(hold="auto-staging-12", ownership=Ownership.AUTO)
    assert waiting(AUTO, held(7), LIFT, second, lift) == ["7"]


@pytest.mark.parametrize(
    ("outcomes", "left"),
    [
        (("rerun",), []),
        (("refused",), []),
        (("changed_since",), []),
        (("failed",), ["7"]),
        (("failed",) * (ATTEMPTS - 1), ["7"]),
        (("failed",) * ATTEMPTS, []),
        (("survived",), ["7"]),
        (("",), []),
    ],
    ids=[
        "started",
        "refused",
        "somebody else",
        "failed",
        "failed again",
        "failed too often",
        "never",
        "open",
    ],
)
def test_it_is_tried_again_only_where_that_can_help(outcomes: tuple[str, ...], left: list[str]) -> None:
    events: list[Event] = [AUTO, held(7), LIFT]
    for outcome in outcomes:
        intended, _ = again(7, 0)
        assert isinstance(intended, Intended)
        events.append(replace(intended, hold="auto-staging-9"))
        if outcome:
            events.append(Observed(intent=len(events), outcome=outcome))
    assert waiting(*events) == left


def tried(*outcomes: str, run: int = 7, hold: str = "auto-staging-9") -> list[Event]:
    """Return a closed gate step, and what came of each attempt to start its run again."""
    events: list[Event] = [closed(run)]
    for outcome in outcomes:
        intended, _ = again(run, 0)
        assert isinstance(intended, Intended)
        events.append(replace(intended, hold=hold))
        if outcome:
            events.append(Observed(intent=len(events), outcome=outcome))
    return events


@pytest.mark.parametrize(
    ("outcomes", "starting"),
    [
        ((), False),
        (("",), True),
        (("failed",), True),
        (("survived",), True),
        (("failed", ""), True),
        (("failed",) * (ATTEMPTS - 1), True),
        (("failed",) * ATTEMPTS, False),
        (("rerun",), False),
        (("failed", "rerun"), False),
        (("refused",), False),
        (("changed_since",), False),
    ],
    ids=[
        "nobody has started it",
        "the request has left",
        "a part is left to do",
        "it was never started",
        "it is tried again",
        "it will be tried again",
        "it is left to a person",
        "it was started",
        "it was started at last",
        "it may not be started",
        "somebody else has started it",
    ],
)
def test_gate_is_starting_a_run_until_that_stands_or_is_given_up(
    outcomes: tuple[str, ...], starting: bool
) -> None:
    assert is_starting(closed(7, attempt=2), state(*tried(*outcomes))) is starting


@pytest.mark.parametrize(
    "other",
    [
        replace(closed(7), provider="gitlab"),
        replace(closed(7), instance="https://other"),
        replace(closed(7), project="acme/fibre"),
        replace(closed(7), workflow="other.yml"),
        replace(closed(7), ref="dev"),
        replace(closed(7), order=8),
    ],
    ids=["provider", "instance", "project", "workflow", "ref", "order"],
)
def test_of_another_run_nothing_is_said(other: StepClosed) -> None:
    now = state(*tried("failed"))
    assert is_starting(replace(closed(7), run="9", commit="c" * 40), now)
    assert not is_starting(other, now)


def test_an_attempt_counts_for_what_was_held_back_before_it_and_each_hold_anew() -> None:
    assert not is_starting(closed(7), state(*tried("failed"), closed(7, attempt=2)))
    spent = [*tried(*["failed"] * ATTEMPTS), *tried("", hold="auto-staging-12")[1:]]
    assert is_starting(closed(7), state(*spent))


def lifted_in(now: LedgerState) -> Lifted:
    (lifted,) = now.lifted
    return lifted


def test_nothing_is_free_while_its_lab_is_dark_or_any_hold_stands() -> None:
    now = state(AUTO, LIFT)
    assert is_free(now, lifted_in(now), ("staging",), NOW)
    assert not is_free(now, lifted_in(now), (), NOW)
    assert not is_free(now, lifted_in(now), ("kefar_saba",), NOW)
    person = HoldRaised(hold=Hold(id="P1", reason="splice", until=NOW + timedelta(hours=1)))
    now = state(AUTO, LIFT, person)
    assert not is_free(now, lifted_in(now), ("staging",), NOW)
    assert is_free(now, lifted_in(now), ("staging",), NOW + timedelta(hours=2))


def test_it_is_closed_again_over_the_same_lab_by_a_hold_of_the_recheck() -> None:
    now = state(AUTO, LIFT)
    raised = closing_again(now, lifted_in(now), "closed again")
    assert (raised.ownership, raised.hold.scope, raised.hold.by) == (Ownership.AUTO, SCOPE, "recheck")
    assert raised.hold.id != "auto-staging-9"
    again_closed = state(AUTO, LIFT, raised)
    assert again_closed.lifted == ()
    assert again_closed.holds[0].ids == ("auto-staging-9", raised.hold.id)
