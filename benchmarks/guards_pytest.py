"""What does a guarded pytest run cost beside an unguarded one: at its start, and for each test?

Processor time within the processes themselves, the best of some rounds: of the few milliseconds
that are looked for, nothing would be left in the times that a clock on the wall shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.rows import Row

MODULES, TESTS = 1250, 4  # four tests in a module, as a real team has them: 590 in 150 files
RUN_MODULES = 250
ROUNDS = 4
_PROGRAM = """
import json, sys, time
import pytest

class Timer:
    spent = {}

    def timed(self, name):
        started = time.process_time()
        try:
            return (yield)
        finally:
            self.spent[name] = time.process_time() - started

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self): return (yield from self.timed("start"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self): return (yield from self.timed("collect"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self): return (yield from self.timed("run"))

plugins = [Timer()]
started = time.process_time()
if sys.argv[1] == "guarded":
    import gate.guards.pytest_plugin
    plugins.append(gate.guards.pytest_plugin)
Timer.spent["import"] = time.process_time() - started
assert pytest.main(["-q", "-p", "no:gate", "-p", "no:cacheprovider", *sys.argv[2:]], plugins=plugins) == 0
print(json.dumps(Timer.spent))
"""


def measure(url: str) -> list[Row]:
    """Collect 5,000 tests and run 1,000 of them, guarded and not, in turn.

    Args:
        url: a lab on loopback that is ready.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write_suite(Path(folder))
        collected = _best(Path(folder), url, ["--collect-only"], ("import", "start", "collect"))
        run = _best(Path(folder), url, ["some"], ("run",))
    start = sum(collected["guarded"][name] - collected["plain"][name] for name in ("import", "start"))
    collecting = collected["plain"]["collect"]
    each = (run["guarded"]["run"] - run["plain"]["run"]) / (RUN_MODULES * TESTS)
    return [
        Row(
            what=f"pytest guard, set-up beside {MODULES * TESTS:,} collected",
            measured=100 * start / collecting,
            bound=2,
            unit="%",
            note=f"{start * 1000:.0f} ms beside {collecting * 1000:.0f} ms of processor time; "
            f"collecting guarded: {collected['guarded']['collect'] * 1000:.0f} ms",
        ),
        Row(
            what="pytest guard, for each test",
            measured=max(0.0, each * 1000),
            bound=0.5,
            unit="ms",
            note=f"over {RUN_MODULES * TESTS:,} tests with a fixture, that do nothing",
        ),
    ]


def _write_suite(folder: Path) -> None:
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    tests = "".join(f"def test_{number}(tmp): pass\n" for number in range(TESTS))
    head = "import pytest\n@pytest.fixture\ndef tmp(): return 1\n"
    for number in range(MODULES):
        place = folder / ("some" if number < RUN_MODULES else "others")
        place.mkdir(exist_ok=True)
        (place / f"test_{number}.py").write_text(head + tests, encoding="utf-8")


def _best(
    folder: Path, url: str, arguments: list[str], names: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    seconds: dict[str, dict[str, list[float]]] = {
        way: {name: [] for name in names} for way in ("plain", "guarded")
    }
    for _ in range(ROUNDS):
        for way, lists in seconds.items():
            spent = _spent(folder, url, way, arguments)
            for name in names:
                lists[name].append(spent[name])
    return {way: {name: min(found) for name, found in lists.items()} for way, lists in seconds.items()}


def _spent(folder: Path, url: str, way: str, arguments: list[str]) -> dict[str, Any]:
    environ = {**os.environ, "XDG_CACHE_HOME": str(folder), "LOCALAPPDATA": str(folder)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody installs a package without
    if way == "guarded":
        environ["GATE_FOCUS_SERVER"] = url
    command = [sys.executable, "-c", _PROGRAM, way, *arguments]
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(ran.stdout.decode().splitlines()[-1])
    return found
