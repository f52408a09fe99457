"""How long does a whole `gate check` take, beside the two lines that people write instead?"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.rows import Row

ROUNDS = 30
GATE = Path(sys.executable).parent / ("gate.exe" if sys.platform == "win32" else "gate")


def measure(url: str) -> list[Row]:
    """Run both in turn, `ROUNDS` times each, and compare the medians.

    Args:
        url: a lab on loopback that is ready.
    """
    script = f"import requests; requests.get({url + '/live_metadata'!r}).json()"
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "GATE_FOCUS_SERVER": url, "XDG_CACHE_HOME": folder, "LOCALAPPDATA": folder}
        commands = {
            "bare": [sys.executable, "-c", script],
            "asks": [str(GATE), "check", "--max-age", "0s", "--format", "json"],
            "shares": [str(GATE), "check", "--max-age", "1h", "--format", "json"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds[name].append(_seconds(command, environ))
    bare = median(seconds["bare"])
    note = f"medians of {ROUNDS}: {median(seconds['asks']) * 1000:.0f} ms beside {bare * 1000:.0f} ms"
    return [
        Row(
            what="gate check, asking the lab",
            measured=median(seconds["asks"]) / bare,
            bound=1.3,
            unit="x",
            note=note,
        ),
        Row(
            what="gate check, sharing a reading",
            measured=median(seconds["shares"]) / bare,
            bound=1.0,
            unit="x",
            note=f"{median(seconds['shares']) * 1000:.0f} ms: requests is not imported",
        ),
    ]


def _seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    # Without a timeout: waiting with one looks for the process only every 50 ms.
    started = time.perf_counter()
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
