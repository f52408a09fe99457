"""A waiting gate asks seldom, ever more seldom, and not in step with others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.probe.waiting import LONGEST_PAUSE, SHORTEST_PAUSE, next_pause


@given(st.integers(1, 10_000), st.floats(0, 1e6), st.floats(0, 1))
def test_no_pause_is_shorter_than_five_seconds_or_longer_than_what_is_left(
    asked: int, left: float, chance: float
) -> None:
    pause = next_pause(asked, left, lambda: chance)
    if left < SHORTEST_PAUSE:
        assert pause is None
    else:
        assert pause is not None
        assert SHORTEST_PAUSE <= pause <= min(left, LONGEST_PAUSE * 1.25)


def test_pauses_grow() -> None:
    pauses = [next_pause(asked, 600, lambda: 0.0) or 0.0 for asked in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] == SHORTEST_PAUSE
    assert pauses[-1] == LONGEST_PAUSE


def test_pauses_carry_jitter() -> None:
    assert next_pause(1, 600, lambda: 0.0) != next_pause(1, 600, lambda: 1.0)


def test_ten_minutes_of_waiting_ask_a_lab_about_25_times() -> None:
    left, asked = 600.0, 1
    while (pause := next_pause(asked, left, lambda: 0.5)) is not None:
        left -= pause
        asked += 1
    assert 15 <= asked <= 30
