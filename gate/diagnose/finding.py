"""What is a cause? One line of evidence makes a finding, findings of one kind make a cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.diagnose.roles import Role


class CauseCode(StrEnum):
    """Every cause that gate can name, in the order in which people should look at them."""

    NO_FIBER = "no_fiber"
    HELD = "held"
    NAME_NOT_RESOLVED = "name_not_resolved"
    DOWN = "down"
    NO_PODS = "no_pods"
    IMAGE_PULL = "image_pull"
    CANNOT_START = "cannot_start"
    NODE_TROUBLE = "node_trouble"
    OOM_KILLED = "oom_killed"
    FAILING_PROBE = "failing_probe"
    CRASH_LOOP = "crash_loop"
    NO_ENDPOINTS = "no_endpoints"
    UNREACHABLE = "unreachable"
    CLIENTS_HAMMERING = "clients_hammering"
    RECENT_DEPLOYMENT = "recent_deployment"
    RESTART_CLOCK = "restart_clock"
    RESTARTS = "restarts"


class Confidence(StrEnum):
    """How sure a cause is: the cluster says so itself, it follows, or it may be."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of evidence that speaks for a cause.

    Attributes:
        code: the cause.
        role: whose trouble it is; None where it is the lab's as a whole.
        confidence: how sure it is by this line alone.
        says: the cause in one sentence.
        evidence: the line, with where it is from.
        advice: what to do.
    """

    code: CauseCode
    role: Role | None
    confidence: Confidence
    says: str
    evidence: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause with all the lines that speak for it, the strongest first."""

    code: CauseCode
    role: Role | None
    confidence: Confidence
    says: str
    evidence: tuple[str, ...]
    advice: str
