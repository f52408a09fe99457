"""A Kubernetes API server over HTTP, as far as reading one namespace goes.

Paths, parameters and `Status` objects are those of
https://kubernetes.io/docs/reference/using-api/api-concepts/ and
https://kubernetes.io/docs/reference/kubernetes-api/ (read 2026-11-24). It is read-only: any
other method is answered with 405 and stands in `seen`.
"""

from __future__ import annotations

import json
import re
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]

_GROUPS = {
    "api/v1": ("pods", "services", "events", "endpoints"),
    "apis/discovery.k8s.io/v1": ("endpointslices",),
    "apis/apps/v1": ("deployments", "replicasets", "statefulsets"),
    "apis/networking.k8s.io/v1": ("ingresses",),
    "apis/metrics.k8s.io/v1beta1": ("pods",),
}
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
}


@dataclass(kw_only=True)
class ClusterState:
    """What one namespace holds.

    Attributes:
        lists: objects by resource; None for one that the cluster does not have.
        nodes: the cluster's machines.
        metrics: the metrics API's entries, None without that API.
        logs: by pod, container, and whether of the run before.
    """

    namespace: str = "panda"
    lists: dict[str, list[Object] | None] = field(default_factory=dict)
    nodes: list[Object] = field(default_factory=list)
    metrics: list[Object] | None = None
    logs: dict[tuple[str, str, bool], str] = field(default_factory=dict)


class KubernetesApi(ThreadingHTTPServer):
    """Serves a state; what is `refused` answers with that status, `seen` says what came.

    Where `written_at` says when the state was written, its times are told as they are by now.
    """

    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"
    request_queue_size = 128

    def __init__(self, state: ClusterState, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.refused: dict[str, int] = {}
        self.bearer: str | None = None
        self.delay: Mapping[str, float] = {}
        self.broken = False
        self.seen: list[str] = []
        self.tls = tls
        self.written_at: datetime | None = None
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        """The address for a kubeconfig."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    def kubeconfig(self, **user: Any) -> str:
        """Return a kubeconfig with one context, `lab`, whose namespace is the state's."""
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "lab",
                "contexts": [
                    {
                        "name": "lab",
                        "context": {"cluster": "lab", "user": "me", "namespace": self.state.namespace},
                    }
                ],
                "clusters": [{"name": "lab", "cluster": {"server": self.url}}],
                "users": [{"name": "me", "user": user}],
            }
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


@contextmanager
def kubernetes_api(state: ClusterState, *, tls: ssl.SSLContext | None = None) -> Iterator[KubernetesApi]:
    """Serve until the block ends."""
    server = KubernetesApi(state, tls=tls)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: KubernetesApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self.server.seen.append(f"{self.command} {self.path}")
        try:
            if self.command != "GET":
                raise _Refusal(405, "the server does not allow this method on the requested resource")
            self._send(200, self._answer(url.path, query))
        except _Refusal as refusal:
            self._send(
                refusal.status,
                {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Failure",
                    "message": str(refusal),
                    "reason": _REASONS.get(refusal.status, "InternalError"),
                    "code": refusal.status,
                },
            )

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: `seen` says what came."""

    def _answer(self, path: str, query: Mapping[str, str]) -> Object | str:
        server, state = self.server, self.server.state
        if server.bearer is not None and self.headers.get("Authorization") != server.bearer:
            raise _Refusal(401, "Unauthorized")
        if match := re.fullmatch(r"/api/v1/nodes/([^/]+)", path):
            self._refuse("nodes", "", match[1])
            return self._named(state.nodes, "nodes", match[1])
        if match := re.fullmatch(r"/api/v1/namespaces/([^/]+)", path):
            self._refuse("namespaces", "", match[1])
            if match[1] != state.namespace:
                raise _Refusal(404, f'namespaces "{match[1]}" not found')
            return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": match[1]}}
        if match := re.fullmatch(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/log", path):
            self._refuse("log", match[1])
            return self._log(match[2], query)
        if match := re.fullmatch(r"/(apis?/.*)/namespaces/([^/]+)/([a-z]+)", path):
            group, namespace, resource = match[1], match[2], match[3]
            if resource in _GROUPS.get(group, ()):
                key = "metrics" if "metrics" in group else resource
                self._refuse(key, namespace)
                return self._list(key, namespace, query)
        raise _Refusal(404, "the server could not find the requested resource")

    def _refuse(self, resource: str, namespace: str, name: str = "") -> None:
        time.sleep(self.server.delay.get(resource, 0.0))
        status = self.server.refused.get(resource) or self.server.refused.get("*")
        if status == 403:
            verb = "get" if name else "list"
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            raise _Refusal(
                403,
                f'{resource} is forbidden: User "system:serviceaccount:panda:ci" cannot {verb} resource '
                f'"{resource}" in API group ""{where}',
            )
        if status:
            raise _Refusal(status, f"{resource}: no luck")

    def _list(self, key: str, namespace: str, query: Mapping[str, str]) -> Object:
        state = self.server.state
        found = state.metrics if key == "metrics" else state.lists.get(key, [])
        if found is None:
            raise _Refusal(404, "the server could not find the requested resource")
        found = found if namespace == state.namespace else []
        found = [item for item in found if _selected(item, query.get("labelSelector", ""))]
        first, limit = int(query.get("continue", "0")), int(query.get("limit", "0")) or len(found)
        onward = str(first + limit) if first + limit < len(found) else ""
        metadata = {"resourceVersion": "1", **({"continue": onward} if onward else {})}
        return {
            "kind": "List",
            "apiVersion": "v1",
            "metadata": metadata,
            "items": found[first : first + limit],
        }

    def _named(self, found: list[Object], resource: str, name: str) -> Object:
        for item in found:
            if item["metadata"]["name"] == name:
                return item
        raise _Refusal(404, f'{resource} "{name}" not found')

    def _log(self, pod: str, query: Mapping[str, str]) -> str:
        container, previous = query.get("container", ""), _is_true(query, "previous")
        content = self.server.state.logs.get((pod, container, previous))
        if content is None and previous:
            raise _Refusal(400, f'previous terminated container "{container}" in pod "{pod}" not found')
        lines = (content or "").splitlines(keepends=True)
        if "tailLines" in query:
            lines = lines[-int(query["tailLines"]) :]
        if not _is_true(query, "timestamps"):
            lines = [line.partition(" ")[2] for line in lines]
        return "".join(lines)

    def _send(self, status: int, document: Object | str) -> None:
        kind = "application/json" if isinstance(document, dict) else "text/plain"
        body = json.dumps(document) if isinstance(document, dict) else document
        if self.server.written_at:
            body = _later(body, datetime.now(UTC) - self.server.written_at)
        content = b"<html>502</html>" if self.server.broken else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _later(body: str, by: timedelta) -> str:
    """Return a body with every time in it moved on by whole seconds."""
    seconds = timedelta(seconds=int(by.total_seconds()))

    def moved(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(found[0]) + seconds).isoformat()

    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=[.\d]*Z)", moved, body)


def _is_true(query: Mapping[str, str], name: str) -> bool:
    """Return a parameter as the server reads it; older clients write ``True``."""
    return query.get(name, "false").lower() not in ("false", "0")


def _selected(item: Object, selector: str) -> bool:
    theirs = item["metadata"].get("labels", {})
    wanted = [part.replace("==", "=").split("=", 1) for part in selector.split(",") if part]
    if any(len(pair) != 2 for pair in wanted):
        raise _Refusal(400, f"unable to parse requirement: {selector!r}")
    return all(theirs.get(key) == value for key, value in wanted)
