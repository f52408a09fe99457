"""What does a guard cost a request that is none of its business?"""

from __future__ import annotations

import http.client
import os
import tempfile
import timeit
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPSConnectionPool

from benchmarks.rows import Row
from gate.config import Config
from gate.guards import hooks
from gate.guards.hooks.placing import Hook
from gate.guards.http import Guard, install, uninstall
from gate.sandbox.focus import FocusServer

ROUNDS = 15
CALLS = 4000
FOREIGN = "https://reports.example.com/upload/results?run=17"


def measure(server: FocusServer) -> list[Row]:
    """Measure the decision alone, then whole requests with and without hooks.

    Args:
        server: a lab on loopback that is ready.
    """
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "GATE_FOCUS_SERVER": server.url,
            "XDG_CACHE_HOME": folder,
            "LOCALAPPDATA": folder,
        }
        guard = Guard(Config(source="a benchmark"), environ)
        configure, reading = server.url + "/configure", server.url + "/recordings_in_time_range"
        guard.snapshot()
        return [
            _row("guard, a request that reads", lambda: guard.check("GET", FOREIGN)),
            _row("guard, a post to another host", lambda: guard.check("POST", FOREIGN)),
            _row("guard, the first post to a host", _new_host(guard), bound=20),
            _row("guard, a post to the lab that reads", lambda: guard.check("POST", reading), bound=30),
            _row("guard, a configure of a ready lab", lambda: guard.check("POST", configure), bound=50),
            _through_requests(guard),
        ]


def _row(what: str, call: Callable[[], object], bound: float = 5) -> Row:
    note = f"best of {ROUNDS} times {CALLS} calls"
    return Row(what=what, measured=_microseconds(call), bound=bound, unit="µs", note=note)


def _new_host(guard: Guard) -> Callable[[], object]:
    hosts = iter(range(ROUNDS * CALLS))
    return lambda: guard.check("POST", f"https://host-{next(hosts)}.example.com/upload")


def _through_requests(guard: Guard) -> Row:
    """Add up what the three hooks cost that a post by requests goes through, down to the wire."""
    parts = urlsplit(FOREIGN)
    prepared = requests.Request("POST", FOREIGN).prepare()
    pool = HTTPSConnectionPool(parts.netloc)
    wire = http.client.HTTPSConnection(parts.netloc)
    calls: tuple[tuple[Hook, tuple[object, ...]], ...] = (
        (*hooks.requests.HOOKS, (None, prepared)),
        (*hooks.urllib3.HOOKS, (pool, "POST", parts.path)),
        (*hooks.http_client.HOOKS, (wire, "POST", parts.path)),
    )
    install(guard)
    added = [
        _microseconds(partial(hook.wrap(_nothing), *given)) - _microseconds(partial(_nothing, *given))
        for hook, given in calls
    ]
    uninstall()
    each = ", ".join(f"{microseconds:.1f}" for microseconds in added)
    return Row(
        what="guard, a post by requests, all hooks",
        measured=sum(added),
        bound=5,
        unit="µs",
        note=f"{each} µs in requests, urllib3 and http.client",
    )


def _nothing(*given: object) -> None:
    """Take the place of what sends."""


def _microseconds(call: Callable[[], object]) -> float:
    return min(timeit.repeat(call, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6
