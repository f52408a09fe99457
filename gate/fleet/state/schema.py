"""Which tables keep a ledger, and how does an older version's become this one's?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

from gate.core.entry import Head
from gate.errors import ConfigError

METADATA: Final = MetaData()
VERSION_TABLE: Final = Table("gate_schema", METADATA, Column("version", BigInteger, nullable=False))
ENTRIES: Final = Table(
    "gate_entries",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
)
HEAD: Final = Table(  # one row; it is what two writers meet at
    "gate_head",
    METADATA,
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)
_LOCK: Final = 0x67617465  # any number that others of this database do not use: "gate"

Migration = Callable[[Connection], None]


def _create(connection: Connection) -> None:
    METADATA.create_all(connection, checkfirst=False)
    beginning = Head()
    connection.execute(insert(HEAD).values(seq=beginning.seq, hash=beginning.hash))
    connection.execute(insert(VERSION_TABLE).values(version=0))


MIGRATIONS: Final[tuple[Migration, ...]] = (_create,)  # the first leads from nothing to version 1


def version_of(connection: Connection) -> int:
    """Return the version of the tables that are there, 0 where there are none.

    Raises:
        ValueError: there are tables, but not a ledger's; the text says what is there instead.
    """
    tables = inspect(connection)
    if not tables.has_table(VERSION_TABLE.name):
        # A database server is shared; a file that holds other tables is somebody else's.
        others = tables.get_table_names() if connection.dialect.name == "sqlite" else []
        if others or tables.has_table(ENTRIES.name):
            raise ValueError("it holds other tables")
        return 0
    versions = connection.scalars(select(VERSION_TABLE.c.version)).all()
    if len(versions) != 1 or not isinstance(versions[0], int) or versions[0] < 1:
        raise ValueError(f"its table {VERSION_TABLE.name} does not hold one version")
    return versions[0]


def refuse_newer(version: int, shown: str, known: int = len(MIGRATIONS)) -> None:
    """Raise ConfigError where tables were made by a later gate than this one."""
    if version > known:
        raise ConfigError(
            f"state {shown}: its tables are of version {version}, and this gate knows {known} at most; "
            "update fiber-gate; nothing was changed"
        )


def migrate(connection: Connection, shown: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the tables to the latest version, inside the transaction that is under way.

    Raises:
        ConfigError: they are newer than this gate.
        ValueError: what is there is no ledger.
    """
    if connection.dialect.name == "postgresql":  # two that create the same table would both fail
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    version = version_of(connection)
    refuse_newer(version, shown, len(migrations))
    for step in migrations[version:]:
        step(connection)
    if version < len(migrations):
        connection.execute(update(VERSION_TABLE).values(version=len(migrations)))
