"""`gate guard -- COMMAND`: run the command only while the gate is open, with its guards on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from gate import asking
from gate.asking import MAX_AGE
from gate.commands.say import say
from gate.config import load_config
from gate.core.verdict import exit_code
from gate.guards.startup import child_environ, guarded_locust

NOT_FOUND = 127
NOT_RUNNABLE = 126


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
    if not verdict.open:
        say(f"{verdict.reason}; not run: {click.format_filename(options.command[0])}")
        return exit_code(verdict)
    say(verdict.reason)
    try:
        if options.watch:
            return _watch(command, child, question, options.max_age)
        return _become(command, child)
    except FileNotFoundError:
        say(f"there is no command {command[0]!r}")
        return NOT_FOUND
    except OSError as error:
        say(f"cannot run {command[0]!r}: {error.strerror}")
        return NOT_RUNNABLE


def _become(command: list[str], environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code.

    On POSIX it takes this process's place, so that signals and its exit code need no passing
    through; on Windows it runs as a child in the same console.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execvpe(command[0], command, environ)
    with subprocess.Popen(command, env=environ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the console has told the command as well
                continue


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
