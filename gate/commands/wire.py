"""`gate wire`: put the gate into pipelines that exist, or take it out again, and show the diff."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import click

from gate.commands.check import shows_colour
from gate.commands.pipelines import Problem, expanded, problem_of, protect_of, read_with_system
from gate.commands.say import say
from gate.core.reason import one_line
from gate.errors import Exit
from gate.wiring import load_system
from gate.wiring.diff import unified_diff
from gate.wiring.disk import PipelineFile, write_pipeline
from gate.wiring.edits import apply_edits
from gate.wiring.records import Edit, Note, Refused, WireOptions, Wiring

_COLOURS = {"+": "32", "-": "31", "@": "36"}
_NEWLINE = "\n"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Outcome(StrEnum):
    """What came of one file."""

    WIRED = "wired"
    UNWIRED = "unwired"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `gate wire`."""

    files: tuple[Path, ...]
    config: str | None = None
    write: bool = False
    unwire: bool = False
    protect: tuple[str, ...] = ()
    system: str | None = None
    format: str = "text"
    wiring: WireOptions = field(default_factory=WireOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one file: what was done and its diff, or why nothing was."""

    path: str
    outcome: Outcome
    diff: str = ""
    notes: tuple[Note, ...] = ()
    problem: Problem | None = None


def run(options: Options, environ: Mapping[str, str]) -> int:
    """Wire or unwire every file by itself, tell what came of it, and return the exit code.

    Raises:
        ConfigError: there is a configuration, and it is wrong.
    """
    protect = protect_of(options.protect, options.config, environ)
    results = []
    for path in expanded(options.files):
        result = _of_problem(path) if isinstance(path, Problem) else _wire(path, protect, options)
        results.append(result)
        if options.format == "text":
            _show(result, options.write, shows_colour(environ))
    if options.format == "json":
        shown = {
            "schema": "gate.wire/1",
            "written": options.write,
            "files": [_encode(one) for one in results],
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
    outcomes = {result.outcome for result in results}
    if Outcome.UNREADABLE in outcomes:
        return Exit.USAGE
    return Exit.PARTLY if Outcome.REFUSED in outcomes else Exit.OK


def _wire(path: Path, protect: Sequence[str], options: Options) -> Result:
    try:
        file, system = read_with_system(path, options.system)
        module = load_system(system)
        if options.unwire:
            wiring = module.unwire(file.source)
        else:
            wiring = module.wire(file.source, protect, options.wiring)
        text = _written(file, wiring, options.write)
    except Refused as refused:
        return _of_problem(problem_of(path, refused))
    changed = text != file.source.text
    done = Outcome.UNWIRED if options.unwire else Outcome.WIRED
    return Result(
        path=path.as_posix(),
        outcome=done if changed else Outcome.UNCHANGED,
        diff=_diff(path, file, wiring) if changed else "",
        notes=wiring.notes,
    )


def _written(file: PipelineFile, wiring: Wiring, write: bool) -> str:
    text = apply_edits(file.source.text, wiring.edits)
    if write and text != file.source.text:
        write_pipeline(file, text)
    return text


def _of_problem(problem: Problem) -> Result:
    outcome = Outcome.UNREADABLE if problem.unreadable else Outcome.REFUSED
    return Result(path=problem.path, outcome=outcome, problem=problem)


def _show(result: Result, written: bool, colour: bool) -> None:
    """Write the diff on stdout, as the file's bytes are, and what else there is to say on stderr."""
    if result.problem:
        say(str(result.problem))
        return
    if written or not result.diff:
        click.echo(f"{result.outcome}  {one_line(result.path, 300)}")
    else:
        text = coloured(result.diff) if colour else result.diff
        click.echo(text.encode("utf-8"), nl=False)  # as bytes, so that no line end is translated
    for note in result.notes:
        where = f"{one_line(result.path, 300)}:{note.place.line}:{note.place.column}"
        say(f"{where}: note: {one_line(note.text, 600)}")


def coloured(diff: str) -> str:
    """Return a diff for a terminal, which nothing that stands in the file can command."""
    lines = []
    for line in re.split(r"(?<=\n)", diff):
        safe = _CONTROL.sub(_escaped, line)
        code = _COLOURS.get(safe[:1])
        lines.append(f"\x1b[{code}m{safe.removesuffix(_NEWLINE)}\x1b[0m\n" if code else safe)
    return "".join(lines)


def _escaped(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


def _encode(result: Result) -> dict[str, object]:
    problem = result.problem
    return {
        "path": result.path,
        "outcome": result.outcome,
        "line": problem.place.line if problem else None,
        "column": problem.place.column if problem else None,
        "reason": one_line(problem.reason, 600) if problem else "",
        "notes": [
            {"line": note.place.line, "column": note.place.column, "text": one_line(note.text, 600)}
            for note in result.notes
        ],
        "diff": result.diff,
    }


def _diff(path: Path, file: PipelineFile, wiring: Wiring) -> str:
    """Return the diff of a file, by its path from the working folder where it lies below that."""
    absolute, here = path.absolute(), Path.cwd()
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    mark = "\ufeff" if file.bom else ""  # a part of the first line to whoever applies the diff
    edits = [
        Edit(start=edit.start + len(mark), end=edit.end + len(mark), text=edit.text) for edit in wiring.edits
    ]
    return unified_diff(shown.as_posix().lstrip("/"), mark + file.source.text, edits)
