"""`gate guard -- COMMAND`: run the command only while the gate is open."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import click

from gate import asking
from gate.commands.say import say
from gate.config import load_config
from gate.core.verdict import exit_code
from gate.probe.snapshot import MAX_AGE

NOT_FOUND = 127
NOT_RUNNABLE = 126


def run(
    config: str | None,
    state: str | None,
    environment: str | None,
    command: Sequence[str],
    environ: Mapping[str, str],
) -> int:
    """Ask; when closed say why and return 75 or 69; when open become the command.

    On POSIX the command takes this process's place, so that signals and its exit code need
    no passing through; on Windows it runs as a child in the same console.
    """
    question = asking.prepare(load_config(config, environ), environment, state, environ, say)
    verdict = asking.ask(question, MAX_AGE, environ)
    if not verdict.open:
        say(f"{verdict.reason}; not run: {click.format_filename(command[0])}")
        return exit_code(verdict)
    say(verdict.reason)
    try:
        return _become(list(command))
    except FileNotFoundError:
        say(f"there is no command {command[0]!r}")
        return NOT_FOUND
    except OSError as error:
        say(f"cannot run {command[0]!r}: {error.strerror}")
        return NOT_RUNNABLE


def _become(command: list[str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execvp(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the console has told the command as well
                continue
