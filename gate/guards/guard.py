"""May this request be sent now? The one decision that every hook asks for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from gate import asking
from gate.asking import MAX_AGE
from gate.config import Config
from gate.core.model import Verdict
from gate.core.reason import one_line, without_credentials
from gate.core.request import Rule, configures, origin_of, parse_address, parse_rule, reaches
from gate.guards.held import Call, Lab, Snapshot, refuse
from gate.guards.hooks.waiting import run_aside
from gate.probe import READER

Ask = Callable[[asking.Question, float, Mapping[str, str]], Verdict]

_MOST_ORIGINS = 4096
_FIRST_LOOK, _LAST_LOOK = 0.002, 0.05


def may_send(method: str, url: str, snapshot: Snapshot) -> bool:
    """Return whether a request may be sent: the lab is ready, or it would not configure the lab."""
    lab = snapshot.lab
    return snapshot.verdict.open or not configures(method, url, lab.addresses, lab.rules)


class Guard:
    """Holds back what would configure a lab that is not ready.

    Safe to be asked from many threads, greenlets and tasks: while one of them reads a lab, the
    others that need the same lab wait for its reading.

    Args:
        config: names the labs and the requests that configure them.
        environ: the process environment.
        environment: the lab that this process is about; the others are guarded as well.
        max_age: how many seconds a reading may be old.
        say: tells a person what is not guarded.
        ask: asks a lab.
    """

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        environment: str | None = None,
        max_age: float = MAX_AGE,
        say: asking.Say = str,
        ask: Ask = asking.ask,
    ) -> None:
        questions = asking.prepare_every_lab(config, environment, environ, say)
        rules = tuple(map(parse_rule, config.requests))
        self.labs = tuple(_lab(question, rules) for question in questions)
        self.refuse: Callable[[Call], object] = refuse  # raises, or returns once it may be sent
        self._environ = environ
        self._max_age = max_age
        self._ask = ask
        self._methods = frozenset(rule.method for rule in rules)
        self._labs_at: dict[str, tuple[Lab, ...]] = {}
        self._known: dict[str, tuple[float, Snapshot]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._pid = 0

    def lab_of(self, method: str, url: str) -> Lab | None:
        """Return the lab that a request would configure, or None."""
        if method.upper() not in self._methods and "*" not in self._methods:
            return None
        for lab in self._labs_by_origin(url):
            if configures(method, url, lab.addresses, lab.rules):
                return lab
        return None

    def lab_at(self, url: str) -> Lab | None:
        """Return the lab that a URL leads to, whatever is asked of it there, or None."""
        return next(iter(self._labs_by_origin(url)), None)

    def check(self, method: str, url: str) -> None:
        """Return where a request may be sent; else hand it to `refuse`, which raises.

        Reads the lab where no reading is young enough, which may take as long as
        `gate.probe.focus_server.deadline_of` says.
        """
        lab = self.lab_of(method, url)
        if lab is not None and not _is_reading():
            self._decide(method, url, self.snapshot(lab))

    async def check_async(self, method: str, url: str) -> None:
        """Do what `check` does without keeping the event loop while the lab is read.

        `refuse` is called in the task that sends, so that it can tell whose request it is.
        """
        lab = self.lab_of(method, url)
        if lab is not None:
            known = self._read_since(lab, time.monotonic() - self._max_age)
            if known is None:
                known = await run_aside(self.snapshot, lab)
            self._decide(method, url, known)

    def snapshot(self, lab: Lab | None = None, *, max_age: float | None = None) -> Snapshot:
        """Return what is known of a lab, asking it where that is too old.

        Args:
            lab: by default the chosen one.
            max_age: seconds, counted from now; by default the guard's own. With 0 the reading
                is one that ends after this call began, and still shared with others like it.
        """
        lab = lab or self.labs[0]
        since = time.monotonic() - (self._max_age if max_age is None else max_age)
        known = self._read_since(lab, since)
        if known:
            return known
        with self._turn(lab, since):
            known = self._read_since(lab, since)
            if known is None:
                verdict = self._ask(lab.question, time.monotonic() - since, self._environ)
                known = Snapshot(lab=lab, verdict=verdict)
                self._known[lab.name] = (time.monotonic() - verdict.age_seconds, known)
            return known

    def _decide(self, method: str, url: str, snapshot: Snapshot) -> None:
        if not may_send(method, url, snapshot):
            verb, shown = one_line(method, 20).upper(), without_credentials(url)
            self.refuse(Call(method=verb, url=shown, at=datetime.now(UTC), snapshot=snapshot))

    def _labs_by_origin(self, url: str) -> tuple[Lab, ...]:
        """Return the labs on a URL's host and port; each origin is compared once."""
        origin = origin_of(url)
        if origin is None:
            return ()
        labs = self._labs_at.get(origin)
        if labs is None:
            if len(self._labs_at) >= _MOST_ORIGINS:
                self._labs_at.clear()
            labs = self._labs_at[origin] = tuple(lab for lab in self.labs if _is_at(lab, origin))
        return labs

    def _read_since(self, lab: Lab, since: float) -> Snapshot | None:
        taken_at, snapshot = self._known.get(lab.name, (0.0, None))
        return snapshot if snapshot and taken_at >= since else None

    @contextmanager
    def _turn(self, lab: Lab, since: float) -> Iterator[None]:
        """Wait until nobody else in this process reads the lab, or what they read will do.

        Looks again and again and never waits in the lock itself: a greenlet that did would
        stop its whole thread, where gevent came after the lock was made.
        """
        lock = self._lock_of(lab)
        give_up = time.monotonic() + 4 * lab.question.environment.timeout
        pause = _FIRST_LOOK
        taken = lock.acquire(blocking=False)
        while not taken and self._read_since(lab, since) is None and time.monotonic() < give_up:
            time.sleep(pause)
            pause = min(_LAST_LOOK, 1.5 * pause)
            taken = lock.acquire(blocking=False)
        try:
            yield
        finally:
            if taken:
                lock.release()

    def _lock_of(self, lab: Lab) -> threading.Lock:
        if self._pid != os.getpid():  # in a fork the thread that would free a lock is not there
            self._locks = {}
            self._pid = os.getpid()
        return self._locks.setdefault(lab.name, threading.Lock())


def _lab(question: asking.Question, rules: tuple[Rule, ...]) -> Lab:
    environment = question.environment
    urls = (environment.focus_server, *environment.aliases)
    return Lab(question=question, addresses=tuple(map(parse_address, urls)), rules=rules)


def _is_at(lab: Lab, origin: str) -> bool:
    try:
        return reaches(parse_address(origin), lab.addresses)
    except ValueError:
        return False


def _is_reading() -> bool:
    """Return whether this is gate itself, asking a lab: held back it would wait for its own answer."""
    return threading.current_thread().name == READER
