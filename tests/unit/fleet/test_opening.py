"""What a person is told where a ledger cannot be opened, and what a new file looks like."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.entry import Note
from gate.errors import ConfigError, Exit
from gate.fleet.state import find_state, open_state
from gate.fleet.state.protocol import Conflict, LedgerBroken
from tests.unit.fleet.postgres import PASSWORD, running_postgres

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
TICK = Note(at=datetime(2025, 11, 8, tzinfo=UTC), by="cron", kind="rechecked")


def sqlite(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def refusal(url: str) -> str:
    """Return the one line with which both ways to open refuse, the second after the first."""
    lines = set()
    for opening in (open_state, find_state):
        with pytest.raises(ConfigError) as caught:
            opening(url)
        assert caught.value.exit_code is Exit.CONFIG
        (line,) = caught.value.problems
        lines.add(line)
    (line,) = lines
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    "url",
    [
        "",
        "state.db",
        ".gate/state.db",
        "mysql://root:geheim@127.0.0.1/gate",
        "SQLITE:///x.db",
        "file:///x.db?password=geheim",
    ],
)
def test_an_unknown_scheme_is_refused_with_those_that_are_known(url: str) -> None:
    line = refusal(url)
    assert "expected a URL that begins with one of sqlite://, postgresql://, postgresql+psycopg://" in line
    assert "geheim" not in line


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/x.db", "sqlite:///file:x?uri=true"],
)
def test_a_url_without_a_file_is_refused(url: str) -> None:
    assert "expected a file, such as sqlite:///.gate/state.db" in refusal(url)


def test_a_url_that_cannot_be_read_is_refused_without_its_password() -> None:
    line = refusal("postgresql://dana:geheim@host:port/x")
    assert "expected a URL such as postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE" in line
    assert "geheim" not in line


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty, as no ledger ever is"), (b"hello world" * 200, "is not a ledger; name another file")],
)
def test_a_file_that_is_something_else_is_refused_and_kept(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    line = refusal(sqlite(path))
    assert words in line
    assert "notes.txt" in line
    assert path.read_bytes() == content


@pytest.mark.parametrize("statement", ["CREATE TABLE photos (x)", "PRAGMA user_version = 3"])
def test_another_programs_database_is_refused_and_kept(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "photos.db"
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    content = path.read_bytes()
    assert "is not a ledger (it holds" in refusal(sqlite(path))
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in refusal(sqlite(tmp_path))


def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be opened: .*; see whether this user may"):
        open_state(sqlite(tmp_path / "file" / "state.db"))


@pytest.mark.parametrize("name", ["state.db", "stæte ממתין.db", "a b%20c.db", "a@b#c.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    ledger = open_state(sqlite(tmp_path / "new folder" / name))
    ledger.append([TICK], 0)
    ledger.close()
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == [name]


def test_a_relative_path_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_state("sqlite:///.gate/state.db").close()
    assert (tmp_path / ".gate" / "state.db").is_file()


@POSIX
def test_a_new_file_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / ".gate" / "state.db"
    before = os.umask(0)
    try:
        open_state(sqlite(path)).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@contextmanager
def as_somebody() -> Iterator[Path]:
    """Yield a folder that `become_somebody` may look into, and be oneself again afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gate-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if sys.platform != "win32" and os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)
        for inner in folder.iterdir():
            inner.chmod(0o700)
        shutil.rmtree(folder)


def become_somebody(folder: Path) -> None:
    """Be a user who may not write the folder."""
    if sys.platform != "win32" and os.getuid() == 0:
        os.seteuid(65534)
    else:
        folder.chmod(0o555)


@POSIX
def test_a_file_that_may_not_be_read_is_refused_by_name() -> None:
    with as_somebody() as folder:
        path = folder / "state.db"
        open_state(sqlite(path)).close()
        path.chmod(0)
        become_somebody(folder)
        line = refusal(sqlite(path))
    assert f"{path}" in line
    assert "cannot be opened; see whether this user may read and write the file and its folder" in line


@POSIX
def test_a_folder_that_may_not_be_entered_is_refused_by_name() -> None:
    with as_somebody() as folder:
        (folder / "inner").mkdir(mode=0)
        become_somebody(folder)
        line = refusal(sqlite(folder / "inner" / "state.db"))
    assert "cannot be opened: Permission denied; see whether this user may read and write" in line


@POSIX
def test_a_folder_that_may_not_be_written_holds_no_new_ledger() -> None:
    with as_somebody() as folder:
        become_somebody(folder)
        assert find_state(sqlite(folder / "state.db")) is None
        with pytest.raises(ConfigError, match="cannot be opened: Permission denied"):
            open_state(sqlite(folder / "state.db"))


@POSIX
def test_who_may_only_read_a_ledger_reads_it_and_is_told_so_when_writing() -> None:
    with as_somebody() as folder:
        path = folder / "state.db"
        ledger = open_state(sqlite(path))
        ledger.append([TICK], 0)
        path.chmod(0o444)
        become_somebody(folder)
        assert len(list(ledger.entries())) == 1
        with pytest.raises(ConfigError, match="may not be written by this user"):
            ledger.append([TICK], 1)
        ledger.close()


def test_a_damaged_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    ledger = open_state(sqlite(path))
    ledger.append([TICK] * 200, 0)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(ConfigError, match="is damaged; put back a copy that is whole"):
        open_state(sqlite(path))


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        line = refusal(f"postgresql+psycopg://dana:g%3Aeheim@127.0.0.1:{port}/gate")
    assert line.startswith(f"state postgresql+psycopg://127.0.0.1:{port}/gate: does not answer; see whether")
    assert "eheim" not in line


def test_what_a_server_refuses_is_said_without_the_password() -> None:
    with running_postgres() as url:
        if PASSWORD.partition("@")[0].replace(":", "%3A").replace("/", "%2F") not in url:
            pytest.skip("a server that was not started here has its own users")
        unknown = refusal(url.replace("/postgres", "/nowhere"))
        wrong = refusal(url.replace("gate:", "gate:x"))
    assert "knows no such database or user; create it" in unknown
    assert "refuses user or password" in wrong
    assert "h@e" not in unknown + wrong
    assert "%40e" not in unknown + wrong


BLOCKED = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from gate.errors import MissingExtra
from gate.fleet.state import open_state
try:
    open_state({url!r})
except MissingExtra as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("blocked", "url", "extra"),
    [
        (["sqlalchemy"], "sqlite:///x.db", "fleet"),
        (["sqlalchemy"], "postgresql://127.0.0.1/x", "fleet"),
        (["psycopg"], "postgresql://127.0.0.1/x", "postgresql"),
    ],
)
def test_a_library_that_is_not_installed_is_named_by_its_extra(
    tmp_path: Path, blocked: list[str], url: str, extra: str
) -> None:
    program = BLOCKED.format(blocked=blocked, url=url)
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=30, check=False
    )
    assert f"pip install 'fiber-gate[{extra}]'" in ran.stdout.decode()
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_ledger_have_exit_codes_of_the_contract() -> None:
    assert Conflict(1, 2).exit_code is Exit.PARTLY
    broken = LedgerBroken("sqlite:///x.db", 7, "edited")
    assert broken.exit_code is Exit.CONFIG
    assert "the ledger is broken at entry 7: edited; the gate stays closed" in str(broken)
