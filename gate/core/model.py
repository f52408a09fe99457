"""What are the things that gate reasons about?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEFAULT_PROTECT = ("configure*", "load*")
DEFAULT_REQUESTS = ("POST /configure", "POST /config/*")


class State(StrEnum):
    """What is known of a lab, in four words. Only `READY` opens the gate."""

    READY = "ready"
    WAITING_FOR_FIBER = "waiting_for_fiber"
    HELD = "held"
    UNKNOWN = "unknown"


class Code(StrEnum):
    """The one cause behind a state."""

    READY = "ready"
    WAITING_FOR_FIBER = "waiting_for_fiber"
    HELD = "held"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS_ERROR = "tls_error"
    UNAUTHORIZED = "unauthorized"
    METADATA_UNAVAILABLE = "metadata_unavailable"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    CONTRADICTORY = "contradictory"
    DEPENDENCY_DOWN = "dependency_down"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One lab with one Focus server.

    Attributes:
        name: as people say it, for example ``staging``.
        focus_server: base URL; ``live_metadata`` is read below it. May carry credentials:
            show `address` instead.
        verify_tls: True, False, or the path of a CA bundle.
        timeout: seconds allowed to connect, and again between two reads.
        dependencies: URLs that must all answer besides the Focus server.
        aliases: other addresses that lead to the same Focus server, such as a forwarded port.
    """

    name: str
    focus_server: str
    verify_tls: bool | str = True
    timeout: float = 5.0
    dependencies: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


FAILURES = frozenset({Code.UNREACHABLE, Code.TIMEOUT, Code.TLS_ERROR, Code.MALFORMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One answer, or non-answer, of a lab.

    Attributes:
        environment: the name of the environment that was asked.
        taken_at: when the answer was complete, or given up on (UTC).
        status: the HTTP status, or None where no answer came.
        body: the answer as it came, at most `gate.probe.focus_server.MAX_BODY` bytes.
        failure: why there is no usable answer, one of `FAILURES`, else None.
        detail: the failure in words, naming the host.
        dependencies_down: what else does not answer, each with its cause.
        since: since when this machine has read the same code without a gap, if it knows.
    """

    environment: str
    taken_at: datetime
    status: int | None = None
    body: bytes = b""
    failure: Code | None = None
    detail: str = ""
    dependencies_down: tuple[str, ...] = ()
    since: datetime | None = None

    def __post_init__(self) -> None:
        if self.failure is not None and self.failure not in FAILURES:
            raise ValueError(f"{self.failure} is no failure to answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers. An empty tuple leaves that side unlimited.

    Attributes:
        environments: shell patterns over environment names.
        providers: provider names (``github``, ``gitlab``, ``jenkins``).
        projects: shell patterns over project paths.
    """

    environments: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Someone keeps the gate closed.

    Attributes:
        id: names the hold, for example to lift it.
        reason: why, in a person's words.
        by: who; empty where nobody said.
        category: a word for statistics, for example ``maintenance``; may be empty.
        until: when the hold ends by itself (UTC); None means that someone must lift it.
        scope: which runs it covers.
    """

    id: str
    reason: str
    by: str = ""
    category: str = ""
    until: datetime | None = None
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a gate step runs: what a hold's scope is compared with.

    Attributes:
        environment: the environment's name.
        provider: ``github``, ``gitlab``, ``jenkins``; empty outside a pipeline.
        project: the project's path there; empty where it is not known.
    """

    environment: str
    provider: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says, and why.

    Attributes:
        environment: the environment's name; empty where the configuration names none.
        state: one of four states.
        code: the cause.
        reason: one line, the same in every place where it is shown.
        checked_at: when the lab was read (UTC).
        age_seconds: how old that reading was when it was judged.
        evidence: what the lab said, as pairs of name and value.
        hold: the hold that covers this run, also where the state alone keeps the gate closed.
        protects: the patterns of what is held back.
        since: since when the lab is known to be so, or None.
    """

    environment: str
    state: State
    code: Code
    reason: str
    checked_at: datetime
    age_seconds: float = 0.0
    evidence: tuple[tuple[str, str | float | int], ...] = ()
    hold: Hold | None = None
    protects: tuple[str, ...] = DEFAULT_PROTECT
    since: datetime | None = None

    @property
    def open(self) -> bool:
        """True only where the state is ready, which no active hold allows."""
        return self.state is State.READY
