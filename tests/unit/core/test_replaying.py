"""What another policy would have made of recorded readings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from gate.core.entry import Entry, Head, chain
from gate.core.event import Event, HoldLifted, HoldRaised, Ownership, ReadingChanged, Rechecked
from gate.core.event_codec import note
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold
from gate.core.recheck import decide_recheck
from gate.core.replaying import Tally, compare, timelines
from gate.core.steadiness import Steadiness
from tests.unit.core.rechecks import DAY, MINUTE, START, sample, scoped, verdict

QUICK = Steadiness(open_after=1, close_after=1, steady_for=0.0)


def recorded(said: str, policy: Steadiness, *, every: timedelta = MINUTE) -> Sequence[Entry]:
    """Return the ledger that ticks write: ``R`` ready, ``D`` not, ``.`` nobody looked."""
    state, entries = LedgerState(), list[Entry]()
    for number, letter in enumerate(said):
        if letter == ".":
            continue
        at = START + number * every
        decided = decide_recheck(
            state, [verdict(letter == "R", at)], known=state.head.seq, steadiness=policy, now=at
        )
        new = chain([note(event, at, "recheck") for event in decided.events], state.head)
        state = replay(new, state)
        entries += new
    return entries


def written(*events: tuple[float, Event]) -> Sequence[Entry]:
    """Return a ledger of events, each with its minute."""
    return chain([note(event, START + minute * MINUTE, "x") for minute, event in events], Head())


def changed(ready: bool, minute: float) -> tuple[float, Event]:
    at = START + minute * MINUTE
    said = sample(ready, at)
    reading = ReadingChanged(environment="staging", state=said.state, code=said.code, taken_at=at)
    return minute, reading


def test_a_quick_policy_closes_oftener_and_for_a_shorter_time() -> None:
    #                        0123456789
    (one,) = compare(recorded("RRDRRDDRRRRR", Steadiness()), QUICK)
    assert one.environment == "staging"
    assert (one.readings, one.first, one.last) == (12, START, START + 11 * MINUTE)
    assert one.happened == Tally(closed=1, opened=1, closed_while_ready=120.0, open_while_dark=120.0)
    assert one.policy == Tally(closed=2, opened=2, closed_while_ready=0.0, open_while_dark=0.0)


@pytest.mark.parametrize("seed", range(20))
def test_the_policy_that_was_in_force_comes_to_what_happened(seed: int) -> None:
    chance = random.Random(seed)
    policy = Steadiness(
        open_after=chance.randint(1, 4),
        close_after=chance.randint(1, 3),
        steady_for=chance.choice([0.0, 90.0]),
    )
    said = "".join(chance.choices("RD.", [chance.random(), chance.random(), 0.1], k=150))
    (one,) = compare(recorded(said, policy), policy)
    assert one.happened == one.policy


def test_only_what_is_not_older_is_counted_but_all_of_it_decides_how_it_begins() -> None:
    entries = recorded("DDDDRRRRRR", Steadiness())
    (one,) = compare(entries, Steadiness(), START + 5 * MINUTE)
    assert one.readings == 5
    assert one.happened == one.policy == Tally(closed=0, opened=1, closed_while_ready=60.0)
    assert compare(entries, Steadiness(), START + DAY) == ()
    assert compare([], Steadiness()) == ()


def test_where_nobody_looked_nothing_is_counted() -> None:
    (one,) = compare(recorded("DD" + "." * 60 + "RR", Steadiness()), Steadiness())
    assert one.unobserved == 61 * 60
    assert one.happened.open_while_dark == 60
    assert one.happened.closed_while_ready == 60


def test_an_older_gates_changes_are_readings_and_its_ticks_repeat_them() -> None:
    entries = written(
        changed(True, 0),
        (0, Rechecked()),
        (1, Rechecked()),
        changed(False, 2),
        (2, Rechecked()),
        (3, Rechecked()),
    )
    points = timelines(entries)["staging"]
    assert [(point.sample.ready, (point.sample.taken_at - START) / MINUTE) for point in points] == [
        (True, 0),
        (True, 1),
        (False, 2),
        (False, 3),
    ]
    (one,) = compare(entries, Steadiness())
    assert one.policy == Tally(closed=1, open_while_dark=60.0)


@pytest.mark.parametrize("step", [DAY, -DAY], ids=["ahead", "behind"])
def test_a_reading_by_a_clock_that_was_wrong_is_left_out(step: timedelta) -> None:
    times = [START + n * MINUTE + (step if n == 2 else timedelta()) for n in range(5)]
    entries = written(*((n, Rechecked(samples=(sample(True, at),))) for n, at in enumerate(times)))
    kept: list[datetime] = [point.sample.taken_at for point in timelines(entries)["staging"]]
    assert kept == [at for n, at in enumerate(times) if n != 2]


def test_peoples_holds_are_left_out_and_labs_are_counted_apart() -> None:
    entries = written(
        (0, Rechecked(samples=(sample(True, START), sample(True, START, 0, "b")))),
        (0, HoldRaised(hold=Hold(id="H1", reason="x"))),
        (0, HoldRaised(hold=Hold(id="A", reason="x", scope=scoped("b")), ownership=Ownership.AUTO)),
        (1, Rechecked(samples=(sample(True, START + MINUTE), sample(True, START + MINUTE, 0, "b")))),
        (1, HoldLifted(hold="A")),
        (2, Rechecked(samples=(sample(True, START + 2 * MINUTE), sample(True, START + 2 * MINUTE, 0, "b")))),
    )
    first, second = compare(entries, Steadiness())
    assert (first.environment, first.happened) == ("staging", Tally())
    assert (second.environment, second.happened) == (
        "b",
        Tally(closed=1, opened=1, closed_while_ready=60.0),
    )


def test_every_outage_of_a_long_time_is_found() -> None:
    said = ("R" * 50 + "D" * 5) * 40
    (one,) = compare(recorded(said, QUICK), Steadiness())
    assert (one.policy.closed, one.policy.opened) == (40, 39)
