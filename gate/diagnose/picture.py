"""How do the answers of a cluster become one picture of the lab?

First the lists of the namespace, then what only they can tell to ask for: logs of the lab's
own pods, and the nodes they run on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gate.core.secret import Secret
from gate.diagnose.cluster import Cluster, Event, Log, Pod
from gate.diagnose.evidence import Gap
from gate.diagnose.kubeconfig import Access
from gate.diagnose.kubernetes import Answers, ClusterClient, LogWanted
from gate.diagnose.objects import (
    labels,
    name,
    owners,
    parse_event,
    parse_ingress,
    parse_log,
    parse_node,
    parse_pod,
    variables,
)
from gate.diagnose.roles import Role, role_of
from gate.diagnose.scrub import secrets_of
from gate.diagnose.workloads import Lists, services, workloads

PREVIOUS_LINES: Final = 200
CURRENT_LINES: Final = 2000
_MOST_PODS = 6  # of a role, those in trouble first


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was learnt of a cluster, what was not, and what must not be shown of either."""

    cluster: Cluster | None
    gaps: tuple[Gap, ...] = ()
    secrets: tuple[Secret, ...] = ()


def read_picture(client: ClusterClient, access: Access, selectors: Mapping[Role, str]) -> Picture:
    """Ask the cluster and return the picture; never raises for what a cluster answers."""
    answers = client.lists(selectors)
    if not answers.reachable:
        return Picture(cluster=None, gaps=answers.gaps)
    pods = _pods(answers.lists, selectors)
    wanted = _logs_wanted(pods)
    contents, log_gaps = client.logs(wanted)
    nodes = client.nodes(tuple(sorted({pod.node for pod in pods if pod.node})))
    roles = {pod.name: pod.role for pod in pods}
    lists = answers.lists
    cluster = Cluster(
        context=access.context,
        namespace=access.namespace,
        read=tuple(sorted((*lists, *nodes.lists))),
        pods=pods,
        services=services(lists, roles),
        workloads=tuple(workloads(lists, roles)),
        events=_events(lists, roles),
        nodes=tuple(parse_node(node) for node in nodes.lists.get("nodes", ())),
        ingresses=tuple(parse_ingress(ingress) for ingress in lists.get("ingresses", ())),
        logs=tuple(
            Log(
                pod=log.pod,
                container=log.container,
                role=roles[log.pod],
                previous=log.previous,
                lines=parse_log(content),
            )
            for log, content in contents.items()
        ),
    )
    gaps = (*answers.gaps, *nodes.gaps, *log_gaps, *_nobody(client, access, answers, pods, selectors))
    secrets = [secret for pod in lists.get("pods", ()) for secret in secrets_of(variables(pod))]
    return Picture(cluster=cluster, gaps=gaps, secrets=tuple(secrets))


def _pods(lists: Lists, selectors: Mapping[Role, str]) -> tuple[Pod, ...]:
    usage = {name(item): item for item in lists.get("metrics", ())}
    chosen = {name(item): role for role in selectors for item in lists.get(f"--selector {role}", ())}
    given = {name(item): item for key in ("pods", *_selected(selectors)) for item in lists.get(key, ())}
    found = []
    for pod_name, item in given.items():
        role = chosen.get(pod_name) or role_of(pod_name, labels(item))
        guessed = pod_name not in chosen
        if role is None or (guessed and (role in selectors or ("Job" in dict(owners(item))))):
            continue
        found.append(parse_pod(item, role, usage.get(pod_name, {})))
    return tuple(sorted(found, key=lambda pod: (list(Role).index(pod.role), pod.name)))


def _selected(selectors: Mapping[Role, str]) -> list[str]:
    return [f"--selector {role}" for role in selectors]


def _logs_wanted(pods: Iterable[Pod]) -> tuple[LogWanted, ...]:
    """Return which logs could say something: of runs that ended, and of the Focus server."""
    wanted = []
    seen: dict[Role, int] = {}
    for pod in sorted(pods, key=lambda pod: (pod.ready, -pod.restarts)):
        seen[pod.role] = seen.get(pod.role, 0) + 1
        if seen[pod.role] > _MOST_PODS:
            continue
        for container in pod.containers:
            if container.restarts:
                wanted.append((pod, container.name, True, PREVIOUS_LINES))
            started = container.running_since or container.ended
            if started and not container.init and (pod.role is Role.FOCUS_SERVER or not container.ready):
                wanted.append((pod, container.name, False, CURRENT_LINES))
    return tuple(
        LogWanted(pod=pod.name, container=container, previous=previous, tail=tail)
        for pod, container, previous, tail in wanted
    )


def _events(lists: Lists, roles: Mapping[str, Role]) -> tuple[Event, ...]:
    """Return the events about the lab's objects and its nodes, oldest first."""
    parsed = [parse_event(item) for item in lists.get("events", ())]
    about = [event for event in parsed if event.kind == "Node" or _is_ours(event, roles)]
    return tuple(sorted(about, key=lambda event: event.last or datetime.min.replace(tzinfo=UTC)))


def _is_ours(event: Event, roles: Mapping[str, Role]) -> bool:
    made = any(pod.startswith(f"{event.name}-") for pod in roles)  # its Deployment, ReplicaSet, …
    return event.name in roles or made or role_of(event.name, {}) is not None


def _nobody(
    client: ClusterClient,
    access: Access,
    answers: Answers,
    pods: tuple[Pod, ...],
    selectors: Mapping[Role, str],
) -> Iterable[Gap]:
    """Yield a gap where a role has no pods: they may be elsewhere, or named otherwise."""
    lists = answers.lists
    if "pods" not in lists:
        return
    if not lists["pods"] and not client.namespace_is_there():
        why = f"there is no namespace {access.namespace} in context {access.context}"
        yield Gap(what="pods", why=why, advice="name the lab's namespace with --namespace", refused=True)
        return
    for role in Role:
        if any(pod.role is role for pod in pods):
            continue
        option = f"--selector {'focus' if role is Role.FOCUS_SERVER else role}="
        if role in selectors:
            why = f"no pod in namespace {access.namespace} has the labels {selectors[role]}"
        else:
            why = f"no pod in namespace {access.namespace} has the name or labels of {role}"
        yield Gap(what=f"pods of {role}", why=why, advice=f"check --namespace, or say which with {option}…")
