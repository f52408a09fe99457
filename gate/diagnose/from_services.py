"""What do services, their endpoints, and asking them from here speak for?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gate.diagnose.cluster import Cluster, Service
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import TITLES, Role
from gate.diagnose.words import event_line, pod_line

_NEEDED: Final = (Role.MONGODB, Role.RABBITMQ)


def pods_down(evidence: Evidence) -> Iterator[Finding]:
    """Yield MongoDB and RabbitMQ where none of their pods is ready, or nothing is behind them."""
    cluster = evidence.cluster
    if cluster is None:
        return
    for role in _NEEDED:
        lines = []
        pods = cluster.of(role)
        if pods and not evidence.is_up(role):
            lines += [pod_line(pod, evidence.now) for pod in pods]
        lines += [_endpoints_line(service) for service in _without_endpoints(cluster, role)]
        for line in lines:
            yield Finding(
                code=CauseCode.DOWN,
                role=role,
                confidence=Confidence.CERTAIN,
                says=f"{TITLES[role]} is down: " + ("no pod is ready" if pods else "no endpoint is ready"),
                evidence=line,
                advice=f"bring {TITLES[role]} back: look at its pods' events and log, and at its volume",
            )


def dependencies_down(evidence: Evidence) -> Iterator[Finding]:
    """Yield each dependency that does not answer this machine."""
    for dependency in evidence.dependencies:
        if dependency.cause is None:
            continue
        role = dependency.role
        title = TITLES[role] if role else dependency.url
        up = role is not None and evidence.is_up(role)
        yield Finding(
            code=CauseCode.DOWN,
            role=role,
            confidence=Confidence.POSSIBLE if up else Confidence.LIKELY,
            says=f"{title} does not answer this machine" + (", though its pods are ready" if up else ""),
            evidence=f"{dependency.url}: {dependency.cause}",
            advice="check name and network from this machine; inside the cluster it may answer"
            if up
            else f"bring {title} back, and check its name and port from this machine",
        )


def no_pods(evidence: Evidence) -> Iterator[Finding]:
    """Yield what was scaled to nothing, or cannot make the pods that it should have."""
    cluster = evidence.cluster
    if cluster is None:
        return
    for workload in cluster.workloads:
        name = f"{workload.kind} {workload.name}"
        if workload.wanted == 0:
            yield Finding(
                code=CauseCode.NO_PODS,
                role=workload.role,
                confidence=Confidence.CERTAIN,
                says=f"{TITLES[workload.role]} is scaled to nothing",
                evidence=f"{name}: 0 replicas wanted",
                advice=f"{evidence.kubectl} scale {workload.kind.lower()} {workload.name} "
                "--replicas=1, once it is known who scaled it down",
            )
    for event in cluster.events:
        if event.reason == "FailedCreate" and event.kind in ("ReplicaSet", "StatefulSet"):
            role = next((w.role for w in cluster.workloads if event.name.startswith(w.name)), None)
            yield Finding(
                code=CauseCode.NO_PODS,
                role=role,
                confidence=Confidence.LIKELY,
                says=f"the pods of {TITLES[role] if role else event.name} cannot be made",
                evidence=event_line(event, evidence.now),
                advice="mend what the message names: a quota, a policy or a missing service account",
            )


def no_endpoints(evidence: Evidence) -> Iterator[Finding]:
    """Yield the Focus server's service where its pods are ready, but it leads to none of them."""
    cluster = evidence.cluster
    if cluster is None or not evidence.is_up(Role.FOCUS_SERVER):
        return
    for service in _without_endpoints(cluster, Role.FOCUS_SERVER):
        yield Finding(
            code=CauseCode.NO_ENDPOINTS,
            role=Role.FOCUS_SERVER,
            confidence=Confidence.CERTAIN,
            says="the Focus server's pods are ready, but its service leads to none of them",
            evidence=_endpoints_line(service),
            advice=f"compare the selector of service {service.name} with the labels of the pods",
        )


def _without_endpoints(cluster: Cluster, role: Role) -> tuple[Service, ...]:
    """Return the services of a role where none of them has a ready endpoint."""
    own = [service for service in cluster.services if service.role is role]
    asked = [service for service in own if service.kind != "ExternalName" and service.ready is not None]
    return tuple(asked) if asked and not any(service.ready for service in asked) else ()


def _endpoints_line(service: Service) -> str:
    waiting = f", {service.not_ready} not ready" if service.not_ready else ""
    return f"service {service.name}: no ready endpoint{waiting}"
