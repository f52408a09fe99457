"""A Focus server that can be told which state it is in.

Besides the real paths, at the root and below `/focus-server`, it has two of its own:
`GET /_sandbox/requests` counts what it saw, `POST /_sandbox/state {"state": "ready"}`
switches it; `DELETE /_sandbox/requests` starts the counting anew.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gate.sandbox import recorded

_DRIP_SECONDS = 1.0
_FLAP_EVERY = 2
_CHANNELS = {"lowest_channel": 1, "highest_channel": 2337}


class FocusState(StrEnum):
    """What a Focus server can be like.

    `DOWN` hangs up without an answer, `SLOW` sends a byte a second, `MISSING` has no
    metadata (404), `FLAPPING` is ready and waiting by turns, two readings each.
    """

    WAITING = "waiting"
    READY = "ready"
    DOWN = "down"
    MALFORMED = "malformed"
    SLOW = "slow"
    MISSING = "missing"
    FLAPPING = "flapping"


class FocusServer(ThreadingHTTPServer):
    """The server; `state` may be set while it runs, `seen` counts requests by method and path."""

    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would let two servers share a port
    request_queue_size = 256

    def __init__(self, state: FocusState = FocusState.WAITING, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.seen: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address to give to gate as `focus_server`."""
        return f"http://127.0.0.1:{self.server_address[1]}/focus-server"

    def count(self, request: str) -> int:
        """Count a request and return how often it has come."""
        with self.lock:
            self.seen[request] += 1
            return self.seen[request]

    def is_ready(self) -> bool:
        """Return whether a fibre is connected at this moment."""
        if self.state is FocusState.FLAPPING:
            return (self.seen["GET /live_metadata"] - 1) // _FLAP_EVERY % 2 == 0
        return self.state is FocusState.READY

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: FocusServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the client to confirm the headers
    server_version = "focus-server"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the counters say what came."""

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = re.sub("/+", "/", self.path.partition("?")[0]).removeprefix("/focus-server") or "/"
        if path.startswith("/_sandbox/"):
            self._control(method, path, body)
            return
        self.server.count(f"{method} {path}")
        match self.server.state:
            case FocusState.DOWN:
                self._hang_up()
            case FocusState.MALFORMED:
                self._send(200, recorded.HTML, "text/html")
            case FocusState.SLOW:
                self._drip()
            case FocusState.MISSING:
                self._send_json(404, {"detail": "Not Found"})
            case FocusState.WAITING | FocusState.READY | FocusState.FLAPPING:
                self._work(method, path)

    def _work(self, method: str, path: str) -> None:
        ready = self.server.is_ready()
        match method, path.strip("/").split("/"):
            case "GET", ["live_metadata"]:
                self._send_json(200, recorded.READY if ready else recorded.WAITING)
            case "POST", ["configure"] | ["config", _]:
                if ready:
                    self._send_json(200, {"status": "Config received successfully", "job_id": "1-1"})
                else:
                    self._send_json(503, recorded.REFUSED_CONFIGURE)
            case "GET", ["channels"]:
                self._send_json(200, _CHANNELS)
            case "GET", ["sensors"]:
                self._send_json(200, {"sensors": []})
            case "GET", ["metadata", job_id]:
                self._send_json(200 if ready else 404, {"job_id": job_id})
            case "GET", ["ack"]:
                self._send_json(200, {})
            case "POST", ["recordings_in_time_range"]:
                self._send_json(200, [])
            case _:
                self._send_json(404, {"detail": "Not Found"})

    def _control(self, method: str, path: str, body: bytes) -> None:
        match method, path:
            case "GET", "/_sandbox/requests":
                with self.server.lock:
                    self._send_json(200, dict(self.server.seen))
            case "DELETE", "/_sandbox/requests":
                with self.server.lock:
                    self.server.seen.clear()
                self._send_json(200, {})
            case "POST", "/_sandbox/state":
                self._switch(body)
            case _:
                self._send_json(404, {"error": f"no {method} {path} in the sandbox"})

    def _switch(self, body: bytes) -> None:
        try:
            self.server.state = FocusState(json.loads(body)["state"])
        except (ValueError, KeyError, TypeError):
            known = ", ".join(FocusState)
            self._send_json(400, {"error": f'expected {{"state": "…"}} with one of {known}'})
            return
        self._send_json(200, {"state": self.server.state})

    def _send_json(self, status: int, document: object) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _drip(self) -> None:
        body = json.dumps(recorded.READY).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(_DRIP_SECONDS)
