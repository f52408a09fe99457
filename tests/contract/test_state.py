"""One suite over every place that keeps a ledger: the same four functions, the same promises."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from gate.core.entry import Entry, Head, Note, canonical
from gate.core.event import HoldRaised, Rechecked
from gate.core.event_codec import note
from gate.core.ledger import verify
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold
from gate.errors import ConfigError
from gate.fleet.state import find_state, open_state
from gate.fleet.state.protocol import Conflict, Ledger, LedgerBroken
from gate.fleet.state.reading import amend, read_entries, read_state
from gate.fleet.state.schema import MIGRATIONS, migrate, version_of
from tests.support import ROOT
from tests.unit.fleet import git_remote
from tests.unit.fleet.git_remote import head_changed, lines_changed
from tests.unit.fleet.postgres import in_schema, running_postgres

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
TICK = note(Rechecked(), NOW, "cron")

OpenUrl = Callable[[], str]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql", "git"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a place where no ledger is yet."""
    if request.param == "git":
        git_remote.alone(tmp_path / "cache", monkeypatch)
        return f"git+{git_remote.new_remote(tmp_path / 'state' / 'state.git').as_posix()}"
    return sql_url(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, of a database."""
    return sql_url(request, tmp_path)


def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{(tmp_path / 'state' / 'state.db').as_posix()}"
    return in_schema(request.getfixturevalue("server"), f"t{uuid.uuid4().hex}")


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with closing(open_state(url)) as opened:
        yield opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """The same change of a ledger as no gate would make it, in tables and in files."""

    sql: str
    git: git_remote.Change


def tampering(url: str, how: Tampering) -> None:
    if url.startswith("git+"):
        git_remote.tamper(Path(url.removeprefix("git+")), how.git)
    else:
        in_tables(url, how.sql)


def in_tables(url: str, statement: str) -> None:
    engine = raw(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def raw(url: str) -> Engine:
    return create_engine(url)


def by(entries: Sequence[Entry]) -> list[str]:
    return [entry.by for entry in entries]


def test_where_no_ledger_is_none_is_found_and_none_is_made(url: str) -> None:
    assert find_state(url) is None
    assert find_state(url) is None
    open_state(url).close()
    found = find_state(url)
    assert found is not None
    found.close()


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert list(ledger.entries()) == []
    assert ledger.head() == Head()
    assert read_state(ledger) == LedgerState()


def test_what_was_appended_is_there_for_the_next_who_opens_it(url: str) -> None:
    hostile = Hold(id="H1", reason="ממתין \x00\x1b[31m \ud800 🧵")
    with closing(open_state(url)) as first:
        written = first.append([note(HoldRaised(hold=hostile), NOW, "dana"), TICK], 0)
    with closing(open_state(url)) as second:
        assert tuple(second.entries()) == written
        assert [entry.seq for entry in written] == [1, 2]
        assert second.head() == written[-1].head
        assert verify(written, head=second.head()) is None


def test_only_what_follows_is_read(ledger: Ledger) -> None:
    written = ledger.append([TICK, TICK, TICK], 0)
    assert tuple(ledger.entries(2)) == written[2:]
    assert tuple(ledger.entries(3)) == ()
    known = read_state(ledger)
    ledger.append([TICK], 3)
    assert read_state(ledger, known) == read_state(ledger)


def test_nothing_to_append_appends_nothing(ledger: Ledger) -> None:
    assert ledger.append([], 0) == ()
    assert ledger.head() == Head()


def test_who_comes_second_is_told_and_nothing_of_theirs_is_kept(ledger: Ledger) -> None:
    ledger.append([TICK], 0)
    for wrong in (0, 2):
        with pytest.raises(Conflict, match="another gate wrote") as caught:
            ledger.append([TICK, TICK], wrong)
        assert (caught.value.expected, caught.value.found) == (wrong, 1)
    assert ledger.head().seq == 1
    assert len(list(ledger.entries())) == 1


def test_all_notes_are_appended_or_none(ledger: Ledger) -> None:
    wrong = Note(at=NOW, by="dana", kind="x", body=canonical({"seq": 7}))
    with pytest.raises(ValueError, match="cannot be named 'seq'"):
        ledger.append([TICK, wrong], 0)
    assert ledger.head() == Head()
    assert list(ledger.entries()) == []


def test_who_decides_on_an_old_state_is_asked_anew(url: str) -> None:
    asked: list[int] = []
    with closing(open_state(url)) as mine, closing(open_state(url)) as theirs:

        def decide(state: LedgerState) -> Sequence[Note]:
            asked.append(state.head.seq)
            if len(asked) < 3:
                theirs.append([TICK], state.head.seq)
            return [note(Rechecked(), NOW, "me")]

        assert amend(mine, decide).head.seq == 3
        assert asked == [0, 1, 2]
        assert by(tuple(mine.entries())) == ["cron", "cron", "me"]


def test_of_two_that_append_the_very_same_on_the_same_ground_one_is_told(url: str) -> None:
    with closing(open_state(url)) as mine, closing(open_state(url)) as theirs:
        assert read_state(mine) == read_state(theirs)
        mine.append([TICK], 0)
        with pytest.raises(Conflict):
            theirs.append([TICK], 0)
        assert len(list(theirs.entries())) == 1


def test_who_finds_nothing_to_do_appends_nothing(ledger: Ledger) -> None:
    assert amend(ledger, lambda _state: ()) == LedgerState()
    assert ledger.head() == Head()


def test_who_loses_every_time_is_told(url: str) -> None:
    with closing(open_state(url)) as mine, closing(open_state(url)) as theirs:

        def decide(state: LedgerState) -> Sequence[Note]:
            theirs.append([TICK], state.head.seq)
            return [TICK]

        with pytest.raises(Conflict):
            amend(mine, decide)


def test_threads_of_one_process_may_share_a_ledger(ledger: Ledger) -> None:
    threads = [threading.Thread(target=amend, args=(ledger, lambda _state: [TICK])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    entries, head = read_entries(ledger)
    assert len(entries) == 6
    assert verify(entries, head=head) is None


def start(url: str, name: str, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.unit.fleet.appender", url, name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def test_many_processes_append_at_once_and_the_chain_has_no_gap(url: str) -> None:
    """The ledger itself is made by whichever of them is first."""
    each = 8
    processes = [start(url, f"p{number}", each) for number in range(5)]
    acknowledged: list[int] = []
    for process in processes:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        acknowledged += map(int, said.split())
    assert sorted(acknowledged) == list(range(1, 5 * each + 1))
    with closing(open_state(url)) as ledger:
        entries, head = read_entries(ledger)
    assert verify(entries, head=head) is None
    for number in range(5):
        own = [entry.fields["number"] for entry in entries if entry.by == f"p{number}"]
        assert own == list(range(each))


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_in_the_middle_loses_nothing_acknowledged(url: str, seed: int) -> None:
    chance = random.Random(seed)
    process = start(url, "killed", 0)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(chance.randint(1, 40))]
    threading.Event().wait(chance.uniform(0, 0.02))
    process.kill()
    said += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    process.wait(timeout=20)
    process.stdout.close()
    with closing(open_state(url)) as ledger:
        entries, head = read_entries(ledger)
        assert verify(entries, head=head) is None
        assert said == list(range(1, len(said) + 1))
        assert len(entries) in (len(said), len(said) + 1)
        ledger.append([TICK], head.seq)


TAMPERINGS: dict[str, tuple[Tampering, int]] = {
    "edited": (
        Tampering(
            sql="UPDATE gate_entries SET entry = replace(entry, 'cron', 'dana') WHERE seq = 2",
            git=lines_changed(lambda lines: [lines[0], lines[1].replace(b"cron", b"dana"), lines[2]]),
        ),
        2,
    ),
    "unreadable": (
        Tampering(
            sql="UPDATE gate_entries SET entry = 'garbage' WHERE seq = 2",
            git=lines_changed(lambda lines: [lines[0], b"\xff\n", lines[2]]),
        ),
        2,
    ),
    "removed": (
        Tampering(
            sql="DELETE FROM gate_entries WHERE seq = 2",
            git=lines_changed(lambda lines: [lines[0], lines[2]]),
        ),
        2,
    ),
    "end removed": (
        Tampering(sql="DELETE FROM gate_entries WHERE seq = 3", git=lines_changed(lambda lines: lines[:2])),
        3,
    ),
    "all removed": (Tampering(sql="DELETE FROM gate_entries", git=lines_changed(lambda _: [])), 1),
    "doubled": (
        Tampering(
            sql="UPDATE gate_entries SET entry = (SELECT entry FROM gate_entries AS o WHERE o.seq = 1) "
            "WHERE seq = 3",
            git=lines_changed(lambda lines: [*lines[:2], lines[0]]),
        ),
        3,
    ),
    "head earlier": (Tampering(sql="UPDATE gate_head SET seq = 2", git=head_changed(":3}", ":2}")), 3),
    "head of another": (
        Tampering(sql="UPDATE gate_head SET hash = 'x'", git=head_changed('"hash":"', '"hash":"x')),
        3,
    ),
    "put in behind": (
        Tampering(
            sql="INSERT INTO gate_entries SELECT 4, entry FROM gate_entries WHERE seq = 3",
            git=lines_changed(lambda lines: [*lines, lines[2]]),
        ),
        4,
    ),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_what_was_tampered_with_is_refused_and_not_added_to(url: str, how: str) -> None:
    change, seq = TAMPERINGS[how]
    with closing(open_state(url)) as ledger:
        ledger.append([TICK, TICK, TICK], 0)
        tampering(url, change)
        with pytest.raises(LedgerBroken, match="gate history --verify") as caught:
            amend(ledger, lambda _state: [TICK])
        assert caught.value.seq == seq


def test_an_entry_behind_the_end_is_not_written_over(url: str) -> None:
    behind = Tampering(
        sql="INSERT INTO gate_entries SELECT 2, entry FROM gate_entries",
        git=lines_changed(lambda lines: [*lines, *lines]),
    )
    with closing(open_state(url)) as ledger:
        ledger.append([TICK], 0)
        tampering(url, behind)
        with pytest.raises(LedgerBroken):
            ledger.append([TICK], 1)
        assert ledger.head().seq == 1


def test_what_this_version_cannot_understand_is_refused(ledger: Ledger) -> None:
    ledger.append([TICK, Note(at=NOW, by="dana", kind="hold_raised", body="{}")], 0)
    with pytest.raises(ConfigError, match=r"entry 2: hold: expected an object; the gate stays closed"):
        read_state(ledger)


def test_a_newer_ledger_is_refused_and_left_as_it_is(url: str) -> None:
    with closing(open_state(url)) as ledger:
        ledger.append([TICK], 0)
    newer = Tampering(sql="UPDATE gate_schema SET version = 9", git=head_changed("ledger/1", "ledger/9"))
    older = Tampering(
        sql=f"UPDATE gate_schema SET version = {len(MIGRATIONS)}", git=head_changed("ledger/9", "ledger/1")
    )
    tampering(url, newer)
    for opening in (open_state, find_state):
        with pytest.raises(ConfigError, match=r"9, and this gate knows \S+ at most; update fiber-gate"):
            opening(url)
    tampering(url, older)
    with closing(open_state(url)) as ledger:
        assert len(list(ledger.entries())) == 1


def test_an_older_ledger_is_migrated_step_by_step_and_keeps_its_entries(tables: str) -> None:
    with closing(open_state(tables)) as ledger:
        written = ledger.append([TICK], 0)
        engine = raw(tables)
        later = [
            *MIGRATIONS,
            lambda connection: connection.execute(text("CREATE TABLE gate_second (x INTEGER)")),
            lambda connection: connection.execute(text("INSERT INTO gate_second VALUES (1)")),
        ]
        with engine.begin() as connection:
            migrate(connection, "x", later)
            migrate(connection, "x", later)
        with engine.connect() as connection:
            assert version_of(connection) == 3
            assert connection.scalars(text("SELECT x FROM gate_second")).all() == [1]
        engine.dispose()
        assert tuple(ledger.entries()) == written


@pytest.mark.parametrize("statement", ["DELETE FROM gate_schema", "INSERT INTO gate_schema VALUES (1)"])
def test_tables_without_one_version_are_no_ledger(tables: str, statement: str) -> None:
    open_state(tables).close()
    in_tables(tables, statement)
    with pytest.raises(ConfigError, match="is not a ledger"):
        open_state(tables)


def test_a_ledger_without_its_end_is_none(url: str) -> None:
    with closing(open_state(url)) as ledger:
        tampering(url, Tampering(sql="DELETE FROM gate_head", git=lambda files: files.pop("head.json")))
        with pytest.raises(ConfigError, match="its end is not noted"):
            ledger.head()
        with pytest.raises(ConfigError, match="its end is not noted"):
            ledger.append([TICK], 0)
