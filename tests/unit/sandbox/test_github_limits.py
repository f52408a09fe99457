"""The emulated GitHub's rate limits, primary and secondary, and what its answers say of them."""

from __future__ import annotations

import pytest

from gate.sandbox.github.limits import Limits, LimitSettings
from gate.sandbox.github.tokens import grant_of_prefix
from tests.unit.sandbox.github_api import Api, header, read, told

RUNS = "/repos/acme/panda/actions/runs"


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_every_answer_tells_what_is_left_of_the_hour() -> None:
    api = Api(LimitSettings())
    api.runs("")
    answer = api.runs("/1")
    assert answer.status == 404
    assert [header(answer, f"x-ratelimit-{name}") for name in ("limit", "remaining", "used", "resource")] == [
        "5000",
        "4998",
        "2",
        "core",
    ]
    assert header(answer, "x-ratelimit-reset").isdigit()


def test_an_hour_that_is_used_up_is_403_without_retry_after() -> None:
    api = Api(LimitSettings(primary=2))
    answers = [api.runs("") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 403]
    assert told(answers[2])[1].startswith("API rate limit exceeded")
    assert (header(answers[2], "x-ratelimit-remaining"), header(answers[2], "retry-after")) == ("0", "")


def test_the_rate_limit_page_is_free() -> None:
    api = Api(LimitSettings(primary=1))
    assert api.runs("").status == 200
    answer = api.ask("GET", "/rate_limit")
    assert (answer.status, read(answer)["resources"]["core"]["remaining"]) == (200, 0)


def test_where_limits_are_off_there_are_no_headers_and_no_page() -> None:
    api = Api()
    assert header(api.runs(""), "x-ratelimit-limit") == ""
    assert told(api.ask("GET", "/rate_limit")) == (404, "Rate limiting is not enabled.")


def test_an_unchanged_answer_costs_nothing_of_the_hour() -> None:
    api = Api(LimitSettings())
    api.run()
    first = api.runs("")
    again = api.runs("", headers={"if-none-match": header(first, "etag")})
    assert (again.status, again.body) == (304, b"")
    assert header(again, "x-ratelimit-used") == "1"
    api.run()
    assert api.runs("", headers={"if-none-match": header(first, "etag")}).status == 200


@pytest.mark.parametrize(("token", "limit"), [("ghp_x", 5000), ("ghs_x", 5000), ("", 60)])
def test_each_kind_of_token_has_its_own_hour(token: str, limit: int) -> None:
    api = Api(LimitSettings())
    api.repository.private = False
    assert header(api.runs("", token=token), "x-ratelimit-limit") == str(limit)


def test_writes_cost_five_points_so_that_180_are_a_minutes_worth() -> None:
    time = Time()
    limits, grant = Limits(LimitSettings(), time), grant_of_prefix("ghp_x")
    answers = [limits.charge(grant, "core", "POST", 1, creation=False) for _ in range(181)]
    assert answers[:180] == [None] * 180
    exceeded = answers[180]
    assert exceeded is not None
    assert (exceeded.status, exceeded.primary, exceeded.retry_after) == (403, False, 60)
    time.now += 60
    assert limits.charge(grant, "core", "POST", 1, creation=False) is None


def test_reads_cost_one_point_and_graphql_has_points_of_its_own() -> None:
    limits, grant = Limits(LimitSettings(), Time()), grant_of_prefix("ghp_x")
    assert all(limits.charge(grant, "core", "GET", 1, creation=False) is None for _ in range(900))
    assert limits.charge(grant, "core", "GET", 1, creation=False) is not None
    assert all(limits.charge(grant, "graphql", "POST", 1, creation=False) is None for _ in range(2000))
    assert limits.charge(grant, "graphql", "POST", 1, creation=False) is not None


def test_more_than_a_hundred_at_once_are_too_many() -> None:
    api = Api(LimitSettings())
    assert api.runs("", at_once=100).status == 200
    assert api.runs("", at_once=101).status == 403


def test_content_creation_has_a_limit_of_its_own() -> None:
    limits, grant = Limits(LimitSettings(), Time()), grant_of_prefix("ghs_x")
    answers = [limits.charge(grant, "core", "POST", 1, creation=True) for _ in range(81)]
    assert [answer is None for answer in answers] == [True] * 80 + [False]


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("retry_after", [True, False])
def test_a_secondary_limit_is_403_or_429_with_and_without_retry_after(status: int, retry_after: bool) -> None:
    api = Api(LimitSettings(points=1, status=status, retry_after=retry_after))
    api.runs("")
    answer = api.runs("")
    assert told(answer)[0] == status
    assert told(answer)[1].startswith("You have exceeded a secondary rate limit")
    assert header(answer, "retry-after") == ("60" if retry_after else "")


def test_graphql_says_with_status_200_that_the_hour_is_used_up() -> None:
    api = Api(LimitSettings(primary=0))
    answer = api.ask("POST", "/graphql", {"query": "{rateLimit{cost}}"})
    assert (answer.status, read(answer)["errors"][0]["type"]) == (200, "RATE_LIMITED")


def test_one_tokens_use_is_not_anothers() -> None:
    api = Api(LimitSettings(primary=1))
    assert [api.runs("", token=token).status for token in ("ghp_a", "ghp_b", "ghp_a")] == [200, 200, 403]


def test_a_new_hour_begins_when_the_old_one_is_over() -> None:
    time = Time()
    limits, grant = Limits(LimitSettings(primary=1), time), grant_of_prefix("ghp_x")
    limits.exhaust(grant, 30)
    assert limits.charge(grant, "core", "GET", 1, creation=False) is not None
    time.now += 30
    assert limits.charge(grant, "core", "GET", 1, creation=False) is None
