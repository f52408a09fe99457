"""Clients are lent to one thread at a time, kept while they are idle, and closed in the end."""

from __future__ import annotations

import threading

import pytest

from gate.providers.idle import Idle


class Client:
    """Says whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_client_is_lent_again_and_only_what_is_under_way_at_once_makes_more() -> None:
    idle = Idle(Client)
    with idle.lent() as first, idle.lent() as second:
        assert first is not second
    for _ in range(5):
        with idle.lent() as again:
            assert again in (first, second)


def test_many_threads_never_have_the_same_client() -> None:
    idle, together = Idle(Client), threading.Barrier(8, timeout=10)
    lent: list[Client] = []

    def work() -> None:
        with idle.lent() as client:
            together.wait()
            lent.append(client)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, lent))) == 8


def test_closing_closes_what_is_idle_and_what_comes_back() -> None:
    idle = Idle(Client)
    with idle.lent() as early:
        pass
    with idle.lent() as one, idle.lent() as other:
        assert one is early
        idle.close()
        assert not one.closed
    assert one.closed
    assert other.closed


def test_a_client_is_given_back_where_its_work_fails() -> None:
    idle = Idle(Client)
    with pytest.raises(ZeroDivisionError), idle.lent() as first:
        raise ZeroDivisionError
    with idle.lent() as again:
        assert again is first
