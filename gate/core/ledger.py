"""What is true after all that the ledger tells, and is the ledger whole?

`replay` folds entries into a `LedgerState`; the same entries always give the same state, and
`replay(more, replay(some))` is `replay(some + more)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.entry import Entry, Head, expected_hash
from gate.core.fold import Fold
from gate.core.ledger_state import LedgerState


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain breaks: the first number at which the ledger is not as it was written."""

    seq: int
    problem: str


def replay(entries: Iterable[Entry], start: LedgerState | None = None) -> LedgerState:
    """Return what is true after `entries`, which follow on `start`.

    Raises:
        ValueError: a field of a known kind is not as expected; the message names the entry.
    """
    fold = Fold(start or LedgerState())
    for entry in entries:
        fold.add(entry)
    return fold.state()


def verify(entries: Iterable[Entry], head: Head | None = None, after: Head | None = None) -> Break | None:
    """Return where the chain first breaks, or None where it is whole.

    An entry that was edited, removed, put in or moved shows. Whoever may write to the ledger
    could compute every later hash and the head anew: that shows only against a head that was
    noted elsewhere.

    Args:
        entries: in the order of the ledger.
        head: where the ledger says that it ends; without it a missing end does not show.
        after: what the entries follow on; the beginning by default.
    """
    last = after or Head()
    for entry in entries:
        broken = _break_at(entry, last)
        if broken:
            return broken
        last = entry.head
    if head is None or head == last:
        return None
    if head.seq > last.seq:
        return Break(seq=last.seq + 1, problem=f"missing, though the ledger counts {head.seq}")
    if head.seq < last.seq:
        return Break(seq=head.seq + 1, problem=f"put in, since the ledger counts {head.seq}")
    return Break(seq=last.seq, problem="not the entry that was written as the last one")


def _break_at(entry: Entry, last: Head) -> Break | None:
    seq = last.seq + 1
    if entry.seq != seq:
        return Break(seq=seq, problem=f"missing or moved: number {entry.seq} stands in its place")
    if entry.hash != expected_hash(entry):
        return Break(seq=seq, problem="edited: its hash is another than its content gives")
    if entry.previous != last.hash:
        return Break(seq=seq, problem="does not follow on the entry before it")
    return None
