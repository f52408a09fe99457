"""A client that guards itself: one session, and asking before each configure."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from gate.errors import ConfigError
from gate.guards.http import (
    FiberNotReady,
    configure_allowed,
    current_verdict,
    install,
    protect,
    uninstall,
)
from gate.guards.library import _made
from gate.sandbox.focus import FocusServer, FocusState
from tests.unit.guards.labs import CONFIGURE, READ, guard_of, redirecting
from tests.unit.guards.senders import BODY, field_session


@pytest.fixture
def configured(focus: FocusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FocusServer:
    """The lab, named by this process's environment."""
    _made.clear()
    for name in ("GATE_ENVIRONMENT", "GATE_HOLD", "GATE_CONFIG", "GATE_STATE", "GATE_FOCUS_ALIASES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("GATE_FOCUS_SERVER", focus.url)
    return focus


def test_a_protected_session_is_returned_and_holds_back_by_the_environment_alone(
    configured: FocusServer,
) -> None:
    session = requests.Session()
    assert protect(session) is session
    with session, pytest.raises(FiberNotReady, match="waiting for fiber"):
        session.post(configured.url + "/configure", json=BODY)
    assert dict(configured.seen) == {READ: 1}


def test_a_protected_session_is_held_back_before_its_retries(focus: FocusServer, tmp_path: Path) -> None:
    with protect(field_session(), guard_of(focus, tmp_path)) as session:
        with pytest.raises(FiberNotReady):
            session.post(focus.url + "//configure", json=BODY)
        assert session.get(focus.url + "/channels").status_code == 200
        focus.state = FocusState.READY
    assert focus.seen[CONFIGURE] == 0


def test_adapters_mounted_later_do_not_take_the_guard_away(focus: FocusServer, tmp_path: Path) -> None:
    with protect(requests.Session(), guard_of(focus, tmp_path)) as session:
        session.mount("http://", requests.adapters.HTTPAdapter())
        with pytest.raises(FiberNotReady):
            session.post(focus.url + "/configure")


def test_other_sessions_of_the_process_are_left_alone(focus: FocusServer, tmp_path: Path) -> None:
    with protect(requests.Session(), guard_of(focus, tmp_path)):
        assert requests.post(focus.url + "/configure", timeout=5).status_code == 503
    assert focus.seen[CONFIGURE] == 1


def test_protecting_twice_asks_once(focus: FocusServer, tmp_path: Path) -> None:
    session = protect(requests.Session(), guard_of(focus, tmp_path))
    send = session.send
    assert protect(session, guard_of(focus, tmp_path)).send is send
    session.close()


def test_a_protected_session_can_still_be_pickled(focus: FocusServer, tmp_path: Path) -> None:
    session = protect(requests.Session(), guard_of(focus, tmp_path))
    assert isinstance(pickle.loads(pickle.dumps(session)), requests.Session)


def test_a_protected_httpx_client_keeps_its_own_hooks(focus: FocusServer, tmp_path: Path) -> None:
    seen: list[str] = []
    hooks = {"request": [lambda request: seen.append(request.method)]}
    with protect(httpx.Client(event_hooks=hooks), guard_of(focus, tmp_path)) as client:
        assert client.get(focus.url + "/channels").status_code == 200
        with pytest.raises(FiberNotReady):
            client.post(focus.url + "/configure", json=BODY)
    assert seen == ["GET"]


def test_a_protected_async_client_holds_back(focus: FocusServer, tmp_path: Path) -> None:
    async def send() -> None:
        async with protect(httpx.AsyncClient(), guard_of(focus, tmp_path)) as client:
            assert (await client.get(focus.url + "/channels")).status_code == 200
            await client.post(focus.url + "/configure", json=BODY)

    with pytest.raises(FiberNotReady):
        asyncio.run(send())
    assert focus.seen[CONFIGURE] == 0


def test_a_protected_pool_manager_holds_back_before_its_retries(focus: FocusServer, tmp_path: Path) -> None:
    with protect(urllib3.PoolManager(), guard_of(focus, tmp_path)) as manager:
        assert manager.request("GET", focus.url + "/channels").status == 200
        with pytest.raises(FiberNotReady):
            manager.request("POST", focus.url + "/configure", retries=5)
    assert focus.seen[CONFIGURE] == 0


def sent_by_requests(url: str, guard: Any) -> int:
    with protect(requests.Session(), guard) as session:
        return session.post(url).status_code


def sent_by_httpx(url: str, guard: Any) -> int:
    with protect(httpx.Client(follow_redirects=True), guard) as client:
        return client.post(url).status_code


def sent_by_urllib3(url: str, guard: Any) -> int:
    with protect(urllib3.PoolManager(), guard) as manager:
        return manager.request("POST", url).status


@pytest.mark.parametrize("send", [sent_by_requests, sent_by_httpx, sent_by_urllib3])
@pytest.mark.parametrize("status", [307, 308])
def test_a_protected_session_follows_no_redirect_there(
    focus: FocusServer, tmp_path: Path, send: Any, status: int
) -> None:
    with redirecting() as server, pytest.raises(FiberNotReady):
        send(f"{server}/{status}/{focus.url}/configure", guard_of(focus, tmp_path))
    assert focus.seen[CONFIGURE] == 0


def test_what_cannot_be_protected_is_named(focus: FocusServer, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"expected one of requests\.Session, .*, found object"):
        protect(object(), guard_of(focus, tmp_path))


def test_without_a_configuration_nothing_is_protected_in_silence(
    configured: FocusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATE_FOCUS_SERVER")
    with requests.Session() as session, pytest.raises(ConfigError, match="no configuration"):
        protect(session)
    with pytest.raises(ConfigError, match="no configuration"):
        configure_allowed()


def test_a_client_may_ask_before_each_configure(configured: FocusServer) -> None:
    assert not configure_allowed()
    assert not configure_allowed(configured.url + "/configure")
    assert current_verdict().reason.startswith("lab: waiting for fiber")
    assert dict(configured.seen) == {READ: 1}


def test_what_is_installed_answers_the_client_as_well(focus: FocusServer, tmp_path: Path) -> None:
    focus.state = FocusState.READY
    install(guard_of(focus, tmp_path))
    try:
        assert configure_allowed()
    finally:
        uninstall()


def test_an_aiohttp_session_is_guarded_by_installing(focus: FocusServer, tmp_path: Path) -> None:
    async def build() -> None:
        async with aiohttp.ClientSession() as session:
            protect(session, guard_of(focus, tmp_path))

    with pytest.raises(TypeError, match="install"):
        asyncio.run(build())
