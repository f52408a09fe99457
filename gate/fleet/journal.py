"""How does a sweep keep its ledger: intents before requests leave, outcomes after?

Whatever is appended is decided anew where another gate appended first, so two sweeps at once
on one ledger end consistent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from gate.core.entry import Note
from gate.core.event import Event, Intended, Observed
from gate.core.event_codec import note
from gate.core.ledger_state import LedgerState
from gate.core.plan import Action
from gate.core.reason import one_line
from gate.core.receipt import Row
from gate.fleet.state.protocol import Ledger
from gate.fleet.state.reading import amend, read_state

Clock = Callable[[], datetime]
Events = Callable[[LedgerState], Iterable[Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An action whose intent stands in the ledger, and the number of its entry."""

    seq: int
    action: Action


class Journal:
    """A ledger, what is true in it, and who writes. Safe to use from several threads.

    Args:
        ledger: where it is kept.
        by: who writes.
        clock: gives the time (UTC).
        known: what was true before, so that only what follows need be read.

    Attributes:
        state: what was true when it was last read or written.
    """

    def __init__(self, ledger: Ledger, by: str, clock: Clock, known: LedgerState | None = None) -> None:
        self.by = by
        self.clock = clock
        self.state = read_state(ledger, known)
        self._ledger = ledger
        self._lock = Lock()

    def refresh(self) -> LedgerState:
        """Read what others have appended, and return what is true now."""
        with self._lock:
            self.state = read_state(self._ledger, self.state)
            return self.state

    def write(self, decide: Events) -> LedgerState:
        """Append in one step what `decide` finds right by the state that it is given."""
        with self._lock:
            self.state = amend(self._ledger, lambda state: self._notes(decide(state)), self.state)
            return self.state

    def intend(
        self, decide: Callable[[LedgerState], Sequence[Action]], hold: str, events: Events | None = None
    ) -> tuple[Intent, ...]:
        """Append what is about to be done, behind other `events` in the same step.

        Args:
            decide: from a state to actions; asked anew each time that somebody else was faster.
            hold: the id of the hold for whose sake.
            events: what is to be appended before the intents.
        """
        decided: list[Action] = []

        def all_events(state: LedgerState) -> list[Event]:
            decided[:] = decide(state)
            return [*(events(state) if events else ()), *(_intended(action, hold) for action in decided)]

        state = self.write(all_events)
        if not decided:
            return ()
        # They are the last entries of this append, in their order, and nothing was appended since.
        first = state.head.seq - len(decided) + 1
        return tuple(Intent(seq=first + place, action=action) for place, action in enumerate(decided))

    def observe(self, rows: Iterable[tuple[int, Row]], events: Iterable[Event] = ()) -> LedgerState:
        """Append what came of intents, given by their numbers, and further `events`."""
        all_events = [*(_observed(seq, row) for seq, row in rows), *events]
        return self.write(lambda _: all_events)

    def _notes(self, events: Iterable[Event]) -> list[Note]:
        now = self.clock()
        return [note(event, now, self.by) for event in events]


def _intended(action: Action, hold: str) -> Intended:
    return Intended(
        action=action.act, target=action.target, before=action.before, after=action.after, hold=hold
    )


def _observed(seq: int, row: Row) -> Observed:
    return Observed(
        intent=seq,
        outcome=row.outcome,
        after=row.after,
        detail=one_line(row.detail, 300),
        became=row.became,
    )
