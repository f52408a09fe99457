"""What does the cluster's API server answer?

Asked with the official client, for the plain JSON: its typed objects refuse a whole list for
one field that is newer or older than the client. Every request may take `TIMEOUT` seconds;
those that need not wait for each other are made at once. What is refused, or does not come,
is a `Gap`, and the rest still answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from gate.diagnose.bounded import together
from gate.diagnose.evidence import Gap
from gate.diagnose.kubeconfig import Access
from gate.diagnose.objects import Object, items
from gate.diagnose.refusal import gap, status_of
from gate.diagnose.roles import Role

TIMEOUT: Final = 10.0
_PAGES = 20
_PAGE = 500
_LARGEST = 32 * 1024 * 1024
NO_METRICS: Final = Gap(what="resource use", why="the cluster has no metrics API that answers")
_METRICS: Final = ("metrics.k8s.io", "v1beta1")

LISTS: Final = {
    "pods": ("CoreV1Api", "list_namespaced_pod"),
    "services": ("CoreV1Api", "list_namespaced_service"),
    "endpoints": ("DiscoveryV1Api", "list_namespaced_endpoint_slice"),
    "events": ("CoreV1Api", "list_namespaced_event"),
    "deployments": ("AppsV1Api", "list_namespaced_deployment"),
    "replicasets": ("AppsV1Api", "list_namespaced_replica_set"),
    "statefulsets": ("AppsV1Api", "list_namespaced_stateful_set"),
    "ingresses": ("NetworkingV1Api", "list_namespaced_ingress"),
}
GROUPS: Final = ("CustomObjectsApi", *dict.fromkeys(api for api, _ in LISTS.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWanted:
    """The end of one log: whose, of which run, how many lines."""

    pod: str
    container: str
    previous: bool
    tail: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came: objects by what they are, and a gap for each thing that did not come.

    `lists` holds the keys of `LISTS`, ``metrics``, and ``--selector <role>``.
    """

    lists: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    reachable: bool = True


class ClusterClient:
    """Asks one cluster about one namespace; made by `gate.diagnose.library`."""

    def __init__(self, access: Access, groups: Mapping[str, Any], seconds: float) -> None:
        self._access = access
        self._groups = groups
        self._seconds = seconds

    def lists(self, selectors: Mapping[Role, str]) -> Answers:
        """Return every list of the namespace, and the pods that each selector chooses."""
        calls: dict[str, Callable[[], tuple[Object, ...]]] = {
            what: partial(self._list, *where) for what, where in LISTS.items()
        }
        calls["endpoints"] = self._endpoints
        calls["metrics"] = self._metrics
        for role, selector in selectors.items():
            calls[f"--selector {role}"] = partial(self._list, *LISTS["pods"], label_selector=selector)
        answers = together(calls, self._seconds)
        failed = {what: answer for what, answer in answers.items() if isinstance(answer, Exception)}
        if len(failed) == len(answers) and not any(
            status_of(error) in (403, 404) for error in failed.values()
        ):
            error = next(iter(failed.values()))
            return Answers(gaps=(gap(self._access, "the cluster", error),), reachable=False)
        return Answers(
            lists={what: answer for what, answer in answers.items() if not isinstance(answer, Exception)},
            gaps=tuple(
                NO_METRICS
                if what == "metrics" and status_of(error) in (404, 503)
                else gap(self._access, what, error)
                for what, error in failed.items()
            ),
        )

    def nodes(self, names: tuple[str, ...]) -> Answers:
        """Return the nodes of these names."""
        calls = {name: partial(self._one, "CoreV1Api", "read_node", name) for name in names}
        answers = together(calls, self._seconds)
        gaps = [
            gap(self._access, "nodes", error) for error in answers.values() if isinstance(error, Exception)
        ]
        found = tuple(answer for answer in answers.values() if not isinstance(answer, Exception))
        return Answers(lists={"nodes": found} if found else {}, gaps=tuple(gaps[:1]))

    def namespace_is_there(self) -> bool:
        """Return whether the namespace exists; true also where that may not be asked."""
        namespace = self._access.namespace
        answer = together({0: partial(self._one, "CoreV1Api", "read_namespace", namespace)}, self._seconds)[0]
        return status_of(answer) != 404

    def logs(self, wanted: tuple[LogWanted, ...]) -> tuple[dict[LogWanted, str], tuple[Gap, ...]]:
        """Return the logs that there are; one that is gone, or not begun, is no gap."""
        answers = together({log: partial(self._log, log) for log in wanted}, self._seconds)
        found = {log: answer for log, answer in answers.items() if isinstance(answer, str)}
        gaps: dict[str, Gap] = {}
        for log, error in answers.items():
            if not isinstance(error, Exception):
                continue
            if status_of(error) in (400, 404):
                if log.previous:
                    what = f"previous log of {log.pod}/{log.container}"
                    gaps[what] = Gap(what=what, why="the node has kept none")
            else:
                gaps.setdefault("logs", gap(self._access, "logs", error))
        return found, tuple(gaps.values())

    def _list(self, api: str, method: str, **arguments: str) -> tuple[Object, ...]:
        call = self._method(api, method)
        found: list[Object] = []
        token = ""
        for _ in range(_PAGES):
            onward = {**arguments, "_continue": token} if token else arguments
            page = self._read(partial(call, self._access.namespace, limit=_PAGE, **onward))
            found += items(page, "items")
            metadata = page.get("metadata")
            token = str(metadata.get("continue") or "") if isinstance(metadata, Mapping) else ""
            if not token:
                break
        return tuple(found)

    def _endpoints(self) -> tuple[Object, ...]:
        """Return the slices, or what clusters before 1.21 have instead."""
        try:
            return self._list(*LISTS["endpoints"])
        except Exception as error:
            if status_of(error) not in (403, 404):
                raise
            return self._list("CoreV1Api", "list_namespaced_endpoints")

    def _metrics(self) -> tuple[Object, ...]:
        call = self._method("CustomObjectsApi", "list_namespaced_custom_object")
        return items(self._read(partial(call, *_METRICS, self._access.namespace, "pods")), "items")

    def _one(self, api: str, method: str, name: str) -> Object:
        return self._read(partial(self._method(api, method), name))

    def _log(self, log: LogWanted) -> str:
        call = self._method("CoreV1Api", "read_namespaced_pod_log")
        arguments = {"container": log.container, "previous": log.previous, "tail_lines": log.tail}
        name, namespace = log.pod, self._access.namespace
        return self._content(partial(call, name, namespace, timestamps=True, **arguments))

    def _method(self, api: str, method: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._groups[api], method)
        return found

    def _read(self, call: Callable[..., Any]) -> dict[str, Any]:
        document = json.loads(self._content(call))
        if not isinstance(document, dict):
            raise ValueError("its answer is no object")
        return document

    def _content(self, call: Callable[..., Any]) -> str:
        response = call(_preload_content=False, _request_timeout=(self._seconds, self._seconds))
        try:
            content: bytes = response.read(_LARGEST + 1)
        finally:
            response.release_conn()
        if len(content) > _LARGEST:
            raise ValueError(f"its answer is longer than {_LARGEST} bytes")
        return content.decode("utf-8", "replace")
