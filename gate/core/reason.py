"""What does gate say, in one line, and how is outside text made safe to be shown?

Outside text (an answer's fields, job names, people's reasons) is hostile until `one_line`
has been over it. What comes out holds no control or invisible character, no line break and
nothing that a CI system reads as a command, so that the same sentence can stand in a log,
an annotation, a description and a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

_KEPT_FORMAT_CHARACTERS = "\u200c\u200d\u200e\u200f"  # joiners and marks: emoji, Hebrew
_COMMAND_STARTS = re.compile(r"::|##\[")


def one_line(text: str, limit: int = 200) -> str:
    """Return outside text as one harmless line.

    Line breaks and tabs become spaces; control, invisible and unpaired surrogate characters
    go; ``::`` and ``##[``, which start GitHub workflow commands, are broken by a space; what
    is longer than `limit` characters ends in an ellipsis.
    """
    text = text[: 4 * limit + 64]
    text = "".join(_shown(character) for character in text)
    text = " ".join(text.split())
    while _COMMAND_STARTS.search(text):
        text = text.replace("::", ": :").replace("##[", "## [")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _shown(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else (" " if character.isspace() else "")
    match unicodedata.category(character):
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
        case "Cf":
            return character if character in _KEPT_FORMAT_CHARACTERS else ""
        case "Cc" | "Cn" | "Co":
            return " " if character.isspace() else ""
        case _:
            return character


def quoted(text: str, limit: int = 80) -> str:
    """Return outside text as one line between quotation marks."""
    return '"' + one_line(text, limit).replace('"', "'") + '"'


def listed(names: Sequence[str]) -> str:
    """Return names as a person lists them: ``a``, ``a and b``, ``a, b and c``."""
    shown = [one_line(name, 60) for name in names]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def at_time(moment: datetime, now: datetime) -> str:
    """Return a UTC time as ``13:15Z``, with the date where it is not near `now`."""
    near = moment.date() == now.date() or abs(moment - now) < timedelta(hours=6)
    return moment.strftime("%H:%MZ" if near else "%Y-%m-%d %H:%MZ")


def iso(moment: datetime) -> str:
    """Return a UTC time as ``2025-11-08T13:20:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def without_credentials(url: str) -> str:
    """Return a URL as it may be shown: without user and password, query and fragment."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    authority, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return one_line(scheme + separator + authority.rpartition("@")[2] + slash + path, 300)
