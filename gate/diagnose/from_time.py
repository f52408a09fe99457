"""What does the time of things speak for: a change shortly before, restarts, a clock in them?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gate.core.model import State
from gate.core.reason import at_time
from gate.diagnose.cluster import Container, Pod, Workload
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import TITLES
from gate.diagnose.words import ago, container_words, counted, span

_RECENT = timedelta(hours=24)
_JUST_NOW = timedelta(hours=2)
_LATELY = timedelta(hours=72)
_FEWEST_FOR_A_CLOCK = 3
_SHORTEST_TICK = 120.0  # seconds; shorter runs are a crash loop, whose pauses the kubelet sets
_EVEN = 0.2


def recent_deployments(evidence: Evidence) -> Iterator[Finding]:
    """Yield each change that was made shortly before, where there is trouble at all."""
    cluster = evidence.cluster
    if cluster is None or not _is_troubled(evidence):
        return
    for workload in cluster.workloads:
        age = evidence.now - workload.changed_at if workload.changed_at else None
        if not workload.stuck and (age is None or age > _RECENT):
            continue
        suspect = bool(workload.stuck) or workload.ready < workload.wanted or (age or _RECENT) <= _JUST_NOW
        yield Finding(
            code=CauseCode.RECENT_DEPLOYMENT,
            role=workload.role,
            confidence=Confidence.LIKELY if suspect else Confidence.POSSIBLE,
            says=f"{TITLES[workload.role]} was changed {ago(workload.changed_at, evidence.now)}"
            + (", and the change does not come to an end" if workload.stuck else ""),
            evidence=_change_line(workload, evidence.now),
            advice="if the trouble began then: "
            f"{evidence.kubectl} rollout undo {workload.kind.lower()}/{workload.name}",
        )


def restarts(evidence: Evidence) -> Iterator[Finding]:
    """Yield restarts of late, and the clock in them where the runs were about equally long."""
    for pod in evidence.pods:
        for container in pod.containers:
            last = container.last
            if not container.restarts or container.init:
                continue
            if last and last.finished_at and evidence.now - last.finished_at > _LATELY:
                continue
            tick = _tick(pod, container)
            how = f"pod {pod.name}: {container_words(container, evidence.now)}"
            yield Finding(
                code=CauseCode.RESTART_CLOCK if tick else CauseCode.RESTARTS,
                role=pod.role,
                confidence=Confidence.LIKELY if tick else Confidence.POSSIBLE,
                says=f"{TITLES[pod.role]} restarts like a clock, about every {span(tick)}"
                if tick
                else f"{TITLES[pod.role]} was restarted: {_how_often(pod, container, evidence.now)}",
                evidence=how,
                advice="look for what has that period: a probe's deadline, a token that ends, a leak, a cron"
                if tick
                else f"read why: {evidence.kubectl} logs {pod.name} -c {container.name} --previous",
            )


def _is_troubled(evidence: Evidence) -> bool:
    troubled = any(pod.restarts or not pod.ready for pod in evidence.pods)
    return troubled or evidence.verdict.state not in (State.READY, State.HELD)


def _change_line(workload: Workload, now: datetime) -> str:
    when = f" at {at_time(workload.changed_at, now)}" if workload.changed_at else ""
    before = workload.images_before
    changed = before and before != workload.images
    parts = [
        f"revision {workload.revision}{when}" if workload.revision else "",
        f"image {', '.join(before)} -> {', '.join(workload.images)}" if changed else "",
        f"{workload.ready} of {workload.wanted} ready",
        workload.stuck,
    ]
    return f"{workload.kind} {workload.name}: {', '.join(filter(None, parts))}"


def _tick(pod: Pod, container: Container) -> float | None:
    """Return the seconds of an even run, where the last run was about as long as all on average."""
    last = container.last
    if not last or not last.started_at or not last.finished_at or not pod.created_at:
        return None
    if container.restarts < _FEWEST_FOR_A_CLOCK:
        return None
    run = (last.finished_at - last.started_at).total_seconds()
    average = (last.finished_at - pod.created_at).total_seconds() / container.restarts
    if run < _SHORTEST_TICK or abs(run - average) > _EVEN * average:
        return None
    return average


def _how_often(pod: Pod, container: Container, now: datetime) -> str:
    age = f" in {span((now - pod.created_at).total_seconds())}" if pod.created_at else ""
    last = f", the last {ago(container.last.finished_at, now)}" if container.last else ""
    return f"{counted(container.restarts, 'restart')}{age}{last}"
