"""How is one slow answer kept from holding up all the others?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def together(calls: Mapping[Key, Callable[[], Value]], seconds: float) -> dict[Key, Value | Exception]:
    """Make all calls at once and return what each came to within `seconds`.

    Returns:
        By the calls' keys: the value, or the exception that was raised; `TimeoutError` for a
        call that is not over by then, whose thread is left to itself.
    """
    came: dict[Key, Value | Exception] = {}

    def make(key: Key, call: Callable[[], Value]) -> None:
        try:
            came[key] = call()
        except Exception as error:
            came[key] = error

    threads = [
        threading.Thread(target=make, args=(key, call), name="gate-diagnose", daemon=True)
        for key, call in calls.items()
    ]
    give_up = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, give_up - time.monotonic()))
    late = TimeoutError(f"no answer within {seconds:g} s")
    done = dict(came)
    return {key: done.get(key, late) for key in calls}
