"""How is a ledger in PostgreSQL reached? Through psycopg."""

from __future__ import annotations

from importlib.util import find_spec

from gate.core.reason import without_credentials
from gate.errors import ConfigError, MissingExtra
from gate.fleet.state.protocol import Ledger

CONNECT_TIMEOUT = 10


def open_ledger(url: str, *, create: bool) -> Ledger | None:
    """Return the ledger in this database; None where there is none and `create` is False.

    Raises:
        ConfigError: the URL cannot be read, the server not be reached, or what is there is no
            ledger of this version or an older one.
        MissingExtra: SQLAlchemy or psycopg is not installed.
    """
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        from gate.fleet.state.sql import open_tables
    except ImportError:
        raise MissingExtra("fleet", "a ledger in PostgreSQL") from None
    if find_spec("psycopg") is None:
        raise MissingExtra("postgresql", "a ledger in PostgreSQL")
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        expected = "postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE"
        raise ConfigError(f"state {without_credentials(url)}: expected a URL such as {expected}") from None
    waits = {} if "connect_timeout" in parsed.query else {"connect_timeout": CONNECT_TIMEOUT}
    engine = create_engine(
        parsed,
        isolation_level="READ COMMITTED",  # what waits for the head's row must then see it anew
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=waits,
    )
    return open_tables(engine, without_credentials(url), create=create)
