"""Would this HTTP request configure a lab? Addresses and paths compared as a web server reads them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("localhost", "ip6-localhost", "::1", "0.0.0.0", "::")  # noqa: S104 (names, nothing is bound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a URL leads, the same for every way to write it.

    Attributes:
        host: in lower case; every name of this machine's loopback is ``127.0.0.1``.
        port: the port, the scheme's own where the URL names none.
        path: decoded, with single slashes, no ``.`` or ``..``, no slash at its end.
    """

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What configures a lab: a method, and a shell pattern for the path below its address."""

    method: str
    path: str


def parse_rule(text: str) -> Rule:
    """Return the rule that ``POST /configure`` or ``POST /config/*`` states.

    Raises:
        ValueError: there is no method or no path.
    """
    method, _, path = text.strip().partition(" ")
    if not method or not path.strip().startswith("/"):
        raise ValueError(f"expected a rule such as POST /configure, found {text!r}")
    return Rule(method=method.upper(), path=path.strip().rstrip("/") or "/")


def parse_address(url: str) -> Address:
    """Return where a URL leads.

    Raises:
        ValueError: the URL cannot be read, or names no host.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise ValueError("names no host")
    host = "127.0.0.1" if host in _LOOPBACK or host.startswith("127.") else host
    port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    return Address(host=host, port=port, path=plain_path(parts.path))


def plain_path(path: str) -> str:
    """Return a path decoded and without detours: ``//a/%62/../c/`` is ``/a/c``."""
    decoded = unquote(path)
    single = re.sub("/+", "/", "/" + decoded.replace("\\", "/"))
    return posixpath.normpath(single)


def configures(method: str, url: str, addresses: Iterable[Address], rules: Iterable[Rule]) -> bool:
    """Return whether a request would configure the lab at any of `addresses`.

    A URL that cannot be read leads nowhere, so it is left to the client to fail with it.
    """
    try:
        target = parse_address(url)
    except ValueError:
        return False
    paths = [below(target, address) for address in addresses]
    return any(
        rule.method in (method.upper(), "*") and fnmatchcase(path.casefold(), rule.path.casefold())
        for rule in rules
        for path in paths
        if path is not None
    )


def below(target: Address, base: Address) -> str | None:
    """Return the path of `target` below `base`, or None where it leads elsewhere."""
    if (target.host, target.port) != (base.host, base.port):
        return None
    root = "" if base.path == "/" else base.path
    if target.path != base.path and not target.path.startswith(f"{root}/"):
        return None
    return target.path[len(root) :] or "/"
