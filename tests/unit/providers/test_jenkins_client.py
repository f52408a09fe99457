"""How is a controller asked: verified as configured, with its own credentials, and in whose words?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers import jenkins
from gate.providers.jenkins.session import Sending, Session, load_library
from gate.providers.jenkins.trouble import Teller, accepted
from gate.providers.pace import Pace
from gate.providers.patience import Reply
from gate.providers.protocol import Member

TELLER = Teller(host="ci.lab", user="bot")


class FakeResponse:
    """An answer in pieces; each may be an error or take its time."""

    status_code = 200

    def __init__(self, pieces: list[Any]) -> None:
        self.headers = {"X-Jenkins": "2.541.1"}
        self._pieces = pieces

    def __enter__(self) -> FakeResponse:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def iter_content(self, _: int) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece() if callable(piece) else piece


class FakeSession:
    """Keeps what it was asked for."""

    def __init__(self, answer: FakeResponse | Exception) -> None:
        self.auth: object = None
        self.verify: object = None
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self._answer = answer

    def request(self, method: str, url: str, **rest: Any) -> FakeResponse:
        self.asked.append({"method": method, "url": url, **rest})
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def session_of(
    answer: FakeResponse | Exception, pace: Pace | None = None, **member: Any
) -> tuple[Session, FakeSession]:
    fake = FakeSession(answer)

    def client(url: str, user: str, token: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(
            _session=fake, _auths=[("basic", (user, token))], _build_url=lambda path: f"{url}/{path}"
        )

    values = Member(provider="jenkins", url="https://ci.lab", user="bot", token=Secret("t"), **member)
    return Session(SimpleNamespace(Jenkins=client), values, pace or Pace()), fake


def test_redirects_are_not_followed_and_nothing_is_waited_for_without_end() -> None:
    session, fake = session_of(FakeResponse([b"{}"]))
    assert session.send(Sending(method="GET", path="api/json")).body == "{}"
    (asked,) = fake.asked
    assert (asked["allow_redirects"], asked["timeout"]) == (False, (15.0, 15.0))
    assert fake.auth == ("bot", "t")


@pytest.mark.parametrize(("verify", "sent"), [(True, None), (False, False), ("/ca.pem", "/ca.pem")])
def test_the_certificate_is_checked_as_the_member_says(verify: bool | str, sent: bool | str | None) -> None:
    session, fake = session_of(FakeResponse([b"{}"]), verify=verify)
    session.send(Sending(method="GET", path="api/json"))
    assert (fake.verify, fake.asked[0]["verify"]) == (verify, sent)


def test_a_variable_of_the_library_does_not_switch_the_check_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    member = Member(provider="jenkins", url="https://ci.lab", user="bot", token=Secret("t"))
    assert Session(load_library("x"), member, Pace())._session.verify is True


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.SSLError("geheim"), "its certificate is not accepted"),
        (requests.exceptions.ReadTimeout("geheim"), "nothing came in time"),
        (requests.exceptions.ProxyError("geheim"), "the proxy on the way fails"),
        (
            requests.exceptions.ChunkedEncodingError("geheim"),
            "the connection broke in the middle of the answer",
        ),
        (requests.exceptions.ConnectionError("geheim"), "the connection fails"),
        (ValueError("geheim"), "ValueError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_the_network_is_told_in_our_own_words(error: Exception, words: str) -> None:
    session, _ = session_of(error)
    assert session.send(Sending(method="GET", path="x")) == Reply(status=0, body=words)


def test_an_answer_that_comes_a_byte_a_second_is_given_up() -> None:
    now = [0.0]

    def later() -> bytes:
        now[0] += 60
        return b" "

    pieces: list[Callable[[], bytes]] = [later] * 10
    session, _ = session_of(FakeResponse(list(pieces)), Pace(clock=lambda: now[0]))
    assert session.send(Sending(method="GET", path="x")) == Reply(status=0, body="nothing came in time")


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (Reply(status=0, body="why"), Outcome.FAILED, "ci.lab does not answer: why"),
        (Reply(status=401), Outcome.REFUSED, "does not accept bot and its token"),
        (
            Reply(status=403, headers={"x-required-permission": "hudson.model.Item.Cancel"}),
            Outcome.REFUSED,
            "bot needs Job/Cancel (hudson.model.Item.Cancel) on load",
        ),
        (
            Reply(status=403, headers={"x-required-permission": "a.b.C\n::error::"}),
            Outcome.REFUSED,
            "bot needs a.b.C : :error:: on load",
        ),
        (Reply(status=403, body="No valid crumb"), Outcome.REFUSED, "its token must be an API token of bot"),
        (Reply(status=403), Outcome.REFUSED, "without the name of a permission"),
        (Reply(status=404), Outcome.FAILED, "no such build or job, load, or bot lacks Job/Read"),
        (
            Reply(status=302, headers={"location": "https://u:p@x/y?z"}),
            Outcome.FAILED,
            "redirects to https://x/y,",
        ),
        (Reply(status=503, body="getting ready to work"), Outcome.FAILED, "ci.lab is starting"),
        (Reply(status=502), Outcome.FAILED, "HTTP 502 from ci.lab for load"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
def test_an_answer_that_was_not_hoped_for_is_one_sentence(reply: Reply, outcome: Outcome, words: str) -> None:
    asked = TELLER.asked(reply, "load")
    assert asked.outcome is outcome
    assert words in asked.detail


@pytest.mark.parametrize(
    ("status", "location", "taken"),
    [
        (302, ".", True),
        (302, "../..", True),
        (302, "https://other/job/p/7/", True),
        (302, "", True),
        (204, "", True),
        (302, "https://sso/auth", False),
        (302, "/login?from=x", False),
        (302, "https://ci.lab/job/p/7/stop", False),
        (301, ".", False),
        (403, "", False),
    ],
)
def test_only_what_leads_back_into_jenkins_was_taken(status: int, location: str, taken: bool) -> None:
    reply = Reply(status=status, headers={"location": location})
    assert accepted(reply, "job/p/7/stop") is taken


def test_without_python_jenkins_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jenkins", None)
    member = Member(provider="jenkins", url="https://ci.lab")
    with pytest.raises(MissingExtra, match="a fleet with Jenkins needs the extra 'jenkins'"):
        jenkins.connect(member, jenkins.new_pace(member))
