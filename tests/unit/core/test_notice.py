"""What people are to be told, from the ledger, the verdicts, and what they were told before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.event import Act, Event, HoldLifted, HoldRaised, Intended, Notified, Observed, Target
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold, Scope
from gate.core.notice import Notice, Rhythm, Topic, due_notices, news
from gate.core.recheck import decide_recheck
from gate.core.steadiness import Steadiness
from tests.unit.core.rechecks import DAY, MINUTE, START, appended, verdict

HOUR = timedelta(hours=1)
RHYTHM = Rhythm()
POLICY = Steadiness()


@dataclass
class Office:
    """Ticks at a lab, with or without the recheck, and what people have been told."""

    rechecked: bool = True
    now: datetime = START
    state: LedgerState = field(default_factory=LedgerState)
    told: list[tuple[datetime, Notice]] = field(default_factory=list)

    def append(self, *events: Event) -> None:
        self.state = appended(self.state, events, self.now)

    def tick(self, ready: bool) -> tuple[Topic, ...]:
        """Read the lab, let the recheck decide, and tell what is due."""
        taken = verdict(ready, self.now)
        if self.rechecked:
            decided = decide_recheck(
                self.state, [taken], known=self.state.head.seq, steadiness=POLICY, now=self.now
            )
            self.append(*decided.events)
        return self.tell(ready)

    def tell(self, ready: bool) -> tuple[Topic, ...]:
        taken = [verdict(ready, self.now)]
        notices = due_notices(self.state, taken, RHYTHM, self.now)
        self.append(*news(self.state, taken, RHYTHM, self.now), *(notice.event for notice in notices))
        self.told += [(self.now, notice) for notice in notices]
        return tuple(notice.topic for notice in notices)

    def run(self, states: Iterable[bool], step: timedelta = MINUTE) -> None:
        for ready in states:
            self.tick(ready)
            self.now += step

    @property
    def topics(self) -> list[Topic]:
        return [notice.topic for _, notice in self.told]


both = pytest.mark.parametrize("rechecked", [True, False], ids=["with the recheck", "without it"])


@both
def test_a_lab_that_is_ready_from_the_beginning_is_no_news(rechecked: bool) -> None:
    office = Office(rechecked)
    office.run([True] * 600)
    assert office.told == []


@both
def test_an_outage_is_told_once_again_every_hour_and_resolved_once(rechecked: bool) -> None:
    office = Office(rechecked)
    office.run([True] * 5 + [False] * 150 + [True] * 120)
    assert office.topics == [Topic.CLOSED, Topic.CLOSED, Topic.CLOSED, Topic.REOPENED]
    assert [notice.again for _, notice in office.told] == [False, True, True, False]


def test_forty_pipelines_that_ask_in_one_minute_tell_it_once() -> None:
    office = Office()
    office.run([False] * 3)
    for _ in range(40):
        assert office.tell(ready=False) == ()
    assert office.topics == [Topic.CLOSED]


def test_one_bad_reading_of_a_lab_that_the_recheck_looks_after_is_no_news() -> None:
    office = Office()
    office.run([True] * 5 + [False] + [True] * 60)
    assert office.told == []


@pytest.mark.parametrize(
    ("rechecked", "ticks"),
    [(True, 1), (True, 3), (False, 1), (False, 2), (False, 3)],
    ids=lambda value: f"{2 * value} min" if value > 0 and not isinstance(value, bool) else str(value),
)
def test_a_day_of_flapping_is_a_few_messages_and_hourly_ones(rechecked: bool, ticks: int) -> None:
    office = Office(rechecked)
    office.run(((tick // ticks) % 2 == 0 for tick in range(12 * 60)), step=2 * MINUTE)
    assert Topic.FLAPPING in office.topics
    assert 24 <= len(office.told) <= 24 + 8
    office.run([True] * 60, step=2 * MINUTE)
    assert office.topics[-1] is Topic.REOPENED
    assert len(office.told) <= 24 + 8 + 3


@settings(deadline=None, max_examples=30)
@given(
    states=st.lists(st.tuples(st.booleans(), st.integers(1, 15)), min_size=1, max_size=12),
    rechecked=st.booleans(),
)
def test_whatever_a_lab_does_an_hour_brings_few_messages_and_the_last_is_true(
    states: list[tuple[bool, int]], rechecked: bool
) -> None:
    office = Office(rechecked)
    for ready, minutes in states:
        office.run([ready] * minutes, step=3 * MINUTE)
    for began, _ in office.told:
        assert sum(began <= at < began + HOUR for at, _ in office.told) <= 8
    office.run([True] * 50, step=3 * MINUTE)
    assert office.topics[-1:] in ([], [Topic.REOPENED])
    office.run([False] * 5, step=3 * MINUTE)
    assert office.topics[-1] in (Topic.CLOSED, Topic.FLAPPING)


def test_a_persons_hold_closes_a_ready_lab_and_lifting_it_reopens() -> None:
    office = Office()
    office.run([True] * 5)
    office.append(HoldRaised(hold=Hold(id="h-1", reason="splice", by="dana")))
    assert office.tell(ready=True) == (Topic.CLOSED,)
    office.append(HoldLifted(hold="h-1"))
    assert office.tell(ready=True) == (Topic.REOPENED,)


def test_a_hold_on_some_projects_alone_does_not_close_a_lab() -> None:
    office = Office()
    office.run([True] * 5)
    office.append(HoldRaised(hold=Hold(id="h-1", reason="x", scope=Scope(projects=("acme/*",)))))
    assert office.tell(ready=True) == ()


def test_what_no_channel_took_is_due_again() -> None:
    office = Office()
    office.run([False] * 3)
    office.append(Notified(topic=Topic.CLOSED, about="staging", sent=False))
    assert office.tell(ready=False) == (Topic.CLOSED,)
    assert office.tell(ready=False) == ()


@pytest.mark.parametrize("step", [-DAY, DAY])
def test_a_clock_that_steps_by_a_day_silences_nobody_for_a_day(step: timedelta) -> None:
    office = Office(rechecked=False)
    office.run([False] * 3)
    office.now += step
    assert office.tell(ready=False) == (Topic.CLOSED,)


TARGET = Target(provider="github", instance="x", project="acme/panda", kind="run", id="1", name="load")


def paused(office: Office, outcome: str) -> None:
    office.append(
        HoldRaised(hold=Hold(id="h-1", reason="splice", by="dana")),
        Intended(action=Act.CANCEL, target=TARGET, hold="h-1"),
    )
    office.append(Observed(intent=office.state.head.seq, outcome=outcome))


@pytest.mark.parametrize(
    ("outcome", "due"),
    [
        ("survived", True),
        ("refused", True),
        ("failed", True),
        ("stopped", False),
        ("already_finished", False),
    ],
)
def test_what_a_pause_could_not_stop_is_told_while_its_hold_stands(outcome: str, due: bool) -> None:
    office = Office()
    paused(office, outcome)

    def survivors() -> list[Notice]:
        return [n for n in due_notices(office.state, (), RHYTHM, office.now) if n.topic is Topic.SURVIVORS]

    assert [notice.about for notice in survivors()] == (["h-1"] if due else [])
    office.append(*(notice.event for notice in survivors()))
    assert survivors() == []
    office.now += HOUR
    assert [notice.again for notice in survivors()] == ([True] if due else [])
    office.append(HoldLifted(hold="h-1"))
    assert survivors() == []


def test_survivors_that_are_gone_later_are_told_of_no_more() -> None:
    office = Office()
    paused(office, "survived")
    office.append(Observed(intent=office.state.head.seq - 1, outcome="stopped"))
    assert due_notices(office.state, (), RHYTHM, office.now) == ()


def only(office: Office, keep: Callable[[Notice], bool]) -> list[Topic]:
    return [notice.topic for notice in due_notices(office.state, (), RHYTHM, office.now) if keep(notice)]


def test_a_recheck_that_is_overdue_is_told_and_resolved_once() -> None:
    office = Office()
    office.run([True] * 5)
    office.now += timedelta(minutes=20)
    assert office.tell(ready=True) == (Topic.RECHECK_OVERDUE,)
    office.now += 5 * HOUR
    assert office.tell(ready=True) == ()
    assert office.tick(ready=True) == (Topic.RECHECK_BACK,)
    assert office.tick(ready=True) == ()


def test_an_overdue_recheck_that_a_hold_waits_for_is_told_again() -> None:
    office = Office()
    office.run([False] * 5)
    office.now += HOUR
    assert Topic.RECHECK_OVERDUE in office.tell(ready=False)
    office.now += HOUR
    assert Topic.RECHECK_OVERDUE in office.tell(ready=False)


def test_a_recheck_that_comes_late_each_time_is_told_of_once_an_hour_at_most() -> None:
    office = Office()
    for _ in range(24 * 3):
        office.tick(ready=True)
        office.now += timedelta(minutes=15)
        office.tell(ready=True)
        office.now += timedelta(minutes=5)
    assert office.topics.count(Topic.RECHECK_OVERDUE) <= 24


def test_where_no_recheck_ever_was_none_is_overdue() -> None:
    office = Office(rechecked=False)
    office.run([True] * 60)
    assert office.told == []


def test_readings_are_remembered_only_where_they_change_and_no_recheck_does_it() -> None:
    alone, rechecked = Office(rechecked=False), Office()
    for office in (alone, rechecked):
        office.run([True] * 3)
    assert news(rechecked.state, [verdict(False, START)], RHYTHM, START) == ()
    assert len(news(alone.state, [verdict(False, START)], RHYTHM, START)) == 1
    assert news(alone.state, [verdict(True, START)], RHYTHM, START) == ()
    state = replace(alone.state)
    state = appended(state, news(state, [verdict(False, START)], RHYTHM, START), START)
    assert news(state, [verdict(False, START)], RHYTHM, START) == ()
