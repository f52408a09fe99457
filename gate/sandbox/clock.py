"""What time is it in the sandbox? Real time, faster time, or time that a test moves by hand."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since the epoch, which may run faster than outside and can be moved on.

    Args:
        speed: how many seconds pass in the sandbox while one passes outside; 0 stands still.
        source: the time outside, in seconds since the epoch.
    """

    def __init__(self, speed: float = 1.0, source: Callable[[], float] = time.time) -> None:
        self.speed = speed
        self._source = source
        self._started = source()
        self._moved = 0.0

    def now(self) -> float:
        """Return the sandbox's time."""
        return self._started + (self._source() - self._started) * self.speed + self._moved

    def advance(self, seconds: float) -> None:
        """Move the time on, or back where `seconds` is negative."""
        self._moved += seconds
