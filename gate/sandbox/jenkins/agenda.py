"""What will happen at which moment? Changes in their order, carried out when time has come."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Change = Callable[[float], None]


class Agenda:
    """Changes that are due; each is given the moment at which it was due.

    A change looks for itself whether it still applies: nothing is ever taken off.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Change]] = []
        self._order = count()

    def at(self, moment: float, change: Change) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self._due, (moment, next(self._order), change))

    def step(self, now: float) -> float | None:
        """Let the next thing happen if it is due by `now`, and return when it was due."""
        if not self._due or self._due[0][0] > now:
            return None
        moment, _, change = heapq.heappop(self._due)
        change(moment)
        return moment
