"""Where does this process send HTTP requests, and how does a guard stand before each place?

One module a library. Each hook stands where the library hands a request on, before it
connects and before its own retries, and sees every redirect. Stand-ins of tests, which
replace the same places, are not held back: what they are given never leaves.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

from gate.guards.hooks import aiohttp, current, geventhttpclient, http_client, httpx, requests, urllib3
from gate.guards.hooks.loading import Finder
from gate.guards.hooks.placing import Hook, Placed, place, remove

if TYPE_CHECKING:
    from gate.guards.guard import Guard

HOOKS: tuple[Hook, ...] = (
    *requests.HOOKS,
    *urllib3.HOOKS,
    *httpx.HOOKS,
    *aiohttp.HOOKS,
    *geventhttpclient.HOOKS,
    *http_client.HOOKS,
)

_lock = threading.RLock()
_placed: list[Placed] = []


def install(guard: Guard) -> None:
    """Let `guard` check every request of this process, until `uninstall`.

    A library that is not imported yet is hooked when it is. A second call only changes the
    guard: there is one at a time.
    """
    with _lock:
        current.guard = guard
        if _finder in sys.meta_path:
            return
        sys.meta_path.insert(0, _finder)
        for name in _finder.names:
            if name in sys.modules:
                _hook_into(importlib.import_module(name))  # waits where another thread still loads it


def uninstall() -> None:
    """Put everything back as it was; what others have put on top of a hook stays, and passes all."""
    with _lock:
        current.guard = None
        if _finder in sys.meta_path:
            sys.meta_path.remove(_finder)
        while _placed:
            remove(_placed.pop())


def _hook_into(module: ModuleType) -> None:
    with _lock:
        for hook in HOOKS:
            if hook.module == module.__name__ and (placed := place(hook, module)):
                _placed.append(placed)


_finder = Finder(frozenset(hook.module for hook in HOOKS), _hook_into)
