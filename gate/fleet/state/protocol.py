"""What can a place that keeps a ledger do?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from gate.core.entry import Entry, Head, Note
from gate.errors import ConfigError, Exit, GateError


class Conflict(GateError):
    """Someone else appended first, so what was decided was decided on an old state.

    The caller replays and decides anew, as `gate.fleet.state.reading.amend` does.
    """

    exit_code = Exit.PARTLY

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"the ledger was to end with entry {expected}, but ends with entry {found}: "
            "another gate wrote to it at the same time; run the command again"
        )
        self.expected = expected
        self.found = found


class LedgerBroken(ConfigError):
    """The ledger is not as it was written, so what it says cannot be trusted.

    Attributes:
        seq: the first entry at which it shows.
        problem: in which way.
    """

    def __init__(self, shown: str, seq: int, problem: str) -> None:
        super().__init__(
            f"state {shown}: the ledger is broken at entry {seq}: {problem}; the gate stays closed, "
            "and nothing was written; see gate history --verify, and put back a copy that is whole"
        )
        self.seq = seq
        self.problem = problem


class Ledger(Protocol):
    """Four functions, and what the ledger is called.

    The back end numbers and chains the notes itself, in the same step that makes sure nobody
    else appended: a caller that could compute hashes before that step would have to throw them
    away after every conflict. `head` stands apart from `entries` because a back end keeps it apart
    from them, which is what makes a missing end show.

    Attributes:
        shown: the URL, as it may be shown.
    """

    shown: str

    def append(self, notes: Sequence[Note], expected_seq: int) -> tuple[Entry, ...]:
        """Append all notes or none, and return only when a crash cannot lose them.

        Raises:
            Conflict: the ledger does not end with entry `expected_seq`.
            LedgerBroken: there is an entry behind its end.
            ConfigError: the ledger cannot be written.
        """

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind number `after`, oldest first; their chain is not checked.

        Raises:
            LedgerBroken: while iterating, at the first entry that cannot be read.
            ConfigError: the ledger cannot be reached.
        """

    def head(self) -> Head:
        """Return how far the ledger says that it reaches.

        Raises:
            ConfigError: the ledger cannot be reached.
        """

    def close(self) -> None:
        """Let go of files and connections."""
