"""What is started again once the recheck has opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gate.core.canary import STAGGER, Canary, NextRuns, Rerun, decide_canary
from gate.core.event import Act
from gate.core.ledger_state import Change
from tests.unit.core.ledgers import NOW, target


def stopped(*seqs: int) -> Sequence[Change]:
    return [
        Change(
            seq=seq,
            at=NOW,
            by="recheck",
            hold="auto-staging-3",
            action=Act.CANCEL,
            target=target(str(seq), "run"),
            before="",
            outcome="stopped",
        )
        for seq in seqs
    ]


def started(next_runs: NextRuns) -> list[int]:
    return [start.change.seq for start in next_runs.starts]


def decide(policy: Rerun, canary: Canary, changes: Sequence[Change]) -> NextRuns:
    return decide_canary(policy, changes, canary, lambda: 0.5)


def test_one_that_was_stopped_last_goes_first_and_alone() -> None:
    decided = decide(Rerun.CANARY, Canary.NOT_STARTED, stopped(4, 9, 7))
    assert started(decided) == [9]
    assert decided.why == "one goes first, 2 wait for it"


def test_while_it_is_under_way_nothing_else_starts() -> None:
    decided = decide(Rerun.CANARY, Canary.UNDER_WAY, stopped(4, 7))
    assert (started(decided), decided.close, decided.why) == ([], "", "one has gone first, 2 wait for it")


def test_when_it_has_passed_the_rest_starts_in_its_order_and_not_all_at_once() -> None:
    decided = decide(Rerun.CANARY, Canary.PASSED, stopped(4, 7, 5))
    assert started(decided) == [4, 7, 5]
    assert [start.after for start in decided.starts] == [0, STAGGER, 2 * STAGGER]


def test_when_it_has_failed_the_gate_closes_again_and_says_so() -> None:
    decided = decide(Rerun.CANARY, Canary.FAILED, stopped(4, 7))
    assert started(decided) == []
    assert decided.close == decided.why
    assert decided.close == "the run that went first has failed to configure the lab; 2 stay stopped"


@pytest.mark.parametrize("canary", Canary)
def test_none_starts_nothing_and_newest_starts_all(canary: Canary) -> None:
    assert started(decide(Rerun.NONE, canary, stopped(4, 7))) == []
    assert started(decide(Rerun.NEWEST, canary, stopped(4, 7))) == [4, 7]


@pytest.mark.parametrize("policy", Rerun)
@pytest.mark.parametrize("canary", Canary)
def test_what_was_started_again_is_never_started_twice(policy: Rerun, canary: Canary) -> None:
    again = [replace(change, undone="rerun") for change in stopped(4, 7)]
    assert started(decide(policy, canary, again)) == []
    doubtful = [replace(change, outcome="survived") for change in stopped(4)]
    assert started(decide(policy, canary, doubtful)) == []


def test_jitter_keeps_two_starts_at_least_half_a_step_apart() -> None:
    numbers = iter([0.0, 1.0, 0.25, 0.0])
    decided = decide_canary(Rerun.NEWEST, stopped(1, 2, 3, 4), Canary.PASSED, lambda: next(numbers))
    assert [start.after for start in decided.starts] == [0, 10, 40, 55]


def test_where_nothing_was_stopped_nothing_goes_first() -> None:
    assert decide(Rerun.CANARY, Canary.NOT_STARTED, []) == NextRuns(why="nothing was stopped")
