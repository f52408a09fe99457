"""What does a text in a Groovy file say, and could a name that is made of it be a protected one?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from gate.wiring.jenkins.scan import NAMES_IN_TEXT, opening_of
from gate.wiring.jenkins.tokens import Kind, Token

Parts = tuple[str, ...]  # what is known of a name; between two of them stands what is not

UNKNOWN: Final[Parts] = ("", "")
_LONGEST_NAME: Final = 200  # of a longer one the rest counts as not known
_ESCAPE: Final = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|([0-3]?[0-7]{1,2})|(\r\n|[\s\S]))")
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": "", "\r\n": "", "\r": ""}
_ONE: Final = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|[\s\S]")  # one sign of a shell pattern


def value_of(token: Token) -> str | None:
    """Return what a text says; None where that is known only when the pipeline runs."""
    return known_parts(token)[0] if token.kind is Kind.TEXT else None


def known_parts(token: Token) -> Parts:
    """Return what is known of a text: ``("load ", "")`` for ``"load ${lab}"``."""
    opening = opening_of(token)
    spans = token.plain or ((token.start + len(opening), token.end - len(opening)),)
    names = NAMES_IN_TEXT.get(opening)
    parts: list[str] = []
    for start, end in spans:
        plain = token.text[start - token.start : end - token.start]
        at = 0
        for found in names.finditer(plain) if names and "$" in plain else ():
            if found[1]:
                parts.append(plain[at : found.start()])
                at = found.end()
        parts.append(plain[at:])
    return tuple(_unescaped(opening, part) for part in parts)


def joined_parts(items: Iterable[Sequence[Token]]) -> Parts:
    """Return what is known of the sum of items: of ``'load ' + lab.name`` the first one."""
    parts = [""]
    for item in items:
        first, *others = known_parts(item[0]) if len(item) == 1 and _is_text(item[0]) else UNKNOWN
        parts[-1] += first
        parts += others
    return tuple(parts)


def is_protected(name: str, protect: Iterable[str]) -> bool:
    """Whether a name matches one of the shell patterns, in any case."""
    folded = name.strip().casefold()
    return any(fnmatchcase(folded, pattern.casefold()) for pattern in protect)


def may_be_protected(parts: Parts, protect: Iterable[str]) -> bool:
    """Whether there is a name with these parts that matches one of the shell patterns, in any case."""
    if len(parts) == 1:
        return is_protected(parts[0], protect)
    name: list[str | None] = [*parts[0].lstrip().casefold()]
    for part in parts[1:]:
        name += [None, *part.casefold()]
    if len(name) > _LONGEST_NAME:
        name = [*name[:_LONGEST_NAME], None]
    return any(_meet(name, _ONE.findall(pattern.casefold())) for pattern in protect)


def _is_text(token: Token) -> bool:
    return token.kind in {Kind.TEXT, Kind.PATTERN}


def _meet(name: Sequence[str | None], pattern: Sequence[str]) -> bool:
    """Whether a pattern fits some name: `None` stands for any text, `at` is how far the pattern got."""
    at = _past_stars({0}, pattern)
    for sign in name:
        if sign is None:
            reached = set(range(min(at), len(pattern) + 1))
        else:
            reached = {here for here in at if pattern[here : here + 1] == ["*"]}
            reached |= {
                here + 1
                for here in at
                if here < len(pattern) and pattern[here] != "*" and fnmatchcase(sign, pattern[here])
            }
        if not reached:
            return False
        at = _past_stars(reached, pattern)
    return len(pattern) in at


def _past_stars(at: set[int], pattern: Sequence[str]) -> set[int]:
    reached = set(at)
    for here in sorted(at):
        behind = here
        while behind < len(pattern) and pattern[behind] == "*":
            behind += 1
            reached.add(behind)
    return reached


def _unescaped(opening: str, text: str) -> str:
    match opening:
        case "/":
            return text.replace("\\/", "/")
        case "$/":
            return re.sub(r"\$([$/])", r"\1", text)
        case _:
            return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(found: re.Match[str]) -> str:
    code, octal, other = found.groups()
    if code or octal:
        return chr(int(code, 16) if code else int(octal, 8))
    return _LETTERS.get(other, other)
