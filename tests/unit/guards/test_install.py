"""Hooks in a process of their own: libraries that come later, and gevent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.support import ROOT, clean_environ
from tests.unit.guards.labs import CONFIGURE, READ

START = """
import os, sys
from gate.config import load_config
from gate.guards.http import FiberNotReady, Guard, install, uninstall
URL = os.environ["GATE_FOCUS_SERVER"] + "/configure"
guard = Guard(load_config(None, os.environ), os.environ)
"""


def run(focus: FocusServer, folder: Path, program: str, *options: str) -> str:
    """Run a program in a process that knows the lab, and return what it printed."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, *options, "program.py"],
        env=clean_environ(folder / "cache", GATE_FOCUS_SERVER=focus.url, PYTHONPATH=str(ROOT)),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_installing_imports_no_library(focus: FocusServer, tmp_path: Path) -> None:
    program = START + (
        "install(guard)\n"
        "known = 'requests urllib3 httpx httpcore aiohttp yaml pytest locust gevent tenacity'.split()\n"
        "print(sorted(set(known) & set(sys.modules)))\n"
    )
    assert run(focus, tmp_path, program) == "[]"
    assert not focus.seen


@pytest.mark.parametrize(
    ("library", "call"),
    [
        ("requests", "requests.post(URL)"),
        ("urllib3", "urllib3.PoolManager().request('POST', URL)"),
        ("httpx", "httpx.post(URL)"),
        ("urllib.request", "urllib.request.urlopen(URL, data=b'{}')"),
    ],
)
def test_a_library_that_comes_later_is_hooked_and_left_with_its_own_loader(
    focus: FocusServer, tmp_path: Path, library: str, call: str
) -> None:
    program = START + (
        "install(guard)\n"
        f"import {library}\n"
        f"try: {call}\n"
        "except FiberNotReady as error: print(error.verdict.code)\n"
        "print({type(module.__spec__.loader).__name__ for module in sys.modules.values()\n"
        "       if getattr(module, '__spec__', None)} & {'_Telling'})\n"
        "uninstall()\n"
        f"try: print({call})\n"
        "except Exception as error: print('sent')\n"
    )
    printed = run(focus, tmp_path, program).splitlines()
    assert printed[:2] == ["waiting_for_fiber", "set()"]
    assert focus.seen[CONFIGURE] >= 1  # after uninstalling


def test_aiohttp_that_comes_later_is_hooked(focus: FocusServer, tmp_path: Path) -> None:
    program = START + (
        "install(guard)\n"
        "import aiohttp, asyncio\n"
        "async def main():\n"
        "    async with aiohttp.ClientSession() as session:\n"
        "        await session.post(URL)\n"
        "try: asyncio.run(main())\n"
        "except FiberNotReady as error: print(error.verdict.code)\n"
    )
    assert run(focus, tmp_path, program) == "waiting_for_fiber"
    assert dict(focus.seen) == {READ: 1}


def test_a_library_that_is_loaded_anew_is_hooked_anew(focus: FocusServer, tmp_path: Path) -> None:
    program = START + (
        "install(guard)\n"
        "import http.client, importlib, urllib.request\n"
        "importlib.reload(http.client)\n"
        "try: urllib.request.urlopen(URL, data=b'{}')\n"
        "except FiberNotReady as error: print(error.verdict.code)\n"
    )
    assert run(focus, tmp_path, program) == "waiting_for_fiber"


def test_threads_that_import_while_it_is_installed_lose_nothing(focus: FocusServer, tmp_path: Path) -> None:
    program = START + (
        "import threading\n"
        "threads = [threading.Thread(target=__import__, args=('requests',)) for _ in range(8)]\n"
        "for thread in threads: thread.start()\n"
        "install(guard)\n"
        "for thread in threads: thread.join()\n"
        "import requests\n"
        "print(requests.adapters.HTTPAdapter.send.__module__)\n"
        "try: requests.post(URL)\n"
        "except FiberNotReady as error: print(error.verdict.code)\n"
    )
    assert run(focus, tmp_path, program).endswith("waiting_for_fiber")
    assert dict(focus.seen) == {READ: 1}


@pytest.mark.parametrize("order", ["patched first", "patched last"])
def test_two_hundred_greenlets_at_once_cost_one_reading_and_never_wait_for_ever(
    focus: FocusServer, tmp_path: Path, order: str
) -> None:
    pytest.importorskip("gevent")
    patch = "from gevent import monkey; monkey.patch_all()\n"
    made = START + "install(guard)\n"
    warm = "guard._lock_of(guard.labs[0])\n"  # a lock from before gevent took over
    program = (patch + made if order == "patched first" else made + warm + patch) + (
        "import gevent, requests\n"
        "def call(_):\n"
        "    try: requests.post(URL)\n"
        "    except FiberNotReady: return 1\n"
        "    return 0\n"
        "from gevent.pool import Pool\n"
        "print(sum(Pool(200).map(call, range(200))))\n"
    )
    assert run(focus, tmp_path, program, "-W", "ignore") == "200"
    assert dict(focus.seen) == {READ: 1}


def test_under_gevent_a_ready_lab_is_configured_by_all(focus: FocusServer, tmp_path: Path) -> None:
    pytest.importorskip("gevent")
    focus.state = FocusState.READY
    program = (
        "from gevent import monkey; monkey.patch_all()\n"
        + START
        + (
            "install(guard)\n"
            "import requests\n"
            "from gevent.pool import Pool\n"
            "print(sum(Pool(20).map(lambda _: requests.post(URL).status_code == 200, range(20))))\n"
        )
    )
    assert run(focus, tmp_path, program) == "20"
    assert dict(focus.seen) == {READ: 1, CONFIGURE: 20}
