"""How do threads share clients that cannot be shared? Each borrows one that nobody else has meanwhile.

A client keeps its connection, so that there are as many of both as requests were ever under way at
once, whatever the number of threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What can let go of its connection."""

    def close(self) -> object:
        """Let go of it."""


T = TypeVar("T", bound=Closable)


class Idle(Generic[T]):
    """Clients that nobody has at this moment.

    Args:
        make: returns a further client, where all are lent.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._clients: list[T] = []
        self._closed = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._clients)

    @contextmanager
    def lent(self) -> Iterator[T]:
        """Lend a client that no other thread has meanwhile."""
        with self._lock:
            client = self._clients.pop() if self._clients else None
        if client is None:
            client = self._make()
        try:
            yield client
        finally:
            with self._lock:
                self._clients.append(client)
            if self._closed:
                self.close()

    def close(self) -> None:
        """Close every client, and those that are lent as soon as they are back."""
        self._closed = True
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()
