"""What is true after what the ledger tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry import Entry
from gate.core.event import (
    Act,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Observed,
    Ownership,
    ReadingChanged,
    Rechecked,
    StepClosed,
)
from gate.core.ledger import replay
from gate.core.ledger_state import DONE, LedgerState
from gate.core.model import Hold, Scope
from tests.unit.core.ledgers import NOW, chains, ledger, target

HOLD = Hold(id="H1", reason="splice at km 12", by="dana", category="maintenance")
RAISED = HoldRaised(hold=HOLD)
SUSPEND = Intended(action=Act.SUSPEND, target=target(), before="active", after="off", hold="H1")
AGAIN = Intended(action=Act.SUSPEND, target=target(), before="off", after="off", hold="H2")
RESTORE = Intended(action=Act.RESTORE, target=target(), before="off", after="active")


@given(chains(), st.data())
def test_replay_is_a_fold(entries: Sequence[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    start = replay(entries[:cut])
    kept = repr(start)
    assert replay(entries[cut:], start) == replay(entries)
    assert repr(start) == kept
    folded = LedgerState()
    for entry in entries:
        folded = replay([entry], folded)
    assert folded == replay(entries)


def test_nothing_told_is_nothing_true() -> None:
    assert replay([]) == LedgerState()


def test_a_hold_stands_with_who_why_and_whose_until_it_is_lifted() -> None:
    (standing,) = replay(ledger(RAISED)).holds
    assert (standing.hold, standing.ownership, standing.by) == (HOLD, Ownership.MANUAL, "dana")
    assert (standing.seq, standing.at) == (1, NOW)
    assert replay(ledger(RAISED, HoldLifted(hold="H1"))).holds == ()


def test_several_holds_stand_side_by_side() -> None:
    auto = HoldRaised(hold=Hold(id="A1", reason="no fiber"), ownership=Ownership.AUTO)
    lift = HoldLifted(hold="A1", ownership=Ownership.AUTO)
    assert [standing.hold.id for standing in replay(ledger(RAISED, auto)).holds] == ["H1", "A1"]
    assert [standing.hold.id for standing in replay(ledger(RAISED, auto, lift)).holds] == ["H1"]


def test_a_person_may_change_and_lift_any_hold() -> None:
    shorter = HoldRaised(hold=Hold(id="H1", reason="half as long", until=NOW))
    assert replay(ledger(RAISED, shorter)).holds[0].hold == shorter.hold
    auto = HoldRaised(hold=Hold(id="A1", reason="no fiber"), ownership=Ownership.AUTO)
    assert replay(ledger(auto, HoldLifted(hold="A1"))).holds == ()


@pytest.mark.parametrize(
    "act",
    [
        HoldLifted(hold="H1", ownership=Ownership.AUTO),
        HoldRaised(hold=Hold(id="H1", reason="mine now", until=NOW), ownership=Ownership.AUTO),
    ],
    ids=["lift", "replace"],
)
def test_the_recheck_cannot_touch_a_persons_hold(act: HoldLifted | HoldRaised) -> None:
    assert replay(ledger(RAISED, act)).holds == replay(ledger(RAISED)).holds


def test_the_recheck_may_clear_a_persons_hold_away_once_it_has_expired() -> None:
    lift = HoldLifted(hold="H1", ownership=Ownership.AUTO, reason="expired")
    over = HoldRaised(hold=Hold(id="H1", reason="x", until=NOW + timedelta(minutes=1)))
    later = HoldRaised(hold=Hold(id="H1", reason="x", until=NOW + timedelta(minutes=2)))
    assert replay(ledger(over, lift)).holds == ()
    assert len(replay(ledger(later, lift)).holds) == 1


def test_what_a_person_did_last_is_known_for_each_environment() -> None:
    one = HoldRaised(hold=Hold(id="S", reason="x", scope=Scope(environments=("stag*",))))
    auto = HoldRaised(hold=Hold(id="A", reason="x"), ownership=Ownership.AUTO)
    state = replay(ledger(one, HoldLifted(hold="S"), auto, HoldLifted(hold="A", ownership=Ownership.AUTO)))
    act = state.last_person_act("staging")
    assert act is not None
    assert (act.seq, act.by, act.at) == (2, "dana", NOW + timedelta(minutes=1))
    assert state.last_person_act("kefar_saba") is None
    everywhere = replay(ledger(one, RAISED)).last_person_act("kefar_saba")
    assert everywhere is not None
    assert everywhere.seq == 2


def test_an_intent_without_outcome_is_unfinished() -> None:
    (change,) = replay(ledger(SUSPEND)).unfinished
    assert (change.seq, change.before, change.after, change.hold) == (1, "active", "off", "H1")
    assert replay(ledger(SUSPEND, Observed(intent=1, outcome="refused"))).unfinished == ()


@pytest.mark.parametrize("act", Act)
def test_what_is_seen_to_be_done_stands(act: Act) -> None:
    intent = Intended(action=act, target=target(), before="b", after="a")
    state = replay(ledger(intent, Observed(intent=1, outcome=DONE[act], detail="d", became="9")))
    (change,) = state.standing(act)
    assert (change.before, change.after, change.detail, change.became) == ("b", "a", "d", "9")
    for outcome in ("refused", "survived", "failed", "already_finished", "another word"):
        assert replay(ledger(intent, Observed(intent=1, outcome=outcome))).standing(act) == ()


@pytest.mark.parametrize(
    ("act", "undo"), [(Act.SUSPEND, Act.RESTORE), (Act.CANCEL, Act.RERUN), (Act.HOLD, Act.LIFT)]
)
def test_what_is_undone_stands_no_more(act: Act, undo: Act) -> None:
    done = (Intended(action=act, target=target()), Observed(intent=1, outcome=DONE[act]))
    undone = (*done, Intended(action=undo, target=target()), Observed(intent=3, outcome=DONE[undo]))
    state = replay(ledger(*undone))
    assert state.standing(act) == ()
    assert [change.undone for change in state.changes] == [DONE[undo], ""]
    assert len(state.standing(undo)) == 1


@pytest.mark.parametrize(("outcome", "stands"), [("changed_since", 0), ("refused", 1), ("failed", 1)])
def test_what_could_not_be_restored_stays_ours_unless_it_has_changed_since(outcome: str, stands: int) -> None:
    entries = ledger(
        SUSPEND, Observed(intent=1, outcome="suspended"), RESTORE, Observed(intent=3, outcome=outcome)
    )
    assert len(replay(entries).standing(Act.SUSPEND)) == stands


def test_another_target_of_the_same_name_elsewhere_is_not_restored() -> None:
    other = Intended(action=Act.RESTORE, target=target("weekly"))
    entries = ledger(
        SUSPEND, Observed(intent=1, outcome="suspended"), other, Observed(intent=3, outcome="restored")
    )
    assert len(replay(entries).standing(Act.SUSPEND)) == 1


@pytest.mark.parametrize("settled", [True, False], ids=["after an outcome", "after a crash"])
def test_our_own_doing_is_never_the_state_before(settled: bool) -> None:
    first: list[Event] = [SUSPEND, Observed(intent=1, outcome="suspended")] if settled else [SUSPEND]
    state = replay(ledger(*first, AGAIN, Observed(intent=len(first) + 1, outcome="suspended")))
    (change,) = state.standing(Act.SUSPEND)
    assert (change.before, change.hold, state.unfinished) == ("active", "H2", ())
    assert state.changes[0].undone == "superseded"


def test_a_second_attempt_that_is_refused_leaves_the_first_standing() -> None:
    entries = ledger(
        SUSPEND, Observed(intent=1, outcome="suspended"), AGAIN, Observed(intent=3, outcome="refused")
    )
    assert [change.seq for change in replay(entries).standing(Act.SUSPEND)] == [1]


def test_what_a_third_party_changed_in_between_is_the_state_before() -> None:
    theirs = Intended(action=Act.HOLD, target=target("GATE_HOLD", "hold"), before="theirs", after="ours 2")
    ours = Intended(action=Act.HOLD, target=target("GATE_HOLD", "hold"), before="", after="ours 1")
    entries = ledger(ours, Observed(intent=1, outcome="held"), theirs, Observed(intent=3, outcome="held"))
    (change,) = replay(entries).standing(Act.HOLD)
    assert (change.before, change.after) == ("theirs", "ours 2")


def test_after_a_restore_a_new_pause_starts_afresh() -> None:
    entries = ledger(
        SUSPEND,
        Observed(intent=1, outcome="suspended"),
        RESTORE,
        Observed(intent=3, outcome="restored"),
        AGAIN,
        Observed(intent=5, outcome="suspended"),
    )
    (change,) = replay(entries).standing(Act.SUSPEND)
    assert (change.seq, change.before) == (5, "off")


def test_two_that_suspend_the_same_at_once_leave_one_change_to_restore() -> None:
    entries = ledger(
        SUSPEND, AGAIN, Observed(intent=2, outcome="suspended"), Observed(intent=1, outcome="suspended")
    )
    (change,) = replay(entries).standing(Act.SUSPEND)
    assert change.before == "active"


def test_the_last_that_was_observed_counts() -> None:
    cancel = Intended(action=Act.CANCEL, target=target("7", "run"))
    entries = ledger(cancel, Observed(intent=1, outcome="survived"), Observed(intent=1, outcome="stopped"))
    assert [change.outcome for change in replay(entries).standing(Act.CANCEL)] == ["stopped"]


def test_an_outcome_of_nothing_is_passed_over() -> None:
    assert replay(ledger(Observed(intent=9, outcome="stopped"))).changes == ()


def test_the_last_reading_of_each_lab_is_known() -> None:
    dark = ReadingChanged(
        environment="staging", state="waiting_for_fiber", code="waiting_for_fiber", taken_at=NOW
    )
    ready = ReadingChanged(environment="staging", state="ready", code="ready", taken_at=NOW)
    other = ReadingChanged(environment="kefar_saba", state="ready", code="ready", taken_at=NOW)
    state = replay(ledger(dark, other, ready))
    assert {seen.reading.environment: seen.reading.code for seen in state.readings} == {
        "staging": "ready",
        "kefar_saba": "ready",
    }
    assert [seen.seq for seen in state.readings] == [3, 2]


def test_the_last_recheck_is_known_and_a_late_clock_does_not_turn_it_back() -> None:
    entries = ledger(Rechecked(), Rechecked())
    assert replay([]).rechecked_at is None
    assert replay(entries).rechecked_at == NOW + timedelta(minutes=1)
    assert replay([entries[1], entries[0]]).rechecked_at == NOW + timedelta(minutes=1)


def test_each_run_that_was_held_back_is_known_once() -> None:
    step = StepClosed(
        environment="staging", code="held", provider="github", project="a/b", run="7", hold="H1"
    )
    (closed,) = replay(ledger(step, step)).closed_steps
    assert (closed.seq, closed.step) == (2, step)
