"""How is a piece of evidence said in one line, and how long ago was it?"""

from __future__ import annotations

from datetime import datetime, timedelta

from gate.core.reason import at_time, one_line
from gate.diagnose.cluster import Container, Ended, Event, Log, LogLine, Pod

_LIMIT = 300


def is_fresh(moment: datetime | None, now: datetime, within: timedelta) -> bool:
    """Return whether something was lately; an unknown time counts as lately."""
    return moment is None or now - moment <= within


def span(seconds: float) -> str:
    """Return a length of time as kubectl shows it: ``90s``, ``45m``, ``28h``, ``46d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def ago(moment: datetime | None, now: datetime) -> str:
    """Return ``28h ago``, or ``at an unknown time``."""
    return f"{span((now - moment).total_seconds())} ago" if moment else "at an unknown time"


def ended_words(ended: Ended, now: datetime) -> str:
    """Return how a container ended: reason, exit code and time."""
    code = "" if ended.exit_code is None else f", exit code {ended.exit_code}"
    when = f" at {at_time(ended.finished_at, now)}" if ended.finished_at else ""
    return f"{ended.reason or 'ended'}{code}{when}"


def container_words(container: Container, now: datetime) -> str:
    """Return what a container does, and how its run before ended."""
    if container.waiting:
        doing = f"waiting: {container.waiting}"
    elif container.running_since:
        doing = "running" if container.ready or container.init else "running, not ready"
    elif container.ended:
        doing = ended_words(container.ended, now)
    else:
        doing = "not started"
    restarts = f", {counted(container.restarts, 'restart')}" if container.restarts else ""
    last = ""
    if container.last:
        last = f", the last {ago(container.last.finished_at, now)}: {ended_words(container.last, now)}"
    return f"{doing}{restarts}{last}"


def pod_words(pod: Pod, now: datetime) -> str:
    """Return a pod's state in one line, without its name."""
    phase = "terminating" if pod.deleting else pod.reason or pod.phase or "unknown"
    busy = [container for container in pod.containers if container.restarts or container.waiting]
    told = [
        f"{container.name}: {container_words(container, now)}"
        if len(pod.containers) > 1
        else container_words(container, now)
        for container in busy
        if not (container.init and container.ended and not container.waiting)
    ]
    use = [f"cpu {pod.cpu}m"] if pod.cpu is not None else []
    use += [f"memory {mebibytes(pod.memory)}"] if pod.memory is not None else []
    age = [f"age {span((now - pod.created_at).total_seconds())}"] if pod.created_at else []
    ready = "ready" if pod.ready else "not ready"
    return one_line("; ".join([f"{phase}, {ready}", *told, ", ".join([*use, *age])]).strip("; "), _LIMIT)


def pod_line(pod: Pod, now: datetime) -> str:
    """Return a pod as a line of evidence."""
    return f"pod {pod.name}: {pod_words(pod, now)}"


def event_line(event: Event, now: datetime) -> str:
    """Return an event as a line of evidence."""
    times = f" x{event.count}" if event.count > 1 else ""
    when = f", last at {at_time(event.last, now)}" if event.last else ""
    return one_line(f"event {event.kind} {event.name} {event.reason}{times}{when}: {event.message}", _LIMIT)


def container_line(pod: Pod, container: Container, now: datetime) -> str:
    """Return a container as a line of evidence."""
    return one_line(f"pod {pod.name}, container {container.name}: {container_words(container, now)}", _LIMIT)


def log_line(log: Log, line: LogLine, now: datetime) -> str:
    """Return a log's line as a line of evidence."""
    run = "previous log" if log.previous else "log"
    when = f" {at_time(line.at, now)}" if line.at else ""
    return one_line(f"{run} of {log.pod}/{log.container}{when}: {line.text}", _LIMIT)


def mebibytes(amount: int) -> str:
    """Return bytes as ``394Mi``."""
    return f"{round(amount / 2**20)}Mi"


def counted(amount: int, noun: str) -> str:
    """Return ``1 restart`` or ``4 restarts``."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
