"""What does a GitLab job run, line by line, and does a line hold the rest back?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.core.work import Protects
from gate.wiring.gitlab.include import gate_part
from gate.wiring.gitlab.keys import Found, Nowhere, find, find_inherited
from gate.wiring.gitlab.model import Pipeline
from gate.wiring.yaml_text import Mapping, Node, Scalar, Sequence, resolved, text_of

MAX_LINES: Final = 5_000
_MAX_DEPTH: Final = 11  # docs.gitlab.com/ci/yaml/yaml_optimization: up to 10 levels, read 2026-11-24
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_GOES_ON: Final = re.compile(r"\|\|(?!\s*(?:exit\s+[1-9]|return\s+[1-9]|false))|&\s*$")
_LETTER: Final = re.compile(r"\w")
_TELLING: Final = 3
_LINE_END: Final = re.compile(r"\r\n?|\n")
_SET_GOES_ON: Final = re.compile(r"\s*set\s+\+(?:[a-z]*e|o\s+errexit)")
_COMMANDS: Final = re.compile(r"\|\|?|&&?|;|\$\(|`|\(|\bthen\b|\bdo\b|\belse\b")
_URL_PATH: Final = re.compile(r"(?:https?://[^\s\"'/]+|\$\{?\w+\}?)((?:/[\w.~%-]+)+)")
_RUNNERS: Final = frozenset(
    {
        *(
            "bash",
            "sh",
            "zsh",
            "python",
            "python3",
            "py",
            "node",
            "pwsh",
            "powershell",
            "call",
            "source",
            ".",
        ),
        *("sudo", "env", "exec", "time", "timeout", "nohup", "xargs", "make", "npm", "npx", "yarn", "pnpm"),
        *("run", "task", "just", "tox", "nox", "uv", "poetry"),
    }
)

_BEFORE_PROGRAM: Final = frozenset({"&", "exec", "command", "time"})


class Odd(StrEnum):
    """What stands among a job's lines and is no line of this file."""

    SETUP = "setup"  # puts `gate` on PATH
    UNSEEN = "unseen"  # another file's lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that a shell runs.

    Attributes:
        text: the line.
        node: the text of the file that it is in.
    """

    text: str
    node: Node


def head_lines(pipeline: Pipeline, name: str) -> tuple[Line | Odd, ...]:
    """Return what a job runs in one shell: its `before_script`, then its `script`."""
    reader = _Reader(pipeline=pipeline)
    before = tuple(reader.found(find_inherited(pipeline, name, "before_script")))
    return (*before, *reader.found(find(pipeline, name, "script")))


def key_lines(pipeline: Pipeline, name: str, key: str) -> tuple[Line | Odd, ...]:
    """Return the lines of one key of a job, `default` included."""
    return tuple(_Reader(pipeline=pipeline).found(find_inherited(pipeline, name, key)))


def value_lines(pipeline: Pipeline, node: Node) -> tuple[Line | Odd, ...]:
    """Return the lines that a value stands for: a text, a list, an alias or a `!reference`."""
    return tuple(_Reader(pipeline=pipeline).node(node, 0))


def runs(line: str, word: str) -> bool:
    """Return whether a line starts ``gate WORD``, with any options between."""
    words = [each for each in line.split()[:24] if "=" not in each and each not in _BEFORE_PROGRAM]
    if words[:2] in (["python", "-m"], ["python3", "-m"]):
        words = words[2:]
    program = words[0].strip("\"'").replace("\\", "/").rpartition("/")[2] if words else ""
    return program in {"gate", "gate.exe"} and word in words[1:8]


def goes_on(line: str) -> bool:
    """Return whether the line after ``gate guard -- …`` is reached though the gate is closed."""
    return _GOES_ON.search(_QUOTED.sub("''", line)) is not None


def turns_errors_off(line: str) -> bool:
    """Return whether a line lets a shell go on after an error."""
    return _SET_GOES_ON.match(line) is not None


def named(line: str, protects: Protects) -> str | None:
    """Return what a line runs or asks for that is protected by its name, or None.

    Programs, the tasks of task runners, and the parts of a URL's path are compared, with patterns
    that say at least three letters: ``*`` means every job, not every program.
    """
    if line.lstrip().startswith("#"):
        return None
    telling = tuple(each for each in protects.patterns if len(_LETTER.findall(each)) >= _TELLING)
    protects = Protects(patterns=telling)
    paths = (part for found in _URL_PATH.finditer(line) for part in found[1].split("/") if part)
    return protects.matched((*_programs(line), *paths))


def _programs(line: str) -> Iterator[str]:
    for command in _COMMANDS.split(line):
        for word in command.split():
            if word.startswith("-") or "=" in word:
                continue
            program = word.strip("\"'").rpartition("/")[2]
            yield program.partition(".")[0]
            if program not in _RUNNERS:
                break


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Follows lists, aliases and references; gives up after so many steps: they can grow without end."""

    pipeline: Pipeline
    steps: int = MAX_LINES

    def found(self, found: Found | Nowhere, depth: int = 0) -> Iterator[Line | Odd]:
        match found:
            case Found():
                yield from self.node(found.pair.value, depth)
            case Nowhere.GATE:
                yield Odd.SETUP
            case Nowhere.UNSEEN:
                yield Odd.UNSEEN
            case Nowhere.ABSENT:
                pass

    def node(self, node: Node, depth: int) -> Iterator[Line | Odd]:
        self.steps -= 1
        value = resolved(node)
        match value:
            case _ if depth > _MAX_DEPTH or self.steps < 0:
                yield Odd.UNSEEN
            case Scalar():
                for text in _LINE_END.split(value.value):
                    if text.strip():
                        yield Line(text=text, node=value)
            case Sequence(tag="!reference"):
                yield from self.referenced(tuple(text_of(item) for item in value.items), depth + 1)
            case Sequence():
                for item in value.items:
                    yield from self.node(item, depth + 1)
                    if self.steps < 0:
                        break
            case Mapping():
                pass

    def referenced(self, path: tuple[str | None, ...], depth: int) -> Iterator[Line | Odd]:
        match path:
            case (str() as name, str()) if gate_part(name, self.pipeline.gate_names) == "guard":
                yield Odd.SETUP
            case (str() as name, str() as key) if name in self.pipeline.jobs:
                yield from self.found(find(self.pipeline, name, key), depth)
            case _:
                node = _at(self.pipeline, path)
                yield from self.node(node, depth) if node else (Odd.UNSEEN,)


def _at(pipeline: Pipeline, path: tuple[str | None, ...]) -> Node | None:
    pair = pipeline.keys.get(path[0] or "") if path else None
    for key in path[1:]:
        body = resolved(pair.value) if pair else None
        pair = body.get(key) if isinstance(body, Mapping) and key is not None else None
    return pair.value if pair else None
