"""A few threads for each server: results in order, little ahead, and no waiting for themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gate.fleet.pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(4)
    yield made
    made.close()


def test_results_come_in_the_order_of_the_items(pool: Pool) -> None:
    assert list(pool.each(lambda number: number * 2, range(100))) == [number * 2 for number in range(100)]


def test_several_items_are_worked_at_once(pool: Pool) -> None:
    together = threading.Barrier(4, timeout=10)
    assert len(list(pool.each(lambda _: together.wait(), range(4)))) == 4


def test_a_long_list_is_read_only_a_little_ahead(pool: Pool) -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    results = pool.each(lambda number: number, numbers())
    assert next(results) == 0
    assert len(read) < 20


def test_a_thread_of_the_pool_works_item_by_item_instead_of_waiting_for_itself(pool: Pool) -> None:
    def nested(number: int) -> list[int]:
        return list(pool.each(lambda inner: number * inner, range(3)))

    assert list(pool.each(nested, range(8))) == [[0, number, 2 * number] for number in range(8)]


def test_an_error_reaches_who_takes_the_result(pool: Pool) -> None:
    def fail(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        list(pool.each(fail, [1, 0, 2]))
