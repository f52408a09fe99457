"""Objects in the shape in which the Kubernetes API gives them.

Field names are those of https://kubernetes.io/docs/reference/kubernetes-api/ (read
2026-11-24), which `test_shapes.py` holds against the official client's own models.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

NOW = datetime.now(UTC).replace(microsecond=0)
NAMESPACE = "panda"
FOCUS = "panda-panda-focus-server-6d8f9c7b5d-x2x7k"
FOCUS_LABELS = {"app.kubernetes.io/name": "panda-panda-focus-server", "pod-template-hash": "6d8f9c7b5d"}
MONGODB_LABELS = {"app.kubernetes.io/name": "mongodb", "app.kubernetes.io/instance": "mongodb"}
RABBITMQ_LABELS = {"app.kubernetes.io/name": "rabbitmq", "app.kubernetes.io/instance": "rabbitmq-panda"}
UNRESOLVED = (
    "pymongo.errors.ServerSelectionTimeoutError: mongodb:27017: [Errno -3] "
    "Temporary failure in name resolution"
)


def ago(**amount: float) -> str:
    """Return the time so long ago, as the API writes it: ``ago(hours=28)``."""
    return (NOW - timedelta(**amount)).strftime("%Y-%m-%dT%H:%M:%SZ")


def running(**amount: float) -> Object:
    """Return the state of a container that runs since then."""
    return {"running": {"startedAt": ago(**(amount or {"hours": 46}))}}


def waiting(reason: str, message: str = "") -> Object:
    """Return the state of a container that waits."""
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def terminated(reason: str, code: int, *, minutes: float = 28 * 60, lasted: float = 40) -> Object:
    """Return the state of a container that ended so many minutes ago and ran `lasted` seconds."""
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": ago(minutes=minutes, seconds=lasted),
            "finishedAt": ago(minutes=minutes),
            "containerID": "containerd://3f1c",
        }
    }


def pod(
    name: str = FOCUS,
    labels: Object | None = None,
    *,
    container: str = "focus-server",
    state: Object | None = None,
    last: Object | None = None,
    restarts: int = 0,
    ready: bool | None = None,
    phase: str = "Running",
    image: str = "registry.example.com/panda/focus-server:1.4.2",
    age: float = 46,
    **more: Any,
) -> Object:
    """Return a pod with one container; `age` in hours.

    `more` may be: status, spec (merged in), init (list of pairs of name and status), env,
    limit (memory), metadata.
    """
    state = state or running()
    ready = ("running" in state) if ready is None else ready
    init: list[tuple[str, Object]] = more.get("init", [])
    spec_container: Object = {
        "name": container,
        "image": image,
        "ports": [{"containerPort": 5000, "protocol": "TCP"}],
        "env": more.get("env", []),
        "resources": {"limits": {"memory": more["limit"]}} if "limit" in more else {},
        "imagePullPolicy": "IfNotPresent",
    }
    if "probe" in more:
        spec_container["readinessProbe"] = more["probe"]
    status: Object = {
        "phase": phase,
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(hours=age)},
            {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": ago(hours=28)},
        ],
        "podIP": "10.42.0.17",
        "startTime": ago(hours=age),
        "qosClass": "Burstable",
        "containerStatuses": [
            {
                "name": container,
                "state": state,
                "lastState": last or {},
                "ready": ready,
                "restartCount": restarts,
                "image": image,
                "imageID": f"{image}@sha256:{'0' * 64}",
                "containerID": "containerd://9ab2",
                "started": "running" in state,
            }
        ],
    }
    if init:
        status["initContainerStatuses"] = [
            {"name": init_name, **init_status} for init_name, init_status in init
        ]
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{name}",
            "creationTimestamp": ago(hours=age),
            "labels": FOCUS_LABELS if labels is None else labels,
            **more.get("metadata", {}),
        },
        "spec": {
            "nodeName": "node-a",
            "containers": [spec_container],
            **(
                {"initContainers": [{"name": n, "image": "python:3.13-slim"} for n, _ in init]}
                if init
                else {}
            ),
            **more.get("spec", {}),
        },
        "status": {**status, **more.get("status", {})},
    }


def init_status(state: Object, *, restarts: int = 0, last: Object | None = None) -> Object:
    """Return the status of an init container, without its name."""
    return {
        "state": state,
        "lastState": last or {},
        "ready": False,
        "restartCount": restarts,
        "image": "python:3.13-slim",
        "imageID": "",
    }


def mongodb(**more: Any) -> Object:
    """Return MongoDB's pod."""
    return pod("mongodb-0", MONGODB_LABELS, container="mongodb", image="mongodb:7.0", **more)


def rabbitmq(**more: Any) -> Object:
    """Return RabbitMQ's pod."""
    return pod("rabbitmq-panda-0", RABBITMQ_LABELS, container="rabbitmq", image="rabbitmq:3.13", **more)


def service(name: str, selector: Object, port: int, **spec: Any) -> Object:
    """Return a service."""
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {}, "creationTimestamp": ago(days=90)},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.43.1.2",
            "selector": selector,
            "ports": [{"name": "main", "port": port, "protocol": "TCP", "targetPort": port}],
            **spec,
        },
        "status": {"loadBalancer": {}},
    }


def endpoint_slice(name: str, ready: int = 1, not_ready: int = 0) -> Object:
    """Return the slice of a service, with so many addresses."""
    return {
        "metadata": {
            "name": f"{name}-7xk2p",
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [f"10.42.0.{number}"], "conditions": {"ready": number < ready}}
            for number in range(ready + not_ready)
        ],
        "ports": [{"name": "main", "port": 27017, "protocol": "TCP"}],
    }


def endpoints(name: str, ready: int = 1, not_ready: int = 0) -> Object:
    """Return the same in the form that came before slices."""
    subset = {
        "addresses": [{"ip": f"10.42.0.{number}"} for number in range(ready)],
        "notReadyAddresses": [{"ip": f"10.42.1.{number}"} for number in range(not_ready)],
        "ports": [{"port": 27017}],
    }
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "subsets": [subset]}


def event(name: str, reason: str, message: str, *, kind: str = "Pod", count: int = 1, **more: Any) -> Object:
    """Return an event; `minutes` is how long ago it was last seen, `type` is Warning."""
    minutes = more.get("minutes", 2)
    return {
        "metadata": {
            "name": f"{name}.{reason.lower()}.17f",
            "namespace": NAMESPACE,
            "creationTimestamp": ago(hours=1),
        },
        "involvedObject": {"kind": kind, "name": name, "namespace": NAMESPACE, "apiVersion": "v1"},
        "reason": reason,
        "message": message,
        "type": more.get("type", "Warning"),
        "count": count,
        "firstTimestamp": ago(minutes=max(minutes, 50)),
        "lastTimestamp": ago(minutes=minutes),
        "source": {"component": "kubelet", "host": "node-a"},
        "reportingComponent": "kubelet",
        "reportingInstance": "node-a",
    }


def node(
    name: str = "node-a", *, ready: str = "True", unschedulable: bool = False, **pressure: str
) -> Object:
    """Return a node; `pressure` such as ``MemoryPressure="True"``."""
    conditions = [
        {"type": kind, "status": pressure.get(kind, "False"), "reason": "Kubelet", "message": f"about {kind}"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    message = "kubelet is posting ready status" if ready == "True" else "Kubelet stopped posting node status."
    conditions.append({"type": "Ready", "status": ready, "reason": "KubeletReady", "message": message})
    return {
        "metadata": {"name": name},
        "spec": {"unschedulable": True} if unschedulable else {},
        "status": {"conditions": conditions},
    }


def deployment(
    name: str = "panda-panda-focus-server", *, replicas: int = 1, ready: int = 1, **more: Any
) -> Object:
    """Return a Deployment; `stuck` is the message of a change that does not come to an end."""
    stuck = more.get("stuck", "")
    progressing = {
        "type": "Progressing",
        "status": "False" if stuck else "True",
        "reason": "ProgressDeadlineExceeded" if stuck else "NewReplicaSetAvailable",
        "message": stuck or "has successfully progressed.",
        "lastUpdateTime": more.get("updated", ago(days=30)),
        "lastTransitionTime": ago(days=90),
    }
    return {
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {}, "creationTimestamp": ago(days=90)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": _template(name, more.get("image", "registry.example.com/panda/focus-server:1.4.2")),
        },
        "status": {"replicas": replicas, "readyReplicas": ready, "conditions": [progressing]},
    }


def replica_set(revision: int, created: str, image: str, owner: str = "panda-panda-focus-server") -> Object:
    """Return a ReplicaSet of a Deployment."""
    return {
        "metadata": {
            "name": f"{owner}-{revision:010}",
            "namespace": NAMESPACE,
            "creationTimestamp": created,
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": owner, "uid": "u", "controller": True}
            ],
        },
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": _template(owner, image)},
        "status": {"replicas": 1},
    }


def stateful_set(name: str, labels: Object, *, replicas: int = 1, ready: int = 1) -> Object:
    """Return a StatefulSet."""
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "creationTimestamp": ago(days=90),
        },
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": labels},
            "template": _template(name, f"{name}:1"),
        },
        "status": {"replicas": replicas, "readyReplicas": ready},
    }


def ingress(service_name: str, host: str = "focus.example.com", address: str = "10.10.10.100") -> Object:
    """Return an ingress that leads to a service."""
    backend = {"service": {"name": service_name, "port": {"number": 5000}}}
    return {
        "metadata": {"name": "focus", "namespace": NAMESPACE},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [
                {
                    "host": host,
                    "http": {"paths": [{"path": "/focus-server", "pathType": "Prefix", "backend": backend}]},
                }
            ],
        },
        "status": {"loadBalancer": {"ingress": [{"ip": address}] if address else []}},
    }


def metrics(name: str = FOCUS, cpu: str = "3m", memory: str = "394Mi") -> Object:
    """Return a pod's entry of the metrics API."""
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "timestamp": ago(seconds=20),
        "window": "15s",
        "containers": [{"name": "focus-server", "usage": {"cpu": cpu, "memory": memory}}],
    }


def log(*lines: str, every: float = 1.0, last: float = 5.0) -> str:
    """Return a log as it comes with timestamps: the last line `last` seconds ago, one each `every`."""
    times = [NOW - timedelta(seconds=last + every * back) for back in range(len(lines))][::-1]
    return "".join(
        f"{when.strftime('%Y-%m-%dT%H:%M:%S.%f')}123Z {line}\n"
        for when, line in zip(times, lines, strict=True)
    )


def _template(name: str, image: str) -> Object:
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": name}},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }
