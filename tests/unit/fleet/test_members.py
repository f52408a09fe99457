"""Which servers are meant, what they need, and which of them a target belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from gate.config import Config
from gate.core.event import Target
from gate.errors import ConfigError
from gate.fleet.members import Filter, connected, post_for, read_members, requests_by_provider
from gate.providers.protocol import Member

GITHUB = {"provider": "github", "url": "https://api.github.com", "token": "${T}", "owner": "acme"}
GITLAB = {
    "provider": "gitlab",
    "url": "https://gitlab.example.com/",
    "token": "t",
    "group": "/lab/",
    "environment": "b",
}
JENKINS = {"provider": "jenkins", "url": "https://j.example.com", "user": "u", "token": "t"}
ENVIRONMENTS = {name: {"focus_server": "https://lab"} for name in ("a", "b")}


def config(*fleet: dict[str, Any]) -> Config:
    return Config(
        source="gate.yml",
        document={"environments": ENVIRONMENTS, "default_environment": "a", "fleet": list(fleet)},
    )


def names(wanted: Filter) -> list[str]:
    return [m.provider for m in read_members(config(GITHUB, GITLAB, JENKINS), wanted, {"T": "secret"})]


def test_an_entry_becomes_a_member_whose_token_is_not_shown() -> None:
    github, gitlab, jenkins = read_members(config(GITHUB, GITLAB, JENKINS), Filter(), {"T": "secret"})
    assert (github.root, github.environment, github.projects) == ("acme", "a", ("*",))
    assert (gitlab.root, gitlab.environment, gitlab.url) == ("lab", "b", "https://gitlab.example.com")
    assert (jenkins.root, jenkins.user) == ("", "u")
    assert github.token.reveal() == "secret"
    assert "secret" not in repr(github)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), ["github", "gitlab", "jenkins"]),
        (Filter(environment="b"), ["gitlab"]),
        (Filter(environment="a"), ["github", "jenkins"]),
        (Filter(providers=("jenkins", "gitlab")), ["gitlab", "jenkins"]),
    ],
)
def test_only_what_is_meant_is_reached(wanted: Filter, expected: list[str]) -> None:
    assert names(wanted) == expected


def test_a_variable_of_an_entry_that_is_not_meant_need_not_be_set() -> None:
    members = read_members(config(GITHUB, GITLAB), Filter(providers=("gitlab",)), {})
    assert [member.provider for member in members] == ["gitlab"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**GITHUB, "owner": ""}, "fleet[0].owner: missing; a github entry needs owner and token"),
        ({**GITHUB, "token": ""}, "fleet[0].token: missing"),
        ({**JENKINS, "user": ""}, "fleet[0].user: missing; a jenkins entry needs user and token"),
        ({**GITHUB, "group": "x"}, "fleet[0].group: a github entry has owner instead"),
        ({**GITLAB, "url": "ftp://x"}, "fleet[0].url: expected the server's address"),
        ({**GITLAB, "url": "https://u:geheim@x"}, "fleet[0].url: expected the server's address"),
        ({**GITLAB, "url": "https://x?private_token=geheim"}, "fleet[0].url: expected the server's address"),
        ({**GITHUB, "token": "${NOT_SET}"}, "fleet[0].token: ${NOT_SET} is not set"),
    ],
)
def test_a_wrong_entry_is_named_by_its_key(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_members(config(entry), Filter(), {"T": "t"})
    assert words in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_an_empty_fleet_says_what_an_entry_looks_like() -> None:
    with pytest.raises(
        ConfigError, match=r"gate.yml: fleet: missing; name at least one server, such as \{provider"
    ):
        read_members(config(), Filter(), {})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Filter(environment="c"), "unknown environment 'c'; known are a, b"),
        (Filter(environment="b", providers=("github",)), "no entry is of environment b and provider github"),
    ],
)
def test_a_filter_that_leaves_nothing_is_no_success(wanted: Filter, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_members(config(GITHUB, GITLAB), wanted, {"T": "t"})
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("projects", "only", "path", "taken"),
    [
        (("*",), (), "acme/panda", True),
        (("panda",), (), "acme/panda", True),
        (("ACME/P*",), (), "acme/panda", True),
        (("bear*",), (), "acme/panda", False),
        (("*",), ("bear*",), "acme/panda", False),
        (("*",), ("panda",), "Acme/Panda", True),
        (("p*",), ("*a",), "acme/panda", True),
    ],
)
def test_a_project_is_taken_by_the_entry_and_by_what_was_asked(
    projects: tuple[str, ...], only: tuple[str, ...], path: str, taken: bool
) -> None:
    member = Member(provider="github", url="https://h", root="acme", projects=projects, only=only)
    assert member.takes(path) is taken


def test_two_entries_of_one_server_share_their_budget_and_targets_find_their_own() -> None:
    other = {**GITHUB, "owner": "zoo"}
    members = read_members(config(GITHUB, other, JENKINS), Filter(), {"T": "t"})
    with connected(members) as posts:
        github, zoo, jenkins = posts
        assert github.connection.pace is zoo.connection.pace
        assert github.connection.pace is not jenkins.connection.pace
        github.connection.pace.take()
        assert requests_by_provider(posts) == (("github", 1), ("jenkins", 0))

        def target(provider: str, instance: str, project: str) -> Target:
            return Target(provider=provider, instance=instance, project=project, kind="run", id="1")

        assert post_for(posts, target("github", "https://api.github.com", "zoo/bear")) is zoo
        assert post_for(posts, target("github", "https://api.github.com", "acme")) is github
        assert post_for(posts, target("jenkins", "https://j.example.com", "any/job")) is jenkins
        assert post_for(posts, target("github", "https://elsewhere", "acme/panda")) is None
