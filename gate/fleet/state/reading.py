"""What does the ledger say now, and how is it added to on that ground alone?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate.core.entry import Entry, Head, Note
from gate.core.ledger import replay, verify
from gate.core.ledger_state import LedgerState
from gate.core.reason import one_line
from gate.errors import ConfigError
from gate.fleet.state.protocol import Conflict, Ledger, LedgerBroken

ATTEMPTS = 50


def read_entries(ledger: Ledger, after: int = 0) -> tuple[tuple[Entry, ...], Head]:
    """Return the entries behind number `after`, and the head that belongs to them.

    Others may append meanwhile: what the head counts beyond the entries is fetched, so that only
    what is really missing stays missing.

    Raises:
        LedgerBroken: an entry cannot be read.
        ConfigError: the ledger cannot be reached.
    """
    entries = list(ledger.entries(after))
    while True:
        last = entries[-1].seq if entries else after
        head = ledger.head()
        more = list(ledger.entries(last)) if head.seq > last else []
        if not more or more[-1].seq <= last:  # a number that does not rise was tampered with
            return tuple(entries), head
        entries += more


def read_state(ledger: Ledger, known: LedgerState | None = None) -> LedgerState:
    """Return what is true now, after making sure that the ledger is whole.

    Args:
        ledger: what to read.
        known: what was true before, so that only what follows need be read.

    Raises:
        LedgerBroken: it was changed in another way than by appending.
        ConfigError: the ledger cannot be reached or understood.
    """
    known = known or LedgerState()
    entries, head = read_entries(ledger, known.head.seq)
    broken = verify(entries, head=head, after=known.head)
    if broken:
        raise LedgerBroken(ledger.shown, broken.seq, broken.problem)
    if not entries:
        return known
    try:
        return replay(entries, known)
    except ValueError as error:
        raise ConfigError(
            f"state {ledger.shown}: cannot be understood: {one_line(str(error), 300)}; the gate stays "
            "closed; update fiber-gate to the version that wrote it"
        ) from None


def amend(
    ledger: Ledger,
    decide: Callable[[LedgerState], Sequence[Note]],
    known: LedgerState | None = None,
) -> LedgerState:
    """Append what `decide` finds right, and return what is true then.

    Args:
        ledger: what to add to.
        decide: from a state to the notes that it calls for, none at all included. Asked anew
            each time that someone else appended first.
        known: what was true before, so that only what follows need be read.

    Raises:
        Conflict: others were faster `ATTEMPTS` times in a row.
        LedgerBroken: it was changed in another way than by appending.
        ConfigError: the ledger cannot be reached or written.
    """
    conflict: Conflict | None = None
    for _ in range(ATTEMPTS):
        known = read_state(ledger, known)
        notes = decide(known)
        if not notes:
            return known
        try:
            return replay(ledger.append(notes, known.head.seq), known)
        except Conflict as error:
            conflict = error
    assert conflict is not None
    raise conflict
