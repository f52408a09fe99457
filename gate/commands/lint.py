"""`gate lint`: find where load could get through the pipelines that exist."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from gate.commands.pipelines import Problem, expanded, problem_of, protect_of, read_with_system
from gate.commands.say import say
from gate.core.reason import one_line
from gate.errors import Exit
from gate.wiring import SYSTEMS, load_system
from gate.wiring.records import Finding, Refused, Rule
from gate.wiring.sarif import Located, sarif_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `gate lint`."""

    files: tuple[Path, ...]
    config: str | None = None
    protect: tuple[str, ...] = ()
    system: str | None = None
    format: str = "text"


def run(options: Options, environ: Mapping[str, str]) -> int:
    """Look at every file, tell what was found, and return the exit code.

    Raises:
        ConfigError: there is a configuration, and it is wrong.
    """
    protect = protect_of(options.protect, options.config, environ)
    rules: dict[str, Rule] = {}
    found: list[Located] = []
    problems: list[Problem] = []
    count = 0
    for path in expanded(options.files):
        count += 1
        if isinstance(path, Problem):
            problems.append(path)
            continue
        try:
            found += [
                Located(path=path.as_posix(), finding=one) for one in _lint(path, protect, options, rules)
            ]
        except Refused as refused:
            problems.append(problem_of(path, refused))
    _show(options.format, found, problems, rules, count)
    if problems:
        return Exit.USAGE
    return Exit.PARTLY if found else Exit.OK


def _lint(
    path: Path, protect: Sequence[str], options: Options, rules: dict[str, Rule]
) -> tuple[Finding, ...]:
    file, system = read_with_system(path, options.system)
    module = load_system(system)
    rules.update({rule.id: rule for rule in module.RULES})
    return module.lint(file.source, protect)


def _show(
    shown_as: str,
    found: Sequence[Located],
    problems: Sequence[Problem],
    rules: Mapping[str, Rule],
    count: int,
) -> None:
    for problem in problems:
        say(str(problem))
    match shown_as:
        case "sarif":
            every = {rule.id: rule for name in SYSTEMS for rule in load_system(name).RULES}
            click.echo(
                json.dumps(sarif_log(found, [str(one) for one in problems], every), ensure_ascii=False)
            )
        case "json":
            click.echo(json.dumps(_encode(found, problems, rules, count), ensure_ascii=False))
        case _:
            for one in found:
                click.echo(_line(one, rules[one.finding.rule]))
            if not found and not problems:
                click.echo(f"nothing found in {count} {'file' if count == 1 else 'files'}")


def _line(located: Located, rule: Rule) -> str:
    finding = located.finding
    where = f"{one_line(located.path, 300)}:{finding.place.line}:{finding.place.column}"
    return f"{where}: {rule.severity}: {one_line(finding.message, 600)} [{rule.id}]"


def _encode(
    found: Sequence[Located], problems: Sequence[Problem], rules: Mapping[str, Rule], count: int
) -> dict[str, object]:
    return {
        "schema": "gate.lint/1",
        "files": count,
        "findings": [
            {
                "path": one.path,
                "line": one.finding.place.line,
                "column": one.finding.place.column,
                "rule": one.finding.rule,
                "severity": rules[one.finding.rule].severity,
                "message": one_line(one.finding.message, 600),
            }
            for one in found
        ],
        "problems": [
            {
                "path": one.path,
                "line": one.place.line,
                "column": one.place.column,
                "reason": one_line(one.reason, 600),
            }
            for one in problems
        ],
    }
