"""Calls are made at once, and one that does not end is left behind."""

from __future__ import annotations

import threading
import time

from gate.diagnose.bounded import together


def fails() -> str:
    raise ValueError("no")


def test_each_call_comes_to_its_value_its_error_or_its_deadline() -> None:
    release = threading.Event()
    started = time.monotonic()
    came = together({"fast": lambda: "yes", "bad": fails, "slow": lambda: str(release.wait(20))}, 0.3)
    assert time.monotonic() - started < 5
    release.set()
    assert came["fast"] == "yes"
    assert isinstance(came["bad"], ValueError)
    assert isinstance(came["slow"], TimeoutError)
    assert list(came) == ["fast", "bad", "slow"]


def test_no_calls_are_no_wait() -> None:
    assert together({}, 60) == {}
