"""What is repeated, and what is not, while a lab waits for fibre."""

from __future__ import annotations

import copy
import inspect
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from urllib3.util import Retry

from gate.guards.http import FiberRetry, Guard
from gate.sandbox import recorded
from tests.unit.guards.labs import RefusingServer, guard_of, served
from tests.unit.guards.senders import BODY, field_retry, field_session


@pytest.fixture
def lab() -> Iterator[RefusingServer]:
    with served(RefusingServer()) as server:
        yield server


@pytest.fixture
def other() -> Iterator[RefusingServer]:
    """A service that is no lab, and refuses as well."""
    with served(RefusingServer()) as server:
        yield server


@pytest.fixture
def guard(lab: RefusingServer, tmp_path: Path) -> Guard:
    return guard_of(lab, tmp_path)


class Patient(FiberRetry):
    """As `FiberRetry`, without waiting."""

    def sleep(self, response: Any = None) -> None:
        """Go on at once."""


def post(url: str, retry: Retry) -> int:
    with field_session(retry) as session:
        try:
            return session.post(url + "/configure", json=BODY, timeout=5).status_code
        except requests.exceptions.RetryError:
            return 0


@pytest.mark.parametrize("retry_after", ["", "0", "1", "3600"])
@pytest.mark.parametrize("forcelist", [[429, 500, 502, 503, 504], [500], None])
def test_a_503_of_a_waiting_lab_is_given_to_the_caller_at_once(
    lab: RefusingServer, guard: Guard, retry_after: str, forcelist: list[int] | None
) -> None:
    lab.retry_after = retry_after
    retry = field_retry(FiberRetry, guard=guard, status_forcelist=forcelist, backoff_factor=2.0)
    started = time.monotonic()
    assert post(lab.url, retry) == 503
    assert time.monotonic() - started < 2
    assert lab.posted == 1


@pytest.mark.parametrize("retry_after", ["", "0"])
def test_a_503_of_a_lab_that_is_ready_is_repeated_as_before(
    lab: RefusingServer, guard: Guard, retry_after: str
) -> None:
    lab.metadata, lab.retry_after = recorded.READY, retry_after
    assert post(lab.url, field_retry(FiberRetry, guard=guard)) == 0
    assert lab.posted == 4


def test_a_503_of_another_service_is_repeated_as_before(
    lab: RefusingServer, other: RefusingServer, guard: Guard
) -> None:
    assert post(other.url, field_retry(FiberRetry, guard=guard)) == 0
    assert post(other.url, field_retry(FiberRetry, guard=guard, raise_on_status=False)) == 503
    assert other.posted == 8


def test_one_retry_shared_by_both_serves_each_as_it_should(
    lab: RefusingServer, other: RefusingServer, guard: Guard
) -> None:
    retry = field_retry(FiberRetry, guard=guard)
    assert [post(server.url, retry) for server in (lab, other, lab, other)] == [503, 0, 503, 0]
    assert (lab.posted, other.posted) == (2, 8)


def test_a_lab_that_has_just_gone_dark_is_asked_anew(lab: RefusingServer, guard: Guard) -> None:
    lab.metadata = recorded.READY
    assert guard.snapshot().verdict.open
    lab.metadata = recorded.WAITING
    assert post(lab.url, field_retry(FiberRetry, guard=guard)) == 503
    assert lab.posted == 1


def test_a_lab_that_goes_dark_between_two_attempts_gets_no_more(lab: RefusingServer, guard: Guard) -> None:
    lab.metadata = recorded.READY

    class Darkening(FiberRetry):
        def sleep(self, _: Any = None) -> None:
            lab.metadata = recorded.WAITING

    assert post(lab.url, field_retry(Darkening, guard=guard)) == 503
    assert lab.posted == 2


def test_a_failed_connection_is_repeated_as_before(guard: Guard) -> None:
    retry = field_retry(Patient, guard=guard, total=2)
    with urllib3.PoolManager() as manager, pytest.raises(urllib3.exceptions.MaxRetryError) as failed:
        manager.request("POST", "http://127.0.0.1:9/configure", retries=retry)
    assert isinstance(failed.value.reason, urllib3.exceptions.NewConnectionError)


def test_without_a_configuration_it_is_retry_and_no_more(
    lab: RefusingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GATE_FOCUS_SERVER", "GATE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    assert post(lab.url, field_retry(FiberRetry)) == 0
    assert lab.posted == 4


def test_it_takes_the_place_of_retry_in_every_way() -> None:
    ours, theirs = FiberRetry(5, backoff_factor=0.5, status=2), Retry(5, backoff_factor=0.5, status=2)
    for _ in range(3):
        assert repr(ours).replace("Fiber", "") == repr(theirs)
        assert isinstance(ours, Retry)
        fields = set(vars(theirs)) - {"raise_on_status", "history"}
        assert {name: getattr(ours, name) for name in fields} == {n: getattr(theirs, n) for n in fields}
        assert ours.raise_on_status is theirs.raise_on_status is True
        for has in (True, False):
            assert ours.is_retry("GET", 503, has) == theirs.is_retry("GET", 503, has)
        ours, theirs = ours.increment("GET", "/"), theirs.increment("GET", "/")
        if ours.status == 0:
            break
    accepted = inspect.signature(Retry).parameters
    assert (
        FiberRetry(**{name: None for name in accepted if name in ("connect", "read", "other")}).read is None
    )
    assert FiberRetry.from_int(3).total == 3


def test_its_copies_know_the_same_labs(guard: Guard) -> None:
    retry = FiberRetry(3, guard=guard, raise_on_status=False)
    for made in (retry.new(total=1), retry.increment("GET", "/"), copy.copy(retry)):
        assert isinstance(made, FiberRetry)
        assert made._guard is guard
        assert made.raise_on_status is False
    travelled = pickle.loads(pickle.dumps(field_session(retry))).get_adapter("http://lab").max_retries
    assert (type(travelled), travelled.total, travelled._guard) == (FiberRetry, 3, None)
