"""What has a sweep got together so far? Several threads add to it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from gate.core.event import Act
from gate.core.receipt import Row
from gate.fleet.journal import Intent, Journal
from gate.fleet.watcher import Watcher
from gate.providers.protocol import Key


class Tally:
    """Rows and notes of a sweep, and which outcomes the ledger does not have yet.

    Args:
        watcher: told of each row.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = Lock()
        self._rows: dict[tuple[Key, Act, str], Row] = {}
        self._unwritten: list[tuple[int, Row]] = []
        self._notes: dict[str, None] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        """One row for each target and act, the last that was added.

        What stands for many targets has a row for each reason why they could not be looked at.
        """
        with self._lock:
            return tuple(self._rows.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, each once."""
        with self._lock:
            return tuple(self._notes)

    def add(self, row: Row, intent: Intent | None = None) -> None:
        """Add a row; with an intent, its outcome is to be written to the ledger."""
        with self._lock:
            self._rows[row.target.key, row.act, row.detail if row.target.id == "*" else ""] = row
            if intent is not None:
                self._unwritten.append((intent.seq, row))
            self._watcher.end(row)

    def only_write(self, row: Row, intent: Intent) -> None:
        """Write an outcome to the ledger that is no result, since something else is done instead."""
        with self._lock:
            self._unwritten.append((intent.seq, row))

    def note(self, notes: Iterable[str]) -> None:
        """Add what a person should know."""
        with self._lock:
            self._notes.update(dict.fromkeys(notes))

    def begin(self, provider: str, total: int) -> None:
        """Tell the watcher that so many targets are going to be acted on."""
        with self._lock:
            self._watcher.begin(provider, total)

    def say(self, line: str) -> None:
        """Tell the watcher a sentence."""
        with self._lock:
            self._watcher.say(line)

    def write(self, journal: Journal) -> None:
        """Append to the ledger every outcome that it does not have yet."""
        with self._lock:
            pairs, self._unwritten = self._unwritten, []
        if pairs:
            journal.observe(pairs)
