"""When conditions have held long enough, in a world whose clock goes only when it is waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.probe.until import LONGEST_PAUSE, Looks, Patience, World, next_pause, wait_until

NAMES = ("tcp://a:1", "tcp://b:2")


@dataclass
class Clock:
    """Time that passes by sleeping, and by `cost` for each look."""

    states: Callable[[float], Looks]
    cost: float = 0.1
    now: float = 1000.0
    lines: list[str] = field(default_factory=list)
    looks: list[tuple[float, float, Looks]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def look(self, seconds: float) -> Looks:
        started, looks = self.now, self.states(self.now - 1000.0)
        self.now += min(self.cost, seconds)
        self.looks.append((started, self.now, looks))
        return looks

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.pauses.append(seconds)
        self.now += seconds

    def wait(self, steady: float, timeout: float) -> Looks | None:
        world = World(clock=lambda: self.now, sleep=self.sleep, random=lambda: 0.5, tell=self.lines.append)
        return wait_until(self.look, Patience(steady=steady, timeout=timeout), world)


def up_from(*seconds: float) -> Callable[[float], Looks]:
    """Return looks in which each condition holds from its own second on."""
    return lambda now: {
        name: None if now >= since else "refuses the connection"
        for name, since in zip(NAMES, seconds, strict=False)
    }


def test_one_good_look_is_enough_where_nothing_must_be_steady() -> None:
    clock = Clock(up_from(0, 0))
    assert clock.wait(0, 10) is None
    assert (len(clock.looks), clock.pauses) == (1, [])


def test_all_must_hold_in_the_same_look() -> None:
    taking_turns = Clock(
        lambda now: {name: "down" if (int(now) + i) % 2 else None for i, name in enumerate(NAMES)}
    )
    assert taking_turns.wait(0, 60) is not None
    assert len(taking_turns.looks) > 5


def test_what_goes_down_again_must_hold_for_the_whole_time_anew() -> None:
    clock = Clock(lambda now: {"tcp://a:1": "down" if 3 <= now < 4 else None})
    assert clock.wait(5, 60) is None
    good = [started for started, _, looks in clock.looks if looks["tcp://a:1"] is None and started >= 1004]
    assert clock.now - good[0] >= 5


def test_each_change_is_told_once() -> None:
    clock = Clock(up_from(0, 4))
    assert clock.wait(3, 60) is None
    assert clock.lines == ["tcp://a:1: holds", "tcp://b:2: refuses the connection", "tcp://b:2: holds"]


def test_the_last_look_comes_back_when_the_time_is_over() -> None:
    clock = Clock(up_from(0, 100))
    looks = clock.wait(0, 20)
    assert looks == {"tcp://a:1": None, "tcp://b:2": "refuses the connection"}
    assert 1020 <= clock.now < 1022


def test_a_look_that_never_ends_does_not_hold_the_wait_beyond_its_time() -> None:
    clock = Clock(up_from(100), cost=1e9)
    assert clock.wait(0, 20) is not None
    assert clock.now <= 1022


@pytest.mark.parametrize(("failures", "low", "high"), [(1, 0.5, 0.625), (4, 1.68, 2.11), (60, 10, 12.5)])
def test_pauses_grow_to_a_limit_and_carry_jitter(failures: int, low: float, high: float) -> None:
    shortest = next_pause(failures, None, 1e9, lambda: 0.0)
    longest = next_pause(failures, None, 1e9, lambda: 1.0)
    assert shortest == pytest.approx(low, abs=0.01)
    assert longest == pytest.approx(high, abs=0.01)


@given(
    failures=st.integers(1, 10_000),
    steady_left=st.none() | st.floats(-10, 1e6),
    left=st.floats(0.001, 1e6),
    random=st.floats(0, 1),
)
def test_no_pause_goes_beyond_what_is_left_or_the_longest(
    failures: int, steady_left: float | None, left: float, random: float
) -> None:
    pause = next_pause(failures, steady_left, left, lambda: random)
    assert 0 < pause <= min(left, LONGEST_PAUSE * 1.25)


@given(
    downs=st.lists(st.tuples(st.floats(0, 60), st.floats(0.1, 10)), max_size=5),
    steady=st.floats(0, 10),
    cost=st.floats(0.01, 3),
)
def test_what_is_called_steady_held_in_every_look_of_that_time(
    downs: list[tuple[float, float]], steady: float, cost: float
) -> None:
    def states(now: float) -> Looks:
        return {"x": "down" if any(begin <= now < begin + for_ for begin, for_ in downs) else None}

    clock = Clock(states, cost=cost)
    if clock.wait(steady, 300) is not None:
        return
    last_started = clock.looks[-1][0]
    bad = [ended for _, ended, looks in clock.looks if looks["x"]]
    first_good = next(ended for _, ended, looks in clock.looks if not bad or ended > bad[-1])
    assert clock.looks[-1][2]["x"] is None
    assert steady == 0 or last_started - first_good >= steady
