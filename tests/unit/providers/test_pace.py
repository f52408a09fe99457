"""One budget for all threads that speak to a server, and patience with what it answers."""

from __future__ import annotations

import threading

import pytest

from gate.providers.pace import LONGEST_WAIT, Pace
from gate.providers.patience import BROKEN_TRIES, LIMITED_TRIES, Reply, pause_before, until


class Time:
    """Seconds that pass only by waiting."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def pace(time: Time, per_minute: float | None = 60, burst: float = 2) -> Pace:
    return Pace(per_minute=per_minute, burst=burst, clock=time, sleep=time.sleep)


def test_after_the_first_burst_points_become_due_evenly() -> None:
    time = Time()
    budget = pace(time)
    for _ in range(5):
        budget.take()
    assert time.now == pytest.approx(103.0)
    assert budget.requests == 5


def test_a_write_that_costs_more_waits_longer() -> None:
    time = Time()
    budget = pace(time)
    budget.take(2)
    budget.take(5)
    assert time.now == pytest.approx(105.0)


def test_points_that_were_not_used_are_saved_up_to_the_burst_alone() -> None:
    time = Time()
    budget = pace(time)
    time.now += 1000
    for _ in range(3):
        budget.take()
    assert time.now == pytest.approx(1101.0)


def test_without_a_limit_nothing_waits() -> None:
    time = Time()
    budget = pace(time, per_minute=None)
    for _ in range(1000):
        budget.take(5)
    assert time.now == 100.0


def test_a_pause_that_the_server_asked_for_is_kept_by_everybody() -> None:
    time = Time()
    budget = pace(time, per_minute=None)
    budget.pause(30)
    budget.pause(10)
    budget.take()
    assert time.now == pytest.approx(130.0)


def test_a_pause_that_begins_while_another_thread_waits_holds_that_one_too() -> None:
    time = Time()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if time.now < 110:
            budget.pause(60)

    budget = Pace(per_minute=60, burst=1, clock=time, sleep=sleep)
    budget.take()
    budget.take()
    assert time.now >= 161.0


def test_many_threads_together_keep_the_rate() -> None:
    waits: list[float] = []
    budget = Pace(per_minute=60, burst=1, clock=lambda: 0.0, sleep=waits.append)
    threads = [threading.Thread(target=budget.take) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == pytest.approx([float(number) for number in range(1, 10)])


@pytest.mark.parametrize(("reads", "writes", "seconds"), [(60, 0, 58), (0, 0, 0), (10, 2, 18)])
def test_a_plan_is_told_how_long_it_takes(reads: int, writes: int, seconds: float) -> None:
    budget = Pace(per_minute=60, burst=2, write_points=5, clock=Time())
    assert budget.seconds_for(reads, writes) == pytest.approx(max(seconds, (reads + writes) * 0.1 / 8))


NOW = 1_700_000_000.0


def wait(reply: Reply, tries: int = 1, *, limited: bool = True, repeatable: bool = True) -> float | None:
    return pause_before(reply, tries, NOW, limited=limited, repeatable=repeatable, unsaid=60)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30),
        ({"retry-after": "soon"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 99)}, 100),
        ({"ratelimit-remaining": "0", "ratelimit-reset": str(int(NOW) + 9)}, 10),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": str(int(NOW) + 99)}, 60),
        ({}, 60),
    ],
)
def test_what_a_limit_says_of_its_end_is_kept(headers: dict[str, str], expected: float) -> None:
    assert wait(Reply(status=429, headers=headers)) == expected


def test_without_a_word_the_pause_doubles_and_ends() -> None:
    waits = [wait(Reply(status=429), tries) for tries in range(1, LIMITED_TRIES + 1)]
    assert waits[:4] == [60, 120, 240, 480]
    assert waits[-1] is None
    assert all(one is None or one <= LONGEST_WAIT for one in waits)


def test_a_limit_that_ends_too_late_is_not_waited_for() -> None:
    late = Reply(status=403, headers={"retry-after": str(int(LONGEST_WAIT) + 1)})
    assert wait(late) is None
    assert until(late.headers, NOW).endswith("Z")


@pytest.mark.parametrize("status", [0, 500, 502, 503, 599])
def test_a_broken_answer_is_asked_for_again_only_where_it_may_reach_the_server_twice(status: int) -> None:
    assert wait(Reply(status=status), limited=False) == 0.5
    assert wait(Reply(status=status), limited=False, repeatable=False) is None
    assert wait(Reply(status=status), BROKEN_TRIES, limited=False) is None


@pytest.mark.parametrize("status", [200, 202, 301, 404, 409, 422])
def test_an_answer_is_an_answer(status: int) -> None:
    assert wait(Reply(status=status), limited=False) is None
