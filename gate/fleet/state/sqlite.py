"""How is a ledger in an SQLite file reached, and how does such a file come to be?

It keeps SQLite's rollback journal instead of WAL, which needs two more files, a folder that its
readers may write, and a single machine (https://www.sqlite.org/wal.html, read 2026-11-24). What
WAL is better at, many writes a second beside many readers, a gate never does.
"""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.core.reason import one_line, without_credentials
from gate.errors import ConfigError, MissingExtra
from gate.fleet.state.protocol import Ledger

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT = 30.0


def open_ledger(url: str, *, create: bool) -> Ledger | None:
    """Return the ledger in this file; None where there is no file and `create` is False.

    A new file is readable for its owner only, and appears under its name when its tables are
    there: an empty file is therefore no new ledger, but one that was lost.

    Raises:
        ConfigError: the URL names no file, or the file is no ledger that can be opened.
        MissingExtra: SQLAlchemy is not installed.
    """
    try:
        from gate.fleet.state.sql import open_tables
    except ImportError:
        raise MissingExtra("fleet", "a ledger") from None
    shown = without_credentials(url)
    where = f"state {shown}"
    path = _path_of(url)
    try:
        if not _is_there(path, where):
            if not create:
                return None
            _create(path, shown)
    except OSError as error:
        words = one_line(error.strerror or str(error), 200)
        raise ConfigError(
            f"{where}: cannot be opened: {words}; see whether this user may read and write {path}"
        ) from None
    ledger = open_tables(_engine(path), shown, create=False)
    if ledger is None:
        raise ConfigError(f"{where}: is not a ledger (it holds no tables); name another file")
    return ledger


def _path_of(url: str) -> Path:
    """Return the file that a URL names, letter for letter: nothing in it is decoded."""
    name = url.removeprefix("sqlite:///")
    if name in ("", url) or "?" in name or name.startswith((":memory:", "file:")):
        raise ConfigError(
            f"state {without_credentials(url)}: expected a file, such as sqlite:///.gate/state.db, "
            "or sqlite:////var/lib/gate/state.db with its whole path"
        )
    return Path(name).expanduser()


def _is_there(path: Path, where: str) -> bool:
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return False
    if path.is_file() and size:
        return True
    what = "is empty, as no ledger ever is" if path.is_file() else "is not a file"
    raise ConfigError(f"{where}: {path} {what}; put back a copy that is whole, or name another file")


def _create(path: Path, shown: str) -> None:
    from gate.fleet.state.sql import open_tables

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    try:
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        ledger = open_tables(_engine(draft), shown, create=True)
        assert ledger is not None
        ledger.close()
        _name(draft, path)
    except FileExistsError:  # another gate was first
        pass
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, path: Path) -> None:
    """Give the file its name; raise FileExistsError where there is one of that name."""
    if sys.platform == "win32":
        draft.rename(path)
    else:
        path.hardlink_to(draft)


def _engine(path: Path) -> Engine:
    from sqlalchemy import URL, NullPool, create_engine, event

    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    """Leave transactions to `_begin`, and wait for the disk at each commit, its folder included."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = EXTRA")


def _begin(connection: Connection) -> None:
    """Begin; who will write takes the lock at once, since a reader that becomes a writer may fail."""
    from gate.fleet.state.sql import WRITES

    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
