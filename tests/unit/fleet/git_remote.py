"""A bare repository to keep a ledger in, and a hand that changes it as no gate would."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gate.fleet.state.git_layout import HEAD_FILE, segment_file
from tests.support import need

REF = "refs/gate/state"
FIRST = segment_file(0)

Files = dict[str, bytes]
Change = Callable[[Files], object]


def git(repository: Path, *arguments: str, given: bytes = b"") -> str:
    """Run git in a repository and return what it says."""
    ran = subprocess.run(
        ["git", *arguments], cwd=repository, input=given, capture_output=True, timeout=60, check=True
    )
    return ran.stdout.decode()


def new_remote(folder: Path) -> Path:
    """Return a new bare repository in `folder`."""
    need("git")
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare")
    return folder


def alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git, and gate's cache, know nothing of this user."""
    cache.mkdir(exist_ok=True)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(cache))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def files_of(repository: Path, ref: str = REF) -> Files:
    """Return every file of the last commit on a ref."""
    names = git(repository, "ls-tree", "-r", "--name-only", ref).split()
    return {name: git(repository, "cat-file", "blob", f"{ref}:{name}").encode() for name in names}


def put(repository: Path, files: Files, ref: str = REF, *, parent: bool = True) -> None:
    """Let a new commit with these files stand on a ref."""
    parts = [f"commit {ref}\ncommitter x <x@x> 0 +0000\ndata 0\n".encode()]
    if parent:
        parts.append(f"from {git(repository, 'rev-parse', ref)}".encode())
    parts.append(b"deleteall\n")
    for name, content in files.items():
        parts.append(f"M 100644 inline {name}\ndata {len(content)}\n".encode() + content + b"\n")
    git(repository, "fast-import", "--quiet", "--force", given=b"".join(parts))


def tamper(repository: Path, change: Change) -> None:
    """Change the files of the ledger in a new commit on its ref."""
    files = files_of(repository)
    change(files)
    put(repository, {name: content for name, content in files.items() if content})


def lines_changed(change: Callable[[list[bytes]], Sequence[bytes]]) -> Change:
    """Return a change of the first file of entries, line by line."""

    def changed(files: Files) -> None:
        files[FIRST] = b"".join(change(files[FIRST].splitlines(keepends=True)))

    return changed


def head_changed(old: str, new: str) -> Change:
    """Return a change of what says how far the ledger reaches; `old` must stand in it."""

    def changed(files: Files) -> None:
        assert old.encode() in files[HEAD_FILE]
        files[HEAD_FILE] = files[HEAD_FILE].replace(old.encode(), new.encode())

    return changed


def counted(remote: Path) -> Callable[[], int]:
    """Return what tells how many pushes to a repository have changed the ledger's ref."""
    git(remote, "config", "core.logAllRefUpdates", "always")

    def pushes() -> int:
        return len(git(remote, "reflog", "show", "--format=%h", REF).splitlines())

    return pushes
