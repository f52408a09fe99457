"""Which labs does a process name, in its command line or its environment?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gate.core.model import Environment
from gate.core.request import THIS_MACHINE, Address, parse_address

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\",;|<>]+", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:\[[0-9a-f:]+\]|[\w.-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_APART: Final = re.compile(r"[\s=,;'\"|<>()]+")
_ENVIRONMENT: Final = re.compile(r"(^|_)ENV(IRONMENT)?(_|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab as others may name it: by its name, or by an address."""

    name: str
    addresses: tuple[Address, ...]


def lab_of(environment: Environment) -> Lab:
    """Return a configured lab as others may name it."""
    urls = (environment.focus_server, *environment.aliases)
    return Lab(name=environment.name, addresses=tuple(map(parse_address, urls)))


def named_labs(argv: Iterable[str], environ: Mapping[str, str], labs: Sequence[Lab]) -> frozenset[str]:
    """Return the names of the labs that a process names; its command line goes before its environment.

    By its name a lab is named where that is a whole word of the command line, or the value of a
    variable such as ``FOCUS_ENV`` or ``GATE_ENVIRONMENT``.
    """
    words = tuple(argv)
    in_words = frozenset(lab.name for lab in labs if any(_names(word, lab, by_name=True) for word in words))
    if in_words:
        return in_words
    return frozenset(
        lab.name
        for lab in labs
        if any(_names(value, lab, by_name=bool(_ENVIRONMENT.search(key))) for key, value in environ.items())
    )


def _names(text: str, lab: Lab, *, by_name: bool) -> bool:
    pieces = _APART.split(text)
    if by_name and lab.name.casefold() in (piece.casefold() for piece in pieces):
        return True
    urls = _URL.findall(text)
    hosts = [f"http://{piece}" for piece in pieces if _HOST.fullmatch(piece)]
    return any(_leads_to(url, lab, has_scheme=True) for url in urls) or any(
        _leads_to(url, lab, has_scheme=False) for url in hosts
    )


def _leads_to(url: str, lab: Lab, *, has_scheme: bool) -> bool:
    """Return whether a URL leads to a lab's host; on loopback the port alone tells services apart."""
    try:
        found = parse_address(url)
    except ValueError:
        return False
    named_port = has_scheme or bool(re.search(r":[0-9]+$", url.partition("://")[2]))
    return any(
        found.host == address.host
        and (found.host != THIS_MACHINE or (named_port and found.port == address.port))
        for address in lab.addresses
    )
