"""What does the adapter make of a controller that refuses, breaks, lies or asks it to wait?"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from gate.core.secret import Secret
from gate.core.work import Asked, Outcome, Protects
from gate.providers import jenkins
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.pace import Pace
from gate.providers.protocol import Member
from gate.sandbox.faults import FaultKind
from gate.sandbox.jenkins.users import Permission
from tests.emulated.jenkins_lab import Lab, jenkins_lab, sixteen, told
from tests.unit.sandbox.jenkins_api import TOKEN, USER

ALL = Protects(patterns=("*",))
STOP = "POST /job/{job}/{number}/stop"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with jenkins_lab() as lab:
        lab.bench.world.add_computer("agent-1", 64)
        yield lab


def details(lab: Lab, connection: JenkinsConnection | None = None) -> list[str]:
    found = (connection or lab.connection).find(ALL, sixteen)
    return [f"{problem.target.name}: {told(problem.asked)}" for problem in found.problems]


def test_a_list_that_is_refused_names_the_permission_and_the_other_still_answers(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    needed = (("X-Required-Permission", "hudson.model.Hudson.Read"),)
    lab.fault("/queue/*", status=403, headers=needed)
    found = lab.find(ALL)
    assert [work.target.project for work in found.work] == ["lab/load live"]
    (problem,) = found.problems
    assert problem.asked.outcome is Outcome.REFUSED
    assert f"{USER} needs Overall/Read (hudson.model.Hudson.Read) on its queue" in problem.asked.detail


def test_a_token_that_is_not_accepted_is_told_once(lab: Lab) -> None:
    lab.bench.order("users", name=USER, secret=TOKEN, expired=True)
    (words,) = details(lab)
    assert words.startswith("the controller: refused: HTTP 401: 127.0.0.1:")
    assert f"does not accept {USER} and its token" in words


def test_a_token_that_expires_in_the_middle_leaves_a_problem_for_what_was_not_seen(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    lab.fault("/computer/*", status=401)
    assert ["refused: HTTP 401" in words for words in details(lab)] == [True]
    target = lab.work(ALL)[0].target
    lab.bench.order("users", name=USER, secret=TOKEN, expired=True)
    assert lab.connection.cancel(target).outcome is Outcome.REFUSED
    assert lab.connection.observe([target], map) == {}


def test_a_controller_that_is_not_there_is_told_once() -> None:
    with jenkins_lab() as lab:
        lab.bench.order("users", name="x", secret="y")
    (words,) = details(lab)
    assert "failed: 127.0.0.1:" in words
    assert "does not answer: the connection fails" in words


def test_a_controller_that_stays_silent_is_asked_again_only_once_it_has_answered(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    target = lab.one(ALL).target
    lab.fault("*", FaultKind.RESET, times=5)
    before = lab.pace.requests
    assert lab.connection.cancel(target).outcome is Outcome.FAILED
    assert lab.pace.requests - before == 4
    assert lab.connection.observe([target], map) == {}
    assert lab.pace.requests - before == 5
    assert lab.see(target) is not None
    lab.fault("*/stop", FaultKind.RESET, times=2)
    assert lab.connection.cancel(target) == Asked()


def test_a_controller_that_is_starting_is_told(lab: Lab) -> None:
    lab.bench.order("settings", booting=True)
    assert any("HTTP 503" in words and "is starting" in words for words in details(lab))


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.STATUS], ids=["reset", "truncated", "502"]
)
@pytest.mark.parametrize("path", ["/api/json", "/queue/*", "/computer/*"])
def test_a_read_that_breaks_is_asked_again(lab: Lab, kind: FaultKind, path: str) -> None:
    lab.bench.start("lab/load live")
    lab.fault(path, kind, status=502, times=3)
    assert [work.target.project for work in lab.work(ALL)] == ["lab/load live"]
    assert lab.pace.requests == 6


def test_a_burst_that_does_not_end_is_told(lab: Lab) -> None:
    lab.fault("/computer/*", status=502, times=4)
    (words,) = details(lab)
    assert words.startswith("what runs: failed: HTTP 502 from 127.0.0.1:")


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS], ids=["reset", "503"])
def test_a_stop_that_breaks_is_asked_again(lab: Lab, kind: FaultKind) -> None:
    lab.bench.start("lab/load live")
    target = lab.one(ALL).target
    lab.requests()
    lab.fault("*/stop", kind, status=503, times=2)
    assert lab.connection.cancel(target) == Asked()
    assert lab.requests() == {STOP: 3}


@pytest.mark.parametrize(
    ("status", "headers", "least"),
    [(429, (("Retry-After", "30"),), 30.0), (429, (), 2.0), (503, (("Retry-After", "7"),), 7.0)],
    ids=["with Retry-After", "without", "busy"],
)
def test_a_limit_is_kept_by_all_threads(
    lab: Lab, status: int, headers: tuple[tuple[str, str], ...], least: float
) -> None:
    lab.fault("/queue/*", status=status, headers=headers)
    before = lab.bench.world.now()
    assert lab.find(ALL).problems == ()
    assert lab.bench.world.now() - before >= least
    assert lab.pace.waited >= least
    assert lab.pace.requests == 4


def test_a_limit_without_an_end_is_told(lab: Lab) -> None:
    lab.fault("/queue/*", status=429, headers=(("Retry-After", "1"),), times=20)
    (words,) = details(lab)
    assert "HTTP 429" in words
    assert "is asked too often" in words


@pytest.mark.parametrize("path", ["/api/json", "/queue/*", "/computer/*"])
def test_a_page_of_a_proxy_is_a_problem_and_not_an_empty_list(lab: Lab, path: str) -> None:
    lab.fault(path, FaultKind.MALFORMED)
    (words,) = details(lab)
    assert "no JSON object" in words


def test_json_that_is_not_jenkins_is_a_problem_that_names_the_place(lab: Lab) -> None:
    lab.fault("/computer/*", status=200)
    (words,) = details(lab)
    assert "its executors cannot be read: computer: expected a list" in words


@pytest.mark.parametrize("path", ["*/stages/tree", "*/lastSuccessfulBuild/*"])
def test_stages_that_cannot_be_read_are_a_problem_of_that_build(lab: Lab, path: str) -> None:
    lab.history("mb/main")
    lab.bench.start("mb/main")
    lab.bench.start("lab/load live")
    lab.find(Protects(patterns=("load*",)))
    lab.fault(path, status=200)
    lab.connection.stages._before.clear()
    found = lab.find(Protects(patterns=("load l*", "xyz")))
    assert [work.target.project for work in found.work] == ["lab/load live"]
    (problem,) = found.problems
    assert (problem.target.project, problem.target.id) == ("mb/main", "2")
    assert "data: expected an object" in problem.asked.detail


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_its_place_is_told(lab: Lab, status: int) -> None:
    with jenkins_lab() as other:
        away = (("Location", f"{other.bench.server.url}/computer/api/json?token=geheim"),)
        lab.fault("/computer/*", status=status, headers=away)
        (words,) = details(lab)
        assert f"redirects to {other.bench.server.url}/computer/api/json, which is not followed" in words
        assert "geheim" not in words
        assert other.bench.server.log.count() == 0


@pytest.mark.parametrize(
    "location",
    [
        "https://sso.example.com/auth?next=x",
        "/login?from=%2F",
        "https://127.0.0.1/job/lab/job/load%20live/1/stop",
    ],
    ids=["another host", "the login page", "another scheme"],
)
def test_a_stop_that_leads_away_was_not_passed_on(lab: Lab, location: str) -> None:
    lab.bench.start("lab/load live")
    work = lab.one(ALL)
    lab.fault("*/stop", method="POST", status=302, headers=(("Location", location),))
    asked = lab.connection.cancel(work.target)
    assert asked.outcome is Outcome.FAILED
    assert "which is not followed" in asked.detail


def test_one_connection_serves_sixteen_threads_with_sixteen_clients_at_most(lab: Lab) -> None:
    for number in range(40):
        lab.bench.start("lab/load live", N=str(number))
    targets = [work.target for work in lab.work(ALL)]
    assert all(asked == Asked() for asked in sixteen(lab.connection.cancel, targets))
    assert 1 <= len(lab.connection.controller.sessions) <= 16
    lab.bench.later()
    assert all(seen.stopped for seen in lab.connection.observe(targets, sixteen).values())
    lab.connection.close()
    assert len(lab.connection.controller.sessions) == 0


def test_every_request_is_counted(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    target = lab.one(ALL).target
    lab.connection.cancel(target)
    assert lab.pace.requests == lab.bench.server.log.count() == 4


def test_no_secret_shows_anywhere(
    lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENKINS_API_EXTRA_HEADERS", "X-Proxy-Key: geheim-im-kopf")
    caplog.set_level(logging.DEBUG)
    member = Member(provider="jenkins", url=lab.bench.server.url, user=USER, token=Secret(TOKEN))
    connection = JenkinsConnection(Controller(member, Pace()))
    lab.bench.start("lab/load live")
    shown = [repr(connection.find(ALL, map)), repr(connection.member), repr(connection.controller)]
    lab.bench.order("users", name=USER, secret=TOKEN, expired=True)
    shown += details(lab, connection)
    connection.close()
    for secret in (TOKEN, "geheim-im-kopf"):
        assert secret not in "".join(shown) + caplog.text
    assert "GET /computer/api/json" in caplog.text


def test_names_from_outside_are_shown_on_one_line(lab: Lab) -> None:
    lab.bench.order("jobs", job="lab/soak", name="load\n::error::soak")
    lab.bench.start("lab/load\n::error::soak")
    assert lab.one(ALL).target.name == "load : :error: :soak #1"


def test_connecting_asks_nothing(lab: Lab) -> None:
    member = lab.member
    connection = jenkins.connect(member, jenkins.new_pace(member))
    connection.close()
    assert lab.bench.server.log.count() == 0
    assert connection.pace.at_once == jenkins.AT_ONCE


def test_a_reader_who_may_see_nothing_is_told_what_is_missing(lab: Lab) -> None:
    said = details(lab, lab.only(Permission.READ))
    assert said
    assert all("reader needs Overall/Read" in words for words in said)
