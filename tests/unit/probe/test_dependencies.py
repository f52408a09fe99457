"""An open port is not an answer: each kind of dependency is asked in its own protocol."""

from __future__ import annotations

import socket
import ssl
import struct
import time

import pytest
import trustme

from gate.core.model import Environment
from gate.probe.dependencies import Step, ask_dependency, dependencies_down
from tests.unit.probe.servers import Answer, http, raw_server

AMQP_START = b"\x01\x00\x00\x00\x00\x01\xfc\x00\x0a\x00\x0a"


def lab(*dependencies: str) -> Environment:
    return Environment(
        name="staging", focus_server="http://127.0.0.1:1", timeout=0.4, dependencies=dependencies
    )


def sending(answer: bytes) -> Answer:
    return lambda connection: connection.sendall(answer)


@pytest.mark.parametrize(
    ("scheme", "answer", "asked"),
    [
        ("amqp", sending(AMQP_START), b"AMQP\x00\x00\x09\x01"),
        ("mongodb", sending(struct.pack("<iiii", 60, 7, 1, 2013)), b"$db\x00\x06\x00\x00\x00admin"),
        ("http", http(b"", "503 Service Unavailable"), b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n"),
    ],
)
def test_what_answers_in_its_protocol_is_up(scheme: str, answer: Answer, asked: bytes) -> None:
    with raw_server(answer) as server:
        assert dependencies_down(lab(f"{scheme}://127.0.0.1:{server.port}")) == ()
        assert asked in server.requests[0]


def test_the_question_to_mongodb_is_a_whole_message() -> None:
    with raw_server(sending(b"\x10\x00\x00\x00")) as server:
        dependencies_down(lab(f"mongodb://127.0.0.1:{server.port}"))
        message = server.requests[0]
    length, _, _, opcode, flags = struct.unpack_from("<iiiii", message)
    assert (length, opcode, flags, message[20]) == (len(message), 2013, 0, 0)
    assert struct.unpack_from("<i", message, 21)[0] == len(message) - 21
    assert message[-1] == 0


def test_an_open_port_is_enough_only_where_no_protocol_is_named() -> None:
    with raw_server(lambda _: None) as server:
        assert dependencies_down(lab(f"tcp://127.0.0.1:{server.port}")) == ()
        for scheme, protocol in (("amqp", "AMQP"), ("mongodb", "MongoDB"), ("http", "HTTP")):
            url = f"{scheme}://127.0.0.1:{server.port}"
            assert dependencies_down(lab(url)) == (
                f"{url} (accepts the connection but does not answer as {protocol})",
            )


@pytest.mark.parametrize(("scheme", "protocol"), [("amqp", "AMQP"), ("mongodb", "MongoDB")])
def test_another_protocol_behind_the_port_is_no_answer(scheme: str, protocol: str) -> None:
    with raw_server(http(b"hello")) as server:
        (words,) = dependencies_down(lab(f"{scheme}://127.0.0.1:{server.port}"))
    assert f"does not answer as {protocol}" in words


def test_https_is_asked_over_tls_without_judging_its_certificate() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(context)
    with raw_server(http(b""), context) as server:
        assert dependencies_down(lab(f"https://127.0.0.1:{server.port}")) == ()


def test_each_cause_is_named_and_credentials_are_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    down = dependencies_down(
        lab(f"amqp://guest:geheim@127.0.0.1:{port}", "mongodb://mongodb.invalid:27017", "tcp://127.0.0.1")
    )
    assert down == (
        f"amqp://127.0.0.1:{port} (refuses the connection)",
        "mongodb://mongodb.invalid:27017 (its name cannot be resolved)",
        "tcp://127.0.0.1 (names no host and port)",
    )


def test_all_are_asked_at_once_and_none_holds_the_gate() -> None:
    with raw_server(lambda _: time.sleep(3)) as server:
        started = time.monotonic()
        down = dependencies_down(lab(*[f"amqp://127.0.0.1:{server.port}"] * 6))
        assert time.monotonic() - started < 2
    assert len(down) == 6
    assert "no answer within 0.4 s" in down[0]


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("mongodb://mongodb.invalid:27017", Step.NAME),
        ("tcp://127.0.0.1", Step.NAME),
        ("amqp://127.0.0.1:{closed}", Step.CONNECTION),
        ("amqp://127.0.0.1:{silent}", Step.PROTOCOL),
        ("mongodb://127.0.0.1:{other}", Step.PROTOCOL),
        ("tcp://127.0.0.1:{other}", None),
    ],
)
def test_the_step_that_failed_is_named(url: str, step: Step | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with raw_server(lambda _: time.sleep(2)) as silent, raw_server(http(b"hello")) as other:
        asked = ask_dependency(url.format(closed=closed, silent=silent.port, other=other.port), 0.4)
    assert asked.failed is step
    assert (asked.cause is None) is (step is None)
