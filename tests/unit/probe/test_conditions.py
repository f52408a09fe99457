"""What a URL of `gate wait` asks for, and whether it holds now."""

from __future__ import annotations

import socket
import ssl

import pytest
import trustme

from gate.probe.conditions import ask_condition, parse_condition
from gate.probe.dependencies import Step, ask_dependency
from tests.unit.probe.servers import Answer, http, raw_server

AMQP_START = b"\x01\x00\x00\x00\x00\x01\x00\x00\x0a\x00\x0a"
PG_PASSWORD = b"R\x00\x00\x00\x0c\x00\x00\x00\x05salt"
PG_REFUSED = b"E\x00\x00\x00\x40SFATAL\x00VFATAL\x00C28P01\x00Mpassword authentication failed\x00\x00"
PG_STARTING = b"E\x00\x00\x00\x40SFATAL\x00VFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00"


def sends(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ftp://lab/x", "ftp://lab/x: unknown scheme; known are http://, https://, tcp://"),
        ("mongodb:27017", "mongodb:27017: expected a URL such as tcp://mongodb:27017"),
        ("", "expected a URL such as"),
        ("tcp://", "names no host"),
        ("tcp://mongodb", "names no port"),
        ("tcp://mongodb:0", "expected a port from 1 to 65535"),
        ("tcp://mongodb:70000", "expected a port from 1 to 65535"),
        ("tcp://mongodb:x", "expected a port from 1 to 65535"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("mongodb://a:1,b:2/", "names several hosts"),
        ("dns://mongodb:53", "expected a name alone"),
        ("dns://10.0.0.1/mongodb", "expected a name alone"),
        ("fiber+https://lab/focus-server?x=1", "without a query or fragment"),
        ("fiber://lab", "unknown scheme"),
    ],
)
def test_a_url_that_states_no_condition_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_condition(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "text", ["amqp://guest:hush@mq:5672", "ftp://u:hush@h", "tcp://u:hush@h:x?token=hush"]
)
def test_credentials_in_a_url_are_shown_nowhere(text: str) -> None:
    try:
        shown = repr(parse_condition(text))
    except ValueError as error:
        shown = str(error)
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("scheme", "answer", "cause"),
    [
        ("postgresql", PG_PASSWORD, None),
        ("postgresql", PG_REFUSED, None),
        ("postgresql", PG_STARTING, "answers, but does not take connections yet"),
        ("postgresql", b"ERROR\r\n", "accepts the connection but does not answer as PostgreSQL"),
        (
            "postgresql",
            b"HTTP/1.1 200 OK\r\n\r\n",
            "accepts the connection but does not answer as PostgreSQL",
        ),
        ("postgresql", b"", "accepts the connection but does not answer as PostgreSQL"),
        ("amqp", AMQP_START, None),
        ("amqp", b"SSH-2.0-x\r\n", "accepts the connection but does not answer as AMQP"),
        ("tcp", b"", None),
    ],
)
def test_a_service_holds_once_it_answers_in_its_own_protocol(
    scheme: str, answer: bytes, cause: str | None
) -> None:
    with raw_server(sends(answer)) as server:
        condition = parse_condition(f"{scheme}://127.0.0.1:{server.port}")
        assert ask_condition(condition, 2, verify_tls=True) == cause


def test_amqps_is_asked_behind_tls() -> None:
    context = server_context(trustme.CA())
    with raw_server(sends(AMQP_START), context) as secured, raw_server(sends(AMQP_START)) as plain:
        assert ask_dependency(f"amqps://127.0.0.1:{secured.port}", 2).cause is None
        assert ask_dependency(f"amqps://127.0.0.1:{plain.port}", 2).failed is Step.PROTOCOL


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("200 OK", None),
        ("204 No Content", None),
        ("302 Found", None),
        ("404 Not Found", "answers with HTTP 404"),
        ("503 Service Unavailable", "answers with HTTP 503"),
    ],
)
def test_a_page_holds_once_it_answers_below_400(status: str, cause: str | None) -> None:
    with raw_server(http(b"", status, "Location: http://127.0.0.1:1/\r\n")) as server:
        condition = parse_condition(f"http://127.0.0.1:{server.port}/health?deep=1")
        assert ask_condition(condition, 2, verify_tls=True) == cause
        assert server.requests[0].startswith(b"GET /health?deep=1 HTTP/1.1\r\n")


def test_a_certificate_counts_unless_it_is_not_to(tmp_path: object) -> None:
    authority = trustme.CA()
    with raw_server(http(b""), server_context(authority)) as server:
        condition = parse_condition(f"https://127.0.0.1:{server.port}")
        refused = ask_condition(condition, 2, verify_tls=True)
        assert refused is not None
        assert "GATE_VERIFY_TLS" in refused
        assert ask_condition(condition, 2, verify_tls=False) is None
        with authority.cert_pem.tempfile() as bundle:
            assert ask_condition(condition, 2, verify_tls=bundle) is None


def test_what_refuses_or_answers_nonsense_says_so_without_its_url() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        condition = parse_condition(f"http://u:hush@127.0.0.1:{port}/?token=hush")
        assert ask_condition(condition, 2, verify_tls=True) == "refuses the connection"
    with raw_server(sends(b"hello\r\n\r\n")) as server:
        condition = parse_condition(f"http://u:hush@127.0.0.1:{server.port}/?token=hush")
        cause = ask_condition(condition, 2, verify_tls=True)
        assert cause
        assert "hush" not in cause


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".invalid", "-.invalid"])
def test_a_name_that_does_not_resolve_is_named_so(host: str) -> None:
    for url in (f"dns://{host}", f"tcp://{host}:5672", f"http://{host}/"):
        cause = ask_condition(parse_condition(url), 2, verify_tls=True)
        assert cause, url
        assert url.startswith("http") or "cannot be resolved" in cause


def test_a_name_that_resolves_holds() -> None:
    assert ask_condition(parse_condition("dns://localhost"), 2, verify_tls=True) is None
