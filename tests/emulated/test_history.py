"""`gate history` as a process: what stands in the ledger, and whether it is whole."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.entry import Note, canonical
from gate.core.event import (
    Act,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Observed,
    ReadingChanged,
    Rechecked,
    StepClosed,
    Target,
)
from gate.core.event_codec import note
from gate.core.model import Hold, Scope
from gate.fleet.state import open_state
from tests.emulated.process import run_gate

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
RUN = Target(
    provider="github", instance="https://127.0.0.1", project="acme/panda", kind="run", id="7", name="load"
)
EVENTS: tuple[Event, ...] = (
    HoldRaised(
        hold=Hold(
            id="H1",
            reason="splice at km 12",
            category="maintenance",
            until=NOW,
            scope=Scope(environments=("staging",)),
        )
    ),
    Intended(action=Act.CANCEL, target=RUN, before="in_progress", hold="H1"),
    Observed(intent=2, outcome="refused", detail="needs actions: write"),
    ReadingChanged(environment="staging", state="ready", code="ready", taken_at=NOW),
    StepClosed(
        environment="staging", code="held", provider="github", project="acme/panda", run="7", hold="H1"
    ),
    Rechecked(),
    HoldLifted(hold="H1", reason="spliced"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a ledger where `gate` looks for one by default."""
    with closing(open_state(f"sqlite:///{(tmp_path / '.gate' / 'state.db').as_posix()}")) as ledger:
        ledger.append([note(event, NOW + timedelta(minutes=i), "dana") for i, event in enumerate(EVENTS)], 0)
    return tmp_path


def tamper(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / ".gate" / "state.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_the_ledger_is_shown_oldest_first_a_line_an_entry(folder: Path) -> None:
    ran = run_gate(folder, "history")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "     1  2025-11-08T13:20:00Z  dana  hold_raised  hold H1 (manual, maintenance, for staging, "
        "until 2025-11-08T13:20:00Z): splice at km 12",
        "     2  2025-11-08T13:21:00Z  dana  intent  cancel run 7 (load) of github acme/panda, "
        "before: in_progress",
        "     3  2025-11-08T13:22:00Z  dana  outcome  of entry 2: refused: needs actions: write",
        "     4  2025-11-08T13:23:00Z  dana  reading_changed  staging: ready",
        "     5  2025-11-08T13:24:00Z  dana  step_closed  staging: github acme/panda run 7 (-, -) by hold H1",
        "     6  2025-11-08T13:25:00Z  dana  rechecked",
        "     7  2025-11-08T13:26:00Z  dana  hold_lifted  hold H1 (manual): spliced",
    ]


def test_a_whole_chain_is_called_whole_with_the_hash_to_note_elsewhere(folder: Path) -> None:
    ran = run_gate(folder, "history", "--verify")
    last = json.loads(run_gate(folder, "history", "--format", "json").stdout)["entries"][-1]["hash"]
    assert ran.code == 0
    words = f"gate: sqlite:///.gate/state.db: whole, 7 entries; the last one's hash is {last}\n"
    assert ran.stderr == words


@pytest.mark.parametrize(
    "arguments",
    [
        ("--state", "sqlite:///other.db", "history", "--verify"),
        ("history", "--verify", "--state", "sqlite:///other.db"),
        ("--state", "sqlite:///.gate/state.db", "history", "--verify", "--state", "sqlite:///other.db"),
    ],
    ids=["before the command", "behind it", "both, and the last one counts"],
)
def test_options_of_all_commands_stand_before_the_command_or_behind_it(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    with closing(open_state(f"sqlite:///{(folder / 'other.db').as_posix()}")) as ledger:
        ledger.append([note(EVENTS[0], NOW, "dana")], 0)
    ran = run_gate(folder, *arguments)
    assert ran.code == 0
    assert "gate: sqlite:///other.db: whole, 1 entries" in ran.stderr
    assert "--state URL" in run_gate(folder, "history", "--help").stdout


def test_as_json_it_is_one_object(folder: Path) -> None:
    for arguments, verified in (((), None), (("--verify",), True)):
        ran = run_gate(folder, "history", "--format", "json", *arguments)
        document = json.loads(ran.stdout)
        assert ran.code == 0
        assert {**document, "entries": len(document["entries"])} == {
            "schema": "gate.history/1",
            "entries": 7,
            "verified": verified,
            "broken": None,
        }
        first = document["entries"][0]
        assert (first["seq"], first["at"], first["kind"]) == (1, "2025-11-08T13:20:00Z", "hold_raised")
        assert first["hold"]["reason"] == "splice at km 12"


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        ("UPDATE gate_entries SET entry = replace(entry, 'dana', 'noa') WHERE seq = 3", 3, "edited"),
        ("DELETE FROM gate_entries WHERE seq = 2", 2, "missing"),
        ("DELETE FROM gate_entries WHERE seq = 7", 7, "missing, though the ledger counts 7"),
        ("UPDATE gate_entries SET entry = 'x' WHERE seq = 4", 4, "expected JSON"),
        (
            "UPDATE gate_entries SET entry = (SELECT entry FROM gate_entries o WHERE o.seq = "
            "11 - gate_entries.seq) WHERE seq IN (5, 6)",
            5,
            "missing or moved: number 6 stands in its place",
        ),
    ],
    ids=["edited", "removed", "end removed", "unreadable", "swapped"],
)
def test_a_broken_chain_is_named_by_its_first_broken_entry(
    folder: Path, statement: str, seq: int, problem: str
) -> None:
    tamper(folder, statement)
    ran = run_gate(folder, "history", "--verify")
    assert ran.code == 1
    assert f"broken at entry {seq}: {problem}" in ran.stderr
    ran = run_gate(folder, "history", "--verify", "--format", "json")
    document = json.loads(ran.stdout)
    assert (ran.code, document["verified"], document["broken"]["seq"]) == (1, False, seq)


def test_an_entry_that_cannot_be_read_is_told_without_verify_too(folder: Path) -> None:
    tamper(folder, "UPDATE gate_entries SET entry = 'x' WHERE seq = 4")
    ran = run_gate(folder, "history")
    assert ran.code == 1
    assert len(ran.stdout.splitlines()) == 3
    assert "broken at entry 4" in ran.stderr


@pytest.mark.parametrize("verified", [None, True])
def test_where_there_is_no_ledger_it_says_so_and_makes_none(tmp_path: Path, verified: bool | None) -> None:
    arguments = ["--verify"] if verified else []
    ran = run_gate(tmp_path, "history", *arguments)
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr == "gate: there is no ledger at sqlite:///.gate/state.db\n"
    ran = run_gate(tmp_path, "history", "--format", "json", *arguments)
    assert json.loads(ran.stdout) == {
        "schema": "gate.history/1",
        "entries": [],
        "verified": verified,
        "broken": None,
    }
    assert not (tmp_path / ".gate").exists()


def test_an_empty_ledger_is_called_empty(tmp_path: Path) -> None:
    open_state(f"sqlite:///{(tmp_path / 'new.db').as_posix()}").close()
    ran = run_gate(tmp_path, "--state", "sqlite:///new.db", "history", "--verify")
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr == "gate: the ledger at sqlite:///new.db is empty\n"


def test_what_outsiders_wrote_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    hostile = "\x1b[31mred\x9b2J\r\n::error::x \u202e\u2066"
    target = Target(provider=hostile, instance="x", project=hostile, kind=hostile, id=hostile, name=hostile)
    notes = [
        note(HoldRaised(hold=Hold(id=hostile, reason=hostile)), NOW, hostile),
        note(Intended(action=hostile, target=target, before=hostile), NOW, hostile),
        Note(at=NOW, by=hostile, kind=hostile, body=canonical({hostile: hostile})),
        Note(at=NOW, by="", kind="outcome", body=canonical({"intent": hostile})),
    ]
    with closing(open_state(f"sqlite:///{(tmp_path / 'x.db').as_posix()}")) as ledger:
        ledger.append(notes, 0)
    for form in ("text", "json"):
        ran = run_gate(tmp_path, "--state", "sqlite:///x.db", "history", "--format", form)
        assert ran.code == 0
        assert all(character.isprintable() or character == "\n" for character in ran.stdout)
        assert len(ran.stdout.splitlines()) == (4 if form == "text" else 1)
    assert json.loads(ran.stdout)["entries"][0]["by"] == hostile


def test_a_state_that_is_no_ledger_ends_with_78_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    for state in ("sqlite:///notes.txt", "redis://user:geheim@127.0.0.1/0"):
        ran = run_gate(tmp_path, "history", environ={"GATE_STATE": state})
        assert (ran.code, ran.stdout) == (78, "")
        assert ran.stderr.startswith("gate: state ")
        assert "geheim" not in ran.stderr
