"""What is held back in this process, whichever library sends it."""

from __future__ import annotations

import asyncio
import contextvars
import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from gate import asking
from gate.core.model import State, Verdict
from gate.guards.http import Call, FiberNotReady, Guard, install, uninstall
from gate.sandbox.focus import FocusServer, FocusState
from tests.unit.guards.labs import CONFIGURE, READ, guard_of, redirecting
from tests.unit.guards.senders import BODY, FOLLOWERS, SENDERS, Send, by_requests, field_session


@pytest.fixture
def guard(focus: FocusServer, tmp_path: Path) -> Iterator[Guard]:
    """A guard of the lab, in force in this process."""
    guard = guard_of(focus, tmp_path)
    install(guard)
    yield guard
    uninstall()


each_sender = pytest.mark.parametrize("send", SENDERS, ids=lambda send: send.__name__)


@each_sender
def test_a_dark_lab_gets_no_configure_request(focus: FocusServer, guard: Guard, send: Send) -> None:
    with pytest.raises(FiberNotReady, match="waiting for fiber") as held:
        send("POST", focus.url + "/configure")
    assert held.value.verdict.state is State.WAITING_FOR_FIBER
    assert (held.value.call.method, held.value.call.url) == ("POST", focus.url + "/configure")
    assert dict(focus.seen) == {READ: 1}


@each_sender
@pytest.mark.parametrize("path", ["//configure", "/x/../configure", "/config/1-7", "/c%6fnfigure/"])
def test_nor_one_whose_path_is_written_otherwise(
    focus: FocusServer, guard: Guard, send: Send, path: str
) -> None:
    with pytest.raises(FiberNotReady):
        send("POST", focus.url + path)
    assert dict(focus.seen) == {READ: 1}


@each_sender
def test_what_only_reads_passes(focus: FocusServer, guard: Guard, send: Send) -> None:
    assert send("POST", focus.url + "/recordings_in_time_range") == 200
    assert dict(focus.seen) == {"POST /recordings_in_time_range": 1}


@each_sender
def test_a_ready_lab_is_configured(focus: FocusServer, guard: Guard, send: Send) -> None:
    focus.state = FocusState.READY
    assert send("POST", focus.url + "/configure") == 200
    assert dict(focus.seen) == {READ: 1, CONFIGURE: 1}


@pytest.mark.parametrize("send", FOLLOWERS, ids=lambda send: send.__name__)
@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_does_not_lead_there_either(
    focus: FocusServer, guard: Guard, send: Send, status: int
) -> None:
    with redirecting() as server, pytest.raises(FiberNotReady) as held:
        send("POST", f"{server}/{status}/{focus.url}/configure")
    assert held.value.call.url == focus.url + "/configure"
    assert focus.seen[CONFIGURE] == 0


@pytest.mark.parametrize("send", FOLLOWERS, ids=lambda send: send.__name__)
def test_a_redirect_that_turns_into_a_get_passes(focus: FocusServer, guard: Guard, send: Send) -> None:
    with redirecting() as server:
        assert send("POST", f"{server}/303/{focus.url}/channels") == 200
    assert focus.seen["GET /channels"] == 1


@pytest.mark.parametrize("host", ["localhost", "127.1", "127.0.0.1", "LOCALHOST"])
def test_a_name_of_this_machine_is_the_same_lab(focus: FocusServer, guard: Guard, host: str) -> None:
    with pytest.raises(FiberNotReady):
        by_requests("POST", focus.url.replace("127.0.0.1", host) + "/configure")


def test_credentials_and_queries_are_not_shown(focus: FocusServer, guard: Guard) -> None:
    url = focus.url.replace("//", "//user:secret@") + "/configure?token=secret"
    with pytest.raises(FiberNotReady) as held:
        requests.post(url, timeout=5)
    assert "secret" not in f"{held.value} {held.value!r} {held.value.call!r}"


@pytest.mark.parametrize("whole", [True, False], ids=["absolute form", "tunnel"])
def test_a_proxy_on_the_way_hides_nothing(focus: FocusServer, guard: Guard, whole: bool) -> None:
    lab = urlsplit(focus.url)
    connection = http.client.HTTPConnection("proxy.invalid", 3128)
    if not whole:
        connection.set_tunnel(lab.hostname or "", lab.port)
    with pytest.raises(FiberNotReady):
        connection.request("POST", (focus.url if whole else lab.path) + "/configure")


def test_requests_and_httpx_through_a_proxy_are_held_back_before_they_connect(
    focus: FocusServer, guard: Guard
) -> None:
    url, proxy = focus.url + "/configure", "http://127.0.0.1:9"
    with pytest.raises(FiberNotReady):
        requests.post(url, proxies={"http": proxy}, timeout=5)
    with pytest.raises(FiberNotReady), urllib3.ProxyManager(proxy) as manager:
        manager.request("POST", url)
    with pytest.raises(FiberNotReady), httpx.Client(proxy=proxy) as client:
        client.post(url)


def test_the_field_teams_retries_cost_no_request_and_no_time(focus: FocusServer, guard: Guard) -> None:
    session = field_session(
        urllib3.Retry(3, backoff_factor=2.0, status_forcelist=[503], allowed_methods=None)
    )
    started = time.monotonic()
    with session, pytest.raises(FiberNotReady):
        session.post(focus.url + "/configure", json=BODY)
    assert time.monotonic() - started < 2
    assert dict(focus.seen) == {READ: 1}


def test_a_client_that_repeats_whatever_happens_sends_nothing(focus: FocusServer, guard: Guard) -> None:
    @tenacity.retry(stop=tenacity.stop_after_attempt(50), wait=tenacity.wait_none(), reraise=True)
    def configure() -> None:
        requests.post(focus.url + "/configure", json=BODY, timeout=5)

    with pytest.raises(FiberNotReady):
        configure()
    assert dict(focus.seen) == {READ: 1}


def test_a_lab_that_goes_dark_between_two_attempts_gets_the_first_only(
    focus: FocusServer, tmp_path: Path
) -> None:
    focus.state = FocusState.READY

    def ask_and_go_dark(question: asking.Question, max_age: float, environ: Mapping[str, str]) -> Verdict:
        verdict = asking.ask(question, max_age, environ)
        focus.state = FocusState.WAITING
        return verdict

    install(guard_of(focus, tmp_path, max_age=0.2, ask=ask_and_go_dark))
    retry = urllib3.Retry(5, backoff_factor=0.3, status_forcelist=[503], allowed_methods=None)
    try:
        with field_session(retry) as session, pytest.raises(FiberNotReady):
            session.post(focus.url + "/configure", json=BODY)
    finally:
        uninstall()
    assert 1 <= focus.seen[CONFIGURE] <= 2  # urllib3 repeats the first time without a pause


def test_the_event_loop_goes_on_while_the_lab_is_read(focus: FocusServer, tmp_path: Path) -> None:
    owner: contextvars.ContextVar[str] = contextvars.ContextVar("owner", default="nobody")
    called_by: list[tuple[str, str]] = []
    ticks = 0

    def ask_slowly(question: asking.Question, max_age: float, environ: Mapping[str, str]) -> Verdict:
        time.sleep(0.5)
        return asking.ask(question, max_age, environ)

    def refuse(call: Call) -> NoReturn:
        called_by.append((owner.get(), threading.current_thread().name))
        raise FiberNotReady(call)

    async def configure(name: str) -> None:
        owner.set(name)
        async with aiohttp.ClientSession() as session, session.post(focus.url + "/configure"):
            pass

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async def both() -> None:
        ticking = asyncio.create_task(tick())
        held = await asyncio.gather(configure("one"), configure("two"), return_exceptions=True)
        assert [type(error) for error in held] == [FiberNotReady, FiberNotReady]
        ticking.cancel()

    guard = guard_of(focus, tmp_path, ask=ask_slowly)
    guard.refuse = refuse
    install(guard)
    try:
        asyncio.run(both())
    finally:
        uninstall()
    assert ticks > 10
    assert sorted(called_by) == [("one", "MainThread"), ("two", "MainThread")]
    assert dict(focus.seen) == {READ: 1}


def test_a_base_exception_of_the_refuser_passes_through_every_client(
    focus: FocusServer, guard: Guard
) -> None:
    class Blocked(BaseException):
        pass

    def refuse(call: Call) -> NoReturn:
        raise Blocked

    guard.refuse = refuse
    for send in SENDERS:
        with pytest.raises(Blocked):
            send("POST", focus.url + "/configure")
    assert dict(focus.seen) == {READ: 1}


def test_gate_itself_may_read_the_lab_whatever_the_rules_say(focus: FocusServer, tmp_path: Path) -> None:
    install(guard_of(focus, tmp_path, requests=("* /*", "GET /*")))
    started = time.monotonic()
    try:
        with pytest.raises(FiberNotReady):
            by_requests("GET", focus.url + "/channels")
    finally:
        uninstall()
    assert time.monotonic() - started < 3
    assert dict(focus.seen) == {READ: 1}


def test_stand_ins_of_tests_are_not_held_back(focus: FocusServer, guard: Guard) -> None:
    class StandIn(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            response = requests.Response()
            response.status_code = 202
            response.request, response.url = request, request.url or ""
            return response

    with requests.Session() as session:
        session.mount("http://", StandIn())
        assert session.post(focus.url + "/configure").status_code == 202
    transport = httpx.MockTransport(lambda _: httpx.Response(202))
    with httpx.Client(transport=transport) as client:
        assert client.post(focus.url + "/configure").status_code == 202
    assert not focus.seen
