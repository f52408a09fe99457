"""What a refusal of GitHub means, and in which sentence a person reads it."""

from __future__ import annotations

import sys

import pytest

from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers import github
from gate.providers.github.refusal import ACTIONS_WRITE, CHECKS_WRITE, NotFound, is_limited, not_done
from gate.providers.patience import Reply
from gate.providers.protocol import Member

NOW = 1_795_500_000.0


def reply(status: int, body: str = "", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


@pytest.mark.parametrize(
    ("answer", "limited"),
    [
        (reply(429), True),
        (reply(403, "API rate limit exceeded for installation."), True),
        (reply(403, "You have exceeded a secondary rate limit."), True),
        (reply(403, "You have triggered an abuse detection mechanism."), True),
        (reply(403, "slow down", retry_after="3"), True),
        (reply(403, "hm", x_ratelimit_remaining="0"), True),
        (reply(403, "Resource not accessible by integration", x_ratelimit_remaining="0"), False),
        (reply(403, "Must have admin rights to Repository."), False),
        (reply(404, "rate limit"), False),
        (reply(200, "rate limit"), False),
    ],
)
def test_a_limit_is_told_apart_from_a_missing_permission(answer: Reply, limited: bool) -> None:
    assert is_limited(answer) is limited


@pytest.mark.parametrize(
    ("answer", "outcome", "sentence"),
    [
        (reply(0), Outcome.FAILED, "GitHub cannot be reached: why"),
        (
            reply(401),
            Outcome.REFUSED,
            "the token is not accepted: expired, revoked or mistyped (why)",
        ),
        (
            reply(403),
            Outcome.REFUSED,
            "the token lacks actions: write (a classic token: the scope repo) (403: why)",
        ),
        (
            reply(403, x_accepted_github_permissions="actions=write; contents=read"),
            Outcome.REFUSED,
            "the token lacks actions: write; contents: read (403: why)",
        ),
        (
            reply(404),
            Outcome.REFUSED,
            "not there, or hidden from a token without actions: write (a classic token: the scope repo) "
            "(404: why)",
        ),
        (
            reply(429, retry_after="300"),
            Outcome.FAILED,
            "GitHub has been asked too often, until 06:05Z (why)",
        ),
        (reply(502), Outcome.FAILED, "GitHub answers 502: why"),
    ],
)
def test_a_sentence_names_project_host_and_permission(answer: Reply, outcome: Outcome, sentence: str) -> None:
    error = not_done("api.github.com", "acme/panda", answer, "why", ACTIONS_WRITE, NOW)
    assert (error.outcome, error.detail) == (outcome, f"acme/panda at api.github.com: {sentence}")
    assert isinstance(error, NotFound) is (answer.status == 404)


def test_what_only_an_app_may_says_so() -> None:
    error = not_done("h", "a/b", reply(403), "why", CHECKS_WRITE, NOW)
    assert "the token lacks checks: write (Apps only)" in error.detail


@pytest.mark.parametrize(
    ("url", "limited"),
    [
        ("https://api.github.com", True),
        ("https://api.lab.ghe.com", True),
        ("https://github.example.com/api/v3/", False),
    ],
)
def test_only_githubs_own_cloud_has_limits(url: str, limited: bool) -> None:
    pace = github.new_pace(Member(provider="github", url=url))
    assert (pace.seconds_for(0, 1000) > 300) is limited
    assert pace.at_once == 8


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "github", None)
    member = Member(provider="github", url="https://api.github.com")
    with pytest.raises(MissingExtra, match=r"a fleet on GitHub needs .*fiber-gate\[github\]"):
        github.connect(member, github.new_pace(member))


def test_no_minute_holds_more_points_than_github_allows() -> None:
    assert github.POINTS_A_MINUTE + github.POINTS_AT_FIRST + github.WRITE_POINTS <= 900
