"""Which repository, ref and secret does a state URL such as ``git+ssh://…#refs/gate/state`` name?"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from gate.core.reason import without_credentials
from gate.core.secret import Secret
from gate.errors import ConfigError

DEFAULT_REF: Final = "refs/gate/state"

_EXAMPLE: Final = f"git+ssh://git@HOST/PATH.git#{DEFAULT_REF}"
_ANYBODY: Final = "x-access-token"  # any name does where the token alone says who asks
# Stricter than git-check-ref-format, so that every system and server takes it.
_REF: Final = re.compile(r"refs(/(?!.*\.lock(/|$))[A-Za-z0-9_][A-Za-z0-9_.-]*)+(?<!\.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPlace:
    """Where a ledger lives in git.

    Attributes:
        remote: what git is told to fetch from and push to; holds no password and no token.
        ref: the full name of the ref.
        shown: the URL, as it may be shown.
        authorization: the value of an HTTP header, or nothing where git finds its own way in.
        local: whether the repository is a folder of this machine.
    """

    remote: str
    ref: str
    shown: str
    authorization: Secret = field(default_factory=lambda: Secret(""))
    local: bool = False


def parse_place(url: str) -> GitPlace:
    """Return what a URL names; without ``#…`` the ref is `DEFAULT_REF`.

    An https URL holds ``USER:TOKEN@`` or ``TOKEN@``, or neither where git's credential helper
    knows the way. What follows ``git+`` without ``://`` is a folder, taken letter for letter.

    Raises:
        ConfigError: it is no such URL; the message shows it without user and token.
    """
    address, mark, ref = url.removeprefix("git+").rpartition("#")
    address, ref = (address, ref) if mark else (ref, DEFAULT_REF)
    shown = f"git+{_shown(address)}"
    if not _REF.fullmatch(ref) or ".." in ref:
        raise ConfigError(f"state {shown}: expected the full name of a ref behind #, such as #{DEFAULT_REF}")
    place = GitPlace(remote=address, ref=ref, shown=f"{shown}#{ref}")
    return _of_url(place) if "://" in address else _of_folder(place)


def _shown(address: str) -> str:
    """Return an address as it may be shown, also where a password holds a slash that it should not."""
    scheme, separator, rest = address.partition("://")
    return without_credentials(f"{scheme}://{rest.rpartition('@')[2]}" if separator else address)


def _of_folder(place: GitPlace) -> GitPlace:
    name = place.remote
    host, colon, _ = name.partition(":")
    if not name or (colon and "/" not in host and len(host) > 1):  # C: is a drive, git@host: is none
        raise ConfigError(f"state {place.shown}: expected a folder or a URL, such as {_EXAMPLE}")
    return replace(place, remote=str(Path(name).expanduser().absolute()), local=True)


def _of_url(place: GitPlace) -> GitPlace:
    try:
        parts = urlsplit(place.remote)
        _ = parts.port
    except ValueError:  # its text may hold a part of the password
        raise ConfigError(f"state {place.shown}: expected a URL such as {_EXAMPLE}") from None
    if parts.query or not parts.path.strip("/"):
        raise ConfigError(f"state {place.shown}: expected a URL such as {_EXAMPLE}, with a path and no query")
    match parts.scheme:
        case "file":
            return replace(place, local=True)
        case "ssh":
            return _of_ssh(place, parts)
        case _:
            return _of_web(place, parts)


def _of_ssh(place: GitPlace, parts: SplitResult) -> GitPlace:
    if not parts.hostname:
        raise ConfigError(f"state {place.shown}: names no host; expected a URL such as {_EXAMPLE}")
    if parts.password is not None:
        raise ConfigError(
            f"state {place.shown}: ssh takes no password from a URL; leave it out, and give this user a key"
        )
    return place


def _of_web(place: GitPlace, parts: SplitResult) -> GitPlace:
    if not parts.hostname:
        raise ConfigError(
            f"state {place.shown}: names no host; expected git+https://USER:TOKEN@HOST/PATH.git"
        )
    user, at, host = parts.netloc.rpartition("@")
    remote = parts._replace(netloc=host).geturl()
    if not at:
        return replace(place, remote=remote)
    name, colon, password = (unquote(part) for part in user.partition(":"))
    pair = f"{name}:{password}" if colon else f"{_ANYBODY}:{name}"
    basic = base64.b64encode(pair.encode()).decode("ascii")
    return replace(place, remote=remote, authorization=Secret(f"Basic {basic}"))
