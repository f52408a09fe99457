"""Hooks come and go without a trace, also where others wrap the same places."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest
import requests
from requests.adapters import HTTPAdapter

from gate.guards.hooks import HOOKS
from gate.guards.http import Call, FiberNotReady, install, uninstall
from gate.sandbox.focus import FocusServer
from tests.unit.guards.labs import CONFIGURE, guard_of
from tests.unit.guards.senders import by_requests


def places() -> dict[str, Any]:
    found = {}
    for hook in HOOKS:
        module = __import__(hook.module, fromlist=["_"])
        found[f"{hook.module}.{hook.owner}.{hook.method}"] = vars(getattr(module, hook.owner))[hook.method]
    return found


def test_uninstalling_puts_exactly_the_originals_back(focus: FocusServer, tmp_path: Path) -> None:
    before = places()
    guard = guard_of(focus, tmp_path)
    install(guard)
    placed = places()
    assert not set(before.values()) & set(placed.values())
    install(guard)
    install(guard_of(focus, tmp_path))
    assert places() == placed
    uninstall()
    assert places() == before
    uninstall()
    assert places() == before


def test_what_was_wrapped_on_top_stays_and_lets_everything_pass(focus: FocusServer, tmp_path: Path) -> None:
    original = HTTPAdapter.send
    guard = guard_of(focus, tmp_path)
    install(guard)
    ours = HTTPAdapter.send

    def on_top(self: HTTPAdapter, *args: Any, **kwargs: Any) -> requests.Response:
        return ours(self, *args, **kwargs)

    HTTPAdapter.send = on_top  # type: ignore[method-assign]
    try:
        uninstall()
        assert vars(HTTPAdapter)["send"] is on_top
        assert requests.post(focus.url + "/configure", timeout=5).status_code == 503
        install(guard)
        with pytest.raises(FiberNotReady):
            requests.post(focus.url + "/configure", timeout=5)
        uninstall()
        assert vars(HTTPAdapter)["send"] is on_top
    finally:
        HTTPAdapter.send = original  # type: ignore[method-assign]
    assert focus.seen[CONFIGURE] == 1


def test_a_refused_call_is_decided_once_and_a_passed_one_reads_once(
    focus: FocusServer, tmp_path: Path
) -> None:
    guard = guard_of(focus, tmp_path)
    refused: list[Call] = []

    def refuse(call: Call) -> NoReturn:
        refused.append(call)
        raise FiberNotReady(call)

    guard.refuse = refuse
    install(guard)
    try:
        with pytest.raises(FiberNotReady):
            by_requests("POST", focus.url + "/configure")
    finally:
        uninstall()
    assert len(refused) == 1
