"""The server that all emulators share: routes, faults, log, controls, over real connections."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gate.sandbox.clock import Clock
from gate.sandbox.faults import Fault, FaultKind, Faults, encode_fault, parse_fault
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer
from gate.sandbox.server import SandboxServer

LONG = "x" * 200_000


class Echo:
    """A service with four paths, of which one has a bug."""

    name = "echo"
    prefixes: tuple[str, ...] = ("/base", "")

    def __init__(self) -> None:
        self.router = Router()
        self.controls = Router()
        self.resets = 0
        self.carried_out = 0
        self.router.add("GET", "/things/{name}", self._thing)
        self.router.add("POST", "/things/{name}", self._thing)
        self.router.add("GET", "/long", lambda _: json_answer(200, LONG))
        self.router.add("GET", "/bug", self._bug)
        self.controls.add("GET", "/_sandbox/own", lambda _: json_answer(200, "own"))

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        return handler(request) if handler else json_answer(404, {"message": "none"})

    def reset(self) -> None:
        self.resets += 1

    def _thing(self, request: Request) -> Answer:
        self.carried_out += 1
        told = {"name": request.parameters["name"], "base": request.base, "query": dict(request.query)}
        return json_answer(200, told, ("X-At-Once", str(request.at_once)))

    def _bug(self, request: Request) -> Answer:
        raise ZeroDivisionError(request.path)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A server of `Echo` on loopback."""
    with SandboxServer(Echo()) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        made.shutdown()


def echo(server: SandboxServer) -> Echo:
    assert isinstance(server.service, Echo)
    return server.service


def get(server: SandboxServer, path: str) -> requests.Response:
    return requests.get(server.root + path, timeout=5)


def control(server: SandboxServer, method: str, path: str, document: object = None) -> Any:
    answer = requests.request(method, f"{server.root}/_sandbox/{path}", json=document, timeout=5)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/a/{x}", "/a/b", {"x": "b"}),
        ("/a/{x}", "/a/b%2Fc%25", {"x": "b/c%"}),
        ("/a/{x}", "//a//b/", {"x": "b"}),
        ("/a/{x}/c", "/a/b", None),
        ("/a", "/A", None),
        ("/{p...}/build/{n}", "/job/x/job/y/build/7", {"p": "job/x/job/y", "n": "7"}),
        ("/{p...}/build", "/build", None),
        ("/{p...}/build", "/build/build", {"p": "build"}),
        ("/", "/", {}),
    ],
)
def test_a_template_matches_segment_by_segment(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    router = Router()
    router.add("GET", template, lambda _: Answer(status=200))
    found = router.find("GET", path)
    assert (found[1] if found else None) == values
    assert router.find("POST", path) is None


def test_the_service_is_found_below_its_prefix_and_at_the_root(server: SandboxServer) -> None:
    assert server.url == f"{server.root}/base"
    below, above = get(server, "/base/things/gr%C3%B6%2Fe?a=1&a=2"), get(server, "/things/x")
    assert below.json() == {"name": "grö/e", "base": server.url, "query": {"a": "2"}}
    assert above.json()["base"] == server.root
    assert get(server, "/based/things/x").status_code == 404


def test_a_connection_is_kept_and_nagle_is_off(server: SandboxServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    began = time.monotonic()
    for _ in range(50):
        connection.request("POST", "/things/x", body=b"{}")
        assert connection.getresponse().read()
    connection.close()
    # Nagle's algorithm against delayed acknowledgements costs 40 ms for each exchange.
    assert time.monotonic() - began < 1.5


def test_head_is_get_without_the_body(server: SandboxServer) -> None:
    answer = requests.head(f"{server.root}/things/x", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 10


def test_the_log_counts_by_template_and_keeps_no_query_and_no_header(server: SandboxServer) -> None:
    for name in ("a", "b"):
        requests.get(
            f"{server.url}/things/{name}?private_token=planted",
            headers={"Authorization": "Bearer planted"},
            timeout=5,
        )
    get(server, "/nothing?private_token=planted")
    _, seen = control(server, "GET", "requests")
    assert seen["requests"] == {"GET /things/{name}": 2}
    assert seen["unknown"] == {"GET /nothing": 1} == server.log.unknown()
    assert (seen["statuses"], seen["total"]) == ({"200": 2, "404": 1}, 3)
    _, last = control(server, "GET", "requests/last?n=2")
    assert [entry["path"] for entry in last] == ["/things/b", "/nothing"]
    assert "planted" not in repr([seen, last, server.log.last()])
    assert server.log.count("GET", "/things/{name}") == server.log.count("GET") == server.log.count() == 2
    control(server, "DELETE", "requests")
    assert control(server, "GET", "requests")[1]["total"] == 0


def test_who_has_an_answer_finds_it_in_the_log(server: SandboxServer) -> None:
    for number in range(1, 30):
        assert len(get(server, "/long").content) > len(LONG)
        assert server.log.count() == number


def test_latency_can_be_set_while_it_runs(server: SandboxServer) -> None:
    assert control(server, "PUT", "latency", {"seconds": 0.2}) == (200, {"seconds": 0.2})
    began = time.monotonic()
    get(server, "/things/x")
    assert time.monotonic() - began >= 0.2
    assert control(server, "PUT", "latency", {"seconds": -1})[0] == 400
    assert control(server, "PUT", "latency", {"seconds": True})[0] == 400
    assert control(server, "GET", "latency")[1] == {"seconds": 0.2}


def test_requests_at_once_are_counted_and_told_to_the_service(server: SandboxServer) -> None:
    server.latency = 0.6
    threads = [threading.Thread(target=get, args=(server, "/things/x")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.log.summary()["peak"] == 5
    assert server.log.at_once() == 0


def test_a_status_fault_befalls_the_next_matching_requests_only(server: SandboxServer) -> None:
    fault = {
        "kind": "status",
        "status": 429,
        "path": "/things/*",
        "times": 2,
        "headers": {"Retry-After": "1"},
    }
    assert control(server, "POST", "faults", fault)[0] == 201
    assert get(server, "/long").status_code == 200
    answers = [get(server, "/base/things/x") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert echo(server).carried_out == 1
    assert control(server, "GET", "faults") == (200, [])


def test_a_reset_breaks_the_connection_and_nothing_was_done(server: SandboxServer) -> None:
    server.faults.add(Fault(kind=FaultKind.RESET))
    with pytest.raises(requests.ConnectionError):
        get(server, "/things/x")
    assert echo(server).carried_out == 0
    assert server.log.last()[-1].status == 0
    assert get(server, "/things/x").status_code == 200


def test_an_answer_can_be_lost_after_the_service_has_done_what_was_asked(server: SandboxServer) -> None:
    server.faults.add(Fault(kind=FaultKind.RESET, carried_out=True, method="POST", skip=1))
    for _ in range(2):
        get(server, "/things/x")
    requests.post(f"{server.root}/things/x", timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{server.root}/things/x", timeout=5)
    assert echo(server).carried_out == 4


def test_a_malformed_and_a_truncated_answer_are_no_json(server: SandboxServer) -> None:
    server.faults.add(Fault(kind=FaultKind.MALFORMED))
    server.faults.add(Fault(kind=FaultKind.TRUNCATED))
    with pytest.raises(requests.JSONDecodeError):
        get(server, "/things/x").json()
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(server, "/long")
    assert get(server, "/things/x").json()["name"] == "x"


def test_a_slow_answer_comes_late_and_whole(server: SandboxServer) -> None:
    server.faults.add(Fault(kind=FaultKind.DELAY, delay=0.2))
    began = time.monotonic()
    assert get(server, "/things/x").json()["name"] == "x"
    assert time.monotonic() - began >= 0.2


def test_a_bug_of_the_emulator_is_no_broken_network(server: SandboxServer) -> None:
    answer = get(server, "/bug")
    assert (answer.status_code, "bug" in answer.json()["message"]) == (500, True)
    assert "ZeroDivisionError" in server.errors[0]


def test_controls_of_the_service_are_there_and_unknown_ones_are_told(server: SandboxServer) -> None:
    assert control(server, "GET", "own") == (200, "own")
    assert control(server, "GET", "nothing")[0] == 404
    assert control(server, "POST", "faults", {"kind": "meteor"})[0] == 400
    assert control(server, "GET", "requests/last?n=all")[0] == 400


def test_a_reset_of_the_sandbox_clears_faults_log_and_service(server: SandboxServer) -> None:
    server.faults.add(Fault(kind=FaultKind.RESET))
    assert control(server, "POST", "reset") == (200, {})
    assert (echo(server).resets, server.faults.pending(), server.log.count()) == (1, (), 0)
    server.faults.add(Fault(kind=FaultKind.DELAY))
    assert control(server, "DELETE", "faults") == (200, {})
    assert server.faults.pending() == ()


def test_a_body_that_is_too_large_is_refused(server: SandboxServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request("POST", "/things/x", headers={"Content-Length": "99999999"})
    assert connection.getresponse().status == 413
    connection.close()


def test_a_closed_server_hangs_up_on_connections_that_are_kept() -> None:
    server = SandboxServer(Echo())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    with requests.Session() as session:
        assert session.get(f"{server.root}/things/x", timeout=5).ok
        server.shutdown()
        server.server_close()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{server.root}/things/x", timeout=5)


def test_faults_are_taken_once_each_by_many_threads() -> None:
    faults = Faults()
    taken: list[int] = []
    faults.add(Fault(kind=FaultKind.RESET, times=100))

    def take() -> None:
        taken.extend(1 for _ in range(50) if faults.take("GET", "/x"))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 100


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ([], "object"),
        ({}, "kind"),
        ({"kind": "reset", "wether": 1}, "wether"),
        ({"kind": "reset", "times": 0}, "times"),
        ({"kind": "status", "status": 99}, "status"),
        ({"kind": "reset", "path": 7}, "path"),
        ({"kind": "delay", "delay": True}, "delay"),
        ({"kind": "status", "headers": {"X": "a\r\nY: b"}}, "headers"),
        ({"kind": "status", "headers": []}, "headers"),
    ],
)
def test_a_wrong_fault_is_told_by_its_key(document: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_fault(document)


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_is_read_as_it_was_written(kind: FaultKind) -> None:
    fault = Fault(kind=kind, path="/x/*", times=3, skip=2, delay=0.5, headers=(("A", "b"),), carried_out=True)
    assert parse_fault(encode_fault(fault)) == fault


def test_the_clock_runs_as_fast_as_it_is_told_and_can_be_moved() -> None:
    outside = [100.0]
    clock = Clock(speed=60.0, source=lambda: outside[0])
    assert clock.now() == 100.0
    outside[0] += 2
    assert clock.now() == 220.0
    clock.advance(-20)
    assert clock.now() == 200.0
