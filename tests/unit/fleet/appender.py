"""A process that appends to a ledger: `python -m tests.unit.fleet.appender URL NAME COUNT`.

Each entry that was acknowledged is printed as its number, at once. COUNT 0 never ends.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from gate.core.entry import Note, canonical
from gate.core.ledger_state import LedgerState
from gate.fleet.state import open_state
from gate.fleet.state.reading import amend


def main(url: str, name: str, count: int) -> None:
    ledger = open_state(url)
    known = LedgerState()
    for number in range(count) if count else itertools.count():

        def decide(_state: LedgerState, number: int = number) -> Sequence[Note]:
            body = canonical({"number": number, "padding": "x" * 2000})
            return [Note(at=datetime.now(UTC), by=name, kind="test", body=body)]

        known = amend(ledger, decide, known)
        print(known.head.seq, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
