"""What goes wrong next? Faults that a test or a drill orders for the requests to come."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

_MOST_REQUESTS = 1_000_000
_LONGEST_DELAY = 600.0


class FaultKind(StrEnum):
    """How an answer goes wrong.

    `STATUS` answers with another status, `RESET` breaks the connection, `MALFORMED` sends
    text that is no JSON, `TRUNCATED` sends half of the answer and hangs up, `DELAY` only
    takes its time.
    """

    STATUS = "status"
    RESET = "reset"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    DELAY = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next requests that match.

    Attributes:
        kind: how the answer goes wrong.
        method: a shell pattern over the method.
        path: a shell pattern over the path without its query.
        times: how many requests.
        skip: how many matching requests come through unharmed before.
        status: with `STATUS`.
        message: the answer's ``message``, with `STATUS`.
        headers: sent with it.
        delay: seconds to wait before.
        carried_out: whether the service does what was asked before the answer goes wrong;
            that is how an answer is lost. A `DELAY` and a `TRUNCATED` answer always are.
    """

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    times: int = 1
    skip: int = 0
    status: int = 500
    message: str = "Server Error"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    carried_out: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Return whether a request is one that the fault is meant for."""
        return fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)

    @property
    def answered(self) -> bool:
        """Whether the service itself gets to see the request."""
        return self.carried_out or self.kind in {FaultKind.DELAY, FaultKind.TRUNCATED}


class Faults:
    """The faults that are still to come, oldest first; safe to use from many threads."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Call all of them off."""
        with self._lock:
            self._pending.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Return what has not happened yet."""
        with self._lock:
            return tuple(self._pending)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that befalls this request, if any, and count it."""
        with self._lock:
            for index, fault in enumerate(self._pending):
                if not fault.matches(method, path):
                    continue
                if fault.skip:
                    self._pending[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times <= 1:
                    del self._pending[index]
                else:
                    self._pending[index] = replace(fault, times=fault.times - 1)
                return fault
        return None


def encode_fault(fault: Fault) -> dict[str, Any]:
    """Return a fault as `parse_fault` takes it."""
    return {**asdict(fault), "kind": str(fault.kind), "headers": dict(fault.headers)}


def parse_fault(document: object) -> Fault:
    """Return the fault that a JSON object describes.

    Raises:
        ValueError: something is not as `Fault` says; the message names the key.
    """
    if not isinstance(document, Mapping):
        raise ValueError("expected an object with a kind")
    known = set(Fault.__dataclass_fields__)
    strange = [str(key) for key in document if key not in known]
    if strange:
        raise ValueError(f"{strange[0]}: no such key; there are {', '.join(sorted(known))}")
    try:
        kind = FaultKind(str(document.get("kind")))
    except ValueError:
        raise ValueError(f"kind: expected one of {', '.join(FaultKind)}") from None
    return Fault(
        kind=kind,
        method=_text(document, "method", "*"),
        path=_text(document, "path", "*"),
        times=int(_number(document, "times", 1, 1, _MOST_REQUESTS)),
        skip=int(_number(document, "skip", 0, 0, _MOST_REQUESTS)),
        status=int(_number(document, "status", 500, 200, 599)),
        message=_text(document, "message", "Server Error"),
        headers=_headers(document),
        delay=_number(document, "delay", 0.0, 0.0, _LONGEST_DELAY),
        carried_out=document.get("carried_out") is True,
    )


def _text(document: Mapping[str, Any], key: str, default: str) -> str:
    value = document.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"{key}: expected text")
    return value


def _number(document: Mapping[str, Any], key: str, default: float, least: float, most: float) -> float:
    value = document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{key}: expected a number from {least:g} to {most:g}")
    return float(value)


def _headers(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    value = document.get("headers", {})
    if not isinstance(value, Mapping):
        raise ValueError("headers: expected an object")
    pairs = tuple((str(name), str(text)) for name, text in value.items())
    if any("\r" in part or "\n" in part for pair in pairs for part in pair):
        raise ValueError("headers: a header is one line")
    return pairs
