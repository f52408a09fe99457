"""What do the cluster's own objects say, in our records?

Field names are those of the Kubernetes API
(https://kubernetes.io/docs/reference/kubernetes-api/, read 2026-11-24). A field that is
missing, or is of another kind than the API says, counts as not given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gate.core.reason import one_line
from gate.diagnose.cluster import Container, Ended, Event, Ingress, LogLine, Node, Pod
from gate.diagnose.roles import Role

Object = Mapping[str, Any]

_UNITS: Final = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGT]|[KMGT]i)?")
_MESSAGE = 600
_LINE = 500


def at(value: object, *path: str) -> Object:
    """Return the object that a path leads to; an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(value: object, key: str) -> tuple[Object, ...]:
    """Return the objects of a list."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return tuple(item for item in found if isinstance(item, Mapping)) if isinstance(found, list) else ()


def text(value: Object, key: str, limit: int = 253) -> str:
    """Return a text as one harmless line; empty where there is none."""
    found = value.get(key)
    return one_line(found, limit) if isinstance(found, str) else ""


def number(value: Object, key: str) -> int:
    """Return a whole number; 0 where there is none."""
    found = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def moment(value: object) -> datetime | None:
    """Return a time (UTC) of the API, ``2025-11-08T13:20:00Z`` with up to nine decimals."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def quantity(value: object) -> float | None:
    """Return a quantity such as ``394Mi``, ``3m`` or ``2`` as a number."""
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    try:
        return float(match[1]) * _UNITS[match[2] or ""]
    except ValueError:
        return None


def labels(value: Object) -> dict[str, str]:
    """Return an object's labels."""
    found = at(value, "metadata", "labels")
    return {str(key): item for key, item in found.items() if isinstance(item, str)}


def name(value: Object) -> str:
    """Return an object's name."""
    return text(at(value, "metadata"), "name")


def owners(value: Object) -> tuple[tuple[str, str], ...]:
    """Return kind and name of the objects that own this one."""
    return tuple(
        (text(owner, "kind"), text(owner, "name"))
        for owner in items(at(value, "metadata"), "ownerReferences")
    )


def parse_pod(value: Object, role: Role, usage: Object) -> Pod:
    """Return a pod; `usage` is its entry of the metrics API, or empty."""
    spec, status = at(value, "spec"), at(value, "status")
    conditions = {text(item, "type"): item for item in items(status, "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    pairs = [
        (spec_key == "initContainers", item, statuses.get(text(item, "name"), {}))
        for spec_key, status_key in (
            ("initContainers", "initContainerStatuses"),
            ("containers", "containerStatuses"),
        )
        for statuses in [{text(item, "name"): item for item in items(status, status_key)}]
        for item in items(spec, spec_key)
    ]
    used = [at(item, "usage") for item in items(usage, "containers")]
    return Pod(
        name=name(value),
        role=role,
        phase=text(status, "phase"),
        reason=text(status, "reason"),
        message=text(status, "message", _MESSAGE),
        node=text(spec, "nodeName"),
        created_at=moment(at(value, "metadata").get("creationTimestamp")),
        ready=text(conditions.get("Ready", {}), "status") == "True",
        deleting=bool(at(value, "metadata").get("deletionTimestamp")),
        unschedulable=text(scheduled, "message", _MESSAGE) if text(scheduled, "status") == "False" else "",
        containers=tuple(_container(init, item, state) for init, item, state in pairs),
        cpu=_total(used, "cpu", 1000),
        memory=_total(used, "memory", 1),
    )


def _container(init: bool, spec: Object, status: Object) -> Container:
    waiting = at(status, "state", "waiting")
    limit = quantity(at(spec, "resources", "limits").get("memory"))
    return Container(
        name=text(spec, "name"),
        init=init,
        image=text(spec, "image", 300),
        ready=status.get("ready") is True,
        restarts=number(status, "restartCount"),
        running_since=moment(at(status, "state", "running").get("startedAt")),
        waiting=text(waiting, "reason"),
        waiting_message=text(waiting, "message", _MESSAGE),
        ended=_ended(at(status, "state", "terminated")),
        last=_ended(at(status, "lastState", "terminated")),
        memory_limit=None if limit is None else int(limit),
        ports=tuple(port for item in items(spec, "ports") if (port := number(item, "containerPort"))),
        readiness=_probe(at(spec, "readinessProbe")),
    )


def _ended(value: Object) -> Ended | None:
    if not value:
        return None
    return Ended(
        reason=text(value, "reason"),
        exit_code=number(value, "exitCode") if "exitCode" in value else None,
        started_at=moment(value.get("startedAt")),
        finished_at=moment(value.get("finishedAt")),
        message=text(value, "message", _MESSAGE),
    )


def _probe(value: Object) -> str:
    if path := text(at(value, "httpGet"), "path"):
        return f"HTTP {path}"
    return next((kind for kind in ("httpGet", "tcpSocket", "grpc", "exec") if kind in value), "")


def _total(used: Sequence[Object], key: str, factor: int) -> int | None:
    amounts = [amount for item in used if (amount := quantity(item.get(key))) is not None]
    return round(sum(amounts) * factor) if amounts else None


def parse_event(value: Object) -> Event:
    """Return an event, whether it was counted the old way or as a series."""
    about, series = at(value, "involvedObject"), at(value, "series")
    told = [
        value.get("firstTimestamp"),
        value.get("eventTime"),
        series.get("lastObservedTime"),
        value.get("lastTimestamp"),
    ]
    times = [when for when in map(moment, told) if when]
    made = moment(at(value, "metadata").get("creationTimestamp"))
    return Event(
        kind=text(about, "kind"),
        name=text(about, "name"),
        reason=text(value, "reason"),
        message=text(value, "message", _MESSAGE),
        warning=text(value, "type") == "Warning",
        count=max(1, number(value, "count"), number(series, "count")),
        first=min(times, default=made),
        last=max(times, default=made),
    )


def parse_node(value: Object) -> Node:
    """Return a node with what is wrong with it."""
    troubles = []
    for item in items(at(value, "status"), "conditions"):
        kind, state = text(item, "type"), text(item, "status")
        if (kind == "Ready" and state != "True") or (kind != "Ready" and state == "True"):
            words = f"{kind} is {state}"
            message = text(item, "message", _MESSAGE)
            troubles.append(f"{words}: {message}" if message else words)
    return Node(
        name=name(value),
        troubles=tuple(troubles),
        unschedulable=at(value, "spec").get("unschedulable") is True,
    )


def parse_ingress(value: Object) -> Ingress:
    """Return an ingress with the services that it leads to."""
    spec = at(value, "spec")
    backends = [at(spec, "defaultBackend")] + [
        at(path, "backend") for rule in items(spec, "rules") for path in items(at(rule, "http"), "paths")
    ]
    found = [text(at(backend, "service"), "name") for backend in backends]
    addresses = items(at(value, "status", "loadBalancer"), "ingress")
    return Ingress(
        name=name(value),
        hosts=_distinct(text(rule, "host") for rule in items(spec, "rules")),
        services=_distinct(found),
        addresses=_distinct(text(item, "ip") or text(item, "hostname") for item in addresses),
    )


def parse_log(content: str) -> tuple[LogLine, ...]:
    """Return the lines of a log that was asked for with ``timestamps=true``."""
    found = []
    for line in content.splitlines():
        stamp, _, rest = line.partition(" ")
        when = moment(stamp) if stamp[:4].isdigit() and "T" in stamp else None
        found.append(LogLine(text=one_line(rest if when else line, _LINE), at=when))
    return tuple(found)


def variables(value: Object) -> dict[str, str]:
    """Return the variables of a pod's containers that stand in its specification.

    They are for hiding their values elsewhere, and are kept in no record.
    """
    spec = at(value, "spec")
    containers = (*items(spec, "initContainers"), *items(spec, "containers"))
    return {
        text(variable, "name"): str(variable["value"])
        for container in containers
        for variable in items(container, "env")
        if isinstance(variable.get("value"), str)
    }


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
