"""Does everything else that the lab needs answer?

An open port is not enough where a proxy stands before it, so each kind is asked something
that only itself answers: AMQP its protocol header (AMQP 0-9-1, section 2.2.4), MongoDB
`hello` as an OP_MSG (MongoDB wire protocol), HTTP any request. `tcp://` is a connection.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from gate.core.model import Environment
from gate.core.reason import without_credentials

_DEFAULT_PORTS = {"amqp": 5672, "mongodb": 27017, "http": 80, "https": 443}
_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_OP_MSG = 2013
_REQUEST_ID = 1


def dependencies_down(environment: Environment) -> tuple[str, ...]:
    """Return each dependency that does not answer, with its cause; all are asked at once."""
    urls = environment.dependencies
    if not urls:
        return ()
    with ThreadPoolExecutor(max_workers=min(len(urls), 8)) as pool:
        causes = pool.map(lambda url: _cause(url, environment.timeout), urls)
        return tuple(
            f"{without_credentials(url)} ({cause})" for url, cause in zip(urls, causes, strict=True) if cause
        )


def _cause(url: str, timeout: float) -> str | None:
    """Return why the service at `url` does not answer, or None where it does."""
    try:
        _ask(url, timeout)
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except ConnectionRefusedError:
        return "refuses the connection"
    except socket.gaierror:
        return "its name cannot be resolved"
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    except ValueError as error:
        return str(error)
    return None


def _ask(url: str, timeout: float) -> None:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    if not parts.hostname or not port:
        raise ValueError("names no host and port")
    with socket.create_connection((parts.hostname, port), timeout) as connection:
        match parts.scheme:
            case "amqp":
                _expect(connection, _AMQP_HEADER, _is_amqp, "AMQP")
            case "mongodb":
                _expect(connection, _hello(), _is_mongodb, "MongoDB")
            case "http":
                _expect(connection, _head(parts.hostname), _is_http, "HTTP")
            case "https":
                context = ssl._create_unverified_context()  # noqa: S323 (asks whether it answers, no more)
                with context.wrap_socket(connection, server_hostname=parts.hostname) as secured:
                    _expect(secured, _head(parts.hostname), _is_http, "HTTPS")


def _expect(
    connection: socket.socket, request: bytes, is_right: Callable[[bytes], bool], protocol: str
) -> None:
    connection.sendall(request)
    if not is_right(connection.recv(16)):
        raise ValueError(f"accepts the connection but does not answer as {protocol}")


def _is_amqp(answer: bytes) -> bool:
    return answer.startswith((b"\x01", b"AMQP"))  # a method frame, or another version's header


def _is_mongodb(answer: bytes) -> bool:
    return len(answer) == 16 and struct.unpack("<ii", answer[8:]) == (_REQUEST_ID, _OP_MSG)


def _is_http(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/")


def _head(host: str) -> bytes:
    name = host.encode("idna") if ":" not in host else f"[{host}]".encode()
    return b"HEAD / HTTP/1.1\r\nHost: " + name + b"\r\nConnection: close\r\n\r\n"


def _hello() -> bytes:
    elements = b"\x10hello\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00"
    document = struct.pack("<i", len(elements) + 5) + elements + b"\x00"
    body = struct.pack("<i", 0) + b"\x00" + document
    return struct.pack("<iiii", len(body) + 16, _REQUEST_ID, 0, _OP_MSG) + body
