"""How fast may one server be asked? One budget for all threads that speak to it.

A server says its limits in points: GitHub allows 900 a minute, one for a read and five for a
write. Points become due evenly, after a first burst; who comes early waits. Where the server
asks for a pause, all threads keep it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST_WAIT = 900.0


class Pace:
    """A budget of requests, and their count.

    Args:
        per_minute: points that become due in a minute; None where there is no limit.
        burst: points that may be spent at once.
        at_once: how many requests may be under way.
        write_points: what a write costs, where a read costs one.
        clock: gives seconds.
        sleep: waits for seconds.

    Attributes:
        requests: how many were sent.
        waited: seconds that threads have waited, one after another.
        at_once: see above.
    """

    def __init__(
        self,
        *,
        per_minute: float | None = None,
        burst: float = 60.0,
        at_once: int = 8,
        write_points: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.requests = 0
        self.waited = 0.0
        self.at_once = at_once
        self.write_points = write_points
        self._rate = None if per_minute is None else per_minute / 60.0
        self._burst = burst
        self._points = burst
        self._clock = clock
        self._sleep = sleep
        self._last = clock()
        self._pause_until = self._last
        self._lock = threading.Lock()

    def take(self, points: float = 1.0) -> None:
        """Wait until a request of so many points may leave, and count it."""
        with self._lock:
            self.requests += 1
            wait = self._due_in(points)
        while wait > 0:
            self._sleep(wait)
            with self._lock:
                self.waited += wait
                wait = self._pause_until - self._clock()  # somebody may have been told to wait meanwhile

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long, as the server asked."""
        with self._lock:
            self._pause_until = max(self._pause_until, self._clock() + seconds)

    def sleep(self, seconds: float) -> None:
        """Wait in this thread alone."""
        self._sleep(seconds)

    def wait(self, halt: threading.Event, seconds: float) -> bool:
        """Wait in this thread alone, or until `halt` is set; return whether it is."""
        return halt.wait(seconds)

    def now(self) -> float:
        """Return the seconds of this budget's clock."""
        return self._clock()

    def seconds_for(self, reads: int, writes: int) -> float:
        """Return how long so many requests take at least, by the limits and at a tenth of a second each."""
        sending = (reads + writes) * 0.1 / self.at_once
        points = reads + writes * self.write_points
        return sending if self._rate is None else max(sending, (points - self._burst) / self._rate)

    def _due_in(self, points: float) -> float:
        """Take the points, on credit where there are too few; return how long they are not due."""
        now = self._clock()
        pause = max(0.0, self._pause_until - now)
        if self._rate is None:
            return pause
        self._points = min(self._burst, self._points + (now - self._last) * self._rate) - points
        self._last = now
        return max(pause, -self._points / self._rate)
