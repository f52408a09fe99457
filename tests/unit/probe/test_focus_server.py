"""One question to the lab, over real sockets: what comes back, how long it takes, how often it is asked."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import time
from pathlib import Path

import pytest
import trustme

from gate.core.model import Code, Environment, Reading
from gate.core.verdict import judge_reading
from gate.probe.focus_server import MAX_BODY, PAUSES, read_focus_server
from gate.sandbox import recorded
from gate.sandbox.focus import FocusServer, FocusState
from tests.unit.probe.servers import RawServer, http, raw_server

READY = json.dumps(recorded.READY).encode()


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def lab(address: str, **fields: object) -> Environment:
    return Environment(name="staging", focus_server=address, **{"timeout": 2.0, **fields})  # type: ignore[arg-type]


def ask(server: RawServer, **fields: object) -> Reading:
    return read_focus_server(
        lab(f"http://127.0.0.1:{server.port}/focus-server", **fields), sleep=lambda _: None
    )


def hang_up(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_the_lab_is_asked_once_by_get_below_its_address(focus: FocusServer) -> None:
    focus.state = FocusState.READY
    reading = read_focus_server(lab(focus.url + "/"))
    assert (reading.status, json.loads(reading.body)) == (200, recorded.READY)
    assert dict(focus.seen) == {"GET /live_metadata": 1}


def test_a_server_without_metadata_is_read_as_404(focus: FocusServer) -> None:
    focus.state = FocusState.MISSING
    assert read_focus_server(lab(focus.url)).status == 404


def test_an_error_answer_is_never_asked_for_again() -> None:
    with raw_server(http(b"down", "503 Service Unavailable", "Retry-After: 0\r\n")) as server:
        assert ask(server).status == 503
        assert server.connections == 1


def test_a_connection_that_is_dropped_is_tried_twice_more() -> None:
    with raw_server(hang_up) as server:
        reading = ask(server)
        assert (reading.failure, server.connections) == (Code.UNREACHABLE, 3)
        assert f"127.0.0.1:{server.port} drops the connection" in reading.detail


def test_a_connection_that_works_at_the_third_try_is_a_reading() -> None:
    def third_time(connection: socket.socket) -> None:
        hang_up(connection) if server.connections < 3 else http(READY)(connection)

    with raw_server(third_time) as server:
        assert ask(server).body == READY


def test_retries_wait_a_little_and_end_with_the_deadline() -> None:
    slept: list[float] = []
    with raw_server(hang_up) as server:
        read_focus_server(lab(f"http://127.0.0.1:{server.port}"), sleep=slept.append)
        assert tuple(slept) == PAUSES
        slept.clear()
        read_focus_server(lab(f"http://127.0.0.1:{server.port}", timeout=0.2), sleep=slept.append)
        assert slept == [PAUSES[0]]


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reading = read_focus_server(lab(f"http://127.0.0.1:{port}"), sleep=lambda _: None)
    assert (reading.failure, reading.detail) == (Code.UNREACHABLE, f"127.0.0.1:{port} refuses the connection")


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    reading = read_focus_server(lab("http://lab.invalid"), sleep=lambda _: None)
    assert (reading.failure, reading.detail) == (
        Code.UNREACHABLE,
        "the name of lab.invalid:80 cannot be resolved",
    )


def test_a_server_that_says_nothing_is_a_timeout_and_not_asked_again() -> None:
    with raw_server(lambda _: time.sleep(5)) as server:
        reading = ask(server, timeout=0.3)
        assert (reading.failure, server.connections) == (Code.TIMEOUT, 1)
        assert "within 0.3 s" in reading.detail


@pytest.mark.parametrize("part", ["header", "body"])
def test_a_server_that_sends_a_byte_at_a_time_does_not_hold_the_gate(part: str) -> None:
    def drip(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        if part == "body":
            connection.sendall(head)
        for byte in head * 3:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with raw_server(drip) as server:
        started = time.monotonic()
        reading = ask(server, timeout=0.4)
        took = time.monotonic() - started
    assert reading.failure is Code.TIMEOUT
    assert "no complete answer" in reading.detail
    assert 1.1 < took < 3  # the deadline is three times the timeout


def test_an_answer_that_breaks_off_is_unreachable_and_not_asked_again() -> None:
    answer = http(READY)

    def break_off(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")

    with raw_server(break_off) as server:
        reading = ask(server)
        assert (reading.failure, server.connections) == (Code.UNREACHABLE, 1)
        assert "in the middle of its answer" in reading.detail
        server.answer = answer
        assert ask(server).status == 200


def test_an_answer_of_just_the_limit_is_read_and_one_byte_more_is_not() -> None:
    with raw_server(http(b"x" * MAX_BODY)) as server:
        assert len(ask(server).body) == MAX_BODY
        server.answer = http(b"x" * (MAX_BODY + 1))
        assert ask(server).failure is Code.MALFORMED


def test_an_endless_answer_is_cut_at_the_limit() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw_server(endless) as server:
        assert ask(server).failure is Code.MALFORMED


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", id="negative length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", id="no gzip"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://[::bad\r\n\r\n", id="no address"),
        pytest.param(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", id="redirect to nowhere"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", id="too many headers"),
    ],
)
def test_an_answer_that_is_no_http_is_closed_and_never_raises(answer: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(answer)) as server:
        reading = ask(server)
    assert judge_reading(reading)[0] is not Code.READY


class TestRedirects:
    """Followed within the same host, and nowhere else."""

    def test_within_the_same_host(self) -> None:
        def answer(connection: socket.socket) -> None:
            moved = http(b"", "307 Temporary Redirect", "Location: /elsewhere/live_metadata\r\n")
            (http(READY) if b"GET /elsewhere/" in server.requests[-1] else moved)(connection)

        with raw_server(answer) as server:
            assert ask(server).body == READY

    @pytest.mark.parametrize(
        "target",
        [
            "http://localhost:{port}/x",
            "http://127.0.0.1:1/x",
            "https://127.0.0.1:{port}/x",
            "//evil.example/x",
        ],
    )
    def test_never_to_another_host_port_or_scheme(self, target: str) -> None:
        with raw_server(lambda _: None) as server:
            server.answer = http(b"", "302 Found", f"Location: {target.format(port=server.port)}\r\n")
            reading = ask(server)
            assert (reading.failure, server.connections) == (Code.UNREACHABLE, 1)
        assert "redirects to" in reading.detail
        assert "set focus_server of staging" in reading.detail

    def test_not_in_circles(self) -> None:
        with raw_server(http(b"", "302 Found", "Location: /again\r\n")) as server:
            reading = ask(server)
            assert server.connections < 10
        assert (reading.failure, "in a circle" in reading.detail) == (Code.UNREACHABLE, True)

    def test_a_password_in_the_target_is_not_shown(self) -> None:
        with raw_server(
            http(b"", "302 Found", "Location: https://u:geheim@evil.example/?t=geheim\r\n")
        ) as server:
            assert "geheim" not in ask(server).detail


class TestTls:
    """Verified by default, against a bundle where one is given, and not at all where that is said."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def context(self, authority: trustme.CA) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    def test_a_certificate_that_nobody_vouches_for_is_a_tls_error(self, context: ssl.SSLContext) -> None:
        with raw_server(http(READY), context) as server:
            reading = read_focus_server(lab(f"https://127.0.0.1:{server.port}"))
            assert (reading.failure, server.connections) == (Code.TLS_ERROR, 1)
        assert "certificate of 127.0.0.1" in reading.detail

    def test_a_bundle_vouches_for_it(
        self, authority: trustme.CA, context: ssl.SSLContext, tmp_path: Path
    ) -> None:
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(bundle)
        with raw_server(http(READY), context) as server:
            assert (
                read_focus_server(lab(f"https://127.0.0.1:{server.port}", verify_tls=str(bundle))).body
                == READY
            )

    def test_a_certificate_for_another_name_is_a_tls_error(
        self, authority: trustme.CA, tmp_path: Path
    ) -> None:
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(bundle)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("lab.example").configure_cert(context)
        with raw_server(http(READY), context) as server:
            reading = read_focus_server(lab(f"https://127.0.0.1:{server.port}", verify_tls=str(bundle)))
        assert reading.failure is Code.TLS_ERROR

    def test_switched_off_it_reads_without_a_warning_of_the_library(
        self, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "not-used.pem"))
        with raw_server(http(READY), context) as server:
            assert read_focus_server(lab(f"https://127.0.0.1:{server.port}", verify_tls=False)).body == READY


class TestProxies:
    """Honoured as requests does."""

    def test_a_proxy_from_the_environment_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with raw_server(http(READY)) as proxy:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("no_proxy", "")
            assert read_focus_server(lab("http://lab.invalid/focus-server")).body == READY
            assert proxy.requests[0].startswith(b"GET http://lab.invalid/focus-server/live_metadata ")

    def test_no_proxy_goes_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with raw_server(http(b"", "500 Proxy")) as proxy, raw_server(http(READY)) as server:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            assert ask(server).body == READY
            assert proxy.connections == 0
