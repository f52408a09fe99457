"""The suggestion is a patch that fits the server it is for, and leaves out what is there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gate.core.model import Reading
from gate.core.verdict import judge
from gate.diagnose.cluster import Cluster, Container, Pod, Service, Workload
from gate.diagnose.evidence import Dependency, Evidence
from gate.diagnose.roles import Role
from gate.diagnose.suggest import suggest_patch
from tests.unit.diagnose.shapes import NOW

VERDICT = judge(Reading(environment="staging", taken_at=NOW, status=503), (), NOW)
SERVER = Container(name="server", ports=(8500,))


def evidence(*containers: Container, **more: Any) -> Evidence:
    pod = Pod(name="p", role=Role.FOCUS_SERVER, phase="Running", containers=containers)
    workload = Workload(kind="StatefulSet", name="focus", role=Role.FOCUS_SERVER)
    service = Service(name="lab-mongodb", role=Role.MONGODB, ports=(27018,))
    cluster = Cluster(
        context="lab", namespace="panda", pods=(pod,), workloads=(workload,), services=(service,), **more
    )
    return Evidence(now=NOW, verdict=VERDICT, cluster=cluster)


def parts(patch: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(patch)["spec"]["template"]["spec"]
    return found


def test_it_names_the_workload_container_port_and_service_that_were_found() -> None:
    patch = suggest_patch(
        evidence(Container(name="proxy", ports=(80,)), Container(name="my-focus", ports=(8500,)))
    )
    document = yaml.safe_load(patch)
    assert (document["kind"], document["metadata"]) == (
        "StatefulSet",
        {"name": "focus", "namespace": "panda"},
    )
    assert "kubectl -n panda patch statefulset focus --patch-file FILE --dry-run=server" in patch
    (wait,) = parts(patch)["initContainers"]
    assert wait["command"][-1].endswith("exec gate wait mongodb://lab-mongodb:27018 --for 5s --timeout 10m")
    (container,) = parts(patch)["containers"]
    assert container["name"] == "my-focus"
    assert container["readinessProbe"]["httpGet"] == {"path": "/live_metadata", "port": 8500}


@pytest.mark.parametrize(
    ("containers", "keys"),
    [
        ((SERVER,), {"initContainers", "containers"}),
        ((Container(name="wait-for-db", init=True), SERVER), {"containers"}),
        ((Container(name="server", readiness="HTTP /ack"),), {"initContainers"}),
    ],
)
def test_what_is_there_already_is_left_out(containers: tuple[Container, ...], keys: set[str]) -> None:
    assert set(parts(suggest_patch(evidence(*containers)))) == keys


def test_where_all_is_there_only_the_comment_that_says_so_is_left() -> None:
    patch = suggest_patch(
        evidence(Container(name="wait-for-mongodb", init=True), Container(name="s", readiness="HTTP /ack"))
    )
    assert yaml.safe_load(patch) is None
    assert "It has a readiness probe already: HTTP /ack." in patch


def test_without_a_cluster_what_must_be_put_in_stands_in_capitals() -> None:
    asked = Dependency(url="mongodb://db.lab:27017", role=Role.MONGODB)
    patch = suggest_patch(Evidence(now=NOW, verdict=VERDICT, dependencies=(asked,)))
    assert yaml.safe_load(patch)["metadata"] == {"name": "FOCUS-SERVER", "namespace": "NAMESPACE"}
    assert "gate wait mongodb://db.lab:27017" in patch
    assert all(line.startswith("# ") for line in patch.splitlines()[:5])
