"""Every way to send from an event loop."""

# ruff: noqa: D101

from __future__ import annotations

import asyncio
import threading
import unittest
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx
import pytest
import pytest_asyncio
import requests

from tests.guards.suite.lab import TASK, URL, FocusClient


async def post_by_aiohttp(path: str) -> int:
    async with aiohttp.ClientSession() as session, session.post(f"{URL}/{path}", json=TASK) as answer:
        return answer.status


async def get_by_aiohttp(path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{URL}/{path}") as answer:
        return answer.status


@pytest.mark.configures
@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["configure", "/configure", "config/1-1"])
async def test_aiohttp(path: str) -> None:
    assert await post_by_aiohttp(path) == 200


@pytest.mark.configures
@pytest.mark.asyncio
async def test_aiohttp_with_a_base() -> None:
    async with (
        aiohttp.ClientSession(base_url=URL + "/") as session,
        session.post("configure", json=TASK) as answer,
    ):
        assert answer.status == 200


@pytest.mark.configures
@pytest.mark.asyncio
async def test_httpx_async() -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{URL}//configure", json=TASK)).status_code == 200


@pytest.mark.configures
@pytest.mark.asyncio
async def test_a_task_whose_outcome_is_never_looked_at() -> None:
    await asyncio.wait([asyncio.create_task(post_by_aiohttp("configure"))])


@pytest.mark.configures
@pytest.mark.asyncio
async def test_gathered_exceptions() -> None:
    found = await asyncio.gather(*map(post_by_aiohttp, ["configure", "configure"]), return_exceptions=True)
    assert found == [200, 200]


@pytest.mark.configures
@pytest.mark.asyncio
async def test_task_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(post_by_aiohttp("configure"))
        group.create_task(get_by_aiohttp("channels"))


@pytest.mark.configures
@pytest.mark.asyncio
async def test_to_thread() -> None:
    assert await asyncio.to_thread(FocusClient().configure)


@pytest.mark.configures
@pytest.mark.asyncio
async def test_in_an_executor() -> None:
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, FocusClient().configure)


@pytest.mark.configures
def test_asyncio_run() -> None:
    assert asyncio.run(post_by_aiohttp("configure")) == 200


@pytest.mark.configures
def test_loop_on_another_thread() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        assert asyncio.run_coroutine_threadsafe(post_by_aiohttp("configure"), loop).result(20) == 200
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


@pytest_asyncio.fixture
async def configured_async() -> AsyncIterator[int]:
    yield await post_by_aiohttp("configure")
    await get_by_aiohttp("channels")


@pytest_asyncio.fixture
async def channels_async() -> int:
    return await get_by_aiohttp("channels")


@pytest.mark.configures
@pytest.mark.asyncio
async def test_async_fixture(configured_async: int) -> None:
    assert configured_async == 200


class TestAsyncCase(unittest.IsolatedAsyncioTestCase):
    @pytest.mark.configures
    async def test_configures(self) -> None:
        assert await post_by_aiohttp("configure") == 200

    async def test_reads(self) -> None:
        assert await get_by_aiohttp("channels") == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["channels", "/sensors", "live_metadata"])
async def test_aiohttp_reads(path: str) -> None:
    assert await get_by_aiohttp(path) == 200


@pytest.mark.asyncio
async def test_httpx_async_reads() -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{URL}/sensors")).status_code == 200


@pytest.mark.asyncio
async def test_recordings_by_aiohttp() -> None:
    assert await post_by_aiohttp("recordings_in_time_range") == 200


@pytest.mark.asyncio
async def test_to_thread_reads() -> None:
    answer: Any = await asyncio.to_thread(requests.get, f"{URL}/channels", timeout=10)
    assert answer.ok


@pytest.mark.asyncio
async def test_async_fixture_reads(channels_async: int) -> None:
    assert channels_async == 200
