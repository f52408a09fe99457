"""How is a ledger kept in a database? The same code for SQLite and PostgreSQL.

An append is one transaction: it locks the row of the head, compares, inserts and moves the head.
SQLite locks the whole file when the transaction begins, PostgreSQL the row; either way the second
of two writers waits for the first, sees the new head and gives up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from gate.core.entry import Entry, Head, Note, chain, encode_entry, parse_entry
from gate.errors import ConfigError
from gate.fleet.state.protocol import Conflict, Ledger, LedgerBroken
from gate.fleet.state.schema import ENTRIES, HEAD, MIGRATIONS, migrate, refuse_newer, version_of
from gate.fleet.state.trouble import explained

WRITES: Final = "gate_writes"  # the execution option of a transaction that will write


class SqlLedger:
    """A ledger in the tables of `gate.fleet.state.schema`, which must be there."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self.shown = shown
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})

    def append(self, notes: Sequence[Note], expected_seq: int) -> tuple[Entry, ...]:
        """Append all notes or none; see `gate.fleet.state.protocol.Ledger`."""
        with explained(self._engine.url, self.shown), self._writer.begin() as connection:
            found = connection.execute(select(HEAD.c.seq, HEAD.c.hash).with_for_update()).one_or_none()
            head = self._head_of(found)
            if head.seq != expected_seq:
                raise Conflict(expected_seq, head.seq)
            entries = chain(notes, head)
            if not entries:
                return ()
            try:
                connection.execute(
                    insert(ENTRIES), [{"seq": entry.seq, "entry": encode_entry(entry)} for entry in entries]
                )
            except IntegrityError:
                raise LedgerBroken(self.shown, head.seq + 1, "put in behind the end") from None
            connection.execute(update(HEAD).values(seq=entries[-1].seq, hash=entries[-1].hash))
        return entries

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind number `after`; see `gate.fleet.state.protocol.Ledger`."""
        wanted = select(ENTRIES.c.seq, ENTRIES.c.entry).where(ENTRIES.c.seq > after).order_by(ENTRIES.c.seq)
        with explained(self._engine.url, self.shown), self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return (self._parse(seq, line) for seq, line in rows)

    def head(self) -> Head:
        """Return how far the ledger says that it reaches."""
        with explained(self._engine.url, self.shown), self._engine.connect() as connection:
            return self._head_of(connection.execute(select(HEAD.c.seq, HEAD.c.hash)).one_or_none())

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _head_of(self, row: Sequence[object] | None) -> Head:
        match row:
            case (int(seq), str(hash_)):
                return Head(seq=seq, hash=hash_)
            case _:
                raise ConfigError(
                    f"state {self.shown}: is not a ledger (its end is not noted in {HEAD.name}); "
                    "put back a copy that is whole"
                )

    def _parse(self, seq: int, line: object) -> Entry:
        try:
            return parse_entry(line if isinstance(line, str) else "", f"entry {seq}")
        except ValueError as error:
            raise LedgerBroken(self.shown, seq, str(error).removeprefix(f"entry {seq}: ")) from None


def open_tables(engine: Engine, shown: str, *, create: bool) -> Ledger | None:
    """Return the ledger in a database, migrated; None where there is none and `create` is False.

    Raises:
        ConfigError: it cannot be reached, is newer than this gate, or is no ledger.
    """
    try:
        with explained(engine.url, shown):
            with engine.connect() as connection:
                version = version_of(connection)
            refuse_newer(version, shown)
            if version == 0 and not create:
                engine.dispose()
                return None
            if version < len(MIGRATIONS):
                with engine.execution_options(**{WRITES: True}).begin() as connection:
                    migrate(connection, shown)
    except ValueError as error:
        engine.dispose()
        raise ConfigError(f"state {shown}: is not a ledger ({error}); name another place") from None
    except ConfigError:
        engine.dispose()
        raise
    return SqlLedger(engine, shown)
