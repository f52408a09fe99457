"""How does text that may hold a password become text that may be handed on?

Two ways at once: what is known to be secret (tokens of this process, of the kubeconfig, of
the pods' variables) goes wherever it stands; what looks like a secret goes by its form.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from gate.core.secret import Secret

HIDDEN: Final = "***"
_SHORTEST = 6  # a shorter one, such as `guest`, would take ordinary words with it
_WORDS = r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?"
_NAME = re.compile(rf"(?i){_WORDS}|(?:^|_)(?:key|auth|pat)(?:_|$)")
_USER_INFO = re.compile(r"([A-Za-z][\w+.-]*://)([^\s/\"'<>]*)@")
_FORMS: Final = (
    (re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|$)", re.S), HIDDEN),
    (_USER_INFO, rf"\1{HIDDEN}@"),
    (
        re.compile(r"(?i)((?:proxy-)?authorization[\"'\\]*\s*[:=]\s*[\"']?)(?:\w+\s+)?[^\s\"',]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)((?:set-)?cookie[\"'\\]*\s*[:=]\s*).+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(--?[\w-]*(?:{_WORDS})[\w-]*\s+)[^\s-]\S*"), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"(?i)([\w.-]*(?:{_WORDS}|\bsig|signature)[\w.-]*[\"'\\]*\s*[:=]\s*)"
            r"(?:\\?\"[^\"]*\"|'[^']*'|[^\s\"'\\,;&)}\]]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|glrt-|xox[a-z]-|sk-|AKIA|ASIA)[\w-]{10,}"), HIDDEN),
    (
        re.compile(
            r"(?<![\w/+.-])(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])(?=[\w+/]*[0-9])[A-Za-z0-9+][A-Za-z0-9+/]{39,}={0,2}"
        ),
        HIDDEN,
    ),
)

Record = TypeVar("Record")


class Scrubber:
    """Takes secrets out of texts and records.

    Args:
        secrets: what is known to be secret; shorter than six characters is left to the forms.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        texts = {text for secret in secrets for text in _spellings(secret.reveal().strip())}
        longest_first = sorted(texts, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """Return a text without its secrets."""
        if self._known:
            text = self._known.sub(HIDDEN, text)
        for form, instead in _FORMS:
            text = form.sub(instead, text)
        return text

    def record(self, record: Record) -> Record:
        """Return a record of the same kind with every text in it, however deep, scrubbed."""
        scrubbed: Record = self._scrubbed(record)
        return scrubbed

    def _scrubbed(self, value: Any) -> Any:
        match value:
            case Enum() | datetime():
                return value
            case str():
                return self.text(value)
            case tuple():
                return tuple(self._scrubbed(item) for item in value)
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                names = (field.name for field in dataclasses.fields(value))
                return dataclasses.replace(
                    value, **{name: self._scrubbed(getattr(value, name)) for name in names}
                )
            case _:
                return value


def secrets_of(variables: Mapping[str, str]) -> Iterator[Secret]:
    """Yield what is secret among variables: by their names, and passwords inside URLs."""
    for name, value in variables.items():
        if _NAME.search(name) and name not in ("PWD", "OLDPWD"):
            yield Secret(value)
        yield from url_secrets(value)


def url_secrets(text: str) -> Iterator[Secret]:
    """Yield the passwords of the URLs in a text, as they stand and decoded."""
    for match in _USER_INFO.finditer(text):
        password = match[2].partition(":")[2] or match[2]
        yield Secret(password)
        yield Secret(unquote(password))


def _spellings(text: str) -> Iterator[str]:
    """Yield a secret as it stands, line by line, in a URL and in base64."""
    if len(text) < _SHORTEST:
        return
    yield from (line for line in text.splitlines() if len(line.strip()) >= _SHORTEST)
    yield quote(text, safe="")
    yield base64.b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")
