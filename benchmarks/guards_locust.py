"""How many configure requests does a lab that goes dark still get from a load test, and for how long?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.rows import Row
from gate.sandbox.focus import FocusServer, FocusState
from tests.locust.load import CONFIGURE, running

USERS = 50
AT_WORK = 200
RAMPING = 40


def measure(server: FocusServer) -> list[Row]:
    """Run Locust in one process, and with two workers; let the lab go dark at work and in ramp-up."""
    rows: list[Row] = []
    for workers, who in ((0, "1 process"), (2, "2 workers")):
        rows += _go_dark(server, f"{who}, at work", workers, rate=USERS, count=AT_WORK)
        rows += _go_dark(server, f"{who}, ramp-up", workers, rate=10, count=RAMPING)
    return rows


def _go_dark(server: FocusServer, what: str, workers: int, *, rate: float, count: int) -> list[Row]:
    server.state = FocusState.READY
    first = server.seen[CONFIGURE]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), server, "-t", "120s", workers=workers, users=USERS, rate=rate) as load,
    ):
        load.reach(count)
        load.turn(FocusState.WAITING)
        code = load.end()
        sent, seconds = load.since_dark()
    server.state = FocusState.READY
    note = f"{USERS} users, {load.before - first} configure requests before; exit code {code}"
    return [
        Row(what=f"locust, {what}: sent in the dark", measured=sent, bound=USERS, unit="", note=note),
        Row(
            what=f"locust, {what}: to stop",
            measured=seconds,
            bound=5,
            unit="s",
            note="until every process of Locust has ended",
        ),
    ]
