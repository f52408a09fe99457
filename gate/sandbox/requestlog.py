"""What did the emulator see? Counts and the last requests, never a header, query or body."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

KEPT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request. Neither query nor headers are kept: both may carry a token.

    Attributes:
        method: the method.
        template: the path template; empty where the service has no such path.
        path: as it was sent, without its query.
        status: what was answered; 0 where the connection was broken instead.
        at: seconds since the log was begun.
        took: seconds from the request to its answer.
    """

    method: str
    template: str
    path: str
    status: int
    at: float
    took: float


class RequestLog:
    """Counts requests by method and path template; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._requests: Counter[str] = Counter()
            self._unknown: Counter[str] = Counter()
            self._statuses: Counter[str] = Counter()
            self._last: deque[Seen] = deque(maxlen=KEPT)
            self._at_once = 0
            self._peak = 0

    def begin(self) -> None:
        """Note that a request has come."""
        with self._lock:
            self._at_once += 1
            self._peak = max(self._peak, self._at_once)

    def at_once(self) -> int:
        """Return how many requests have come and are not answered."""
        with self._lock:
            return self._at_once

    def end(self, seen: Seen) -> None:
        """Note what was answered."""
        with self._lock:
            self._at_once = max(0, self._at_once - 1)
            if seen.template:
                self._requests[f"{seen.method} {seen.template}"] += 1
            else:
                self._unknown[f"{seen.method} {seen.path}"] += 1
            self._statuses[str(seen.status)] += 1
            self._last.append(seen)

    def count(self, method: str = "", template: str = "") -> int:
        """Return how many requests came, of one method or template where those are given."""
        with self._lock:
            return sum(
                number
                for words, number in self._requests.items()
                if words.startswith(f"{method} " if method else "")
                and (not template or words.partition(" ")[2] == template)
            )

    def unknown(self) -> dict[str, int]:
        """Return the requests for paths that the service does not have, with their counts."""
        with self._lock:
            return dict(self._unknown)

    def last(self) -> tuple[Seen, ...]:
        """Return the last requests, oldest first, `KEPT` of them at most."""
        with self._lock:
            return tuple(self._last)

    def summary(self) -> dict[str, Any]:
        """Return the counts as one JSON object."""
        with self._lock:
            return {
                "requests": dict(sorted(self._requests.items())),
                "unknown": dict(sorted(self._unknown.items())),
                "statuses": dict(sorted(self._statuses.items())),
                "total": self._requests.total() + self._unknown.total(),
                "peak": self._peak,
            }
