"""Every library that sends from where it stands."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import urllib3

from tests.guards.suite.lab import TASK, URL, FocusClient, field_retry

BODY = json.dumps(TASK).encode()
JSON = {"Content-Type": "application/json"}


@pytest.mark.configures
def test_stream_starts(client: FocusClient) -> None:
    assert client.configure()["job_id"]


@pytest.mark.configures
def test_session_without_retries() -> None:
    with requests.Session() as session:
        assert session.post(f"{URL}/configure", json=TASK, timeout=10).ok


@pytest.mark.configures
@pytest.mark.parametrize(
    "path", ["configure", "/configure", "configure/", "config/1-1", "./x/../configure", "%63onfigure"]
)
def test_plain_post(path: str) -> None:
    assert requests.post(f"{URL}/{path}", json=TASK, timeout=10).status_code in (200, 404)


@pytest.mark.configures
def test_prepared_request() -> None:
    with requests.Session() as session:
        prepared = session.prepare_request(requests.Request("post", f"{URL}/configure", json=TASK))
        assert session.send(prepared, timeout=10).ok


@pytest.mark.configures
def test_another_name_of_this_host() -> None:
    url = URL.replace("127.0.0.1", "LOCALHOST")
    assert requests.post(f"{url}/configure?task=1", json=TASK, timeout=10).ok


@pytest.mark.configures
def test_urllib3_manager_with_retries() -> None:
    manager = urllib3.PoolManager(retries=field_retry())
    assert manager.request("POST", f"{URL}/configure", body=BODY, headers=JSON).status == 200


@pytest.mark.configures
def test_urllib3_pool() -> None:
    parts = urlsplit(URL)
    pool = urllib3.HTTPConnectionPool(str(parts.hostname), parts.port)
    assert pool.urlopen("POST", f"{parts.path}/configure", body=BODY, headers=JSON).status == 200


@pytest.mark.configures
def test_httpx_function() -> None:
    assert httpx.post(f"{URL}/configure", json=TASK).status_code == 200


@pytest.mark.configures
def test_httpx_client_with_a_base() -> None:
    with httpx.Client(base_url=URL, transport=httpx.HTTPTransport(retries=3)) as client:
        assert client.post("configure", json=TASK).status_code == 200


@pytest.mark.configures
def test_http_client() -> None:
    parts = urlsplit(URL)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.request("POST", f"{parts.path}/configure", BODY, JSON)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.configures
def test_urllib_request() -> None:
    request = urllib.request.Request(f"{URL}/configure", BODY, JSON)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["channels", "sensors", "live_metadata", "ack", "channels?configure=1"])
def test_what_is_only_read(path: str) -> None:
    assert requests.get(f"{URL}/{path}", timeout=10).ok


def test_get_of_configure_reads() -> None:
    assert requests.get(f"{URL}/configure", timeout=10).status_code == 404


def test_recordings_are_asked_for_by_post(client: FocusClient) -> None:
    assert client.recordings() == []


def test_configure_as_a_part_of_a_name() -> None:
    assert requests.post(f"{URL}/configure_later", json={}, timeout=10).status_code == 404


def test_urllib3_reads() -> None:
    assert urllib3.PoolManager().request("GET", f"{URL}/sensors").status == 200


def test_httpx_reads() -> None:
    found: dict[str, Any] = httpx.get(f"{URL}/channels").json()
    assert found["lowest_channel"] == 1


def test_http_client_reads() -> None:
    parts = urlsplit(URL)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.request("GET", f"{parts.path}/channels")
    assert connection.getresponse().status == 200
    connection.close()


def test_urllib_request_reads() -> None:
    with urllib.request.urlopen(f"{URL}/channels", timeout=10) as answer:
        assert answer.status == 200
