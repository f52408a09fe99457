"""What do containers speak for that were started, but do not stay up or get no traffic?

Reasons are the kubelet's own words
(https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from gate.diagnose.cluster import Container, Ended, Pod
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import TITLES
from gate.diagnose.words import container_line, ended_words, event_line, is_fresh, mebibytes

_LATELY = timedelta(hours=72)
_NOW = timedelta(minutes=15)
_SHORT_RUN = timedelta(minutes=10)
_OFTEN = 3
_NEAR_LIMIT = 0.9
_KILLED = 137  # 128 + SIGKILL


def crash_loops(evidence: Evidence) -> Iterator[Finding]:
    """Yield each container that is started again and again."""
    for pod in evidence.pods:
        for container in pod.containers:
            looping = container.waiting == "CrashLoopBackOff"
            line = container_line(pod, container, evidence.now) if looping else ""
            line = line or _back_off_line(evidence, pod) or _between_line(evidence, pod, container)
            if not line:
                continue
            ended = container.last or container.ended
            how = f"; it ended with {ended_words(ended, evidence.now)}" if ended else ""
            yield Finding(
                code=CauseCode.CRASH_LOOP,
                role=pod.role,
                confidence=Confidence.CERTAIN if looping else Confidence.LIKELY,
                says=f"{TITLES[pod.role]} is in CrashLoopBackOff{how}",
                evidence=line,
                advice=f"read its end: {evidence.kubectl} logs {pod.name} -c {container.name} --previous",
            )


def out_of_memory(evidence: Evidence) -> Iterator[Finding]:
    """Yield each container that was killed for its memory, and each pod close to its limit."""
    for pod in evidence.pods:
        for container in pod.containers:
            grades = [_killed_for_memory(ended, evidence, pod) for ended in (container.ended, container.last)]
            for confidence in filter(None, grades):
                limit = container.memory_limit
                above = f"; its limit is {mebibytes(limit)}" if limit else ""
                line = container_line(pod, container, evidence.now)
                says = f"{TITLES[pod.role]} was killed for its use of memory{above}"
                yield _memory(pod, confidence, says, line)
        whole = _whole_limit(pod)
        if whole and pod.memory is not None and pod.memory >= _NEAR_LIMIT * whole:
            line = f"metrics of pod {pod.name}: memory {mebibytes(pod.memory)} of {mebibytes(whole)}"
            says = f"{TITLES[pod.role]} is close to its memory limit"
            yield _memory(pod, Confidence.POSSIBLE, says, line)


def failing_probes(evidence: Evidence) -> Iterator[Finding]:
    """Yield each pod whose probe fails: it gets no traffic, or is killed for it."""
    for pod in evidence.pods:
        killed = [e for e in evidence.events_of(pod, "Killing") if "probe" in e.message.lower()]
        unhealthy = evidence.events_of(pod, "Unhealthy", "ProbeError")
        often = [e for e in unhealthy if e.count >= _OFTEN and is_fresh(e.last, evidence.now, _NOW)]
        silent = [
            container
            for container in pod.containers
            if container.running_since and not (container.ready or container.init or pod.ready)
        ]
        events = [*(unhealthy if silent else often), *killed]
        if not events and not silent:
            continue
        then = ", and it is killed for that" if killed else ", so it gets no traffic" if silent else ""
        yield Finding(
            code=CauseCode.FAILING_PROBE,
            role=pod.role,
            confidence=Confidence.CERTAIN if killed or (silent and unhealthy) else Confidence.LIKELY,
            says=f"a probe of {TITLES[pod.role]} fails{then}",
            evidence=event_line(events[-1], evidence.now)
            if events
            else container_line(pod, silent[0], evidence.now),
            advice="check what the probe asks for, its timeout, and whether the server answers it in time",
        )


def _back_off_line(evidence: Evidence, pod: Pod) -> str:
    """Return the event that says so while the container happens to run, or an empty text."""
    for event in reversed(evidence.events_of(pod, "BackOff")):
        if "restarting failed container" in event.message and is_fresh(event.last, evidence.now, _NOW):
            return event_line(event, evidence.now)
    return ""


def _between_line(evidence: Evidence, pod: Pod, container: Container) -> str:
    """Return the container where it has just ended a short run for the third time or later."""
    ended = container.ended or container.last
    if container.restarts < _OFTEN or not ended or not ended.started_at or not ended.finished_at:
        return ""
    short = ended.finished_at - ended.started_at <= _SHORT_RUN
    just_now = is_fresh(ended.finished_at, evidence.now, _NOW)
    return container_line(pod, container, evidence.now) if short and just_now else ""


def _killed_for_memory(ended: Ended | None, evidence: Evidence, pod: Pod) -> Confidence | None:
    if ended is None:
        return None
    lately = is_fresh(ended.finished_at, evidence.now, _LATELY)
    if ended.reason == "OOMKilled":
        return Confidence.CERTAIN if lately else Confidence.POSSIBLE
    if ended.exit_code == _KILLED and lately and not evidence.events_of(pod, "Killing"):
        return Confidence.POSSIBLE
    return None


def _whole_limit(pod: Pod) -> int:
    """Return the pod's memory limit in bytes; 0 where one of its containers has none."""
    limits = [container.memory_limit for container in pod.containers if not container.init]
    return sum(filter(None, limits)) if all(limits) else 0


def _memory(pod: Pod, confidence: Confidence, says: str, line: str) -> Finding:
    return Finding(
        code=CauseCode.OOM_KILLED,
        role=pod.role,
        confidence=confidence,
        says=says,
        evidence=line,
        advice="raise the container's memory limit, or find what takes the memory",
    )
