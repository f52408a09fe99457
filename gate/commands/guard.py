"""`gate guard -- COMMAND`: run the command only while the gate is open, with its guards on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from gate import asking
from gate.asking import MAX_AGE
from gate.commands import step
from gate.commands.running import run_or_say
from gate.commands.say import say
from gate.config import load_config
from gate.core.verdict import exit_code
from gate.fleet.where import given_state
from gate.guards.startup import child_environ, guarded_locust


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardOptions:
    """The options of `gate guard`; durations in seconds."""

    config: str | None = None
    state: str | None = None
    environment: str | None = None
    max_age: float = MAX_AGE
    watch: bool = False
    locust: bool = False
    command: Sequence[str] = ()


def run(options: GuardOptions, environ: Mapping[str, str]) -> int:
    """Ask; when closed say why and return 75 or 69; when open run the command.

    Returns:
        The command's exit code; 75 or 69 where it was not run, or was stopped.
    """
    command = list(options.command)
    if options.locust:
        command = guarded_locust(command) or _refuse_no_locust()
    config = load_config(options.config, environ)
    question = asking.prepare(config, options.environment, options.state, environ, say)
    child = child_environ(question.environment, options.config, environ)
    verdict = asking.ask(question, options.max_age, environ)
    step.record(verdict, given_state(options.state, config, environ), question.ledger, environ)
    if not verdict.open:
        say(f"{verdict.reason}; not run: {click.format_filename(options.command[0])}")
        return exit_code(verdict)
    say(verdict.reason)
    if not options.watch:
        return run_or_say(command, child)
    return run_or_say(command, child, lambda each, own: _watch(each, own, question, options.max_age))


def _watch(command: list[str], environ: Mapping[str, str], question: asking.Question, max_age: float) -> int:
    """Run the command and stop it when the gate closes."""
    from gate.guards.watched import run_watched

    sys.stdout.flush()
    interval = max_age or MAX_AGE
    ended = run_watched(command, environ, lambda: asking.ask(question, max_age, environ), interval)
    if ended.closed is None:
        return ended.code
    say(f"{ended.closed.reason}; stopped: {click.format_filename(command[0])}")
    return exit_code(ended.closed)


def _refuse_no_locust() -> list[str]:
    raise click.UsageError("--locust: the command runs no locust; expected: gate guard --locust -- locust …")
