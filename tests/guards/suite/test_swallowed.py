"""Code that gets on with whatever is raised."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest

from tests.guards.suite.lab import BreakerClient, FocusClient, StubbornClient, quietly

pytestmark = pytest.mark.load


@pytest.mark.configures
def test_for_ever(stubborn: StubbornClient) -> None:
    assert stubborn.configure()


@pytest.mark.configures
def test_for_ever_in_a_thread(stubborn: StubbornClient) -> None:
    thread = threading.Thread(target=stubborn.configure, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.configures
def test_everything_is_caught(client: FocusClient) -> None:
    quietly(client.configure)


@pytest.mark.configures
def test_everything_is_caught_and_then_it_fails(client: FocusClient) -> None:
    assert quietly(client.configure) is not None, "this would be a failure of the lab, not of the product"


@pytest.mark.configures
def test_three_attempts(client: FocusClient) -> None:
    for _ in range(3):
        try:
            assert client.configure()
            break
        except BaseException:
            time.sleep(0.01)


@pytest.mark.configures
def test_return_in_finally(client: FocusClient) -> None:
    def configure() -> Any:
        try:
            return client.configure()
        finally:
            return None  # noqa: B012, SIM107 (such code exists)

    configure()


@pytest.mark.configures
def test_suppressed(client: FocusClient) -> None:
    with contextlib.suppress(Exception):
        client.configure()


@pytest.mark.configures
def test_any_outcome_is_accepted(client: FocusClient) -> None:
    try:
        client.configure()
    except Exception as error:
        assert error  # noqa: PT017 (such code exists)


@pytest.mark.configures
def test_method_replaced_on_the_instance(replaced: FocusClient) -> None:
    assert replaced.configure()


@pytest.mark.configures
@pytest.mark.parametrize("attempt", range(4))
def test_breaker_configures(breaker: BreakerClient, attempt: int) -> None:
    assert breaker.configure()


@pytest.mark.configures
@pytest.mark.no_fiber
def test_marked_as_one_that_needs_no_fiber(client: FocusClient) -> None:
    assert client.configure()


@pytest.mark.configures
@pytest.mark.requires_fiber
def test_marked_as_one_that_requires_fiber() -> None:
    assert True


def test_breaker_still_reads(breaker: BreakerClient) -> None:
    assert breaker.channels()


def test_replaced_client_reads(replaced: FocusClient) -> None:
    assert replaced.channels()


@pytest.mark.no_fiber
def test_needs_no_fiber(client: FocusClient) -> None:
    assert client.channels()


def test_error_of_another_kind_is_caught(client: FocusClient) -> None:
    with pytest.raises(Exception, match="404"):
        client.send("GET", "no/such/path")
