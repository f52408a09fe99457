"""A lab that goes dark in the middle of a run, and one that comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.guards.running import configured, run_suite, write_suite

CLIENTS = """
import asyncio, os, time
import aiohttp, httpx, requests, urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

URL = os.environ["LAB_URL"] + "/configure"
STATUSES = [429, 500, 502, 503, 504]
RETRY = Retry(total=3, backoff_factor=0.1, status_forcelist=STATUSES, allowed_methods=["POST"])

def by_requests():
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=RETRY))
    session.post(URL, json={}, timeout=10).raise_for_status()

def by_urllib3(): assert urllib3.PoolManager(retries=RETRY).request("POST", URL, body=b"{}").status == 200

def by_http_client(): assert configure() == 200

def by_httpx():
    for attempt in range(3):
        answer = httpx.post(URL, json={})
        if answer.status_code == 200: return
    answer.raise_for_status()

async def post(send):
    for attempt in range(3):
        if await send() == 200: return
        await asyncio.sleep(0.05)
    raise RuntimeError("not configured")

async def aiohttp_session():
    async with aiohttp.ClientSession() as session:
        async def send():
            async with session.post(URL, json={}) as answer: return answer.status
        await post(send)

async def httpx_session():
    async with httpx.AsyncClient() as session:
        async def send(): return (await session.post(URL, json={})).status_code
        await post(send)

def by_aiohttp(): asyncio.run(aiohttp_session())
def by_httpx_async(): asyncio.run(httpx_session())
"""
CLIENT_NAMES = ["requests", "urllib3", "http_client", "httpx", "aiohttp", "httpx_async"]


@pytest.mark.parametrize("client", CLIENT_NAMES)
def test_dark_in_the_middle_the_lab_sees_only_the_request_on_its_way(
    tmp_path: Path, focus: FocusServer, client: str
) -> None:
    focus.state = FocusState.READY
    body = f"""
    def test_before(): by_{client}()
    def test_in_the_middle():
        by_{client}()
        switch("waiting")
        by_{client}()
    def test_after(): by_{client}()
    def test_later(): configure()
    def test_reads(): assert read() == 200
    """
    suite = write_suite(tmp_path / "suite", test_it=CLIENTS + _dedented(body))
    ran = run_suite(suite, focus, tmp_path)
    assert ran.outcomes == {
        "test_it.test_before": "passed",
        "test_it.test_in_the_middle": "blocked",
        "test_it.test_after": "blocked",
        "test_it.test_later": "blocked",
        "test_it.test_reads": "passed",
    }
    assert configured(focus) - 2 <= 1
    assert [change["state"] for change in ran.report["changes"]] == ["ready", "waiting_for_fiber"]
    assert "was read as ready at " in ran.output
    assert ", then waiting for fiber at " in ran.output


def test_a_lab_that_comes_back_is_used_again(tmp_path: Path, focus: FocusServer) -> None:
    suite = write_suite(
        tmp_path / "suite",
        test_it="""
        import pytest, time

        @pytest.fixture(scope="session")
        def task(): return configure()

        def test_dark(task): pass
        def test_still_dark(task): configure()
        def test_comes_back():
            switch("ready")
            time.sleep(5.2)
        def test_back(task): assert task == 200
        def test_still_back(task): assert configure() == 200
        """,
    )
    ran = run_suite(suite, focus, tmp_path, "--gate-exit", "closed")
    assert list(ran.outcomes.values()) == ["blocked", "blocked", "passed", "passed", "passed"]
    assert configured(focus) == 2
    assert [change["code"] for change in ran.report["changes"]] == ["waiting_for_fiber", "ready"]
    assert ran.code == 75


def test_a_lab_that_breaks_down_makes_no_failure_a_block(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    suite = write_suite(
        tmp_path / "suite",
        test_it="""
        def test_breaks_it():
            assert configure() == 200
            switch("malformed")
            assert configure() == 500
        """,
    )
    ran = run_suite(suite, focus, tmp_path)
    assert ran.outcomes == {"test_it.test_breaks_it": "failed"}


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()) + "\n"
