"""How does a program reach an emulator that insists on a name? Through a proxy on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

_NOT_PASSED: Final = frozenset(
    {"connection", "proxy-connection", "host", "content-length", "transfer-encoding"}
)


@contextmanager
def proxy(root: str) -> Iterator[str]:
    """Yield the address of a proxy that passes every request on to one server, whatever its host.

    Args:
        root: the server's address, without a path.
    """
    host = urlsplit(root).netloc

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = urlsplit(self.path)
            passed = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED}
            connection = HTTPConnection(host, timeout=60)
            connection.request(self.command, asked._replace(scheme="", netloc="").geturl(), body, passed)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _NOT_PASSED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
