"""`gate replay` as a process."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.entry import Note
from gate.core.event_codec import note
from gate.core.ledger_state import LedgerState
from gate.core.recheck import decide_recheck
from gate.core.steadiness import Steadiness
from gate.fleet.state import open_state
from gate.fleet.state.reading import amend, read_state
from tests.emulated.process import run_gate
from tests.unit.core.rechecks import verdict

MINUTE = timedelta(minutes=1)
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
SAID = "RRDRRDDRRRRR"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the ledger of twelve ticks, two days ago."""
    with closing(open_state(f"sqlite:///{(tmp_path / '.gate' / 'state.db').as_posix()}")) as ledger:
        for number, letter in enumerate(SAID):
            at = BEGIN + number * MINUTE
            known = read_state(ledger).head.seq

            def decide(
                state: LedgerState, at: datetime = at, ready: bool = letter == "R", known: int = known
            ) -> list[Note]:
                decided = decide_recheck(
                    state, [verdict(ready, at)], known=known, steadiness=Steadiness(), now=at
                )
                return [note(event, at, "recheck") for event in decided.events]

            amend(ledger, decide)
    return tmp_path


def test_another_policy_is_shown_beside_what_happened(folder: Path) -> None:
    ran = run_gate(folder, "replay", "--steadiness", "open_after=1,close_after=1,steady_for=0s")
    assert (ran.code, ran.stderr) == (0, "")
    first, last = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (BEGIN, BEGIN + 11 * MINUTE))
    assert ran.stdout.splitlines() == [
        f"staging: 12 readings, {first} to {last}",
        "                                            closed  opened  closed while ready  open while dark",
        "  what happened                                  1       1             2.0 min          2.0 min",
        "  open_after=1,close_after=1,steady_for=0s       2       2             0.0 min          0.0 min",
    ]


def test_as_json_it_is_one_object(folder: Path) -> None:
    ran = run_gate(
        folder, "replay", "--steadiness", "open_after=1,close_after=1,steady_for=0s", "--format", "json"
    )
    assert ran.code == 0
    document = json.loads(ran.stdout)
    assert document["schema"] == "gate.replay/1"
    assert document["policy"] == {"open_after": 1, "close_after": 1, "steady_for_seconds": 0.0}
    (one,) = document["environments"]
    assert (one["environment"], one["readings"], one["unobserved_minutes"]) == ("staging", 12, 0.0)
    assert one["happened"] == {
        "closed": 1,
        "opened": 1,
        "closed_while_ready_minutes": 2.0,
        "open_while_dark_minutes": 2.0,
    }
    assert one["policy"]["closed"] == 2


def test_without_a_policy_it_is_the_configurations(folder: Path) -> None:
    (folder / "gate.yml").write_text(
        "environments: {staging: {focus_server: 'http://127.0.0.1:9/'}}\n"
        "steadiness: {open_after: 1, close_after: 2, steady_for: 5s}\n",
        encoding="utf-8",
    )
    assert "open_after=1,close_after=2,steady_for=5s " in run_gate(folder, "replay").stdout
    (folder / "gate.yml").unlink()
    assert "open_after=3,close_after=2,steady_for=60s " in run_gate(folder, "replay").stdout


def test_only_readings_that_are_not_older_are_counted(folder: Path) -> None:
    assert "12 readings" in run_gate(folder, "replay", "--since", "30d").stdout
    ran = run_gate(folder, "replay", "--since", "1d")
    assert (ran.code, ran.stdout) == (0, "")
    assert "there are no readings since " in ran.stderr


def test_where_there_is_no_ledger_it_says_so_and_makes_none(tmp_path: Path) -> None:
    ran = run_gate(tmp_path, "replay")
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.stderr == "gate: there is no ledger at sqlite:///.gate/state.db\n"
    assert json.loads(run_gate(tmp_path, "replay", "--format", "json").stdout)["environments"] == []
    assert not (tmp_path / ".gate").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steadiness", "open=3"], "--steadiness: expected open_after=…, close_after=…, steady_for=…"),
        (["--steadiness", "open_after=0"], "open_after: expected a whole number from 1 to 100"),
        (["--steadiness", ""], "found nothing"),
        (["--since", "yesterday"], "expected a duration such as 5s, 10m or 1h30m"),
        (["--since", "999999999d"], "found a longer one than time"),
    ],
)
def test_an_option_that_cannot_be_read_is_named(folder: Path, arguments: list[str], words: str) -> None:
    ran = run_gate(folder, "replay", *arguments)
    assert (ran.code, ran.stdout) == (2, "")
    assert words in ran.stderr


def test_a_policy_in_the_file_that_cannot_be_used_is_named_with_its_key(folder: Path) -> None:
    (folder / "gate.yml").write_text(
        "environments: {staging: {focus_server: 'http://127.0.0.1:9/'}}\nsteadiness: {steady_for: 2d}\n",
        encoding="utf-8",
    )
    ran = run_gate(folder, "replay")
    assert ran.code == 78
    assert ran.stderr == "gate: gate.yml: steadiness.steady_for: expected at most 24h, found 2d\n"


def test_a_ledger_that_was_tampered_with_is_refused(folder: Path) -> None:
    with closing(sqlite3.connect(folder / ".gate" / "state.db")) as connection:
        connection.execute("DELETE FROM gate_entries WHERE seq = 4")
        connection.commit()
    ran = run_gate(folder, "replay")
    assert (ran.code, ran.stdout) == (78, "")
    assert "the ledger is broken at entry 4" in ran.stderr
    assert "gate history --verify" in ran.stderr
