"""Which services and workloads belong to the lab, what stands behind them, what changed last?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gate.diagnose.cluster import Service, Workload
from gate.diagnose.objects import Object, at, items, labels, moment, name, number, owners, text
from gate.diagnose.roles import Role, role_of

Lists = Mapping[str, tuple[Object, ...]]

_REVISION: Final = "deployment.kubernetes.io/revision"


def services(lists: Lists, roles: Mapping[str, Role]) -> tuple[Service, ...]:
    """Return the lab's services; `roles` says what each pod is, by its name."""
    pod_labels = [(roles[name(pod)], labels(pod)) for pod in lists.get("pods", ()) if name(pod) in roles]
    found = []
    for item in lists.get("services", ()):
        selector = dict(at(item, "spec", "selector"))
        matches = (role for role, theirs in pod_labels if selector and selector.items() <= theirs.items())
        role = next(matches, None) or role_of(name(item), labels(item))
        if role is None:
            continue
        ready, not_ready = _addresses(lists, name(item))
        known = "endpoints" in lists
        found.append(
            Service(
                name=name(item),
                role=role,
                kind=text(at(item, "spec"), "type") or "ClusterIP",
                ports=tuple(number(port, "port") for port in items(at(item, "spec"), "ports")),
                ready=ready if known else None,
                not_ready=not_ready if known else None,
            )
        )
    return tuple(found)


def _addresses(lists: Lists, service: str) -> tuple[int, int]:
    """Return how many addresses behind a service are ready, and how many are not."""
    ready = not_ready = 0
    for item in lists.get("endpoints", ()):
        if labels(item).get("kubernetes.io/service-name", name(item)) != service:
            continue
        for endpoint in items(item, "endpoints"):  # a slice: `ready` that is not given means yes
            amount = len(endpoint.get("addresses") or ())
            if at(endpoint, "conditions").get("ready") is False:
                not_ready += amount
            else:
                ready += amount
        for subset in items(item, "subsets"):
            ready += len(items(subset, "addresses"))
            not_ready += len(items(subset, "notReadyAddresses"))
    return ready, not_ready


def workloads(lists: Lists, roles: Mapping[str, Role]) -> Iterable[Workload]:
    """Yield the lab's Deployments and StatefulSets; `roles` says what each pod is."""
    for kind, key in (("Deployment", "deployments"), ("StatefulSet", "statefulsets")):
        for item in lists.get(key, ()):
            role = _role_of_workload(item, lists, roles)
            if role:
                yield _workload(kind, item, role, lists)


def _role_of_workload(item: Object, lists: Lists, roles: Mapping[str, Role]) -> Role | None:
    selector = at(item, "spec", "selector", "matchLabels")
    for pod in lists.get("pods", ()):
        if selector and name(pod) in roles and selector.items() <= labels(pod).items():
            return roles[name(pod)]
    return role_of(name(item), labels(item))


def _workload(kind: str, item: Object, role: Role, lists: Lists) -> Workload:
    sets = [set_ for set_ in lists.get("replicasets", ()) if (kind, name(item)) in owners(set_)]
    sets.sort(key=_revision_of, reverse=True)
    current, before = (*sets, {}, {})[:2]
    progressing = next(
        (c for c in items(at(item, "status"), "conditions") if text(c, "type") == "Progressing"), {}
    )
    wanted = at(item, "spec").get("replicas", 1)
    return Workload(
        kind=kind,
        name=name(item),
        role=role,
        wanted=wanted if isinstance(wanted, int) else 1,
        ready=number(at(item, "status"), "readyReplicas"),
        revision=_revision_of(current) or None,
        changed_at=_changed_at(sets, progressing),
        images=_images(item),
        images_before=_images(before),
        stuck=text(progressing, "message", 300) if text(progressing, "status") == "False" else "",
    )


def _changed_at(sets: Sequence[Object], progressing: Object) -> datetime | None:
    """Return when the last change was made: a way back uses a set that is older than others."""
    made = [moment(at(item, "metadata").get("creationTimestamp")) for item in sets]
    known = [when for when in made if when]
    if known and made[0] == max(known):
        return made[0]
    return moment(progressing.get("lastUpdateTime")) if known else None


def _revision_of(item: Object) -> int:
    """Return the one annotation that is read: the number that `kubectl rollout` counts by."""
    found = at(item, "metadata", "annotations").get(_REVISION)
    return int(found) if isinstance(found, str) and found.isdecimal() else 0


def _images(item: Object) -> tuple[str, ...]:
    containers = items(at(item, "spec", "template", "spec"), "containers")
    return tuple(text(container, "image", 300) for container in containers)
