"""Where does the guard need more of Locust than its events and its runners offer?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gevent import Greenlet  # type: ignore[import-untyped]
from locust.runners import MasterRunner


def listen_first(event: Any, listener: Callable[..., None]) -> None:
    """Add a listener before those that are there already."""
    event.add_listener(listener)
    event._handlers.insert(0, event._handlers.pop())


def ramp_ups(environment: Any, ramp_up: Greenlet | None) -> Iterator[Greenlet]:
    """Yield what a master still spawns users with, which its own `stop()` leaves at work.

    See https://github.com/locustio/locust/issues/2938. A single process's ramp-up, and that
    of a shape, are stopped by Locust.

    Args:
        environment: Locust's.
        ramp_up: where the test was started.
    """
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        for greenlet in (ramp_up, getattr(environment.web_ui, "_swarm_greenlet", None)):
            if greenlet not in (None, runner.shape_greenlet):
                yield greenlet
