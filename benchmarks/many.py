"""What do 200 gate processes at once cost the lab?"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

from benchmarks.rows import Row
from benchmarks.speed import GATE
from gate.sandbox.focus import FocusServer

PROCESSES = 200
VALID_FOR = 5.0


def measure(server: FocusServer) -> list[Row]:
    """Start all at once and count the requests that the server sees, per five seconds."""
    before = server.seen["GET /live_metadata"]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "GATE_FOCUS_SERVER": server.url,
            "XDG_CACHE_HOME": folder,
            "LOCALAPPDATA": folder,
        }
        command = [str(GATE), "check"]
        gates = [subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) for _ in range(PROCESSES)]
        for gate in gates:
            gate.wait(timeout=300)
    took = time.monotonic() - started
    asked = server.seen["GET /live_metadata"] - before
    return [
        Row(
            what=f"{PROCESSES} gates at once, requests per 5 s",
            measured=asked / max(1.0, took / VALID_FOR),
            bound=10,
            unit="",
            note=f"{asked} in {took:.0f} s, which so many processes need here",
        )
    ]
