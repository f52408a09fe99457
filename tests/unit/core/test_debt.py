"""What was held back is owed until it has run, or something newer of the same workflow and ref has."""

from __future__ import annotations

import pytest

from gate.core.debt import debts
from gate.core.entry import canonical
from gate.core.event import Act, Event, Intended, Observed, StepClosed, StepOpened, Target
from gate.core.held_back import held_back
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState
from gate.core.origin import origin_text
from gate.core.work import Origin
from tests.unit.core.ledgers import ledger

WORKFLOW = ".github/workflows/lab.yml"


def closed(
    run: int, *, commit: str = "", ref: str = "main", attempt: int = 1, hold: str = "H1"
) -> StepClosed:
    return StepClosed(
        environment="staging",
        code="held",
        provider="github",
        project="acme/panda",
        run=str(run),
        workflow=WORKFLOW,
        ref=ref,
        commit=commit or f"{run:040x}",
        hold=hold,
        order=run,
        own=canonical({"attempt": attempt}),
    )


def opened(run: int, *, commit: str = "", ref: str = "main", attempt: int = 1) -> StepOpened:
    return StepOpened(
        environment="staging",
        provider="github",
        project="acme/panda",
        run=str(run),
        workflow=WORKFLOW,
        ref=ref,
        commit=commit or f"{run:040x}",
        order=run,
        own=canonical({"attempt": attempt}),
    )


def stopped(run: int, seq: int) -> tuple[Event, Event]:
    """Return that a run was stopped, where the intent becomes entry `seq`."""
    target = Target(provider="github", instance="", project="acme/panda", kind="run", id=str(run))
    origin = Origin(workflow=WORKFLOW, ref="main", commit=f"{run:040x}", order=run)
    before = origin_text(origin, "in_progress")
    return (
        Intended(action=Act.CANCEL, target=target, before=before, hold="H1"),
        Observed(intent=seq, outcome="stopped"),
    )


def again(run: int, seq: int) -> tuple[Event, Event]:
    """Return that a run was started again, where the intent becomes entry `seq`."""
    target = Target(provider="github", instance="", project="acme/panda", kind="run", id=str(run))
    return Intended(action=Act.RERUN, target=target), Observed(intent=seq, outcome="rerun", became=str(run))


def state(*events: Event) -> LedgerState:
    return replay(ledger(*events))


def owed(*events: Event, ref: str = "") -> list[str]:
    return [debt.runs[-1] for debt in debts(held_back(state(*events)), ref) if not debt.newer]


def test_a_commit_whose_gate_step_closed_is_owed_with_all_that_is_known_of_it() -> None:
    (debt,) = debts(held_back(state(closed(7))))
    assert (debt.provider, debt.project, debt.workflow) == ("github", "acme/panda", WORKFLOW)
    assert (debt.ref, debt.commit, debt.runs, debt.why) == ("main", f"{7:040x}", ("7",), "H1")


def test_without_a_hold_the_verdict_is_named() -> None:
    (debt,) = debts(held_back(state(closed(7, hold=""))))
    assert debt.why == "held"


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([closed(7)], ["7"]),
        ([*stopped(7, 1)], ["7"]),
        ([closed(7), opened(7, attempt=2)], []),
        ([closed(7), opened(7, attempt=1)], ["7"]),
        ([closed(7), opened(8, commit=f"{7:040x}")], []),
        ([closed(7), opened(8)], []),
        ([closed(7), opened(8, ref="dev")], ["7"]),
        ([opened(7), closed(7, attempt=2)], ["7"]),
        ([closed(7), *again(7, 2)], []),
        ([closed(7), *again(7, 2), closed(7, attempt=2)], ["7"]),
        ([*stopped(7, 1), *again(7, 3)], []),
        ([*stopped(7, 1), opened(7, attempt=2)], []),
        ([closed(7), closed(8), *again(8, 3)], []),
        ([closed(7), closed(8), *again(7, 3)], ["8"]),
        ([*stopped(7, 1), closed(7)], ["7"]),
    ],
    ids=[
        "a gate step closed",
        "a sweep stopped it",
        "its run went on in the next attempt",
        "another job of the same attempt went on",
        "its commit ran in another run",
        "a newer commit ran",
        "another ref ran",
        "it was closed after it had run",
        "it was started again",
        "it was started again and closed again",
        "what was stopped was started again",
        "what was stopped went on by hand",
        "the newer one of two was started again",
        "the older one of two was started again",
        "stopped and closed is owed once",
    ],
)
def test_what_has_run_since_is_owed_no_more(events: list[Event], left: list[str]) -> None:
    assert owed(*events) == left


def test_what_a_newer_commit_replaces_is_still_listed_with_that_commit() -> None:
    (debt,) = debts(held_back(state(closed(7), opened(8))))
    assert debt.newer == f"{8:040x}"


@pytest.mark.parametrize(
    ("ref", "left"),
    [
        ("main", ["7"]),
        ("refs/heads/main", ["7"]),
        ("dev", ["8"]),
        ("abc1234", ["8"]),
        ("abc123", []),
        ("mai", []),
    ],
)
def test_a_ref_is_a_branch_a_tag_or_the_beginning_of_a_commit(ref: str, left: list[str]) -> None:
    commit = "abc1234" + "0" * 33
    assert owed(closed(7), closed(8, ref="dev", commit=commit), ref=ref) == left


def test_runs_of_one_commit_are_one_debt() -> None:
    (debt,) = debts(held_back(state(closed(7, commit="c" * 40), closed(8, commit="c" * 40))))
    assert debt.runs == ("7", "8")


def test_runs_whose_commit_is_not_known_are_debts_of_their_own() -> None:
    steps = [
        StepClosed(environment="e", code="held", provider="jenkins", project="lab/load", run=str(number))
        for number in (3, 4)
    ]
    assert [debt.runs for debt in debts(held_back(state(*steps)))] == [("3",), ("4",)]
