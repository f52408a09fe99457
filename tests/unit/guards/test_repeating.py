"""Which failed calls waiting for fibre explains, and what tenacity and stamina make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import stamina
import tenacity
import urllib3

from gate.guards.http import FiberNotReady, unless_waiting, waiting_explains
from gate.sandbox.focus import FocusServer, FocusState
from tests.unit.guards.labs import RefusingServer, guard_of, served
from tests.unit.guards.senders import field_retry, field_session


@pytest.fixture
def other() -> Iterator[RefusingServer]:
    """A service that is no lab, and refuses as well."""
    with served(RefusingServer()) as server:
        yield server


@pytest.fixture
def refused(focus: FocusServer) -> requests.HTTPError:
    """A 503 of a waiting lab, as requests raises it."""
    with pytest.raises(requests.HTTPError) as caught:
        requests.post(focus.url + "/configure", timeout=5).raise_for_status()
    return caught.value


def test_waiting_explains_a_503_of_that_lab_alone(
    focus: FocusServer, other: RefusingServer, tmp_path: Path, refused: requests.HTTPError
) -> None:
    guard = guard_of(focus, tmp_path)
    assert waiting_explains(refused, guard=guard)
    assert waiting_explains(refused.response, guard=guard)
    assert waiting_explains(httpx.post(focus.url + "/configure"), guard=guard)
    for outcome in (
        requests.post(other.url, timeout=5),
        requests.get(focus.url + "/nothing", timeout=5),
        requests.ConnectionError("refused"),
        httpx.ConnectError("refused"),
        "text",
        None,
    ):
        assert not waiting_explains(outcome, guard=guard)
    focus.state = FocusState.READY
    assert not waiting_explains(refused, guard=guard_of(focus, tmp_path, max_age=0))


def test_waiting_explains_an_error_that_was_raised_from_it(
    focus: FocusServer, tmp_path: Path, refused: requests.HTTPError
) -> None:
    guard = guard_of(focus, tmp_path)
    failed = RuntimeError("configuring failed")
    failed.__cause__ = refused
    assert waiting_explains(failed, guard=guard)
    with pytest.raises(FiberNotReady) as held:
        guard.check("POST", focus.url + "/configure")
    assert waiting_explains(held.value, guard=guard)
    with field_session() as session, pytest.raises(requests.exceptions.RetryError) as spent:
        session.post(focus.url + "/configure")
    assert waiting_explains(spent.value, guard=guard)
    with urllib3.PoolManager() as manager, pytest.raises(urllib3.exceptions.MaxRetryError) as given_up:
        manager.request("POST", focus.url + "/configure", retries=field_retry(total=1))
    assert waiting_explains(given_up.value, guard=guard)


def attempts_of(call: Any, focus: FocusServer) -> int:
    focus.seen.clear()
    with pytest.raises((requests.RequestException, httpx.HTTPError, tenacity.RetryError)):
        call()
    return focus.seen["POST /configure"] + focus.seen["POST /nothing"]


@pytest.mark.parametrize(("path", "attempts"), [("/configure", 1), ("/nothing", 3)])
def test_tenacity_repeats_what_waiting_does_not_explain(
    focus: FocusServer, tmp_path: Path, path: str, attempts: int
) -> None:
    guard = guard_of(focus, tmp_path)

    @tenacity.retry(
        retry=tenacity.retry_if_exception(unless_waiting(requests.RequestException, guard=guard)),
        stop=tenacity.stop_after_attempt(3),
        reraise=True,
    )
    def by_error() -> None:
        requests.post(focus.url + path, timeout=5).raise_for_status()

    @tenacity.retry(
        retry=tenacity.retry_if_result(unless_waiting(lambda found: found.status_code >= 400, guard=guard)),
        stop=tenacity.stop_after_attempt(3),
    )
    def by_result() -> requests.Response:
        return requests.post(focus.url + path, timeout=5)

    assert attempts_of(by_error, focus) == attempts
    if attempts == 1:
        assert by_result().status_code == 503
    else:
        assert attempts_of(by_result, focus) == attempts


@pytest.mark.parametrize(("path", "attempts"), [("/configure", 1), ("/nothing", 3)])
def test_stamina_repeats_what_waiting_does_not_explain(
    focus: FocusServer, tmp_path: Path, path: str, attempts: int
) -> None:
    @stamina.retry(
        on=unless_waiting(httpx.HTTPError, guard=guard_of(focus, tmp_path)),
        attempts=3,
        wait_initial=0.0,
        wait_jitter=0.0,
        wait_max=0.0,
    )
    def configure() -> None:
        httpx.post(focus.url + path).raise_for_status()

    assert attempts_of(configure, focus) == attempts
