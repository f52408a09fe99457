"""How is a verdict shown? One module a format; each turns a verdict into what is to be written.

A format has one function::

    render(verdict: Verdict, scene: Scene) -> Report

and does no I/O. `gate.commands.check` writes what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from gate.core.model import Verdict

FORMATS: Final[Mapping[str, str]] = {
    "text": "gate.report.text",
    "json": "gate.report.json",
    "github": "gate.report.github",
    "gitlab": "gate.report.gitlab",
    "jenkins": "gate.report.jenkins",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a verdict is shown.

    Attributes:
        environ: the process environment, in which CI systems name their files.
        output_dir: where files go that a format writes.
        now: the time of writing (UTC).
        token: unguessable text, different in every run, for delimiters.
        link: an address to look at, without credentials; empty where there is none.
        colour: whether the terminal shows colours.
        child: the real jobs of a GitLab child pipeline, if one was asked for.
    """

    environ: Mapping[str, str]
    output_dir: Path
    now: datetime
    token: str
    link: str = ""
    colour: bool = False
    child: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A file to write. One that is `required` fails the step if it cannot be written.

    Attributes:
        path: where to.
        content: the bytes.
        append: whether to add to what is there.
        required: whether the pipeline's decision hangs on it.
        name: what to call it in a message, for example ``GITHUB_OUTPUT``.
    """

    path: Path
    content: bytes
    append: bool = False
    required: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a format wants to be written: files first, then both streams."""

    stdout: str = ""
    stderr: str = ""
    files: tuple[OutputFile, ...] = field(default=())


class Format(Protocol):
    """A module in `FORMATS`."""

    def render(self, verdict: Verdict, scene: Scene) -> Report:
        """Return what is to be written for this verdict."""


def load_format(name: str) -> Format:
    """Return the module of a format in `FORMATS`, importing only this one."""
    return cast(Format, import_module(FORMATS[name]))
