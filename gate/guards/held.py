"""What is known of a request that is held back, and how does a client hear of it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from gate import asking
from gate.core.model import Verdict
from gate.core.reason import iso
from gate.core.request import Address, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab as requests meet it.

    Attributes:
        question: how to ask it; not shown, for its address may carry credentials.
        addresses: every address that leads to it.
        rules: which requests configure it.
    """

    question: asking.Question = field(repr=False)
    addresses: tuple[Address, ...]
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """The environment's name, which no other lab of the same guard has."""
        return self.question.environment.name


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
        method: in upper case.
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

    It is neither an `OSError` nor an error of any client library, so that no library takes
    it for a failed connection and sends the request again.

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
