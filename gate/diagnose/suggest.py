"""Which patch would help? YAML that a person reviews and applies; gate never does.

From the incident plan of 2025-11-08: an init container that waits for MongoDB, so that the
server is not started into a failing name, and a readiness probe on ``/live_metadata``, so
that a server that has no metadata gets no traffic. A strategic merge patch as `kubectl patch
--patch-file` takes it (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/
update-api-object-kubectl-patch/, read 2026-11-24).
"""

from __future__ import annotations

from typing import Any, Final

from gate import __version__
from gate.diagnose.cluster import Cluster, Container
from gate.diagnose.evidence import Evidence
from gate.diagnose.roles import Role

_MONGODB: Final = "mongodb://mongodb:27017"
_NAME: Final = "focus-server"
_PORT: Final = 5000
_HEAD: Final = """\
# Suggested by gate diagnose {version}, for review. gate never applies it.
# {target}
"""


def suggest_patch(evidence: Evidence) -> str:
    """Return the patch as YAML, beginning with comments that say what to check.

    What the Focus server has already is left out; where nothing is left, only the comment
    that says so comes back.
    """
    import yaml

    cluster = evidence.cluster
    container = _focus_container(cluster)
    kind, name = _workload(cluster)
    namespace = cluster.namespace if cluster else "NAMESPACE"
    notes = [] if cluster else ["The cluster could not be read: put in the names that stand in capitals."]
    pod: dict[str, Any] = {}
    if _waits_already(cluster):
        notes.append("It has an init container that waits for MongoDB already.")
    else:
        pod["initContainers"] = [_wait_container(_mongodb_url(evidence))]
        notes.append("The image of wait-for-mongodb: better one of your own registry with fiber-gate in it.")
    if container and container.readiness:
        notes.append(f"It has a readiness probe already: {container.readiness}.")
    else:
        pod["containers"] = [_probed_container(container)]
        notes.append("The probe's path and port are those inside the pod, before any ingress.")
        notes.append("It holds while the lab waits for fibre (200) and fails without metadata (404).")
    target = f"kubectl -n {namespace} patch {kind.lower()} {name} --patch-file FILE --dry-run=server -o yaml"
    head = _HEAD.format(version=__version__, target=target) + "".join(f"# {note}\n" for note in notes)
    if not pod:
        return head
    patch = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"spec": pod}},
    }
    return head + yaml.safe_dump(patch, sort_keys=False, allow_unicode=True, width=1000)


def _wait_container(url: str) -> dict[str, Any]:
    wait = f"gate wait {url} --for 5s --timeout 10m"
    return {
        "name": "wait-for-mongodb",
        "image": "python:3.13-slim",
        "command": ["sh", "-c", f"pip install --quiet fiber-gate=={__version__} && exec {wait}"],
    }


def _probed_container(container: Container | None) -> dict[str, Any]:
    port = container.ports[0] if container and container.ports else _PORT
    return {
        "name": container.name if container else _NAME,
        "readinessProbe": {
            "httpGet": {"path": "/live_metadata", "port": port},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
    }


def _focus_container(cluster: Cluster | None) -> Container | None:
    """Return the container that serves: the one named so, else the first that has a port."""
    pods = cluster.of(Role.FOCUS_SERVER) if cluster else ()
    own = [container for pod in pods[-1:] for container in pod.containers if not container.init]
    named = [container for container in own if "focus" in container.name]
    return next(iter([*named, *(container for container in own if container.ports), *own]), None)


def _workload(cluster: Cluster | None) -> tuple[str, str]:
    workloads = cluster.workloads if cluster else ()
    found = [workload for workload in workloads if workload.role is Role.FOCUS_SERVER]
    return (found[0].kind, found[0].name) if found else ("Deployment", "FOCUS-SERVER")


def _waits_already(cluster: Cluster | None) -> bool:
    pods = cluster.of(Role.FOCUS_SERVER) if cluster else ()
    names = (container.name for pod in pods for container in pod.containers if container.init)
    return any("wait" in name or "mongo" in name for name in names)


def _mongodb_url(evidence: Evidence) -> str:
    """Return what to wait for: the service in the cluster, else the configured dependency."""
    services = evidence.cluster.services if evidence.cluster else ()
    for service in services:
        if service.role is Role.MONGODB:
            return f"mongodb://{service.name}:{service.ports[0] if service.ports else 27017}"
    urls = [dependency.url for dependency in evidence.dependencies if dependency.role is Role.MONGODB]
    return urls[0] if urls and urls[0].startswith("mongodb://") else _MONGODB
