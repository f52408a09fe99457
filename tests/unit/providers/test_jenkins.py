"""Does a gate step stop its own Jenkins build, and only believe what it then sees?"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers import own_run
from gate.providers.jenkins.own_build import JenkinsRun, own_address
from gate.providers.jenkins.watching import LOOKS
from gate.providers.protocol import Result

BUILD = "/jenkins/job/panda/job/load/7/"
CREDENTIALS = "Basic " + base64.b64encode(b"bot:11aa-token").decode()


@dataclass(kw_only=True)
class Controller:
    """What the stand-in answers, and what it saw."""

    stop: tuple[int, dict[str, str]] = (302, {"Location": "."})
    looks: list[tuple[int, str]] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a build's process; the configured address is another host's."""
        return {
            "JENKINS_URL": f"http://127.0.0.1:{self.port}/jenkins/",
            "BUILD_URL": f"https://jenkins.example.com{BUILD}",
            "BUILD_TAG": "jenkins-panda-load-7",
            "JENKINS_USER": "bot",
            "JENKINS_TOKEN": "11aa-token",
        }

    @property
    def paths(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.seen]


def building(*, result: str | None = None) -> tuple[int, str]:
    return 200, json.dumps({"_class": "WorkflowRun", "building": result is None, "result": result})


@contextmanager
def standing_in(controller: Controller) -> Iterator[Controller]:
    """Serve on loopback what the controller is set to answer; the last look repeats."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._note("POST")
            status, headers = controller.stop
            self._send(status, headers, "<html>403 token=11aa-token</html>")

        def do_GET(self) -> None:
            self._note("GET")
            looks = controller.looks
            status, body = looks.pop(0) if len(looks) > 1 else looks[0]
            self._send(status, {"Location": "/login"} if status == 302 else {}, body)

        def _note(self, method: str) -> None:
            controller.seen.append((method, self.path, self.headers.get("Authorization", "")))

        def _send(self, status: int, headers: dict[str, str], body: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    controller.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield controller
    finally:
        server.shutdown()
        server.server_close()


def cancel(controller: Controller, pauses: list[float] | None = None, **changed: str) -> Result:
    environ = {**controller.environ, **changed}
    sleep = pauses.append if pauses is not None else lambda _: None
    (result,) = JenkinsRun(environ, sleep=sleep).cancel_run()
    return result


def test_a_stop_counts_only_once_the_build_is_seen_to_have_ended() -> None:
    pauses: list[float] = []
    with standing_in(Controller(looks=[building(), building(), building(result="ABORTED")])) as controller:
        result = cancel(controller, pauses)
    assert result.outcome is Outcome.STOPPED
    assert result.target == "build jenkins-panda-load-7"
    look = f"GET {BUILD}api/json?tree=building%2Cresult%2Cdescription"
    assert controller.paths == [f"POST {BUILD}stop", look, look, look]
    assert len(pauses) == 2


def test_the_credentials_go_to_jenkins_url_alone_although_the_build_names_another_host() -> None:
    with standing_in(Controller(looks=[building(result="ABORTED")])) as controller:
        cancel(controller)
    assert {credentials for _, _, credentials in controller.seen} == {CREDENTIALS}


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with standing_in(Controller(looks=[building()])) as other:
        away = {"Location": f"http://127.0.0.1:{other.port}/"}
        with standing_in(Controller(stop=(302, away), looks=[building(result="ABORTED")])) as controller:
            assert cancel(controller).outcome is Outcome.STOPPED
    assert other.seen == []


def test_a_build_that_goes_on_has_survived_and_the_watch_ends() -> None:
    pauses: list[float] = []
    with standing_in(Controller(looks=[building()])) as controller:
        result = cancel(controller, pauses)
    assert result.outcome is Outcome.SURVIVED
    assert "still runs" in result.detail
    assert len(pauses) == LOOKS - 1


@pytest.mark.parametrize(
    "look",
    [(302, ""), (200, "<html>sign in</html>"), (200, "[]"), (200, "{}"), (503, "starting")],
    ids=["login page by redirect", "login page", "a list", "nothing said", "booting"],
)
def test_a_build_that_cannot_be_seen_is_never_called_stopped(look: tuple[int, str]) -> None:
    with standing_in(Controller(looks=[look])) as controller:
        assert cancel(controller).outcome is Outcome.SURVIVED


def test_a_build_that_ended_otherwise_was_finished_already() -> None:
    with standing_in(Controller(looks=[building(result="SUCCESS")])) as controller:
        assert cancel(controller).outcome is Outcome.ALREADY_FINISHED


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "words"),
    [
        (
            403,
            {"X-Required-Permission": "hudson.model.Item.Cancel"},
            Outcome.REFUSED,
            "hudson.model.Item.Cancel",
        ),
        (403, {}, Outcome.REFUSED, "API token"),
        (401, {}, Outcome.REFUSED, "JENKINS_TOKEN"),
        (404, {}, Outcome.FAILED, "no such build"),
        (500, {}, Outcome.FAILED, "HTTP 500"),
    ],
    ids=["permission", "crumb", "credentials", "unknown", "broken"],
)
def test_a_refused_stop_says_what_is_missing(
    status: int, headers: dict[str, str], outcome: Outcome, words: str
) -> None:
    with standing_in(Controller(stop=(status, headers), looks=[building()])) as controller:
        result = cancel(controller)
    assert result.outcome is outcome
    assert words in result.detail
    assert "11aa-token" not in repr(result)
    assert set(controller.paths) == {f"POST {BUILD}stop"}


def test_a_controller_that_does_not_answer_is_a_failure() -> None:
    with standing_in(Controller(looks=[building()])) as controller:
        pass
    result = cancel(controller)
    assert result.outcome is Outcome.FAILED
    assert "does not answer" in result.detail


@pytest.mark.parametrize("name", ["JENKINS_URL", "BUILD_URL", "JENKINS_USER", "JENKINS_TOKEN"])
def test_a_missing_variable_is_named_and_nothing_is_sent(name: str) -> None:
    with standing_in(Controller(looks=[building()])) as controller:
        result = cancel(controller, None, **{name: ""})
    assert result.outcome is Outcome.REFUSED
    assert result.detail.startswith(f"{name} not set")
    assert controller.seen == []


def test_an_address_that_is_no_build_is_not_asked() -> None:
    with standing_in(Controller(looks=[building()])) as controller:
        assert cancel(controller, BUILD_URL="https://jenkins.example.com/").outcome is Outcome.FAILED
    assert controller.seen == []


@pytest.mark.parametrize(
    ("root", "build", "address"),
    [
        ("https://ci.lab/", "https://ci.lab/job/p/3/", "https://ci.lab/job/p/3/"),
        ("https://ci.lab/j", "http://old.lab/j/job/p/3/", "https://ci.lab/j/job/p/3/"),
        ("https://u:p@ci.lab/", "http://ci.lab/job/p/3/", "https://ci.lab/job/p/3/"),
        (
            "http://ci:8080/",
            "http://ci/job/mb/job/feature%252Fx/3/",
            "http://ci:8080/job/mb/job/feature%252Fx/3/",
        ),
        ("https://ci.lab/", "https://ci.lab/job/p/3/?a=b#c", "https://ci.lab/job/p/3/"),
        ("https://ci.lab/", "https://ci.lab/view/all/", None),
        ("https://ci.lab/", "https://ci.lab/job/../x/", None),
        ("https://ci.lab/", "https://ci.lab/elsewhere/job/p/3/", None),
        ("ftp://ci.lab/", "https://ci.lab/job/p/3/", None),
        ("http://[::1/", "https://ci.lab/job/p/3/", None),
    ],
)
def test_only_the_path_of_a_build_is_taken(root: str, build: str, address: str | None) -> None:
    assert own_address(root, build) == address


def test_no_stage_can_be_cancelled_and_the_answer_says_what_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jenkins", None)
    (result,) = own_run("jenkins", {}).cancel_downstream(("load*",))
    assert result.outcome is Outcome.REFUSED
    assert "fiberGate.isOpen()" in result.detail
    assert "--cancel-run" in result.detail


def test_the_description_is_left_to_the_shared_library() -> None:
    assert own_run("jenkins", {}).annotate("staging: waiting for fiber", opened=False) == ()


def test_without_python_jenkins_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jenkins", None)
    environ = Controller(port=1).environ
    with pytest.raises(MissingExtra, match=r"--cancel-run needs the extra 'jenkins'"):
        JenkinsRun(environ).cancel_run()
