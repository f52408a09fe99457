"""What keeps a pod from starting: its image, a volume, a secret, another service, a node?

Reasons are the kubelet's and the scheduler's own words
(https://kubernetes.io/docs/concepts/containers/images/,
https://kubernetes.io/docs/concepts/architecture/nodes/, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from gate.diagnose.cluster import Pod
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import TITLES, Role
from gate.diagnose.words import container_line, event_line, is_fresh, span

_NO_IMAGE: Final = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
_NO_START: Final = (
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
    "PostStartHookError",
)
_NO_START_EVENTS: Final = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady")
_NODE_EVENTS: Final = (
    "NodeNotReady",
    "Evicted",
    "TaintManagerEviction",
    "NodeHasDiskPressure",
    "NodeHasInsufficientMemory",
    "SystemOOM",
    "Rebooted",
    "Preempted",
)
_NODE_REASONS: Final = ("Evicted", "NodeLost", "NodeAffinity", "Shutdown", "Terminated", "Preempted")
_LATELY = timedelta(hours=72)
_PATIENCE = timedelta(minutes=2)


def image_pulls(evidence: Evidence) -> Iterator[Finding]:
    """Yield each container whose image does not come."""
    for pod in evidence.pods:
        for container in pod.containers:
            if container.waiting not in _NO_IMAGE:
                continue
            message = container.waiting_message or container.image
            yield Finding(
                code=CauseCode.IMAGE_PULL,
                role=pod.role,
                confidence=Confidence.CERTAIN,
                says=f"the image of {TITLES[pod.role]} cannot be pulled",
                evidence=f"pod {pod.name}: {container.waiting}: {message}",
                advice=f"check that {container.image} exists, and the pull secret of the namespace",
            )


def cannot_start(evidence: Evidence) -> Iterator[Finding]:
    """Yield each pod that waits for a volume, a secret or a sandbox, or cannot run its command."""
    for pod in evidence.pods:
        lines = [*_refused_lines(evidence, pod), *_event_lines(evidence, pod)]
        for line in lines:
            yield Finding(
                code=CauseCode.CANNOT_START,
                role=pod.role,
                confidence=Confidence.CERTAIN,
                says=f"{TITLES[pod.role]} cannot be started",
                evidence=line,
                advice="mend what the message names: a missing secret, config map, volume or command",
            )
        for container in pod.containers:
            since = container.running_since
            if container.init and since and not pod.ready and evidence.now - since >= _PATIENCE:
                waited = span((evidence.now - since).total_seconds())
                yield Finding(
                    code=CauseCode.CANNOT_START,
                    role=pod.role,
                    confidence=Confidence.LIKELY,
                    says=f"{TITLES[pod.role]} is held up by its init container {container.name}",
                    evidence=f"pod {pod.name}: init container {container.name} has run for {waited}",
                    advice=f"see what it waits for: {evidence.kubectl} logs {pod.name} -c {container.name}",
                )


def node_trouble(evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the machines below: not ready, out of room, nowhere to run."""
    cluster = evidence.cluster
    if cluster is None:
        return
    for node in cluster.nodes:
        for trouble in node.troubles:
            yield _node(None, Confidence.CERTAIN, f"node {node.name}: {trouble}")
        if node.unschedulable:
            yield _node(None, Confidence.POSSIBLE, f"node {node.name}: takes no new pods (cordoned)")
    for pod in evidence.pods:
        if pod.reason in _NODE_REASONS or pod.phase == "Unknown":
            words = ": ".join(filter(None, (f"pod {pod.name}", pod.reason or pod.phase, pod.message)))
            yield _node(pod.role, Confidence.CERTAIN, words)
        if pod.unschedulable:
            yield _node(
                pod.role, Confidence.CERTAIN, f"pod {pod.name}: no node takes it: {pod.unschedulable}"
            )
    for event in cluster.events:
        if event.reason in _NODE_EVENTS and is_fresh(event.last, evidence.now, _LATELY):
            yield _node(None, Confidence.LIKELY, event_line(event, evidence.now))


def _refused_lines(evidence: Evidence, pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        ends = (ended.reason for ended in (container.ended, container.last) if ended)
        if container.waiting in _NO_START:
            yield f"pod {pod.name}: {container.waiting}: {container.waiting_message}"
        elif any(reason in _NO_START for reason in ends):
            message = next((end.message for end in (container.ended, container.last) if end), "")
            yield f"{container_line(pod, container, evidence.now)}{f': {message}' if message else ''}"


def _event_lines(evidence: Evidence, pod: Pod) -> list[str]:
    if any(container.running_since and not container.init for container in pod.containers):
        return []
    return [event_line(event, evidence.now) for event in evidence.events_of(pod, *_NO_START_EVENTS)[-1:]]


def _node(role: Role | None, confidence: Confidence, line: str) -> Finding:
    whose = f"{TITLES[role]} has no node that can run it" if role else "a node below the lab is in trouble"
    return Finding(
        code=CauseCode.NODE_TROUBLE,
        role=role,
        confidence=confidence,
        says=whose,
        evidence=line,
        advice="ask who runs the cluster: kubectl describe node; free memory or disk, or add a node",
    )
