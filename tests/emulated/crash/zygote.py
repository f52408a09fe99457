"""A process that has imported everything and forks real gate processes.

Told what to do by `tests.emulated.crash.killing`: each line on stdin is an order; for each there
are two lines on stdout, the process's number, and how it ended. It has no threads, so that a fork
of it is a whole process. The server's pace, and the first look at what was stopped, are hurried.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

assert sys.platform != "win32", "there is no fork"

FIRST_LOOK = 0.02


def main() -> None:
    """Fork a process for each order."""
    _import_everything()
    gc.freeze()  # what is shared with a fork stays shared
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _be_gate(json.loads(line))
        print(pid, flush=True)  # noqa: T201
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _import_everything() -> None:
    import gate.cli
    import gate.commands.history
    import gate.commands.pause
    import gate.commands.resume
    import gate.fleet.state.sql
    import gate.providers.github.connection
    import gate.providers.gitlab.connection
    import gate.providers.jenkins.connection  # noqa: F401
    from gate.fleet import stop

    for library in ("github", "gitlab", "jenkins"):
        import_module(library)
    stop.FIRST_LOOK = FIRST_LOOK


def _be_gate(order: Mapping[str, Any]) -> NoReturn:
    """Be `gate` in a folder, with its output in two files there."""
    folder = Path(order["folder"])
    os.chdir(folder)
    for number, name in ((0, os.devnull), (1, order["stdout"]), (2, order["stderr"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        file = os.open(name, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    _watch_commits(folder / order["commits"], order["die_at"], after=order["after"])
    sys.argv = ["gate", *order["arguments"]]
    from gate.cli import main as gate_main

    gate_main()


def _watch_commits(counted: Path, die_at: int, *, after: bool) -> None:
    """Count the ledger's commits in a file, and die before or after one of them; 0 is none."""
    from sqlalchemy import Connection, Engine, event

    seen = 0

    def commit(connection: Connection) -> None:
        nonlocal seen
        seen += 1
        if seen == die_at:
            if after:
                connection.connection.commit()
            os.kill(os.getpid(), signal.SIGKILL)
        counted.write_text(str(seen), encoding="ascii")

    event.listen(Engine, "commit", commit)


if __name__ == "__main__":
    main()
