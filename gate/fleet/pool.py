"""How are several requests sent at once? A few threads for each server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Pool:
    """Threads that are kept, since each has a client of its own with its own connection.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._mine = threading.local()
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="gate", initializer=self._mark)

    def each(self, call: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """Return `call` of each item, in order, several at once.

        Only a few items are ahead of the one whose result is taken, so that a long list needs no
        memory. In a thread of this pool itself it works item by item: threads that wait for
        threads of the same pool could wait for ever.
        """
        if getattr(self._mine, "inside", False):
            return map(call, items)
        return self._ahead(call, items)

    def close(self) -> None:
        """Take nothing more on; what is under way ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _ahead(self, call: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        left = iter(items)
        ahead: list[Future[U]] = [self._executor.submit(call, item) for item in islice(left, 4 * self._size)]
        try:
            while ahead:
                result = ahead.pop(0).result()
                ahead += [self._executor.submit(call, item) for item in islice(left, 1)]
                yield result
        finally:
            for future in ahead:
                future.cancel()

    def _mark(self) -> None:
        self._mine.inside = True
