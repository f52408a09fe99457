"""What does the ledger say of local test processes that were stopped?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gate.core.event import LOCAL_STOP, Intended, Observed, Target
from gate.core.ledger_state import Change, LedgerState
from gate.core.work import Outcome
from gate.fleet.journal import Journal
from gate.guards.processes import Process
from gate.guards.stopping.choosing import Running
from gate.guards.stopping.ending import Ended

LOCAL: Final = "local"  # in the place of a provider


class Record:
    """Writes down what is going to be stopped on this machine, and what came of it.

    Args:
        journal: the ledger.
        host: what this machine is called.
    """

    def __init__(self, journal: Journal, host: str) -> None:
        self._journal = journal
        self._host = host
        self._intents: dict[tuple[int, float], int] = {}

    def intend(self, targets: Sequence[Running]) -> None:
        """Write what is about to be stopped, in one step."""
        events = [Intended(action=LOCAL_STOP, target=self._target(one)) for one in targets]
        first = self._journal.write(lambda _: events).head.seq - len(events) + 1
        self._intents = {one.process.key: first + place for place, one in enumerate(targets)}

    def observe(self, ended: Sequence[Ended]) -> None:
        """Write what came of it."""
        events = [
            Observed(intent=self._intents[one.running.process.key], outcome=one.outcome, detail=one.detail)
            for one in ended
        ]
        self._journal.write(lambda _: events)

    def settle(self, processes: Sequence[Process]) -> None:
        """Write what came of intents that an earlier gate could not finish, where it shows by now."""
        running = {_id(process) for process in processes}
        gone = [change for change in self._unfinished(self._journal.state) if change.target.id not in running]
        events = [
            Observed(intent=change.seq, outcome=Outcome.STOPPED, detail="seen later") for change in gone
        ]
        self._journal.write(lambda _: events)

    def _unfinished(self, state: LedgerState) -> list[Change]:
        return [
            change
            for change in state.unfinished
            if change.action == LOCAL_STOP
            and (change.target.provider, change.target.instance) == (LOCAL, self._host)
        ]

    def _target(self, running: Running) -> Target:
        return Target(
            provider=LOCAL,
            instance=self._host,
            project=str(running.folder or ""),
            kind="process",
            id=_id(running.process),
            name=running.run.shown,
        )


def _id(process: Process) -> str:
    return f"{process.pid}@{process.created:.2f}"
