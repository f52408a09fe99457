"""Every library that can send: one function each, which sends and returns the status."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

Send = Callable[[str, str], int]
BODY = {"channels": {"min": 1, "max": 50}}


def field_retry(kind: type[Retry] = Retry, **values: Any) -> Retry:
    """Return the retries that a real team mounts, without their waiting."""
    chosen = {
        "total": 3,
        "backoff_factor": 0.0,
        "status_forcelist": [429, 500, 502, 503, 504],
        "allowed_methods": ["HEAD", "GET", "PUT", "DELETE", "OPTIONS", "TRACE", "POST"],
    }
    return kind(**{**chosen, **values})


def field_session(retry: Retry | None = None) -> requests.Session:
    """Return a session as a real team builds it."""
    session = requests.Session()
    for prefix in ("http://", "https://"):
        session.mount(prefix, HTTPAdapter(max_retries=retry or field_retry()))
    return session


def by_requests(method: str, url: str) -> int:
    return requests.request(method, url, json=BODY, timeout=10).status_code


def by_field_session(method: str, url: str) -> int:
    with field_session() as session:
        return session.request(method, url, json=BODY, timeout=10).status_code


def by_prepared_request(method: str, url: str) -> int:
    with requests.Session() as session:
        prepared = session.prepare_request(requests.Request(method, url.encode(), data=iter([b"{}"])))
        return session.send(prepared, timeout=10).status_code


def by_urllib3(method: str, url: str) -> int:
    with urllib3.PoolManager() as manager:
        return manager.request(method, url, body=b"{}", retries=field_retry(), timeout=10.0).status


def by_urllib3_pool(method: str, url: str) -> int:
    parts = urlsplit(url)
    with urllib3.HTTPConnectionPool(parts.hostname or "", parts.port) as pool:
        return pool.urlopen(method=method, url=parts.path, body=b"{}", retries=3).status


def by_httpx(method: str, url: str) -> int:
    with httpx.Client(follow_redirects=True) as client:
        return client.request(method, httpx.URL(url), json=BODY).status_code


def by_httpx_stream(method: str, url: str) -> int:
    def body() -> Any:
        yield b"{}"

    with httpx.stream(method, url, content=body(), follow_redirects=True) as response:
        return response.status_code


def by_async_httpx(method: str, url: str) -> int:
    async def send() -> int:
        base, _, last = url.rpartition("/")
        async with httpx.AsyncClient(base_url=base + "/", follow_redirects=True) as client:
            return (await client.request(method, last, json=BODY)).status_code

    return asyncio.run(send())


def by_aiohttp(method: str, url: str) -> int:
    async def send() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=BODY, params={"a": "b"}) as response,
        ):
            return response.status

    return asyncio.run(send())


def by_aiohttp_base_url(method: str, url: str) -> int:
    async def send() -> int:
        base, _, last = url.rpartition("/")
        async with (
            aiohttp.ClientSession(base_url=base + "/") as session,
            session.request(method, last, json=BODY) as response,
        ):
            return response.status

    return asyncio.run(send())


def by_http_client(method: str, url: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, parts.path, body=b"{}")
        return connection.getresponse().status
    finally:
        connection.close()


def by_urllib(method: str, url: str) -> int:
    request = urllib.request.Request(url, data=b"{}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


SENDERS: tuple[Send, ...] = (
    by_requests,
    by_field_session,
    by_prepared_request,
    by_urllib3,
    by_urllib3_pool,
    by_httpx,
    by_httpx_stream,
    by_async_httpx,
    by_aiohttp,
    by_aiohttp_base_url,
    by_http_client,
    by_urllib,
)
FOLLOWERS: tuple[Send, ...] = (
    by_requests,
    by_field_session,
    by_urllib3,
    by_httpx,
    by_async_httpx,
    by_aiohttp,
)
