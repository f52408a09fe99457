"""What do wiring and linting say about a pipeline file, whichever system it belongs to?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol


class Severity(StrEnum):
    """How bad a finding is, in the words of SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Form(StrEnum):
    """How a GitLab file is wired; the other systems have one form."""

    GUARD = "guard"
    CHILD = "child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a text: line and column from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that lint looks for.

    Attributes:
        id: the system and the rule's name, such as ``github/ungated-job``.
        title: what is wrong, in a few words.
        severity: error where load would get through, warning where it could.
        help: why it matters and what to write instead.
    """

    id: str
    title: str
    severity: Severity
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where load could get through; `rule` is a `Rule.id`."""

    rule: str
    message: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of a text: what stands from `start` to `end` (offsets) becomes `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person should look at, though nothing is wrong."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The edits that wire or unwire a file, which do not overlap, and what to tell about them."""

    edits: tuple[Edit, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOptions:
    """What a person may choose about wiring.

    Attributes:
        form: of a GitLab file.
        aggregate: add the job that keeps a skip from looking like a pass (GitHub).
    """

    form: Form = Form.GUARD
    aggregate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A pipeline file's text.

    Attributes:
        name: the file's path as it was given, with any slashes.
        text: decoded, without a BOM; its line ends are as they are in the file.
    """

    name: str
    text: str

    @property
    def newline(self) -> str:
        """The line end that most lines have."""
        return _prevailing(self.text)


@lru_cache(maxsize=8)
def _prevailing(text: str) -> str:
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=lambda end: counts[end])


class Refused(Exception):
    """A file cannot be wired safely, so nothing is written."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"line {place.line}, column {place.column}: {reason}")
        self.place = place
        self.reason = reason


class Unreadable(Refused):
    """A file is no pipeline file that can be read: not YAML, a key given twice, too large."""


class System(Protocol):
    """A module in `gate.wiring.SYSTEMS`: text in, records out."""

    RULES: tuple[Rule, ...]

    def wire(self, source: Source, protect: Sequence[str], options: WireOptions) -> Wiring:
        """Return the edits that put the gate before every protected job.

        Raises:
            Refused: that cannot be done safely.
        """

    def unwire(self, source: Source) -> Wiring:
        """Return the edits that give back the text as it was before `wire`.

        Raises:
            Refused: what was wired has been edited since.
        """

    def lint(self, source: Source, protect: Sequence[str]) -> tuple[Finding, ...]:
        """Return what would let load through, in the order of the text.

        Raises:
            Unreadable: there is nothing to look at.
        """
