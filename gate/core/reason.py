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

NAME_PATTERN = r"\w[\w.-]{0,99}"  # of environments: they stand in every text and file
HELD_BACK = "held back: "  # begins the name of the only job of a GitLab child pipeline that was held back
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d\u200e\u200f"  # joiners and marks: emoji, Hebrew
_DESCRIPTION_LIMIT = 90  # the history widget cuts the raw text at 100 characters
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", '"': "”", "'": "’", "`": "’"})
_COMMAND = re.compile(r"::(?=[A-Za-z])")  # a name follows: `::1` is an address


def one_line(text: str, limit: int = 200) -> str:
    """Return outside text as one harmless line.

    Line breaks and tabs become spaces; control, invisible and unpaired surrogate characters
    go; ``::name`` and ``##[``, which start GitHub workflow commands, are broken by a space; what
    is longer than `limit` characters ends in an ellipsis.
    """
    text = text[: 4 * limit + 64]
    text = "".join(_shown(character) for character in text)
    text = " ".join(text.split())
    text = _COMMAND.sub(": :", text).replace("##[", "## [")
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
        case "Cc" | "Co":
            return " " if character.isspace() else ""
        case "Cn":  # newer than this Python's tables, such as an emoji, or never a character
            return (
                "" if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF else character
            )
        case _:
            return character


def plain_description(reason: str) -> str:
    """Return a reason as a Jenkins build's description: short, and without anything that is markup.

    Descriptions go through the controller's markup formatter, which may be the escaping one or
    "Safe HTML" and cannot be told from outside; both show this text alike
    (jenkins `editableDescription.jelly`, `HistoricalBuild.java`, read 2026-11-24).
    """
    plain = one_line(reason.translate(_LOOKALIKES), 600)
    plain = re.sub(r"(?i)\b(https?|ftp):/", r"\1 /", plain)
    return one_line(plain, _DESCRIPTION_LIMIT)


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
    return moment.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def without_credentials(url: str) -> str:
    """Return a URL as it may be shown: without user and password, query and fragment."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    authority, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return one_line(scheme + separator + authority.rpartition("@")[2] + slash + path, 300)
