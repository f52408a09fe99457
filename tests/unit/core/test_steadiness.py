"""When a row of readings is enough, and how a policy is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.steadiness import (
    Row,
    Steadiness,
    closes,
    is_flapping,
    needed_seconds,
    opens,
    parse_steadiness,
    row_of,
    shown_steadiness,
    steadiness_from,
)
from tests.unit.core.rechecks import DAY, MINUTE, START, sample

POLICY = Steadiness()
R, D = True, False


def row(*said: tuple[bool, float], now: float | None = None) -> Row:
    """Return the row of readings, each with its minute; judged at the last of them by default."""
    samples = [sample(ready, START + minute * MINUTE) for ready, minute in said]
    at = max(minute for _, minute in said) if now is None else now
    return row_of(samples, POLICY, START + at * MINUTE)


def every_minute(said: str) -> Row:
    """Return the row of readings a minute apart: ``R`` ready, ``D`` not."""
    return row(*((letter == "R", minute) for minute, letter in enumerate(said)))


@pytest.mark.parametrize(
    ("said", "enough"),
    [("R", False), ("RR", False), ("RRR", True), ("RRDRR", False), ("DRRR", True), ("RRRD", False)],
)
def test_so_many_ready_readings_in_a_row_open(said: str, enough: bool) -> None:
    assert opens(every_minute(said), POLICY) is enough


@pytest.mark.parametrize(
    ("said", "enough"), [("D", False), ("DD", True), ("DRD", False), ("RDD", True), ("DDR", False)]
)
def test_so_many_dark_readings_in_a_row_close(said: str, enough: bool) -> None:
    assert closes(every_minute(said), POLICY) is enough


def test_a_row_must_span_its_time() -> None:
    quick = row((R, 0), (R, 0.3), (R, 0.6))
    assert quick.count == 3
    assert round(quick.seconds) == 36
    assert not opens(quick, POLICY)
    assert opens(row((R, 0), (R, 0.5), (R, 1)), POLICY)


def test_no_readings_are_no_row() -> None:
    assert row_of([], POLICY, START) == Row()
    assert not opens(Row(), POLICY)
    assert not closes(Row(), POLICY)


@pytest.mark.parametrize(
    ("said", "count"),
    [
        pytest.param([(R, 0), (R, 1441), (R, 2)], 2, id="one from tomorrow"),
        pytest.param([(R, 0), (R, -1440), (R, 2)], 2, id="one from yesterday"),
        pytest.param([(R, 0), (R, 0), (R, 2)], 2, id="the same one twice"),
        pytest.param([(R, 0), (D, 1441), (R, 2)], 1, id="a dark one from tomorrow ends the row"),
        pytest.param([(R, 0), (D, -1440), (R, 2)], 1, id="a dark one from yesterday ends the row"),
        pytest.param([(R, 0), (D, 1441)], 0, id="and leaves none"),
        pytest.param([(D, 0), (R, 1441), (D, 2)], 2, id="a ready one from tomorrow ends no dark row"),
        pytest.param([(R, 0), (R, 29), (R, 58)], 3, id="half an hour is not quite a gap"),
        pytest.param([(R, 0), (R, 30), (R, 31)], 2, id="nobody looked for half an hour"),
        pytest.param([(D, 0), (D, 90)], 2, id="a gap saves nobody from closing"),
    ],
)
def test_a_clock_that_was_wrong_adds_nothing(said: list[tuple[bool, float]], count: int) -> None:
    assert row(*said, now=max(minute for _, minute in said if minute < 1440)).count == count


@pytest.mark.parametrize("step", [DAY, -DAY])
@given(st.lists(st.booleans(), min_size=4, max_size=12), st.data())
def test_a_clock_that_is_stepped_for_a_while_opens_nothing_that_it_would_not(
    step: timedelta, said: Sequence[bool], data: st.DataObject
) -> None:
    """Judged with the right clock again, or still with the wrong one."""
    begin = data.draw(st.integers(0, len(said)))
    end = data.draw(st.integers(begin, len(said)))
    true = [sample(ready, START + i * MINUTE) for i, ready in enumerate(said)]
    stepped = [
        sample(ready, START + i * MINUTE + (step if begin <= i < end else timedelta()))
        for i, ready in enumerate(said)
    ]
    now = START + len(said) * MINUTE
    offset = step if end == len(said) and begin < end else timedelta()
    if opens(row_of(stepped, POLICY, now + offset), POLICY):
        assert opens(row_of(true, POLICY, now), POLICY)


def test_too_many_changes_within_an_hour_are_flapping() -> None:
    assert not is_flapping(every_minute("DRDRD"), POLICY)
    assert is_flapping(every_minute("DRDRDR"), POLICY)
    assert not is_flapping(row((D, 0), (R, 1), (D, 2), (R, 3), (D, 4), (R, 5), now=61), POLICY)


def test_a_lab_that_flaps_is_closed_at_its_next_dark_reading() -> None:
    assert not closes(every_minute("RDRDR"), POLICY)
    assert closes(every_minute("RDRDRD"), POLICY)


@pytest.mark.parametrize(("changes", "minutes"), [(4, 1), (5, 15), (6, 30), (7, 60), (8, 60), (500, 60)])
def test_each_change_too_many_doubles_how_long_a_lab_must_be_ready(changes: int, minutes: float) -> None:
    assert needed_seconds(POLICY, changes) == minutes * 60
    at_rest = Row(ready=True, count=99, first=START, last=START + minutes * MINUTE)
    assert opens(at_rest, POLICY, changes)
    assert not opens(Row(ready=True, count=99, first=START, last=START + 0.9 * MINUTE), POLICY, changes)


def test_a_long_policy_is_never_shortened_by_flapping() -> None:
    assert needed_seconds(Steadiness(steady_for=7200.0), 5) == 7200


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("open_after=3,close_after=2,steady_for=60s", Steadiness()),
        ("open_after=5", Steadiness(open_after=5)),
        (" steady_for = 1h30m , close_after = 1 ", Steadiness(close_after=1, steady_for=5400.0)),
        ("steady_for=0s", Steadiness(steady_for=0.0)),
        ("steady_for=500ms", Steadiness(steady_for=0.5)),
    ],
)
def test_a_policy_is_read_and_shown(text: str, policy: Steadiness) -> None:
    assert parse_steadiness(text) == policy
    assert parse_steadiness(shown_steadiness(policy)) == policy


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected open_after=…, close_after=…, steady_for=…, found nothing"),
        (" , ", "found nothing"),
        ("3", "expected open_after=…, close_after=…, steady_for=…, found '3'"),
        ("open=3", "found 'open=3'"),
        ("open_after=3,open_after=4", "open_after: given twice"),
        ("open_after=", "open_after: expected a whole number from 1 to 100, found ''"),
        ("open_after=0", "open_after: expected a whole number from 1 to 100, found 0"),
        ("open_after=101", "open_after: expected a whole number from 1 to 100, found 101"),
        ("close_after=-1", "close_after: expected a whole number from 1 to 100, found '-1'"),
        ("close_after=٣", "close_after: expected a whole number"),
        ("close_after=2.5", "close_after: expected a whole number"),
        ("steady_for=60", "steady_for: expected a duration such as 60s or 10m, found '60'"),
        ("steady_for=2d", "steady_for: expected at most 24h, found 2d"),
    ],
)
def test_a_policy_that_cannot_be_read_is_named_by_its_part(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_steadiness(text)


def test_a_configuration_states_a_policy() -> None:
    assert steadiness_from({}) == Steadiness()
    stated = {"open_after": 4, "close_after": 3, "steady_for": "2m"}
    assert steadiness_from(stated) == Steadiness(open_after=4, close_after=3, steady_for=120.0)
    with pytest.raises(ValueError, match="open_after: expected a whole number"):
        steadiness_from({"open_after": True})
