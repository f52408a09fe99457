"""In which repository of this machine does a gate keep what it has fetched?

Bare repositories in the user's cache folder, a few for each place. A process has one of them to
itself, so no two gits ever meet in one, and takes the first that is free. What a killed process
left half done in one of them is thrown away with it: nothing in a cache is worth mending.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from gate.fleet.state.git_url import GitPlace
from gate.probe.lock import try_lock
from gate.probe.snapshot import cache_folder

SLOTS: Final = 8
KEPT_FOR: Final = 7 * 86400.0  # old versions pile up in it; fetching anew is cheaper than tidying

_FILES: Final = {
    "HEAD": "ref: refs/heads/none\n",
    "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
}


class Cache:
    """A bare repository that this process has to itself until `close`.

    Attributes:
        folder: the repository.
    """

    def __init__(self, folder: Path, held: ExitStack) -> None:
        self.folder = folder
        self._held = held

    def renew(self) -> None:
        """Begin with an empty repository.

        Raises:
            OSError: the folder is in use or cannot be written.
        """
        _throw_away(self.folder)
        _create(self.folder)

    def close(self) -> None:
        """Let others have it."""
        self._held.close()


def open_cache(place: GitPlace, environ: Mapping[str, str]) -> Cache:
    """Return a repository for `place`: a free one of the user's cache folder, else a passing one.

    Raises:
        OSError: not even the system's folder for passing files can be written.
    """
    key = hashlib.sha256(f"{place.remote}\n{place.ref}".encode()).hexdigest()[:32]
    with suppress(OSError):
        base = cache_folder(environ) / "state" / key
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_ours(base):
            for number in range(SLOTS):
                cache = _take(base / f"{number}.git")
                if cache:
                    return cache
    folder = Path(tempfile.mkdtemp(prefix="gate-state-"))
    held = ExitStack()
    held.callback(_remove, folder)
    cache = Cache(folder / "0.git", held)
    _create(cache.folder)
    return cache


def _take(folder: Path) -> Cache | None:
    """Return the cache in `folder`, or None where another process has it."""
    with ExitStack() as held:
        if not held.enter_context(try_lock(folder.with_suffix(".lock"))):
            return None
        try:
            if not _is_young(folder):
                _throw_away(folder)
                _create(folder)
        except OSError:  # Windows: a git that outlived its gate still works in it
            return None
        return Cache(folder, held.pop_all())
    return None


def _is_young(folder: Path) -> bool:
    """Return whether a repository is there, and was begun not long ago."""
    try:
        age = time.time() - (folder / "config").stat().st_mtime
    except OSError:
        return False
    return 0 <= age < KEPT_FOR


def _create(folder: Path) -> None:
    """Write an empty bare repository; see https://git-scm.com/docs/gitrepository-layout, read 2026-11-24.

    By hand, because ``git init`` would follow templates and defaults of the user.
    """
    for name in ("objects", "refs"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in _FILES.items():  # config last: without it the rest counts for nothing
        (folder / name).write_text(content, encoding="ascii", newline="\n")


def _throw_away(folder: Path) -> None:
    """Remove a repository; a git that still works in it goes on in the removed one."""
    removed = folder.with_name(f"{uuid.uuid4().hex}.old")
    try:
        folder.rename(removed)
    except FileNotFoundError:
        return
    _remove(removed)


def _remove(folder: Path) -> None:
    if sys.platform == "win32":  # git's objects are read-only, and there such files stay
        for path in folder.rglob("*"):
            with suppress(OSError):
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022
