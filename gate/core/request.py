"""Would this HTTP request configure a lab? Addresses and paths compared as a web server reads them."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

THIS_MACHINE = "127.0.0.1"
WEB = 80

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_LOOPBACK = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")
_IPV4_PARTS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a URL leads, the same for every way to write it.

    Attributes:
        host: in lower case, an international name in its ASCII form, a number in its usual
            form; every name of this machine's loopback is `THIS_MACHINE`.
        port: the port, the scheme's own where the URL names none. 80 and 443 are both `WEB`:
            a web server that answers http at all redirects it or serves the same by it.
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
    host = plain_host(parts.hostname or "")
    if not host:
        raise ValueError("names no host")
    port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    return Address(host=host, port=WEB if port in (80, 443) else port, path=plain_path(parts.path))


def origin_of(url: str) -> str | None:
    """Return a URL up to where its path begins, as it is written, or None where it has no host.

    Far cheaper than `parse_address`: what leads to no lab is known by it.
    """
    found = _ORIGIN.match(url)
    return found[0] if found else None


def plain_host(host: str) -> str:
    """Return a host as everybody would write it: ``LAB.`` is ``lab``, ``0x7f.1`` is `THIS_MACHINE`."""
    host = host.lower().rstrip(".")
    if ":" not in host:
        host = _ascii(unquote(host)).rstrip(".")
    if host in _LOOPBACK or host.endswith(".localhost"):
        return THIS_MACHINE
    number = _number(host)
    if number is None:
        return host
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped
    return THIS_MACHINE if number.is_loopback or number.is_unspecified else str(number)


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
    bases = {address.path.casefold() for address in addresses if _same_server(target, address)}
    method, path = method.upper(), target.path.casefold()
    return bool(bases) and any(rule.method in (method, "*") and _matches(path, bases, rule) for rule in rules)


def reaches(target: Address, addresses: Iterable[Address]) -> bool:
    """Return whether `target` is on the same host and port as any of `addresses`."""
    return any(_same_server(target, address) for address in addresses)


def _same_server(target: Address, address: Address) -> bool:
    return (target.host, target.port) == (address.host, address.port)


def _matches(path: str, bases: Iterable[str], rule: Rule) -> bool:
    """Return whether a path on the lab's host, below any of its base paths, is what `rule` names.

    A forwarded port serves at its root what a web server serves below a base path, and people
    mix the two, either way round. So a rule that names its first segment counts at the root as
    well, and below any path on the host of a lab whose own address has none.
    """
    pattern = rule.path.casefold()
    found = [rest for base in bases if (rest := _below(path, base)) is not None]
    if not _WILD.search(pattern.split("/")[1]):
        found += _tails(path) if "/" in bases else [path]
    return any(fnmatchcase(rest, pattern) for rest in found)


def _tails(path: str) -> list[str]:
    """Return ``/a/b/c``, ``/b/c`` and ``/c``."""
    return [path[at:] for at, character in enumerate(path) if character == "/"]


def _below(path: str, base: str) -> str | None:
    root = "" if base == "/" else base
    if path != base and not path.startswith(f"{root}/"):
        return None
    return path[len(root) :] or "/"


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        import idna  # comes with requests; the standard library knows an older form only

        return idna.encode(host, uts46=True).decode("ascii")
    except (ImportError, UnicodeError):
        return host


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is, read as the system's resolver reads it, or None."""
    try:
        if ":" in host:
            return ipaddress.ip_address(host.partition("%")[0])
        return ipaddress.IPv4Address(_ipv4(host)) if _IPV4_PARTS.fullmatch(host) else None
    except ValueError:
        return None


def _ipv4(host: str) -> int:
    """Return an IPv4 address in any of its forms as a number: ``10.1`` is ``10.0.0.1``.

    Source: POSIX, inet_addr (read 2025-11-10): one to four parts, decimal, octal or hexadecimal;
    the last part fills what is left.
    """
    *first, last = (_part(part) for part in host.split("."))
    if any(part > 255 for part in first) or last >= 256 ** (4 - len(first)):
        raise ValueError("no IPv4 address")
    return sum(part << 8 * (3 - place) for place, part in enumerate(first)) + last


def _part(part: str) -> int:
    if part.startswith("0x"):
        return int(part, 16) if part != "0x" else 0
    return int(part, 8) if part.startswith("0") else int(part)
