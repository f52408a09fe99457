"""What does a cluster say about a lab? Records; nothing is asked here.

Only what is listed here is kept of a pod: no environment variable, no annotation, no command
line and no mounted value ever comes into a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.diagnose.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a container ended: the API's reason, exit code and times (UTC)."""

    reason: str = ""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod, as its status says it is.

    Attributes:
        name: as the pod names it.
        init: whether it runs before the others.
        image: what it was started from.
        ready: whether its readiness probe holds (true without one, once it runs).
        restarts: how often it was started anew.
        running_since: since when it runs, or None.
        waiting: why it does not run yet, for example ``CrashLoopBackOff``.
        waiting_message: the same in the kubelet's words.
        ended: how it ended, where it does not run.
        last: how its run before ended, also where it runs and is ready now.
        memory_limit: bytes, or None.
        ports: what it listens on, as far as the pod says.
        readiness: its readiness probe in a few words; empty where it has none.
    """

    name: str
    init: bool = False
    image: str = ""
    ready: bool = False
    restarts: int = 0
    running_since: datetime | None = None
    waiting: str = ""
    waiting_message: str = ""
    ended: Ended | None = None
    last: Ended | None = None
    memory_limit: int | None = None
    ports: tuple[int, ...] = ()
    readiness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod.

    Attributes:
        name: its name.
        role: what it is to the lab.
        phase: ``Pending``, ``Running``, ``Succeeded``, ``Failed`` or ``Unknown``.
        reason: why it is so, where the API says it, for example ``Evicted``.
        message: the same in words.
        node: where it runs; empty while it is not placed.
        created_at: when it was made (UTC).
        ready: whether it is given traffic.
        deleting: whether it is on its way out.
        unschedulable: why no node takes it; empty where one does.
        containers: init containers first.
        cpu: thousandths of a core in use, where metrics are there.
        memory: bytes in use, where metrics are there.
    """

    name: str
    role: Role
    phase: str = ""
    reason: str = ""
    message: str = ""
    node: str = ""
    created_at: datetime | None = None
    ready: bool = False
    deleting: bool = False
    unschedulable: str = ""
    containers: tuple[Container, ...] = ()
    cpu: int | None = None
    memory: int | None = None

    @property
    def restarts(self) -> int:
        """How often its containers were started anew."""
        return sum(container.restarts for container in self.containers)

    @property
    def counts(self) -> bool:
        """Whether it is meant to run: not finished, and not on its way out."""
        return self.phase != "Succeeded" and not self.deleting


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service; how many addresses stand behind it is None where that could not be read."""

    name: str
    role: Role
    kind: str = "ClusterIP"
    ports: tuple[int, ...] = ()
    ready: int | None = None
    not_ready: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Deployment or a StatefulSet.

    Attributes:
        kind: ``Deployment`` or ``StatefulSet``.
        name: its name.
        role: what its pods are to the lab.
        wanted: replicas asked for.
        ready: replicas that are ready.
        revision: the number of its last change, where it is known.
        changed_at: when that change was made (UTC), where it is known.
        images: what it runs.
        images_before: what it ran before the last change.
        stuck: why its last change does not come to an end; empty where it does.
    """

    kind: str
    name: str
    role: Role
    wanted: int = 0
    ready: int = 0
    revision: int | None = None
    changed_at: datetime | None = None
    images: tuple[str, ...] = ()
    images_before: tuple[str, ...] = ()
    stuck: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What the cluster noted about an object, `count` times between `first` and `last`."""

    kind: str
    name: str
    reason: str
    message: str = ""
    warning: bool = False
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine that the lab's pods run on; `troubles` are its bad conditions in words."""

    name: str
    troubles: tuple[str, ...] = ()
    unschedulable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """A way into the cluster: for which hosts, to which services, at which addresses."""

    name: str
    hosts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a log, with the time at which it was written (UTC), if that is known."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The end of a container's log; `previous` means the run before this one."""

    pod: str
    container: str
    role: Role
    previous: bool = False
    lines: tuple[LogLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What a Kubernetes cluster says about the lab.

    Attributes:
        context: the kubeconfig's context; ``in-cluster`` inside a pod.
        namespace: where was looked.
        read: what could be read, for example ``pods``; an empty list of anything else means
            nothing.
    """

    context: str
    namespace: str
    read: tuple[str, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    workloads: tuple[Workload, ...] = ()
    events: tuple[Event, ...] = ()
    nodes: tuple[Node, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    logs: tuple[Log, ...] = ()

    def of(self, role: Role) -> tuple[Pod, ...]:
        """Return the pods of a role that are meant to run."""
        return tuple(pod for pod in self.pods if pod.role is role and pod.counts)
