"""The ledger on a git ref, as processes meet it: commands, kills at every step, and what stays."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.event import HoldRaised, Rechecked
from gate.core.event_codec import note
from gate.core.ledger import verify
from gate.core.model import Hold
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import run_gate
from tests.support import ROOT, clean_environ, need
from tests.unit.fleet import git_remote
from tests.unit.fleet.git_remote import REF, git, lines_changed

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell stands in for git")
NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
TICK = note(Rechecked(), NOW, "cron")
HELD = note(HoldRaised(hold=Hold(id="H1", reason="splice at km 12", by="dana")), NOW, "dana")


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git_remote.alone(tmp_path / "own", monkeypatch)
    return git_remote.new_remote(tmp_path / "state.git")


def written(remote: Path) -> str:
    with closing(open_state(f"git+{remote}")) as ledger:
        ledger.append([HELD, TICK], 0)
    return git(remote, "rev-parse", REF)


def test_the_ledger_is_shown_and_its_chain_checked_as_any_other(remote: Path, tmp_path: Path) -> None:
    written(remote)
    ran = run_gate(tmp_path, "--state", f"git+{remote}", "history", "--verify")
    assert ran.code == 0
    assert [line.split()[3] for line in ran.stdout.splitlines()] == ["hold_raised", "rechecked"]
    assert f"gate: git+{remote}#{REF}: whole, 2 entries" in ran.stderr


def test_the_history_of_the_ref_is_the_audit(remote: Path) -> None:
    written(remote)
    assert git(remote, "log", "--format=%an: %s", REF).splitlines() == [
        "dana: Append entries 1 to 2: hold_raised, rechecked",
        "gate: Begin a ledger",
    ]
    git(remote, "fsck", "--strict", "--no-dangling")


def test_a_hold_on_the_ref_closes_a_gate(remote: Path, tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    environ = {"GATE_FOCUS_SERVER": focus.url, "GATE_STATE": f"git+{remote}"}
    assert run_gate(tmp_path, "check", environ=environ).code == 0
    written(remote)
    ran = run_gate(tmp_path, "check", "--format", "json", environ=environ)
    assert ran.code == 75
    assert json.loads(ran.stdout)["hold"]["id"] == "H1"


BAD = {
    "missing": ("git+{folder}/nowhere.git", "there is no such repository"),
    "not a ledger": ("git+{folder}/state.git#refs/heads/main", "is not a ledger"),
    "broken": ("git+{folder}/state.git", "see gate history --verify"),
    "scheme": ("git+ftp://dana:geheim@127.0.0.1/x.git", "expected a URL that begins with one of sqlite://"),
    "ref": ("git+ssh://git@127.0.0.1/x.git#main", "expected the full name of a ref behind #"),
    "not there": ("git+https://dana:geheim@127.0.0.1:9/x.git", "does not answer"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_state_that_cannot_be_used_closes_the_gate_with_one_line(
    remote: Path, tmp_path: Path, focus: FocusServer, name: str
) -> None:
    written(remote)
    focus.state = FocusState.READY
    git_remote.put(remote, {"README": b"hello\n"}, "refs/heads/main", parent=False)
    git_remote.tamper(remote, lines_changed(lambda lines: [lines[0].replace(b"dana", b"noa"), lines[1]]))
    before = git(remote, "for-each-ref")
    url, words = BAD[name]
    environ = {"GATE_FOCUS_SERVER": focus.url, "GATE_STATE": url.format(folder=tmp_path)}
    ran = run_gate(tmp_path, "check", "--format", "json", environ=environ)
    verdict = json.loads(ran.stdout)
    assert (ran.code, verdict["open"], verdict["code"]) == (78, False, "misconfigured")
    assert words in verdict["reason"]
    assert "geheim" not in ran.stdout + ran.stderr
    assert git(remote, "for-each-ref") == before


SHIM = """#!/bin/sh
# Stands in for git: at the step that is named it does what the test says, once.
for word; do
  case "$word" in fetch|cat-file|fast-import|push) step=$word; break;; esac
done
if [ "$step" = "{step}" ] && mkdir "{once}" 2>/dev/null; then
  {act}
fi
exec "{git}" "$@"
"""
ACTS = {
    "killed before it": "kill -9 $PPID; exit 1",
    "killed, and git goes on": "kill -9 $PPID",
    "killed after it": '"{git}" "$@"; kill -9 $PPID; exit 1',
    "killed with a lock left": ": > shallow.lock; : > refs/gate/seen.lock; kill -9 $PPID; exit 1",
}


def shim(folder: Path, step: str, act: str) -> None:
    """Put a `git` into `folder` that does `act` at the first `step`."""
    real = str(need("git"))
    folder.mkdir()
    script = SHIM.format(step=step, once=folder / "once", act=act.format(git=real), git=real)
    (folder / "git").write_text(script, encoding="utf-8")
    (folder / "git").chmod(0o755)


def append(folder: Path, remote: Path, count: int, first_in_path: Path) -> tuple[int, list[int]]:
    """Append as a process of its own; return its exit code and the numbers that were acknowledged."""
    environ = dict(clean_environ(folder / "cache", GIT_CONFIG_NOSYSTEM="1", HOME=str(folder)))
    environ["PATH"] = f"{first_in_path}:{environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.unit.fleet.appender", f"git+{remote}", "x", str(count)],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, [int(line) for line in ran.stdout.split()]


@POSIX
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("step", ["fetch", "cat-file", "fast-import", "push"])
def test_a_kill_at_any_step_loses_nothing_and_the_next_run_works(
    remote: Path, tmp_path: Path, step: str, act: str
) -> None:
    assert append(tmp_path, remote, 2, tmp_path) == (0, [1, 2])
    shim(tmp_path / "bin", step, ACTS[act])
    code, acknowledged = append(tmp_path, remote, 1, tmp_path / "bin")
    assert (code, acknowledged) == (-9, [])
    code, acknowledged = append(tmp_path, remote, 2, tmp_path / "bin")
    assert code == 0
    with closing(open_state(f"git+{remote}")) as ledger:
        entries, head = read_entries(ledger)
    assert verify(entries, head=head) is None
    assert len(entries) in (4, 5)
    assert acknowledged == [len(entries) - 1, len(entries)]


@POSIX
@pytest.mark.parametrize(
    ("act", "kept"),
    [('"{git}" "$@"; exit 1', True), ("exit 1", False), ('"{git}" "$@" >/dev/null; exit 128', True)],
    ids=["answer lost", "never left", "cut off"],
)
def test_an_answer_that_is_lost_on_its_way_back_is_looked_up(
    remote: Path, tmp_path: Path, act: str, kept: bool
) -> None:
    assert append(tmp_path, remote, 1, tmp_path) == (0, [1])
    shim(tmp_path / "bin", "push", act)
    code, acknowledged = append(tmp_path, remote, 1, tmp_path / "bin")
    assert (code == 0, acknowledged) == (kept, [2] if kept else [])
    with closing(open_state(f"git+{remote}")) as ledger:
        assert ledger.head().seq == 1 + kept


@POSIX
def test_an_append_costs_five_calls_of_git_however_many_entries_it_has(remote: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    shim(tmp_path / "bin", "none", ":")
    script = (tmp_path / "bin" / "git").read_text().replace("exec ", f'echo "$step" >> {calls}\nexec ')
    (tmp_path / "bin" / "git").write_text(script)
    assert append(tmp_path, remote, 3, tmp_path / "bin")[0] == 0
    steps = calls.read_text().split()
    opening, each = ["fetch", "fast-import", "push"], ["fetch", "cat-file", "cat-file", "fast-import", "push"]
    assert steps == opening + 3 * each
