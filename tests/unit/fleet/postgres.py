"""A real PostgreSQL server for tests, on loopback, gone when they are done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support import free_port, need, unprivileged

PASSWORD = "g:e/h@e%i m"
_DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the URL of a database: `GATE_POSTGRES_URL`, else that of a server started here.

    The test skips, or fails with `GATE_TEST_ALL=1`, where PostgreSQL is not installed.
    """
    given = os.environ.get("GATE_POSTGRES_URL")
    if given:
        yield given
        return
    places = sorted(_DEBIAN.glob("*/bin"), reverse=True)
    initdb, pg_ctl = need("initdb", *places), need("pg_ctl", *places)
    # Not below pytest's own folder, which another user may not enter; PostgreSQL refuses root.
    folder = Path(tempfile.mkdtemp(prefix="gate-pg-"))
    as_user = unprivileged(folder)
    try:
        yield from _serving(initdb, pg_ctl, folder, as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_schema(url: str, name: str) -> str:
    """Return the URL of a schema of its own in that database, made anew."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    engine.dispose()
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


def _serving(initdb: Path, pg_ctl: Path, folder: Path, as_user: Mapping[str, Any]) -> Iterator[str]:
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o644)
    data = folder / "data"
    settings = ["--username=gate", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
    _run([initdb, "-D", data, *settings, "--locale=C", "--no-sync"], folder, as_user)
    port = free_port()
    options = f"-h 127.0.0.1 -p {port} -c fsync=off"
    if sys.platform != "win32":
        options += f" -k {folder}"
    log = folder / "log"
    _run([pg_ctl, "-D", data, "-l", log, "-o", options, "-w", "-t", "30", "start"], folder, as_user)
    try:
        yield f"postgresql+psycopg://gate:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    finally:
        _run([pg_ctl, "-D", data, "-m", "immediate", "-w", "-t", "30", "stop"], folder, as_user)


def _run(command: list[object], folder: Path, as_user: Mapping[str, Any]) -> None:
    subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # the server inherits it, and would keep a pipe open
        stderr=subprocess.DEVNULL,
        **as_user,
    )
