"""What should the reader of a closed gate do, and what does the verdict rest on?"""

from __future__ import annotations

from typing import Final

from gate.core.model import Code, State, Verdict
from gate.core.reason import iso, one_line

ADVICE: Final = {
    Code.READY: "Nothing. Configure and load stages run.",
    Code.WAITING_FOR_FIBER: "Ask the lab's DevOps for the fibre; run the gate job again when it is there.",
    Code.HELD: "Ask who raised the hold; run the gate job again when it is lifted or over.",
    Code.UNREACHABLE: "Check that the Focus server runs and that this runner reaches it.",
    Code.TIMEOUT: "Check the load of the Focus server and the network on the way to it.",
    Code.TLS_ERROR: "Set verify_tls to the CA bundle that signs the lab's certificate.",
    Code.UNAUTHORIZED: "Give gate an address that may read live_metadata.",
    Code.METADATA_UNAVAILABLE: "Check the path of focus_server; live_metadata is read below it.",
    Code.SERVER_ERROR: "Look at the Focus server's log; it may be starting up or without MongoDB.",
    Code.MALFORMED: "Check that focus_server is the Focus server and no other page.",
    Code.CONTRADICTORY: "Ask the lab's DevOps which of the two statements is true.",
    Code.DEPENDENCY_DOWN: "Bring the dependency back; the Focus server alone is not enough.",
    Code.MISCONFIGURED: "Correct the configuration that the reason names.",
}


def advice(verdict: Verdict) -> str:
    """Return what to do next, in one sentence."""
    return ADVICE[verdict.code]


def headline(verdict: Verdict) -> str:
    """Return the verdict in a few words, for titles."""
    words = {
        State.READY: "open: the lab is ready",
        State.WAITING_FOR_FIBER: "closed: waiting for fiber",
        State.HELD: "closed: held",
        State.UNKNOWN: "closed: lab state unknown",
    }[verdict.state]
    if verdict.code is Code.MISCONFIGURED:
        words = "closed: misconfigured"
    return f"gate {words}"


def facts(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what the verdict rests on, as pairs of name and value."""
    pairs = [
        ("environment", verdict.environment or "–"),
        ("state", str(verdict.state)),
        ("code", str(verdict.code)),
        *((name, str(value)) for name, value in verdict.evidence),
        ("checked at", f"{iso(verdict.checked_at)} ({verdict.age_seconds:.0f} s before the verdict)"),
    ]
    if verdict.since and verdict.state in (State.WAITING_FOR_FIBER, State.UNKNOWN):
        pairs.append(("since", iso(verdict.since)))
    if hold := verdict.hold:
        pairs += [("hold", hold.id), ("hold reason", hold.reason)]
        pairs += [("held by", hold.by)] if hold.by else []
        pairs += [("hold category", hold.category)] if hold.category else []
        pairs += [("held until", iso(hold.until))] if hold.until else []
    return [(name, one_line(value, 300)) for name, value in pairs]
