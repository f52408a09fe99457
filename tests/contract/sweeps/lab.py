"""What does a scenario ask of an emulated CI system, whichever it is?

Time passes only where gate waits, so that two minutes of patience take no time, and the same
story is told the same way twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Protocol

from gate.providers.pace import Pace
from gate.providers.protocol import Connection, Member
from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.fleet import Behaviour
from gate.sandbox.routing import Answer, Handler, Request
from gate.sandbox.server import SandboxServer, Service

NAME = "load-live"
UNPROTECTED = "unit"


class State(StrEnum):
    """Where something in flight is, and where it ends."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"
    ENDED = "ended"


class Call(StrEnum):
    """A kind of request that every provider has."""

    CANCEL = "cancel"
    LIST = "list"
    LOOK = "look"
    HOLD = "hold"
    SWITCH = "switch"
    RERUN = "rerun"
    ANY = "any"


class May(StrEnum):
    """What a token may be kept from."""

    CANCEL = "cancel"
    FORCE = "force"
    LIST = "list"
    HOLD_EVERYWHERE = "hold everywhere"
    HOLD = "hold"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Shell patterns over method and path."""

    method: str = "*"
    path: str = "*"

    def fits(self, method: str, path: str) -> bool:
        """Return whether a request is one of these."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


class Time:
    """Seconds since the epoch that pass only when somebody waits; for many threads."""

    def __init__(self) -> None:
        self.began = time.time()
        self._now = self.began
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self._now += seconds

    @property
    def passed(self) -> float:
        """The seconds that were waited in all."""
        return self.now() - self.began


class Passing(Time):
    """Time that passes by itself, faster than outside: for a gate that is a process of its own.

    Args:
        speed: how many seconds pass while one passes outside.
    """

    def __init__(self, speed: float = 20.0) -> None:
        super().__init__()
        self._speed = speed

    def now(self) -> float:
        """Return the seconds."""
        return self.began + (time.time() - self.began) * self._speed


class PatientPace(Pace):
    """A budget without a limit, in a time that waiting moves on."""

    def __init__(self, clock: Time, write_points: float = 1.0) -> None:
        super().__init__(at_once=4, write_points=write_points, clock=clock.now, sleep=clock.sleep)

    def wait(self, halt: threading.Event, seconds: float) -> bool:
        """Let the time pass at once."""
        self.sleep(seconds)
        return halt.is_set()


@dataclass(slots=True, kw_only=True)
class _Hook:
    pattern: Pattern
    happens: Callable[[], object]
    after: bool
    times: int


class Watched:
    """A service that lets something happen beside a request.

    Args:
        service: what answers.
    """

    def __init__(self, service: Service) -> None:
        self.name = service.name
        self.prefixes = service.prefixes
        self.router = service.router
        self.controls = service.controls
        self._service = service
        self._hooks: list[_Hook] = []
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Be as at the start."""
        self._service.reset()

    def beside(
        self, pattern: Pattern, happens: Callable[[], object], *, after: bool = False, times: int = 1
    ) -> None:
        """Let something happen just before, or just after, the next such requests are carried out."""
        with self._lock:
            self._hooks.append(_Hook(pattern=pattern, happens=happens, after=after, times=times))

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request, with what is to happen beside it."""
        with self._lock:
            due = [
                hook for hook in self._hooks if hook.times and hook.pattern.fits(request.method, request.path)
            ]
            for hook in due:
                hook.times -= 1
        for hook in due:
            if not hook.after:
                hook.happens()
        answer = self._service.answer(request, handler)
        for hook in due:
            if hook.after:
                hook.happens()
        return answer


class Lab(Protocol):
    """An emulated CI system with two projects, and what anybody can do there.

    Attributes:
        provider: its name.
        time: its time, which is gate's too.
        server: what serves it.
        watched: lets something happen beside a request.
        calls: how its requests look.
        seen_apart: two requests of one search, of which each alone leaves something unseen.
        holds: in how many places a hold that reaches everything is written.
    """

    provider: str
    time: Time
    server: SandboxServer
    watched: Watched
    calls: dict[Call, Pattern]
    seen_apart: tuple[Pattern, Pattern]
    holds: int

    @property
    def member(self) -> Member:
        """The entry of the fleet, with the token that is used now."""

    def connect(self, member: Member | None = None) -> Connection:
        """Return the adapter, connected."""

    def begin(
        self,
        state: State = State.RUNNING,
        *,
        name: str = NAME,
        project: int = 0,
        behaviour: Behaviour = Behaviour.OBEYS,
        grouped: bool = False,
    ) -> Any:
        """Put something into flight."""

    def state(self, thing: Any) -> State:
        """Return where something is."""

    def reason_on(self, thing: Any) -> str:
        """Return what people read where the provider shows a thing that was stopped."""

    def own_target_environ(self, thing: Any) -> dict[str, str]:
        """Return the environment of a process that is a part of something in flight."""

    def end(self, thing: Any) -> None:
        """Let something end by itself, and well."""

    def start(self, thing: Any) -> None:
        """Let something queued begin to run."""

    def stop(self, thing: Any) -> None:
        """Tell something to stop, as somebody else would."""

    def remove(self, thing: Any) -> None:
        """Let a thing's project vanish."""

    def move(self, thing: Any) -> None:
        """Give a thing's project another name."""

    def starts(self, thing: Any) -> int:
        """Return how often something was started again."""

    def start_again(self, thing: Any) -> None:
        """Start something again, as somebody else would."""

    def trigger(self, *, on: bool = True) -> Any:
        """Make something that starts runs by itself, protected by its name."""

    def is_on(self, trigger: Any) -> bool:
        """Return whether a trigger starts anything."""

    def switch(self, trigger: Any, *, on: bool) -> None:
        """Switch a trigger, as somebody else would."""

    def meddle(self, trigger: Any) -> None:
        """Change a trigger so that it is neither as it was nor as gate left it."""

    def hold_texts(self) -> list[str]:
        """Return the holds that gate steps can read, those that reach everything first."""

    def put_hold(self, text: str | None) -> None:
        """Write the place that reaches everything, as somebody else would."""

    def deny(self, *what: May) -> None:
        """Keep gate's token from something."""

    def expire(self) -> None:
        """Let nobody accept gate's token any more."""

    def spend_the_limit(self, seconds: float) -> None:
        """Let the server say, for so long, that everything it gives was used up."""

    def too_often(self, seconds: int | None, times: int = 2) -> None:
        """Answer the next cancels that gate asks too often; `seconds` is when to come back."""


def fault(lab: Lab, call: Call | Pattern, kind: FaultKind = FaultKind.STATUS, **more: Any) -> None:
    """Let the next such requests go wrong."""
    pattern = lab.calls[call] if isinstance(call, Call) else call
    lab.server.faults.add(Fault(kind=kind, method=pattern.method, path=pattern.path, **more))


def came(lab: Lab, call: Call) -> int:
    """Return how many such requests came, also those that went wrong."""
    return sum(lab.calls[call].fits(seen.method, seen.path) for seen in lab.server.log.last())


@contextmanager
def served(lab: Lab) -> Iterator[Lab]:
    """Serve a lab; none of its paths was unknown, and it had no bug."""
    thread = threading.Thread(target=lab.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield lab
    finally:
        lab.server.shutdown()
        lab.server.server_close()
    assert lab.server.errors == []
    assert lab.server.log.unknown() == {}
