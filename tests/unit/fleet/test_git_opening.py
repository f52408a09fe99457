"""What a person is told where a ledger on a git ref cannot be used; nothing is written over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.entry import Note
from gate.errors import ConfigError, Exit
from gate.fleet.state import find_state, open_state
from gate.fleet.state.protocol import Conflict
from tests.support import ROOT
from tests.unit.fleet import git_remote
from tests.unit.fleet.git_remote import REF, git
from tests.unit.fleet.git_server import READER, WRITER, GitServer, serving_git
from tests.unit.fleet.test_opening import as_somebody, refusal

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shell and permissions")
TICK = Note(at=datetime(2025, 11, 8, tzinfo=UTC), by="cron", kind="rechecked")
OPEN = """
from gate.errors import ConfigError
from gate.fleet.state import open_state
try:
    open_state({!r})
except ConfigError as error:
    print(error)
"""
REFUSE = "#!/bin/sh\necho 'policy: x' >&2\nexit 1\n"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_remote.alone(tmp_path / "cache", monkeypatch)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return git_remote.new_remote(tmp_path / "srv" / "state.git")


@pytest.fixture
def server(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    with serving_git(remote.parent, tmp_path) as served:
        monkeypatch.setenv("GIT_SSL_CAINFO", str(served.bundle))
        yield served


def refs(remote: Path) -> str:
    return git(remote, "for-each-ref")


def test_a_repository_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    line = refusal(f"git+{tmp_path}/nowhere.git")
    assert line.startswith(f"state git+{tmp_path}/nowhere.git#{REF}: there is no such repository")
    assert not (tmp_path / "nowhere.git").exists()


@pytest.mark.parametrize(
    "files",
    [{"README.md": b"hello\n"}, {"head.json": b"hello\n"}, {"head.json": b"{}"}, {"head.json/x": b"{}"}],
    ids=["another project", "no JSON", "no head", "a folder"],
)
def test_a_ref_that_is_no_ledger_is_refused_and_left_as_it_is(remote: Path, files: dict[str, bytes]) -> None:
    git_remote.put(remote, files, "refs/heads/main", parent=False)
    before = refs(remote)
    line = refusal(f"git+{remote}#refs/heads/main")
    assert "is not a ledger" in line
    assert "name another ref behind #" in line
    assert refs(remote) == before


def test_a_ref_that_names_no_commit_is_refused_and_left_as_it_is(remote: Path) -> None:
    blob = git(remote, "hash-object", "-w", "--stdin", given=b"hello").strip()
    git(remote, "update-ref", REF, blob)
    assert "state git+" in refusal(f"git+{remote}")
    assert git(remote, "rev-parse", REF).strip() == blob


def test_a_server_that_is_not_there_is_named_without_the_token() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        line = refusal(f"git+https://dana:geheim@127.0.0.1:{port}/x.git")
    assert line.startswith(f"state git+https://127.0.0.1:{port}/x.git#{REF}: does not answer; see whether")
    assert "geheim" not in line


def test_a_token_in_the_url_reads_and_writes(server: GitServer) -> None:
    token = WRITER.partition(":")[2].replace(":", "%3A")
    with closing(open_state(f"git+https://{token}@{server.address}/state.git")) as ledger:
        ledger.append([TICK], 0)
        assert ledger.head().seq == 1
    with closing(open_state(f"git+https://dana:re%40d%2Fer@{server.address}/state.git")) as ledger:
        assert len(list(ledger.entries())) == 1


def test_who_may_only_read_is_told_so_when_writing_and_nothing_is_written(
    server: GitServer, remote: Path
) -> None:
    reading = f"git+https://dana:re%40d%2Fer@{server.address}/state.git"
    assert find_state(reading) is None
    with pytest.raises(ConfigError, match="may read it, but not push to it; give the user or token"):
        open_state(reading)
    open_state(f"git+{remote}").close()
    with closing(open_state(reading)) as ledger:
        with pytest.raises(ConfigError, match=r"not push to it.*; nothing was written$") as caught:
            ledger.append([TICK], 0)
        assert not isinstance(caught.value, Conflict)
        assert ledger.head().seq == 0


@pytest.mark.parametrize("user", ["", "dana:wrong@", "wrong@"])
def test_a_user_that_is_refused_is_told_what_to_set(server: GitServer, user: str) -> None:
    line = refusal(f"git+https://{user}{server.address}/state.git")
    assert "refuses this user; put USER:TOKEN@ into an https URL" in line
    assert "wrong" not in line


def test_a_repository_that_a_server_does_not_have_is_named(server: GitServer) -> None:
    user, _, token = WRITER.partition(":")
    line = refusal(f"git+https://{user}:{token.replace(':', '%3A')}@{server.address}/other.git")
    assert "there is no such repository, or this user may not see it" in line
    assert token not in line
    assert READER not in line


def test_a_certificate_that_is_not_trusted_is_named(
    server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_SSL_CAINFO")
    line = refusal(f"git+https://{server.address}/state.git")
    assert "its certificate is not trusted; set GIT_SSL_CAINFO" in line


def test_git_takes_one_fetch_to_read_and_one_push_to_append(server: GitServer) -> None:
    token = WRITER.partition(":")[2].replace(":", "%3A")
    url = f"git+https://{token}@{server.address}/state.git"
    open_state(url).close()
    with closing(open_state(url)) as ledger:
        server.asked.clear()
        ledger.append([TICK] * 300, 0)
        assert [call for call in server.asked if call.startswith("POST")] == [
            "POST /state.git/git-receive-pack"
        ]
        server.asked.clear()
        list(ledger.entries())
        ledger.head()
        assert len([call for call in server.asked if "info/refs" in call]) == 1


@POSIX
def test_ssh_is_asked_with_the_user_and_path_of_the_url(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ssh that notes what it was called with, and runs the command here."""
    script, log = tmp_path / "ssh", tmp_path / "log"
    script.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nfor last; do :; done\nexec sh -c "$last"\n')
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    with closing(open_state(f"git+ssh://git@127.0.0.1:2222{remote}#{REF}")) as ledger:
        ledger.append([TICK], 0)
    calls = log.read_text().splitlines()
    assert all("-p 2222 git@127.0.0.1 git-" in call and str(remote) in call for call in calls)
    assert git_remote.files_of(remote)["head.json"].count(b'"seq":1')


@POSIX
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ssh: Could not resolve hostname x: Name or service not known", "does not answer"),
        ("ssh: connect to host x port 22: Connection refused", "does not answer"),
        ("git@x: Permission denied (publickey).", "refuses this user"),
        ("Host key verification failed.", "its host key is not known here"),
        ("ERROR: Repository not found.", "there is no such repository"),
        ("ERROR: The project you were looking for could not be found.", "there is no such repository"),
        ("\x1b[31mkaboom ::error::x", "does not answer"),
    ],
)
def test_what_an_ssh_server_says_is_explained_on_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, words: str
) -> None:
    script = tmp_path / "ssh"
    script.write_text(f"#!/bin/sh\nprintf '%s\\n' '{said}' >&2\nexit 255\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    line = refusal("git+ssh://git@x/state.git")
    assert line.startswith(f"state git+ssh://x/state.git#{REF}: {words}")
    assert line.isprintable()
    assert "::error" not in line


@POSIX
@pytest.mark.parametrize("hook", ["pre-receive", "update"])
def test_a_ref_that_the_repository_protects_is_told_from_another_writer(remote: Path, hook: str) -> None:
    with closing(open_state(f"git+{remote}")) as ledger:
        path = remote / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(REFUSE)
        path.chmod(0o755)
        before = refs(remote)
        with pytest.raises(ConfigError, match="does not take a push to this ref; let this user push") as got:
            ledger.append([TICK], 0)
        assert "policy: x" in str(got.value)
        assert refs(remote) == before


def test_a_hidden_ref_is_named(remote: Path) -> None:
    git(remote, "config", "receive.hideRefs", "refs/gate")
    with pytest.raises(ConfigError, match="does not take a push to this ref"):
        open_state(f"git+{remote}")


@POSIX
def test_a_folder_that_may_be_read_but_not_written_is_told_so() -> None:
    """As a process of another user, since a shell that git starts would be root again."""
    with as_somebody() as folder:
        remote = git_remote.new_remote(folder / "state.git")
        trusting = folder / "gitconfig"
        trusting.write_text("[safe]\n\tdirectory = *\n")
        for path in (remote, *remote.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        ran = subprocess.run(
            [sys.executable, "-c", OPEN.format(f"git+{remote}")],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_GLOBAL": str(trusting)},
            user=65534 if sys.platform != "win32" and os.getuid() == 0 else None,
            capture_output=True,
            timeout=30,
            check=False,
        )
        for path in (remote, *remote.rglob("*")):
            path.chmod(0o755)
    assert "may read it, but not push to it" in ran.stdout.decode(), ran.stderr


def test_without_git_it_says_what_to_install(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(remote))
    assert "install git 2.31 or newer" in refusal(f"git+{remote}")


def test_a_ref_that_goes_away_is_not_made_anew(remote: Path) -> None:
    with closing(open_state(f"git+{remote}")) as ledger:
        ledger.append([TICK], 0)
        git(remote, "update-ref", "-d", REF)
        with pytest.raises(ConfigError, match="the ref is gone"):
            ledger.append([TICK], 1)
        with pytest.raises(ConfigError, match="the ref is gone"):
            ledger.head()
        assert refs(remote) == ""


def test_what_a_user_has_set_changes_no_append(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("pre-push", "reference-transaction"):
        (hooks / hook).write_text('#!/bin/sh\ncase "$PWD" in */fiber-gate/*) exit 1;; esac\n')
        (hooks / hook).chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f"[core]\nhooksPath = {hooks.as_posix()}\n[push]\ngpgSign = true\nfollowTags = true\npushOption = x\n"
        "recurseSubmodules = on-demand\n[fetch]\nprune = true\nrecurseSubmodules = true\n"
        '[init]\ndefaultObjectFormat = sha256\n[color]\nui = always\n[remote "origin"]\nurl = /nowhere\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    with closing(open_state(f"git+{remote}")) as ledger:
        ledger.append([TICK], 0)
        assert ledger.head().seq == 1


@pytest.mark.parametrize("name", ["a b.git", "ממתין.git", "a%20b.git", "-x.git"])
def test_a_repository_may_have_any_name(tmp_path: Path, name: str) -> None:
    remote = git_remote.new_remote(tmp_path / "any" / name)
    with closing(open_state(f"git+{remote}")) as ledger:
        ledger.append([TICK], 0)


def test_its_errors_end_a_command_with_the_code_for_a_wrong_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_state(f"git+{tmp_path}/nowhere.git")
    assert caught.value.exit_code is Exit.CONFIG
