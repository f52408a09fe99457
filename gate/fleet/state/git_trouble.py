"""What does git's refusal mean to a person, and what is to be done?"""

from __future__ import annotations

import re
from typing import Final

from gate.core.reason import one_line
from gate.errors import ConfigError
from gate.fleet.state.git_command import Ran
from gate.fleet.state.git_url import GitPlace

NO_SUCH_REF: Final = "couldn't find remote ref"
PASSING: Final = ("cannot lock ref", "failed to update ref", "reference already exists", "stale info")

_Table = tuple[tuple[str, str], ...]

_WAY: Final[_Table] = (
    ("dubious ownership", "the folder is another user's; git config --global --add safe.directory names it"),
    ("could not resolve host", "does not answer; see whether this machine may reach it"),
    ("host key verification failed", "its host key is not known here; add it to known_hosts"),
    ("certificate", "its certificate is not trusted; set GIT_SSL_CAINFO or http.sslCAInfo"),
    (
        "permission denied|authentication failed|could not read (username|password)|error: 40[13]"
        "|access denied|denied to",
        "refuses this user; put USER:TOKEN@ into an https URL, or give this user a key or git's "
        "credential helper, with the right to read the repository",
    ),
    (
        "not appear to be a git repository|not found|does not exist|could not be found|no such file",
        "there is no such repository, or this user may not see it; create it, or set the right address",
    ),
    (
        "connection|timed out|failed to connect|unable to access|could not read from remote|early eof"
        "|hung up",
        "does not answer; see whether the server runs and this machine may reach it",
    ),
)
_PUSH: Final[_Table] = (
    (
        "hidden ref|funny refname|protected|hook declined|prohibited|not allowed to (force )?push",
        "the repository does not take a push to this ref; let this user push to it, or name another "
        "ref behind #",
    ),
    (
        "permission denied|error: 40[13]|denied to|access denied|insufficient permission|read[- ]only"
        "|unable to create temporary|unpacker error|write access|deploy token",
        "this user may read it, but not push to it; give the user or token the right to write "
        "(GitHub: contents: write)",
    ),
)


def reading_trouble(place: GitPlace, ran: Ran, timeout: float) -> ConfigError:
    """Return the error that says why the repository could not be read."""
    return _trouble(place, ran, timeout, _WAY, "")


def pushing_trouble(place: GitPlace, ran: Ran, timeout: float) -> ConfigError:
    """Return the error that says why what can be read cannot be pushed to."""
    return _trouble(place, ran, timeout, (*_PUSH, *_WAY), "; nothing was written")


def no_git(place: GitPlace, error: OSError) -> ConfigError:
    """Return the error that says that there is no program to reach the repository with."""
    words = one_line(error.strerror or str(error), 200)
    return ConfigError(f"state {place.shown}: git cannot be run ({words}); install git 2.31 or newer")


def is_known(ran: Ran) -> bool:
    """Return whether the refusal is one that a repository or the way to it causes."""
    return NO_SUCH_REF in ran.err or _advice(ran, _WAY) is not None


def said(ran: Ran) -> str:
    """Return all that git has said, without user and password of any URL in it."""
    text = f"{ran.err}\n{ran.out.decode('utf-8', 'replace')}"
    return re.sub(r"//[^/@\s]+@", "//", text)


def _trouble(place: GitPlace, ran: Ran, timeout: float, table: _Table, end: str) -> ConfigError:
    if ran.code is None:
        words = f"does not answer within {timeout:.0f} s; see whether this machine may reach it"
    else:
        words = f"{_advice(ran, table) or 'cannot be used'} ({one_line(said(ran), 300)})"
    return ConfigError(f"state {place.shown}: {words}{end}")


def _advice(ran: Ran, table: _Table) -> str | None:
    text = said(ran)
    return next((words for sign, words in table if re.search(sign, text, re.I)), None)
