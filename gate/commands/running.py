"""How does a command of gate run the command that stands behind `--`?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from gate.commands.say import say

NOT_FOUND = 127
NOT_RUNNABLE = 126

Run = Callable[[list[str], Mapping[str, str]], int]


def become(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command and return its exit code.

    On POSIX it takes this process's place, so that signals and its exit code need no passing
    through; on Windows it runs as a child in the same console.

    Raises:
        OSError: it cannot be run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execvpe(command[0], list(command), environ)
    with subprocess.Popen(list(command), env=environ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the console has told the command as well
                continue


def run_or_say(command: Sequence[str], environ: Mapping[str, str], run: Run = become) -> int:
    """Run a command; where it cannot be, say so and return 127 or 126 as a shell does."""
    try:
        return run(list(command), environ)
    except FileNotFoundError:
        say(f"there is no command {command[0]!r}")
        return NOT_FOUND
    except OSError as error:
        say(f"cannot run {command[0]!r}: {error.strerror}")
        return NOT_RUNNABLE
