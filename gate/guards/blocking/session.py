"""How does a guarded pytest run begin and end?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gate import asking
from gate.config import DEFAULT_FILE, load_config
from gate.core.reason import one_line, without_credentials
from gate.errors import GateError
from gate.guards.blocking.changes import LabChanges
from gate.guards.blocking.early import EarlyHold
from gate.guards.blocking.outcome import Outcome
from gate.guards.blocking.ownership import Owners
from gate.guards.blocking.record import Record
from gate.guards.blocking.run import TestRun
from gate.guards.blocking.tally import Tally
from gate.guards.http import Guard

if TYPE_CHECKING:
    from gate.config import Config


def guard_session(config: pytest.Config, options: Any) -> None:
    """Stand before every request of this process until pytest is done.

    Raises:
        pytest.UsageError: gate's configuration is wrong; a run that was to be guarded must not
            go on without.
    """
    changes = LabChanges(asking.ask)
    notes: list[str] = []
    environ = dict(os.environ)  # tests may change theirs
    try:
        gate_config = load_config(_file_at(config.rootpath, environ), environ)
        guard = Guard(
            gate_config, environ, environment=options.gate_environment, say=notes.append, ask=changes.ask
        )
    except GateError as error:
        raise pytest.UsageError("\n".join(f"gate: {line}" for line in str(error).splitlines())) from None
    record = Record(Owners())
    run = TestRun(guard, record)
    tally = Tally(
        record,
        changes,
        config.pluginmanager,
        report=options.gate_report,
        exit_by_verdict=options.gate_exit == "closed",
    )
    header = [_header(guard, gate_config), *(f"gate: {one_line(note)}" for note in notes)]
    for plugin in (run, EarlyHold(guard, record, gate_config), Outcome(record), tally, Header(header)):
        config.pluginmanager.register(plugin, f"gate-{type(plugin).__name__.lower()}")
    run.start()


class Header:
    """Says at the head of the output what is guarded."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def pytest_report_header(self) -> list[str]:
        """Return the lines."""
        return self._lines


def _file_at(root: Path, environ: dict[str, str]) -> str | None:
    """Return the suite's own `gate.yml` where pytest runs in one of its folders and nothing else is named."""
    if Path(DEFAULT_FILE).is_file() or environ.get("GATE_CONFIG") or environ.get("GATE_FOCUS_SERVER"):
        return None
    beside = root / DEFAULT_FILE
    return str(beside) if beside.is_file() else None


def _header(guard: Guard, config: Config) -> str:
    labs = [lab.question.environment for lab in guard.labs]
    shown = ", ".join(f"{lab.name} at {without_credentials(lab.focus_server)}" for lab in labs)
    return f"gate: guards {shown}; held back while it is dark: {one_line(', '.join(config.requests))}"
