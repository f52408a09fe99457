"""How does a client of urllib3 or requests repeat, but not what a lab without fibre has refused?"""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util import Retry

from gate.guards.hooks.current import url_of
from gate.guards.repeating import is_waiting

if TYPE_CHECKING:
    from typing import Self

    from gate.guards.guard import Guard

_UNAVAILABLE = 503
_last: ContextVar[FiberRetry | None] = ContextVar("fiber_retry_last", default=None)


class FiberRetry(Retry):
    """urllib3's `Retry`, which gives a lab's 503 to the caller while the lab waits for fibre.

    With or without Retry-After, and whatever `status_forcelist` and `raise_on_status` say: the
    caller sees the answer at once, as it would without retries. Everything else is repeated as
    `Retry` does, a failed connection as well, since a lab that waits still answers.

    Args:
        *args: as for `Retry`.
        guard: knows the labs; by default the one of this process. Where no lab is
            configured, this is `Retry` and no more.
        **kwargs: as for `Retry`.
    """

    def __init__(self, *args: Any, guard: Guard | None = None, **kwargs: Any) -> None:
        self._guard = guard
        super().__init__(*args, **kwargs)

    @property
    def raise_on_status(self) -> bool:
        """Whether the caller gets an error in the place of the last answer.

        urllib3 asks its own `Retry` this once it has given up, and has no other way to be
        told by one that the answer itself is wanted.
        """
        return self._raise_on_status and _last.get() is not self

    @raise_on_status.setter
    def raise_on_status(self, value: bool) -> None:
        self._raise_on_status = value

    def new(self, **kw: Any) -> Self:
        """Return a copy with other counters, which knows the same labs."""
        copy = super().new(**{"raise_on_status": self._raise_on_status, **kw})
        copy._guard = self._guard
        return copy

    def __copy__(self) -> Self:
        return self.new()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle may hold: a guard belongs to its process, so another one asks its own."""
        return {**vars(self), "_guard": None}

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Return the counters for one more attempt.

        Raises:
            MaxRetryError: there is none; urllib3 then raises it or returns `response`.
        """
        _last.set(None)
        if error is None and getattr(response, "status", None) == _UNAVAILABLE:
            whole = url_of(_pool.scheme, _pool.host, _pool.port, url or "/") if _pool else url or ""
            if is_waiting(whole, self._guard):
                _last.set(self)
                raise MaxRetryError(_pool, whole, ResponseError("the lab is waiting for fiber"))
        return super().increment(method, url, response, error, _pool, _stacktrace)
