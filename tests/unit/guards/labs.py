"""Guards over a lab on loopback, and servers that redirect and refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from gate import asking
from gate.config import Config
from gate.guards.guard import Ask
from gate.guards.http import Guard
from gate.sandbox import recorded
from gate.sandbox.focus import FocusServer
from tests.support import clean_environ

CONFIGURE = "POST /configure"
READ = "GET /live_metadata"

AnyServer = TypeVar("AnyServer", bound=ThreadingHTTPServer)


def guard_of(
    focus: FocusServer | RefusingServer,
    cache: Path,
    *,
    max_age: float = 5.0,
    requests: tuple[str, ...] = (),
    ask: Ask = asking.ask,
) -> Guard:
    """Return a guard of one lab, which shares its readings in a folder of its own."""
    environ = clean_environ(cache, GATE_FOCUS_SERVER=focus.url)
    document = {"requests": list(requests)} if requests else {}
    return Guard(Config(source="a test", document=document), environ, max_age=max_age, ask=ask)


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer, once the request's body has been read."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class _Redirect(_Quiet):
    """Sends everything on to ``/<status>/<where>``, as its path says."""

    def _answer(self) -> None:
        _, status, where = self.path.split("/", 2)
        self.reply(int(status), headers={"Location": where})

    do_GET = do_POST = _answer


class RefusingServer(ThreadingHTTPServer):
    """Answers 503 to whatever is posted, with Retry-After; `metadata` is what it says of its fibre."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.metadata: Mapping[str, object] = recorded.WAITING
        self.retry_after = ""
        self.posted = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Refuse(_Quiet):
    server: RefusingServer

    def do_GET(self) -> None:
        self.reply(200, json.dumps(self.server.metadata).encode())

    def do_POST(self) -> None:
        self.server.posted += 1
        headers = {"Retry-After": self.server.retry_after} if self.server.retry_after else {}
        self.reply(503, headers=headers)


@contextmanager
def redirecting() -> Iterator[str]:
    """Serve redirects: POST ``<url>/307/http://other/`` goes there by 307."""
    with served(ThreadingHTTPServer(("127.0.0.1", 0), _Redirect)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def served(server: AnyServer) -> Iterator[AnyServer]:
    """Serve on a thread of its own until the block ends."""
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
