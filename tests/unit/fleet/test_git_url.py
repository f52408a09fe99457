"""What a state URL of a git ref names, and what of it is ever shown."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from gate.errors import ConfigError
from gate.fleet.state.git_command import git_environ
from gate.fleet.state.git_url import DEFAULT_REF, parse_place


@pytest.mark.parametrize(
    ("url", "remote", "ref", "shown"),
    [
        (
            "git+ssh://git@git.example.com:2222/lab/state.git#refs/gate/state",
            "ssh://git@git.example.com:2222/lab/state.git",
            "refs/gate/state",
            "git+ssh://git.example.com:2222/lab/state.git#refs/gate/state",
        ),
        (
            "git+https://git.example.com/lab/state.git",
            "https://git.example.com/lab/state.git",
            DEFAULT_REF,
            "git+https://git.example.com/lab/state.git#refs/gate/state",
        ),
        (
            "git+https://dana:geheim@git.example.com/state.git#refs/heads/gate-state",
            "https://git.example.com/state.git",
            "refs/heads/gate-state",
            "git+https://git.example.com/state.git#refs/heads/gate-state",
        ),
        (
            "git+file:///srv/a%20b.git",
            "file:///srv/a%20b.git",
            DEFAULT_REF,
            "git+file:///srv/a%20b.git#refs/gate/state",
        ),
    ],
)
def test_a_url_names_a_repository_and_a_ref(url: str, remote: str, ref: str, shown: str) -> None:
    place = parse_place(url)
    assert (place.remote, place.ref, place.shown) == (remote, ref, shown)
    assert place.local == url.startswith("git+file:")


@pytest.mark.parametrize("name", ["state.git", "./state.git", "../a b/ממתין.git", "a%20b", "a#b#refs/x/y"])
def test_a_folder_is_taken_letter_for_letter_below_the_working_folder(name: str) -> None:
    place = parse_place(f"git+{name}")
    folder, mark, ref = name.rpartition("#")
    assert place.remote == str(Path(folder if mark else name).absolute())
    assert place.ref == (ref if mark else DEFAULT_REF)
    assert place.local


@pytest.mark.parametrize(
    ("user", "pair"),
    [
        ("dana:geheim", "dana:geheim"),
        ("geheim", "x-access-token:geheim"),
        ("da%40na:g%3Ae%2Fheim", "da@na:g:e/heim"),
        (":geheim", ":geheim"),
    ],
)
def test_a_token_travels_in_the_environment_and_nowhere_else(user: str, pair: str) -> None:
    place = parse_place(f"git+https://{user}@git.example.com/state.git")
    assert "heim" not in place.remote + place.shown + repr(place)
    environ = git_environ(place, {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "HOME": "/h"})
    assert environ["GIT_CONFIG_COUNT"] == "4"
    header = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
    settings = [(environ[f"GIT_CONFIG_KEY_{n}"], environ[f"GIT_CONFIG_VALUE_{n}"]) for n in (1, 2, 3)]
    name = "http.https://git.example.com/state.git.extraHeader"
    assert settings == [(name, ""), (name, header), ("credential.helper", "")]


def test_without_a_token_git_keeps_its_own_way_in() -> None:
    environ = git_environ(parse_place("git+https://git.example.com/state.git"), {"HOME": "/h"})
    assert not [name for name in environ if name.startswith("GIT_CONFIG")]


def test_what_tells_git_of_another_repository_is_left_behind() -> None:
    """As inside a hook, where git sets them all."""
    theirs = dict.fromkeys(("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_TRACE", "git_prefix"), "x")
    kept = {"GIT_SSH_COMMAND": "ssh -i key", "GIT_SSL_CAINFO": "ca.pem", "PATH": "/bin"}
    environ = git_environ(parse_place("git+/srv/state.git"), theirs | kept)
    assert {name: value for name, value in environ.items() if value == "x"} == {}
    assert environ["GIT_DIR"] == "."
    assert kept.items() <= environ.items()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("git+ssh://git@host/x.git#main", "expected the full name of a ref behind #"),
        ("git+ssh://git@host/x.git#", "expected the full name of a ref behind #"),
        ("git+ssh://git@host/x.git#refs/a..b", "expected the full name of a ref"),
        ("git+ssh://git@host/x.git#refs/gate/x.lock", "expected the full name of a ref"),
        ("git+ssh://git@host/x.git#refs/gate/x.", "expected the full name of a ref"),
        ("git+ssh://git@host/x.git#refs/--upload-pack=x", "expected the full name of a ref"),
        ("git+ssh://git:geheim@host/x.git", "ssh takes no password from a URL"),
        ("git+ssh:///x.git", "names no host"),
        ("git+https://geheim@/x.git", "names no host"),
        ("git+https://geheim@host:port/x.git", "expected a URL such as git+ssh://"),
        ("git+https://dana:ge/heim@host/x.git", "state git+https://host/x.git#refs/gate/state: expected"),
        ("git+https://host/x.git?token=geheim", "with a path and no query"),
        ("git+https://geheim@host", "with a path and no query"),
        ("git+git@host:lab/x.git", "expected a folder or a URL, such as git+ssh://git@HOST/PATH.git"),
        ("git+", "expected a folder or a URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_named_without_its_secret(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        parse_place(url)
    assert str(caught.value).startswith("state git+")
    assert "heim" not in str(caught.value)
