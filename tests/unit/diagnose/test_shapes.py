"""The states' objects are such as the API gives: the client's own models know every field."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from gate.core.model import Reading
from gate.core.verdict import judge
from gate.diagnose.evidence import Evidence
from gate.diagnose.suggest import suggest_patch
from tests.unit.diagnose.shapes import NOW
from tests.unit.diagnose.states import STATES, State

kubernetes = pytest.importorskip("kubernetes")

MODELS = {
    "pods": "V1Pod",
    "services": "V1Service",
    "endpointslices": "V1EndpointSlice",
    "endpoints": "V1Endpoints",
    "events": "CoreV1Event",
    "deployments": "V1Deployment",
    "replicasets": "V1ReplicaSet",
    "statefulsets": "V1StatefulSet",
    "ingresses": "V1Ingress",
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)
def test_every_field_is_one_of_the_api(state: State) -> None:
    client = kubernetes.client.ApiClient()
    for resource, objects in {**state.cluster.lists, "nodes": state.cluster.nodes}.items():
        model = MODELS.get(resource, "V1Node")
        for item in objects or []:
            assert lost(item, read_back(client, json.dumps(item), model)) == [], resource
    client.close()


def test_the_suggested_patch_has_only_fields_of_the_api() -> None:
    verdict = judge(Reading(environment="staging", taken_at=NOW, status=503), (), NOW)
    patch = yaml.safe_load(suggest_patch(Evidence(now=NOW, verdict=verdict)))
    spec = patch["spec"]["template"]["spec"]
    client = kubernetes.client.ApiClient()
    assert lost(spec, read_back(client, json.dumps(spec), "V1PodSpec")) == []
    client.close()


def read_back(client: Any, data: str, model: str) -> Any:
    return client.sanitize_for_serialization(client.deserialize(data, model, "application/json"))


def lost(given: Any, kept: Any, path: str = "") -> list[str]:
    """Return the paths of what a model did not keep, because the API has no such field."""
    if isinstance(given, dict):
        if not isinstance(kept, dict):
            return [path] if given else []
        return [
            found
            for key, value in given.items()
            for found in (
                lost(value, kept[key], f"{path}.{key}") if key in kept else [f"{path}.{key}"] * bool(value)
            )
        ]
    if isinstance(given, list):
        if not isinstance(kept, list) or len(kept) != len(given):
            return [path] if given else []
        return [
            found for one, other in zip(given, kept, strict=True) for found in lost(one, other, f"{path}[]")
        ]
    return []
