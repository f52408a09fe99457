"""What does a gate step leave behind of what it has held back, or let go on at last?

In the ledger where one is named and can be written. Elsewhere GitLab's pipeline name and Jenkins'
build description say it already, and on GitHub a file is left that the action uploads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.commands.say import say
from gate.core.reason import one_line
from gate.errors import GateError
from gate.providers import detect, step_here

if TYPE_CHECKING:
    from gate.core.event import Event, StepClosed
    from gate.core.ledger_state import LedgerState
    from gate.core.model import Verdict

CLOSED_FILE: Final = "fiber-gate-closed.json"  # in RUNNER_TEMP; `pipelines/github/action.yml` uploads it


def record(verdict: Verdict, url: str | None, ledger: LedgerState | None, environ: Mapping[str, str]) -> None:
    """Record a verdict that held something back, or one that lets go on what was held back before.

    Nothing that goes wrong here changes the verdict: it is said, and that is all.

    Args:
        verdict: what the gate step says.
        url: the ledger, where one is named.
        ledger: what it said before; None where that could not be read.
        environ: the process environment, which tells what this process is a part of.
    """
    provider = detect(environ)
    if provider is None or (verdict.open and ledger is None):
        return
    step = step_here(provider, environ)
    if step is None:
        return
    step = replace(
        step,
        environment=verdict.environment or "lab",
        code=verdict.code,
        hold=verdict.hold.id if verdict.hold else "",
    )
    if verdict.open:
        assert ledger is not None
        if url is not None and _is_owed(step, ledger):
            _write(url, ledger, _opened(step), environ)
    elif url is None or not _write(url, ledger, step, environ):
        _leave_file(step, environ)


def _write(url: str, ledger: LedgerState | None, event: Event, environ: Mapping[str, str]) -> bool:
    """Append an event to the ledger, of which `ledger` is known; return whether it stands there."""
    from gate.commands.fleet import open_journal, who

    try:
        with open_journal(url, who(None, environ), ledger) as journal:
            journal.write(lambda _: [event])
    except GateError as error:
        say(f"note: what is held back cannot be recorded: {one_line(str(error), 500)}")
        return False
    return True


def _is_owed(step: StepClosed, ledger: LedgerState) -> bool:
    """Return whether a run of the same workflow and ref was held back, and none has gone on since.

    Of a run that gate itself is starting again the outcome of that will tell.
    """
    from gate.core.held_back import held_back
    from gate.core.plan import origin_of

    for one in held_back(ledger):
        target, origin = one.change.target, origin_of(one.change)
        place = (target.provider, target.instance, target.project)
        itself = (target.id, origin.own) == (step.run, step.own or "{}")  # at another job of the same run
        same = (origin.workflow, origin.ref) == (step.workflow, step.ref) and not itself
        if one.owed and same and place == (step.provider, step.instance, step.project):
            from gate.core.recovery import is_starting

            return not is_starting(step, ledger)
    return False


def _opened(step: StepClosed) -> Event:
    from gate.core.event import StepOpened

    return StepOpened(
        environment=step.environment,
        provider=step.provider,
        project=step.project,
        run=step.run,
        instance=step.instance,
        workflow=step.workflow,
        ref=step.ref,
        commit=step.commit,
        order=step.order,
        own=step.own,
    )


def _leave_file(step: StepClosed, environ: Mapping[str, str]) -> None:
    """Leave what the action uploads as an artifact, by which `gate recheck` finds the run."""
    folder = environ.get("RUNNER_TEMP", "")
    if step.provider != "github" or not folder:
        return
    from gate.core.event_codec import note

    content = note(step, datetime.now(UTC), "").body
    try:
        Path(folder, CLOSED_FILE).write_text(f"{json.dumps(json.loads(content))}\n", encoding="utf-8")
    except OSError as error:
        say(f"note: what is held back cannot be recorded: {CLOSED_FILE}: {error.strerror or error}")
