"""May this request be sent now? The one decision that every hook asks for.

The mechanism is the call: names of tests miss most of those that configure a lab, so what
would configure it is held back at the moment it is sent, and nothing else is touched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from gate import asking
from gate.config import Config
from gate.core.model import Verdict
from gate.core.reason import iso, without_credentials
from gate.core.request import Address, Rule, configures, parse_address, parse_rule
from gate.probe.snapshot import MAX_AGE

Ask = Callable[[asking.Question, float, Mapping[str, str]], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab as requests meet it.

    Attributes:
        question: how to ask it.
        addresses: every address that leads to it.
        rules: which requests configure it.
    """

    question: asking.Question
    addresses: tuple[Address, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of a lab at one moment.

    Attributes:
        lab: the lab.
        verdict: the verdict on one reading of it.
    """

    lab: Lab
    verdict: Verdict

    @property
    def id(self) -> str:
        """Names the reading: ``staging@2025-11-08T13:20:00Z``, the same in every process."""
        return f"{self.verdict.environment}@{iso(self.verdict.checked_at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was held back.

    Attributes:
        method: as it was asked for.
        url: without credentials, query and fragment.
        at: when it would have been sent (UTC).
        snapshot: what kept it back.
    """

    method: str
    url: str
    at: datetime
    snapshot: Snapshot


class FiberNotReady(Exception):
    """A request was held back, because it would have configured a lab whose gate is closed.

    Attributes:
        call: the request, and what kept it back.
        verdict: the verdict, whose `reason` is the message.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(f"{call.method} {call.url} is held back: {call.snapshot.verdict.reason}")
        self.call = call
        self.verdict = call.snapshot.verdict

    def __reduce__(self) -> tuple[type[FiberNotReady], tuple[Call]]:
        return type(self), (self.call,)


def refuse(call: Call) -> NoReturn:
    """Hold a request back as a library does: by an exception that the client may handle.

    Raises:
        FiberNotReady: always.
    """
    raise FiberNotReady(call)


def may_send(method: str, url: str, snapshot: Snapshot) -> bool:
    """Return whether a request may be sent: the lab is ready, or it would not configure the lab."""
    lab = snapshot.lab
    return snapshot.verdict.open or not configures(method, url, lab.addresses, lab.rules)


class Guard:
    """Holds back what would configure a lab that is not ready.

    Safe to be asked from many threads and greenlets: while one of them reads a lab, the others
    that need the same lab wait for its reading.

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
        self.refuse: Callable[[Call], NoReturn] = refuse
        self._environ = environ
        self._max_age = max_age
        self._ask = ask
        self._methods = frozenset(rule.method for rule in rules)
        self._locks = {lab: threading.Lock() for lab in self.labs}
        self._known: dict[Lab, tuple[float, Snapshot]] = {}

    def lab_of(self, method: str, url: str) -> Lab | None:
        """Return the lab that a request would configure, or None."""
        if method.upper() not in self._methods and "*" not in self._methods:
            return None
        return next((lab for lab in self.labs if configures(method, url, lab.addresses, lab.rules)), None)

    def check(self, method: str, url: str) -> None:
        """Return where a request may be sent; else hand it to `refuse`, which raises.

        Reads the lab where no reading is young enough, which may take as long as
        `gate.probe.focus_server.deadline_of` says.
        """
        lab = self.lab_of(method, url)
        if lab is None:
            return
        snapshot = self.snapshot(lab)
        if not may_send(method, url, snapshot):
            shown = without_credentials(url)
            self.refuse(Call(method=method.upper(), url=shown, at=datetime.now(UTC), snapshot=snapshot))

    def snapshot(self, lab: Lab | None = None) -> Snapshot:
        """Return what is known of a lab (by default of the chosen one), asking where that is too old."""
        lab = lab or self.labs[0]
        known = self._young(lab)
        if known:
            return known
        with self._locks[lab]:
            known = self._young(lab)
            if known is None:
                verdict = self._ask(lab.question, self._max_age, self._environ)
                known = Snapshot(lab=lab, verdict=verdict)
                self._known[lab] = (time.monotonic() - verdict.age_seconds, known)
            return known

    def _young(self, lab: Lab) -> Snapshot | None:
        taken_at, snapshot = self._known.get(lab, (0.0, None))
        return snapshot if snapshot and time.monotonic() - taken_at < self._max_age else None


def _lab(question: asking.Question, rules: tuple[Rule, ...]) -> Lab:
    environment = question.environment
    urls = (environment.focus_server, *environment.aliases)
    return Lab(question=question, addresses=tuple(map(parse_address, urls)), rules=rules)
