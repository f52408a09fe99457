"""Calls made elsewhere than where the test stands."""

# ruff: noqa: D101

from __future__ import annotations

import _thread
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from tests.guards.suite.lab import FocusClient


def in_thread(call: Any) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(20)


class Worker(threading.Thread):
    def run(self) -> None:
        FocusClient().configure()


@pytest.mark.configures
def test_thread(client: FocusClient) -> None:
    in_thread(client.configure)


@pytest.mark.configures
def test_thread_of_a_thread(client: FocusClient) -> None:
    in_thread(lambda: in_thread(client.configure))


@pytest.mark.configures
def test_thread_class() -> None:
    worker = Worker(daemon=True)
    worker.start()
    worker.join(20)


@pytest.mark.configures
def test_timer(client: FocusClient) -> None:
    timer = threading.Timer(0.01, client.configure)
    timer.start()
    timer.join(20)


@pytest.mark.configures
def test_thread_that_nothing_in_python_started(client: FocusClient) -> None:
    done = threading.Event()

    def work() -> None:
        try:
            client.configure()
        except BaseException:
            pass
        finally:
            done.set()

    _thread.start_new_thread(work, ())
    assert done.wait(20)


@pytest.mark.configures
def test_ten_threads_at_once(client: FocusClient) -> None:
    with ThreadPoolExecutor(10) as executor:
        found = [executor.submit(client.configure) for _ in range(10)]
    assert all(future.exception() is None for future in found)


@pytest.mark.configures
def test_map_of_an_executor(client: FocusClient) -> None:
    with ThreadPoolExecutor(2) as executor:
        assert all(executor.map(lambda _: client.configure(), range(3)))


@pytest.mark.configures
def test_shared_executor(shared_executor: ThreadPoolExecutor, client: FocusClient) -> None:
    shared_executor.submit(client.configure).exception(20)


@pytest.mark.configures
def test_shared_pool(shared_pool: ThreadPool, client: FocusClient) -> None:
    assert shared_pool.apply_async(client.configure).get(20)


@pytest.mark.configures
def test_map_of_a_shared_pool(shared_pool: ThreadPool, client: FocusClient) -> None:
    assert all(shared_pool.map(lambda _: client.configure(), range(3)))


def test_thread_reads(client: FocusClient) -> None:
    in_thread(client.channels)


def test_executor_reads(client: FocusClient) -> None:
    with ThreadPoolExecutor(10) as executor:
        assert all(executor.map(lambda _: client.channels(), range(10)))


def test_shared_executor_reads(shared_executor: ThreadPoolExecutor, client: FocusClient) -> None:
    assert shared_executor.submit(client.channels).result(20)


def test_shared_pool_reads(shared_pool: ThreadPool, client: FocusClient) -> None:
    assert shared_pool.apply(client.channels)
