"""How does an emulator speak HTTP? One threading server for all of them.

HTTP/1.1 with keep-alive and without Nagle's delay, latency that can be set, faults that can
be ordered (see `faults`), a log of what came (see `requestlog`), and controls below
`/_sandbox/` (see `controls`). What is answered is the business of a `Service`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
import traceback
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from gate.sandbox import controls
from gate.sandbox.faults import Fault, FaultKind, Faults
from gate.sandbox.requestlog import RequestLog, Seen
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer, parse_query

LARGEST_BODY = 4 * 1024 * 1024
_IDLE_SECONDS = 120.0
# "On, 0 seconds": closing sends a reset. The structure is smaller on Windows.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_NO_JSON = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Service(Protocol):
    """What one emulator answers.

    Attributes:
        name: shown in the first line that the process prints.
        prefixes: paths under which the whole service is found, longest first.
        router: every path that the service has.
        controls: paths of its own below `/_sandbox/`.
    """

    name: str
    prefixes: tuple[str, ...]
    router: Router
    controls: Router

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request; `handler` is None for a path that the service does not have."""

    def reset(self) -> None:
        """Be as at the start."""


class SandboxServer(ThreadingHTTPServer):
    """Serves one service on loopback.

    Args:
        service: what answers.
        port: 0 takes a free one.
        latency: seconds that every answer takes at least.

    Attributes:
        errors: tracebacks of the service itself; none is ever right.
    """

    daemon_threads = True
    request_queue_size = 512
    # On Windows it would let two servers have one port.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, service: Service, port: int = 0, *, latency: float = 0.0) -> None:
        # First, because the base class closes the server again where the port is taken.
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Exchange)
        self.service = service
        self.latency = latency
        self.faults = Faults()
        self.log = RequestLog()
        self.started = time.monotonic()
        self.errors: list[str] = []
        self.controls = controls.router(
            self.log, self.faults, self.reset, lambda: self.latency, lambda s: setattr(self, "latency", s)
        )

    @property
    def root(self) -> str:
        """The absolute URL of the server, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """The address of the service, to give to gate."""
        return self.root + self.service.prefixes[0]

    def reset(self) -> None:
        """Be as at the start: service, faults and log. The latency stays."""
        self.service.reset()
        self.faults.clear()
        self.log.clear()
        self.started = time.monotonic()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that closing the server ends it too."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, and hang up on clients that keep their connection."""
        super().server_close()
        with self._open_lock:
            still_open = tuple(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


class _Exchange(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 65536  # head and body leave together
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        self._exchange()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: the log says what came."""

    def _exchange(self) -> None:
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(json_answer(413, {"message": "Payload Too Large"}))
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client died in the middle of its request
            self.close_connection = True
            return
        method = "GET" if self.command == "HEAD" else self.command
        request = Request(
            method=method,
            path=path,
            query=parse_query(query),
            raw_query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base=self.server.root,
        )
        if path.startswith("/_sandbox/"):
            self._send(controls.answer(self.server.controls, self.server.service.controls, request))
        else:
            self._serve(request)

    def _serve(self, request: Request) -> None:
        server, began = self.server, time.monotonic()
        server.log.begin()
        below = self._below_prefix(request)
        found = server.service.router.find(below.method, below.path)
        fault = server.faults.take(below.method, below.path)
        sent: Answer | None = None
        try:
            time.sleep(server.latency + (fault.delay if fault else 0.0))
            answer = None
            if fault is None or fault.answered:
                ready = replace(below, parameters=found[1] if found else {}, at_once=server.log.at_once())
                answer = self._answered(ready, found[0].handler if found else None)
            sent = answer if fault is None else _faulty(fault, answer)
        finally:
            # Before the first byte leaves, so that who has the answer finds it in the log.
            seen = Seen(
                method=below.method,
                template=found[0].template if found else "",
                path=below.path,
                status=sent.status if sent else 0,
                at=began - server.started,
                took=time.monotonic() - began,
            )
            server.log.end(seen)
        if sent is None:
            self._hang_up()
        elif fault is not None and fault.kind is FaultKind.TRUNCATED:
            self._send(replace(sent, body=sent.body[: len(sent.body) // 2]), length=len(sent.body))
            self.close_connection = True
        else:
            self._send(sent)

    def _answered(self, request: Request, handler: Handler | None) -> Answer:
        try:
            return self.server.service.answer(request, handler)
        except Exception:  # a bug of the emulator must not look like a broken network
            self.server.errors.append(traceback.format_exc())
            return json_answer(500, {"message": "the sandbox itself has a bug; see its `errors`"})

    def _below_prefix(self, request: Request) -> Request:
        for prefix in self.server.service.prefixes:
            if prefix and (request.path + "/").startswith(prefix + "/"):
                return replace(request, path=request.path[len(prefix) :] or "/", base=request.base + prefix)
        return request

    def _send(self, answer: Answer, length: int | None = None) -> None:
        bare = answer.status in {204, 304}
        self.send_response(answer.status)
        if not bare:
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if not bare and self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _hang_up(self) -> None:
        """Break the connection as a network does: with a reset, without an orderly end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.connection.close()


def _faulty(fault: Fault, answer: Answer | None) -> Answer | None:
    """Return what the client gets to see; None for a broken connection."""
    match fault.kind:
        case FaultKind.STATUS:
            refusal = {"message": fault.message, "status": str(fault.status)}
            return json_answer(fault.status, refusal, *fault.headers)
        case FaultKind.MALFORMED:
            return Answer(status=200, body=_NO_JSON, kind="text/html", headers=fault.headers)
        case FaultKind.DELAY | FaultKind.TRUNCATED:
            return answer
        case FaultKind.RESET:
            return None
