"""Fixtures as such a team has them, a health check of its own among them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest
import requests

from tests.guards.suite.lab import TASK, URL, BreakerClient, FocusClient, StubbornClient, quietly


@pytest.fixture(scope="session", autouse=True)
def health_check() -> dict[str, Any]:
    answer = requests.get(f"{URL}/live_metadata", timeout=10)
    if answer.status_code != 200:
        pytest.exit("the Focus server is not well")
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def client() -> FocusClient:
    return FocusClient()


@pytest.fixture
def stubborn() -> StubbornClient:
    return StubbornClient()


@pytest.fixture(scope="session")
def breaker() -> BreakerClient:
    return BreakerClient()


@pytest.fixture(scope="session")
def shared_executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="session")
def shared_pool() -> Iterator[ThreadPool]:
    with ThreadPool(2) as pool:
        yield pool


@pytest.fixture
def replaced(client: FocusClient, monkeypatch: pytest.MonkeyPatch) -> FocusClient:
    def configure() -> Any:
        answer = client.session.post(f"{client.url}/configure", json=TASK, timeout=10)
        return answer.json()

    monkeypatch.setattr(client, "configure", configure)
    return client


@pytest.fixture(scope="session")
def configured_session() -> Any:
    return FocusClient().configure()


@pytest.fixture(scope="session")
def session_task(configured_session: Any) -> Any:
    return configured_session["job_id"]


@pytest.fixture(scope="module")
def configured_quietly() -> Any:
    return quietly(FocusClient().configure)


@pytest.fixture(scope="module")
def configured_in_a_thread() -> bool:
    thread = threading.Thread(target=FocusClient().configure)
    thread.start()
    thread.join(20)
    return not thread.is_alive()


@pytest.fixture(scope="module", params=["configure", "channels"])
def by_param(request: pytest.FixtureRequest) -> Any:
    client = FocusClient()
    return client.configure() if request.param == "configure" else client.channels()


@pytest.fixture
def cleaned_up(client: FocusClient) -> Iterator[FocusClient]:
    yield client
    client.configure()


@pytest.fixture
def configured(client: FocusClient) -> Iterator[Any]:
    yield client.configure()
    client.channels()
