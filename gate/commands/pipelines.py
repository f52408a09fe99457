"""Which pipeline files is a command about, and what is protected in them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.config import load_config
from gate.core.reason import one_line
from gate.wiring import SYSTEMS
from gate.wiring.disk import PipelineFile, read_pipeline
from gate.wiring.edits import place_at
from gate.wiring.files import find_pipelines, system_of
from gate.wiring.records import Place, Refused, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file was not wired or not looked at.

    Attributes:
        path: the file, as it was named or found.
        place: where in it.
        reason: one line.
        unreadable: it is no pipeline file that can be read, and not only refused.
    """

    path: str
    place: Place
    reason: str
    unreadable: bool

    def __str__(self) -> str:
        """Return it as editors read it: file, line and column first."""
        where = f"{one_line(self.path, 300)}:{self.place.line}:{self.place.column}"
        return f"{where}: {one_line(self.reason, 600)}"


def problem_of(path: Path, refused: Refused) -> Problem:
    """Return what is wrong with a file."""
    return Problem(
        path=path.as_posix(),
        place=refused.place,
        reason=refused.reason,
        unreadable=isinstance(refused, Unreadable),
    )


def expanded(paths: Sequence[Path]) -> Iterator[Path | Problem]:
    """Yield the files, and of every folder the pipeline files below it."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = list(find_pipelines(path))
        yield from found
        if not found:
            reason = "no pipeline file is below this folder"
            yield Problem(path=path.as_posix(), place=place_at("", 0), reason=reason, unreadable=True)


def read_with_system(path: Path, system: str | None) -> tuple[PipelineFile, str]:
    """Return a pipeline file and the name of its system, the given one if any.

    Raises:
        Refused: it cannot be read, or nothing tells its system.
    """
    file = read_pipeline(path)
    found = system or system_of(path.absolute().as_posix(), file.source.text)
    if found is None:
        words = f"nothing tells which system's pipeline this is; give --system {'|'.join(SYSTEMS)}"
        raise Unreadable(place_at("", 0), words)
    return file, found


def protect_of(given: Sequence[str], config: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is protected: as given, else as the configuration says, else the default.

    Raises:
        ConfigError: there is a configuration, and it is wrong.
    """
    if given:
        return tuple(given)
    # No lab is asked here, so that none needs to be named.
    named = environ.get("GATE_FOCUS_SERVER") or "http://unasked"
    return load_config(config, {**environ, "GATE_FOCUS_SERVER": named}).protect
