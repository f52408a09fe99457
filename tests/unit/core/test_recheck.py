"""What one tick of the recheck decides, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.event import (
    Event,
    HoldLifted,
    HoldRaised,
    Ownership,
    ReadingChanged,
    Rechecked,
)
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold, Scope, State, Verdict
from gate.core.recheck import Recheck, decide_recheck
from gate.core.steadiness import Steadiness
from tests.unit.core.rechecks import DAY, MINUTE, START, appended, sample, scoped, verdict

POLICY = Steadiness()
MANUAL = Hold(id="H1", reason="splice", by="dana")


def at(minute: float) -> timedelta:
    return minute * MINUTE


class Ledger:
    """A ledger that ticks and people write to, by the minute."""

    def __init__(self) -> None:
        self.state = LedgerState()

    def tick(self, minute: float, ready: bool, *, known: int | None = None, late: float = 0) -> Recheck:
        """Decide and append; what was read `late` minutes before knew the ledger up to `known`."""
        decided = self.decide(minute, [verdict(ready, START + at(minute - late))], known=known)
        self.say(minute, *decided.events, by="recheck")
        return decided

    def decide(self, minute: float, verdicts: Iterable[Verdict], *, known: int | None = None) -> Recheck:
        known = self.state.head.seq if known is None else known
        now = START + at(minute)
        return decide_recheck(self.state, tuple(verdicts), known=known, steadiness=POLICY, now=now)

    def say(self, minute: float, *events: Event, by: str = "dana") -> None:
        self.state = appended(self.state, events, START + at(minute), by)

    def ticks(self, said: str, start: float = 0) -> list[str]:
        """Tick once a minute, ``R`` ready or ``D`` not; return why, without the lab's name."""
        return [
            self.tick(start + minute, letter == "R").checked[0].why.removeprefix("staging: ")
            for minute, letter in enumerate(said)
        ]


def holds(ledger: Ledger) -> list[str]:
    return [standing.hold.id for standing in ledger.state.holds]


def closed() -> Ledger:
    """A ledger with a hold of the recheck, raised in minute 1."""
    ledger = Ledger()
    ledger.ticks("DD")
    assert len(ledger.state.holds) == 1
    return ledger


def test_a_whole_outage_is_told_in_one_sentence_a_tick() -> None:
    assert Ledger().ticks("RDDRDRRRR") == [
        "ready",
        "not ready (waiting_for_fiber) in 1 of 2 readings",
        "closed, not ready in 2 readings in a row since 13:21Z (waiting_for_fiber)",
        "held, 1 of 3 ready readings, 0s of 1m00s",
        "held, not ready (waiting_for_fiber)",
        "held, 1 of 3 ready readings, 0s of 1m00s",
        "held, 2 of 3 ready readings, 1m00s of 1m00s",
        "opened, 3 ready readings in a row over 2m00s",
        "ready",
    ]


def test_a_hold_of_the_recheck_says_why_whose_it_is_and_for_which_lab() -> None:
    (standing,) = closed().state.holds
    assert standing.ownership is Ownership.AUTO
    assert standing.hold.reason == "not ready in 2 readings in a row since 13:20Z (waiting_for_fiber)"
    assert (standing.hold.by, standing.hold.category) == ("recheck", "fiber")
    assert standing.hold.scope == scoped("staging")
    assert standing.hold.until is None


def test_a_tick_notes_what_it_read_a_change_once_and_itself_always() -> None:
    ledger = Ledger()
    first, second, third = (ledger.tick(minute, ready) for minute, ready in enumerate([True, True, False]))
    kinds = [[type(event) for event in decided.events] for decided in (first, second, third)]
    assert kinds == [[ReadingChanged, Rechecked], [Rechecked], [ReadingChanged, Rechecked]]
    (rechecked,) = second.events
    assert rechecked == Rechecked(samples=(sample(True, START + MINUTE, known=2),))
    assert ledger.state.rechecked_at == START + 2 * MINUTE
    assert [seen.reading.code for seen in ledger.state.readings] == ["waiting_for_fiber"]


def test_what_is_decided_is_decided_again_the_same() -> None:
    ledger = closed()
    verdicts = [verdict(True, START + at(2))]
    assert ledger.decide(2, verdicts) == ledger.decide(2, verdicts)


def test_the_same_reading_appended_twice_counts_once() -> None:
    """As after an answer of the back end that was lost on its way."""
    ledger = closed()
    for _ in range(3):
        decided = ledger.tick(2, True)
    assert decided.checked[0].why == "staging: held, 1 of 3 ready readings, 0s of 1m00s"
    assert ledger.ticks("RR", start=3)[-1] == "opened, 3 ready readings in a row over 2m00s"


@pytest.mark.parametrize("until", [None, 600], ids=["for good", "with an end"])
def test_a_persons_hold_is_left_alone_whatever_the_lab_does(until: float | None) -> None:
    ledger = closed()
    hold = replace(MANUAL, until=START + at(until) if until else None)
    ledger.say(2, HoldRaised(hold=hold))
    before = [standing for standing in ledger.state.holds if standing.hold.id == "H1"]
    said = ledger.ticks("RRRRDDDD", start=3)
    end = " until 23:20Z" if until else ""
    assert set(said) == {f"held by dana{end} (hold H1), which the recheck does not touch"}
    assert [standing for standing in ledger.state.holds if standing.hold.id == "H1"] == before
    assert len(ledger.state.holds) == 2


def test_beside_a_persons_hold_none_is_raised() -> None:
    ledger = Ledger()
    ledger.say(0, HoldRaised(hold=MANUAL))
    ledger.ticks("DDDD", start=1)
    assert holds(ledger) == ["H1"]


@pytest.mark.parametrize(
    "scope",
    [Scope(projects=("acme/panda",)), Scope(providers=("github",)), scoped("kefar_saba")],
    ids=["one project", "one provider", "another lab"],
)
def test_a_hold_that_leaves_runs_open_is_in_nobodys_way(scope: Scope) -> None:
    ledger = Ledger()
    ledger.say(0, HoldRaised(hold=replace(MANUAL, scope=scope)))
    assert ledger.ticks("DD", start=1)[-1].startswith("closed, ")
    (ours,) = set(holds(ledger)) - {"H1"}
    ledger.ticks("RR", start=3)
    assert ledger.tick(5, True).lifted == (ours,)
    assert ledger.tick(6, True).lifted == ()
    assert holds(ledger) == ["H1"]


def test_an_expired_hold_is_in_nobodys_way() -> None:
    ledger = Ledger()
    ledger.say(0, HoldRaised(hold=replace(MANUAL, until=START + at(2))))
    said = ledger.ticks("DDDD", start=1)
    assert said[0] == "held by dana until 13:22Z (hold H1), which the recheck does not touch"
    assert said[1].startswith("closed, ")
    assert said[2:] == ["held, not ready (waiting_for_fiber)"] * 2


def test_after_a_persons_lift_only_what_came_later_closes_again() -> None:
    ledger = closed()
    (hold,) = holds(ledger)
    ledger.ticks("DDD", start=2)
    ledger.say(5, HoldLifted(hold=hold))
    assert ledger.ticks("DD", start=6) == [
        "not ready (waiting_for_fiber) in 1 of 2 readings",
        "closed, not ready in 2 readings in a row since 13:26Z (waiting_for_fiber)",
    ]


def test_after_a_persons_act_only_what_came_later_opens() -> None:
    ledger = closed()
    ledger.ticks("RR", start=2)
    ledger.say(4, HoldRaised(hold=MANUAL), HoldLifted(hold="H1"))
    assert [words[:4] for words in ledger.ticks("RRR", start=5)] == ["held", "held", "open"]


def test_a_person_who_acts_while_the_lab_is_asked_makes_the_reading_count_for_nothing() -> None:
    """By the order of the ledger: here the clocks would let it pass."""
    ledger = closed()
    ledger.ticks("RR", start=2)
    known = ledger.state.head.seq
    ledger.say(3.5, HoldRaised(hold=MANUAL), HoldLifted(hold="H1"))
    assert ledger.tick(4, True, known=known).lifted == ()
    said = ledger.ticks("RRR", start=5)
    assert said[:2] == [
        "held, 1 of 3 ready readings, 0s of 1m00s",
        "held, 2 of 3 ready readings, 1m00s of 1m00s",
    ]
    assert said[2].startswith("opened")


def test_a_reading_that_was_shared_and_is_older_than_the_act_counts_for_nothing() -> None:
    ledger = closed()
    ledger.say(2, HoldRaised(hold=MANUAL), HoldLifted(hold="H1"))
    assert ledger.tick(2.05, True, late=0.1).checked[0].why.endswith("0 of 3 ready readings, 0s of 1m00s")


def test_what_a_late_tick_read_long_ago_opens_nothing() -> None:
    ledger = closed()
    ledger.ticks("RR", start=2)
    assert ledger.tick(6.5, True, late=2.5).lifted == ()
    assert ledger.tick(7, True).lifted != ()


def test_what_was_read_before_a_hold_began_does_not_lift_it() -> None:
    """As where the run that went first has failed, and the lab says that it is ready."""
    ledger = Ledger()
    ledger.ticks("RRRR")
    hold = Hold(id="A", reason="the run that went first has failed", scope=scoped("staging"))
    ledger.say(3.5, HoldRaised(hold=hold, ownership=Ownership.AUTO))
    assert [words[:4] for words in ledger.ticks("RRR", start=4)] == ["held", "held", "open"]


def test_once_a_persons_hold_has_expired_it_takes_a_reading_of_now_to_open() -> None:
    ledger = closed()
    ledger.say(2, HoldRaised(hold=replace(MANUAL, until=START + at(8))))
    ledger.ticks("RRRR", start=3)
    assert ledger.tick(8.5, True, late=1.9).lifted != ()  # not older than what was read before
    ledger = closed()
    ledger.say(2, HoldRaised(hold=replace(MANUAL, until=START + at(7))))
    ledger.ticks("RRRR", start=3)
    assert ledger.tick(7.5, True, late=1.6).lifted == ()
    assert ledger.tick(8, True).lifted != ()


def test_a_late_tick_with_old_news_changes_nothing() -> None:
    ledger = Ledger()
    known = ledger.state.head.seq
    ledger.tick(2, False)
    late = ledger.tick(3, True, late=2, known=known)
    assert [type(event) for event in late.events] == [Rechecked]
    assert [seen.reading.code for seen in ledger.state.readings] == ["waiting_for_fiber"]
    assert ledger.tick(4, False).raised != ()


@pytest.mark.parametrize("step", [DAY, -DAY], ids=["ahead", "behind"])
def test_one_tick_with_a_stepped_clock_neither_opens_nor_keeps_closed(step: timedelta) -> None:
    ledger = closed()
    ledger.ticks("R", start=2)
    minutes = step / MINUTE
    assert ledger.tick(3 + minutes, True).lifted == ()
    said = ledger.ticks("RR", start=4)
    assert said[1].startswith("opened, 3 ready readings in a row over 3m00s")


@pytest.mark.parametrize("step", [DAY, -DAY], ids=["ahead", "behind"])
def test_a_hold_that_began_by_a_stepped_clock_is_lifted_all_the_same(step: timedelta) -> None:
    ledger = Ledger()
    ledger.ticks("DD", start=step / MINUTE)
    assert len(ledger.state.holds) == 1
    assert ledger.ticks("RRR", start=2)[-1].startswith("opened")


def test_an_end_is_believed_when_two_ticks_agree_on_it() -> None:
    """A single clock that is a day ahead must not put back what a person's hold suspends."""
    ledger = Ledger()
    ledger.say(0, HoldRaised(hold=replace(MANUAL, until=START + at(60))))
    assert ledger.tick(1, True).ended == ()
    assert ledger.tick(61, True).ended == ()
    assert ledger.tick(62, True).ended == ("H1",)
    early = Ledger()
    early.say(0, HoldRaised(hold=replace(MANUAL, until=START + at(60))))
    early.tick(1, True)
    assert early.tick(1441, True).ended == ()
    assert early.tick(2, True).ended == ()


def test_flapping_closes_stays_closed_and_backs_off() -> None:
    ledger = Ledger()
    said = ledger.ticks("DRDRDRD")
    assert said[4:] == [
        "not ready (waiting_for_fiber) in 1 of 2 readings",
        "ready",
        "closed, flapping (6 changes in 1h00m), not ready in 1 reading since 13:26Z (waiting_for_fiber)",
    ]
    said = ledger.ticks("R" * 64, start=7)
    assert said[3] == "held, flapping (7 changes in 1h00m), 4 of 3 ready readings, 3m00s of 1h00m"
    assert next(n for n, words in enumerate(said) if words.startswith("opened")) == 54
    assert "over 54m00s" in said[54]  # by then one change is out of the hour, and 30 minutes are enough


def test_labs_are_decided_apart() -> None:
    ledger = Ledger()
    for minute in range(2):
        both = [verdict(False, START + at(minute)), verdict(True, START + at(minute), "kefar_saba")]
        decided = ledger.decide(minute, both)
        ledger.say(minute, *decided.events)
    assert [hold.scope for hold in decided.raised] == [scoped("staging")]
    assert [checked.environment for checked in decided.checked] == ["staging", "kefar_saba"]
    assert [checked.ready for checked in decided.checked] == [False, True]
    both = [verdict(False, START + at(2)), verdict(False, START + at(2), "kefar_saba")]
    ledger.say(2, *ledger.decide(2, both).events)
    both = [verdict(False, START + at(3)), verdict(False, START + at(3), "kefar_saba")]
    assert [hold.scope for hold in ledger.decide(3, both).raised] == [scoped("kefar_saba")]


def test_two_labs_that_go_dark_at_once_get_a_hold_each() -> None:
    ledger = Ledger()
    for minute in range(2):
        both = [verdict(False, START + at(minute), name) for name in ("staging", "kefar_saba")]
        decided = ledger.decide(minute, both)
        ledger.say(minute, *decided.events)
    assert len({hold.id for hold in decided.raised}) == len(ledger.state.holds) == 2


def test_a_hold_over_several_labs_waits_for_all_of_them() -> None:
    ledger = Ledger()
    wide = HoldRaised(hold=Hold(id="A", reason="x"), ownership=Ownership.AUTO)
    ledger.say(0, wide)
    for minute in range(1, 8):
        both = [verdict(True, START + at(minute)), verdict(minute > 3, START + at(minute), "kefar_saba")]
        decided = ledger.decide(minute, both)
        ledger.say(minute, *decided.events)
        assert decided.lifted == (("A",) if minute == 6 else ())


def test_a_hold_of_a_lab_that_was_not_read_is_left_alone() -> None:
    ledger = Ledger()
    other = Hold(id="A", reason="x", scope=scoped("kefar_saba"))
    ledger.say(0, HoldRaised(hold=other, ownership=Ownership.AUTO))
    ledger.ticks("RRRR", start=1)
    assert holds(ledger) == ["A"]


def test_the_id_of_a_persons_hold_is_never_used_again() -> None:
    ledger = Ledger()
    ledger.tick(0, False)
    narrow = Scope(projects=("x",))
    ids = [f"auto-staging-{ledger.state.head.seq + n}" for n in (2, 3)]
    ledger.say(0.5, *(HoldRaised(hold=Hold(id=id_, reason="x", scope=narrow)) for id_ in ids[:1]))
    ledger.tick(1, False)
    (raised,) = ledger.tick(2, False).raised
    assert raised.id not in ids[:1]
    assert raised.id in holds(ledger)


def test_a_verdict_that_a_hold_turned_into_held_still_tells_a_ready_lab() -> None:
    ledger = closed()
    held = replace(verdict(True, START + at(2)), state=State.HELD)
    decided = ledger.decide(2, [held])
    assert decided.checked[0].ready
    assert decided.events[0] == ReadingChanged(
        environment="staging", state="ready", code="ready", taken_at=START + at(2), reason="r"
    )


def test_with_no_lab_to_read_a_tick_still_leaves_its_mark() -> None:
    decided = Ledger().decide(0, [])
    assert decided.events == (Rechecked(),)
    assert decided.checked == ()
