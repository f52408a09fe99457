"""How are several servers worked with at the same time?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def over(items: Sequence[T], call: Callable[[T], U], halt: Event | None = None) -> tuple[U, ...]:
    """Return `call` of each item, all at once: each works for a server of its own.

    Args:
        items: what to call with.
        call: what to call.
        halt: is set when a person interrupts, so that calls under way come to an end.
    """
    if len(items) < 2:
        return tuple(call(item) for item in items)
    with ThreadPoolExecutor(max(1, min(len(items), 32)), thread_name_prefix="gate-fleet") as executor:
        futures = [executor.submit(call, item) for item in items]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            if halt is not None:
                halt.set()
            raise
