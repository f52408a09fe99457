"""What tests of every kind share: programs they need, and a clean environment for processes."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ENGINES = BIN.parent / "engines" / "node_modules" / ".bin"
GATE = BIN / ("gate.exe" if sys.platform == "win32" else "gate")

_FOREIGN = ("GATE_", "GITHUB_", "CI_", "GITLAB_", "JENKINS_", "RUNNER_", "BUILD_", "JOB_", "PYTEST_", "XDG_")
_ALONE = ("CI", "NO_COLOR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def need(program: str, *places: Path) -> Path:
    """Return where a program is, looking in `places` first; skip the test by its name without it.

    With `GATE_TEST_ALL=1`, as in CI, the test fails instead.
    """
    found = find(program, *places)
    if found:
        return found
    words = f"{program} is not installed"
    if os.environ.get("GATE_TEST_ALL") == "1":
        pytest.fail(words)
    pytest.skip(words)


def find(program: str, *places: Path) -> Path | None:
    """Return where a program is, looking in `places` first, or None."""
    for place in places:
        if (place / program).exists():
            return place / program
    found = shutil.which(program)
    return Path(found) if found else None


def clean_environ(cache: Path, **values: str) -> Mapping[str, str]:
    """Return this process's environment without anything that gate reads, plus `values`.

    Args:
        cache: the folder that takes the place of the user's cache folder.
        **values: what to set.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name not in _ALONE and name.upper() not in _ALONE
    }
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**kept, "PATH": path, "XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), **values}


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def unprivileged(folder: Path) -> Mapping[str, Any]:
    """Return how to start a process of another user than root, who is given the folder."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
