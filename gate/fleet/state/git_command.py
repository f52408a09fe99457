"""How is the git program run: bounded in time, asking nobody, and with no surprise from outside?

What a person has set for the way to a server counts (credential helpers, proxies, certificates,
``core.sshCommand``); what would change the meaning of a command does not: hooks, signatures,
and the variables that tell git of another repository, as inside a hook.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.fleet.state.git_url import GitPlace

_KEPT: Final = (
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_PROTOCOL",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
)
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "push.pushOption=",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a call of git.

    Attributes:
        code: its exit code, or None where it took too long and was ended.
        out: what it wrote on stdout.
        err: what it wrote on stderr.
    """

    code: int | None
    out: bytes
    err: str

    @property
    def ok(self) -> bool:
        """True where it did what it was asked."""
        return self.code == 0


def git_environ(place: GitPlace, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which git reaches `place`.

    A token travels in it and not in the arguments, which every user of a machine may read:
    https://git-scm.com/docs/git-config, GIT_CONFIG_COUNT, read 2026-11-24.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith("GIT_") or name.upper().startswith(_KEPT)
    }
    kept |= {
        "GIT_DIR": ".",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS_REQUIRE": "never",
        "LC_ALL": "C",
    }
    if not place.authorization:
        return kept
    header = f"http.{place.remote}.extraHeader"
    count = kept.get("GIT_CONFIG_COUNT", "")
    return kept | _configured(
        (header, ""),  # an empty value forgets those that were set before
        (header, f"Authorization: {place.authorization.reveal()}"),
        ("credential.helper", ""),
        count=int(count) if count.isdecimal() else 0,
    )


def run_git(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], *, timeout: float, given: bytes = b""
) -> Ran:
    """Run git in a bare repository and return what came of it.

    Args:
        arguments: what follows ``git``.
        folder: the repository.
        environ: as `git_environ` returns it.
        timeout: seconds, after which git and all that it started are ended.
        given: its stdin.

    Raises:
        OSError: there is no git program, or it cannot be run.
    """
    program = shutil.which("git", path=environ.get("PATH"))
    if program is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such program")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    # Files and not pipes: an ssh that outlives its git would keep a pipe open for good.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(given)
        stdin.seek(0)
        process = subprocess.Popen(
            [program, *settings, *arguments],
            cwd=folder,
            env=dict(environ),
            stdin=stdin,
            stdout=out,
            stderr=err,
            start_new_session=sys.platform != "win32",  # without a terminal, ssh asks for nothing
            creationflags=_NO_WINDOW,
        )
        code: int | None
        try:
            code = process.wait(timeout)
        except BaseException as error:
            _end(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            code = None
        out.seek(0)
        err.seek(0)
        return Ran(code=code, out=out.read(), err=err.read().decode("utf-8", "replace"))


if sys.platform == "win32":
    _NO_WINDOW = subprocess.CREATE_NO_WINDOW

    def _end(process: subprocess.Popen[bytes]) -> None:
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")
        kill = [str(system / "taskkill.exe"), "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(kill, check=False, capture_output=True, timeout=30)
        process.wait(30)

else:
    _NO_WINDOW = 0

    def _end(process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)  # its own group, which it leads until it is waited for
        process.wait(30)


def _configured(*settings: tuple[str, str], count: int) -> dict[str, str]:
    named: dict[str, str] = {"GIT_CONFIG_COUNT": str(count + len(settings))}
    for number, (key, value) in enumerate(settings, count):
        named[f"GIT_CONFIG_KEY_{number}"] = key
        named[f"GIT_CONFIG_VALUE_{number}"] = value
    return named
