"""How does a task wait for a reading without keeping its event loop?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")


async def run_aside(work: Callable[[A], T], argument: A) -> T:
    """Run blocking work on another thread and return what it returns.

    Under trio, which httpx can run on, trio's own threads are used.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        trio = sys.modules.get("trio")
        if trio is None:
            return work(argument)
        found: T = await trio.to_thread.run_sync(work, argument)
        return found
    return await asyncio.to_thread(work, argument)
