"""A git server over HTTPS on loopback, with users who may read, and users who may push."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

READER = "dana:re@d/er"
WRITER = "x-access-token:wr:iter"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitServer:
    """Where it listens, its certificate authority, and what it was asked."""

    address: str
    bundle: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving_git(root: Path, folder: Path) -> Iterator[GitServer]:
    """Serve the bare repositories below `root`; certificates are written to `folder`."""
    authority = trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    described = GitServer(address=f"127.0.0.1:{server.server_port}", bundle=bundle)
    _Handler.root, _Handler.asked = root, described.asked
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield described
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    root = Path()
    asked: list[str]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        self.asked.append(f"{self.command} {self.path}")
        kind, _, basic = self.headers.get("Authorization", "").partition(" ")
        user = base64.b64decode(basic).decode() if kind == "Basic" else ""
        if user not in (READER, WRITER):
            self._say(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        elif "receive-pack" in self.path and user != WRITER:
            self._say(403, [], b"")
        else:
            self._say(*self._backend(user, body))

    def _backend(self, user: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        path, _, query = self.path.partition("?")
        environ = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_USER": user.partition(":")[0],
            "REQUEST_METHOD": self.command,
        }
        ran = subprocess.run(
            ["git", "http-backend"], input=body, env=environ, capture_output=True, timeout=30, check=True
        )
        head, _, content = ran.stdout.partition(b"\r\n\r\n")
        fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        headers = [(name, value) for name, value in fields if name != "Status"]
        status = next((int(value.split()[0]) for name, value in fields if name == "Status"), 200)
        return status, headers, content

    def _say(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
