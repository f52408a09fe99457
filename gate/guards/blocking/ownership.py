"""Whose call is it? Of the test or fixture in whose course it is made, on whatever thread.

The owner is a context variable, so asyncio carries it into tasks by itself. While a run is
guarded, threads and pools take it over from whoever starts or feeds them. A thread that outlives
its test keeps that owner, so it never blocks a later test. What has no owner in its context
belongs to whatever pytest is at.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gate.guards.blocking.blocked import Block, Blocked
from gate.guards.http import FiberNotReady


@dataclass(slots=True, eq=False)
class Owner:
    """A test or a fixture.

    Attributes:
        name: the test's node id, or the fixture's name.
        fixture: whether it is a fixture.
        blocks: what was held back in its course, in this order.
        told: those of them that a report has told of.
        over: whether its outcome can no longer change.
    """

    name: str
    fixture: bool = False
    blocks: list[Block] = field(default_factory=list)
    told: list[Block] = field(default_factory=list)
    over: bool = False


Current = Callable[[], Owner | None]


class _Place(NamedTuple):
    """A method that gives work to a thread."""

    module: str
    owner: str
    method: str
    wrap: Callable[[Current, Any], Callable[..., Any]]


_OWNER: ContextVar[Owner | None] = ContextVar("gate_owner", default=None)


class Owners:
    """Knows at every moment whose code runs.

    Attributes:
        running: what pytest is at.
    """

    def __init__(self) -> None:
        self.running: Owner | None = None
        self._undo: list[Callable[[], None]] = []
        self._carried: set[_Place] = set()

    def current(self) -> Owner | None:
        """Return who owns the code that calls this, or None outside of any test."""
        return _OWNER.get() or self.running

    @contextmanager
    def owning(self, owner: Owner) -> Iterator[None]:
        """Let everything until the end of the block belong to `owner`."""
        leave = self.enter(owner)
        try:
            yield
        finally:
            leave()

    @contextmanager
    def collecting(self, owner: Owner) -> Iterator[None]:
        """Do so while tests are collected.

        The context is left alone: that of an `IsolatedAsyncioTestCase` is made then, and
        the test runs in it later.
        """
        before, self.running = self.running, owner
        try:
            yield
        finally:
            self.running = before
            owner.over = True

    def enter(self, owner: Owner) -> Callable[[], None]:
        """Let everything belong to `owner` until the function that is returned is called."""
        before = _OWNER.get(), self.running
        _OWNER.set(owner)
        self.running = owner

        def leave() -> None:
            _OWNER.set(before[0])
            self.running = before[1]

        return leave

    def carry(self) -> None:
        """Have threads take over the owner, and the pools that are imported by now, until `drop`."""
        for place in _PLACES:
            kind = getattr(sys.modules.get(place.module), place.owner, None)
            if kind is not None and place not in self._carried:
                self._carried.add(place)
                self._replace(kind, place)

    def drop(self) -> None:
        """Put back what `carry` replaced."""
        while self._undo:
            self._undo.pop()()
        self._carried.clear()

    def _replace(self, kind: type, place: _Place) -> None:
        inherited = place.method not in vars(kind)
        original = getattr(kind, place.method)
        ours = place.wrap(self.current, original)
        setattr(kind, place.method, ours)

        def undo() -> None:
            if vars(kind).get(place.method) is not ours:  # somebody wrapped ours: without an owner it is idle
                return
            if inherited:
                delattr(kind, place.method)
            else:
                setattr(kind, place.method, original)

        self._undo.append(undo)


def owned(coroutine_function: Callable[..., Any], owner: Owner) -> Callable[..., Any]:
    """Return an async function that belongs to `owner` in whatever context it is run."""

    @functools.wraps(coroutine_function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        before = _OWNER.get()
        _OWNER.set(owner)
        try:
            return await coroutine_function(*args, **kwargs)
        finally:
            _OWNER.set(before)

    return run


def _starting(current: Current, start: Callable[[threading.Thread], None]) -> Callable[..., None]:
    @functools.wraps(start)
    def start_owned(thread: threading.Thread) -> None:
        owner = current()
        if owner is not None and thread.ident is None:
            run = thread.run

            def run_owned() -> None:
                vars(thread).pop("run", None)  # else the thread would hold itself
                _OWNER.set(owner)
                try:
                    run()
                except Blocked:  # it is on record; nobody else is there to be told
                    return

            vars(thread)["run"] = run_owned
        start(thread)

    return start_owned


def _submitting(current: Current, submit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(submit)
    def submit_owned(pool: Any, function: Callable[..., Any], /, *args: Any, **kw: Any) -> Any:
        return submit(pool, _carried(function, current()), *args, **kw)

    return submit_owned


def _feeding(current: Current, feed: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(feed)
    def feed_owned(pool: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        carried = _carried(function, current())

        def run(*given: Any, **named: Any) -> Any:
            try:
                return carried(*given, **named)
            except Blocked as blocked:  # such a pool waits for ever for a task that raises no Exception
                if blocked.block.call is None:
                    raise
                raise FiberNotReady(blocked.block.call) from None

        return feed(pool, run, *args, **kwargs)

    return feed_owned


def _carried(function: Callable[..., Any], owner: Owner | None) -> Callable[..., Any]:
    if owner is None:
        return function

    def run(*args: Any, **kwargs: Any) -> Any:
        before = _OWNER.get()
        _OWNER.set(owner)
        try:
            return function(*args, **kwargs)
        finally:
            _OWNER.set(before)

    return run


_PLACES = (
    _Place("threading", "Thread", "start", _starting),
    _Place("concurrent.futures.thread", "ThreadPoolExecutor", "submit", _submitting),
    *(
        _Place("multiprocessing.pool", "ThreadPool", method, _feeding)
        for method in ("apply_async", "_map_async", "imap", "imap_unordered")  # what all the others call
    ),
)
