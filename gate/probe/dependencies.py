"""Does everything else that the lab needs answer?

An open port is not enough where a proxy stands before it, so each kind is asked something
that only itself answers: AMQP its protocol header (AMQP 0-9-1, section 2.2.4), MongoDB
`hello` as an OP_MSG (MongoDB wire protocol), HTTP any request, PostgreSQL a start-up message,
which is refused with 57P03 until it takes connections (as `pg_isready` asks,
https://www.postgresql.org/docs/17/protocol-message-formats.html, read 2026-11-24). `tcp://` is
a connection.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gate.core.model import Environment
from gate.core.reason import without_credentials

_DEFAULT_PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
    "postgresql": 5432,
    "http": 80,
    "https": 443,
}
_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_OP_MSG = 2013
_REQUEST_ID = 1
_PROTOCOL_3 = 196608
_ANSWER = 512  # bytes: PostgreSQL's refusal carries its code behind its words


class Step(StrEnum):
    """How far a question came before it failed."""

    NAME = "name"
    CONNECTION = "connection"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking one dependency.

    Attributes:
        url: its address, as it may be shown.
        cause: why it does not answer; None where it does.
        failed: the step that failed; None where it answers.
    """

    url: str
    cause: str | None = None
    failed: Step | None = None


def dependencies_down(environment: Environment) -> tuple[str, ...]:
    """Return each dependency that does not answer, with its cause; all are asked at once."""
    urls = environment.dependencies
    if not urls:
        return ()
    with ThreadPoolExecutor(max_workers=min(len(urls), 8)) as pool:
        answers = pool.map(lambda url: ask_dependency(url, environment.timeout), urls)
        return tuple(f"{asked.url} ({asked.cause})" for asked in answers if asked.cause)


def ask_dependency(url: str, timeout: float) -> Asked:
    """Return whether the service at `url` answers, and else why not and at which step."""
    shown = without_credentials(url)
    step = Step.NAME
    try:
        host, port, scheme = _address(url)
        with socket.create_connection((host, port), timeout) as connection:
            step = Step.PROTOCOL
            _ask(connection, scheme, host)
    except TimeoutError:
        cause = f"no answer within {timeout:g} s"
    except ConnectionRefusedError:
        cause = "refuses the connection"
    except (socket.gaierror, UnicodeError):  # the latter: a label of the name is too long
        return Asked(url=shown, cause="its name cannot be resolved", failed=Step.NAME)
    except OSError as error:
        cause = error.strerror or str(error) or type(error).__name__
    except ValueError as error:
        return Asked(url=shown, cause=str(error), failed=step)
    else:
        return Asked(url=shown)
    return Asked(url=shown, cause=cause, failed=Step.CONNECTION if step is Step.NAME else step)


def _address(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    if not parts.hostname or not port:
        raise ValueError("names no host and port")
    return parts.hostname, port, parts.scheme


def _ask(connection: socket.socket, scheme: str, host: str) -> None:
    match scheme:
        case "amqp":
            _expect(connection, _AMQP_HEADER, _is_amqp, "AMQP")
        case "amqps":
            with _secured(connection, host) as secured:
                _expect(secured, _AMQP_HEADER, _is_amqp, "AMQP")
        case "mongodb":
            _expect(connection, _hello(), _is_mongodb, "MongoDB")
        case "postgresql":
            _expect(connection, _startup(), _is_postgresql, "PostgreSQL")
        case "http":
            _expect(connection, _head(host), _is_http, "HTTP")
        case "https":
            with _secured(connection, host) as secured:
                _expect(secured, _head(host), _is_http, "HTTPS")


def _secured(connection: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl._create_unverified_context()  # noqa: S323 (asks whether it answers, no more)
    return context.wrap_socket(connection, server_hostname=host)


def _expect(
    connection: socket.socket, request: bytes, is_right: Callable[[bytes], bool], protocol: str
) -> None:
    connection.sendall(request)
    if not is_right(connection.recv(_ANSWER)):
        raise ValueError(f"accepts the connection but does not answer as {protocol}")


def _is_amqp(answer: bytes) -> bool:
    return answer.startswith((b"\x01", b"AMQP"))  # a method frame, or another version's header


def _is_mongodb(answer: bytes) -> bool:
    return len(answer) >= 16 and struct.unpack("<ii", answer[8:16]) == (_REQUEST_ID, _OP_MSG)


def _is_postgresql(answer: bytes) -> bool:
    if answer[:1] == b"E" and answer[5:6] == b"S" and b"\x00C57P03\x00" in answer:
        raise ValueError("answers, but does not take connections yet")
    return answer[:4] == b"R\x00\x00\x00" or (answer[:2] == b"E\x00" and answer[5:6] == b"S")


def _is_http(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/")


def _head(host: str) -> bytes:
    name = host.encode("idna") if ":" not in host else f"[{host}]".encode()
    return b"HEAD / HTTP/1.1\r\nHost: " + name + b"\r\nConnection: close\r\n\r\n"


def _startup() -> bytes:
    words = b"user\x00gate\x00database\x00postgres\x00\x00"
    return struct.pack("!ii", len(words) + 8, _PROTOCOL_3) + words


def _hello() -> bytes:
    elements = b"\x10hello\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00"
    document = struct.pack("<i", len(elements) + 5) + elements + b"\x00"
    body = struct.pack("<i", 0) + b"\x00" + document
    return struct.pack("<iiii", len(body) + 16, _REQUEST_ID, 0, _OP_MSG) + body
