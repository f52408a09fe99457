"""What does the lab's own answer, or its silence, speak for?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gate.core.model import Code
from gate.diagnose.cluster import Ingress
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import Role

_WAYS: Final = {
    Code.UNREACHABLE: (
        "the Focus server's pods are fine, but it cannot be reached from here: the network or the ingress",
        "check VPN, firewall and DNS from this machine, and that the ingress leads to the service",
    ),
    Code.TIMEOUT: (
        "the Focus server's pods are fine, but no answer comes in time: the network, the ingress or its load",
        "check the way to it and its CPU; from inside: kubectl port-forward, then live_metadata",
    ),
    Code.TLS_ERROR: (
        "TLS stands between this machine and the Focus server: its certificate is not accepted",
        "renew the certificate, or set verify_tls to the CA bundle that signs it",
    ),
    Code.SERVER_ERROR: (
        "what stands before the Focus server, or the server itself, answers with an error though its pods "
        "are ready",
        "compare with kubectl port-forward to the pod: an answer there means the ingress, none the server",
    ),
    Code.METADATA_UNAVAILABLE: (
        "the Focus server's pods are fine, but there is no live_metadata at this address: the ingress's path",
        "check the path of focus_server and the ingress's rewrite rule",
    ),
    Code.UNAUTHORIZED: (
        "the Focus server's pods are fine, but something before it asks who is there",
        "give gate an address that may read live_metadata",
    ),
    Code.MALFORMED: (
        "the Focus server's pods are fine, but another page answers at its address: the ingress",
        "check that focus_server, host and path, leads to the Focus server's service",
    ),
}


def no_fiber(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the lab says itself that no fibre is connected."""
    verdict = evidence.verdict
    said = ", ".join(f"{name} {value!r}" for name, value in verdict.evidence)
    advice = "ask the lab's DevOps for the fibre; nothing that configures jobs can work before"
    waiting = "prr" in dict(verdict.evidence) and verdict.code is Code.WAITING_FOR_FIBER
    if waiting or verdict.code is Code.CONTRADICTORY:
        yield Finding(
            code=CauseCode.NO_FIBER,
            role=None,
            confidence=Confidence.CERTAIN if waiting else Confidence.POSSIBLE,
            says="no fibre is connected"
            if waiting
            else "the lab says both that there is a fibre and that not",
            evidence=f"live_metadata: {said}",
            advice=advice if waiting else "ask the lab's DevOps which of the two is true",
        )


def held(evidence: Evidence) -> Iterator[Finding]:
    """Yield that someone keeps the gate closed."""
    hold = evidence.verdict.hold
    if hold is None:
        return
    yield Finding(
        code=CauseCode.HELD,
        role=None,
        confidence=Confidence.CERTAIN,
        says="a hold keeps the gate closed",
        evidence=f"hold {hold.id}{f' by {hold.by}' if hold.by else ''}: {hold.reason}",
        advice=f"ask {hold.by or 'who raised it'}; lift it with: gate resume-all --hold {hold.id}",
    )


def unreachable(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the way to the server is broken, as far as its pods do not explain it.

    A certificate is named in any case, anything else with certainty only where the cluster
    says that the pods are fine.
    """
    code = evidence.verdict.code
    if code not in _WAYS:
        return
    cluster = evidence.cluster
    pods = cluster.of(Role.FOCUS_SERVER) if cluster else ()
    ready = [pod for pod in pods if pod.ready]
    if pods and not ready and code is not Code.TLS_ERROR:
        return
    says, advice = _WAYS[code]
    if not ready and code is not Code.TLS_ERROR:
        says = "the Focus server gives no usable answer; whether its pods are fine is not known"
    error = dict(evidence.verdict.evidence)
    said = error.get("error") or f"HTTP {error.get('http_status', '?')}"
    lines = [f"live_metadata: {said}"]
    lines += [f"pod {pod.name}: ready" for pod in ready[:1]]
    lines += [_ingress_words(ingress) for ingress in _ingresses(evidence)]
    for line in lines:
        yield Finding(
            code=CauseCode.UNREACHABLE,
            role=Role.FOCUS_SERVER,
            confidence=_confidence(code, bool(ready)),
            says=says,
            evidence=line,
            advice=advice,
        )


def _confidence(code: Code, ready: bool) -> Confidence:
    if code is Code.TLS_ERROR:
        return Confidence.CERTAIN
    return Confidence.LIKELY if ready else Confidence.POSSIBLE


def _ingresses(evidence: Evidence) -> tuple[Ingress, ...]:
    """Return the ingresses that lead to the Focus server's services."""
    cluster = evidence.cluster
    if cluster is None:
        return ()
    names = {service.name for service in cluster.services if service.role is Role.FOCUS_SERVER}
    return tuple(ingress for ingress in cluster.ingresses if names & set(ingress.services))


def _ingress_words(ingress: Ingress) -> str:
    hosts = ", ".join(ingress.hosts) or "any host"
    addresses = ", ".join(ingress.addresses) or "no address yet"
    return f"ingress {ingress.name}: {hosts} at {addresses}, to service {', '.join(ingress.services)}"
