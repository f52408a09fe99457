"""`gate recheck`, `gate check --recheck-if-overdue` and `gate debt` as processes."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.entry import Note
from gate.core.event import Rechecked
from gate.core.event_codec import note
from gate.core.hold import parse_holds
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries, read_state
from gate.sandbox.focus import FocusServer, FocusState
from tests.contract.sweeps.lab import Lab, May, State
from tests.contract.sweeps.process import TOKENS, serve_all, write_config
from tests.contract.test_recheck import hold_back
from tests.emulated.process import Ran, run_gate
from tests.unit.fleet import git_remote

QUICK = {"open_after": 1, "close_after": 1, "steady_for": "0s"}
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_OUTPUT": "out",
    "GITHUB_REPOSITORY": "acme/panda",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_WORKFLOW_REF": "acme/panda/.github/workflows/lab.yml@refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SHA": "a" * 40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A folder with a configuration and a ledger, and the lab that it names."""

    folder: Path
    focus: FocusServer

    def write(self, **more: Any) -> None:
        """Write the configuration."""
        document = {
            "environments": {"staging": {"focus_server": self.focus.url}},
            "state": "sqlite:///state.db",
            "steadiness": QUICK,
            **more,
        }
        (self.folder / "gate.yml").write_text(json.dumps(document), encoding="utf-8")

    def gate(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run gate here."""
        return run_gate(self.folder, *arguments, environ=dict(environ or {}))

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run gate, and return the JSON object that it printed."""
        ran = self.gate(*arguments, "--format", "json")
        assert ran.code == code, ran.stderr + ran.stdout
        return json.loads(ran.stdout)

    def kinds(self) -> list[str]:
        """Return the kinds of the ledger's entries."""
        with closing(open_state(self.url)) as ledger:
            return [entry.kind for entry in read_entries(ledger)[0]]

    def recheck_was(self, ago: timedelta) -> None:
        """Let a tick have been here so long ago."""
        with closing(open_state(self.url)) as ledger:
            seq = read_state(ledger).head.seq
            ledger.append([note(Rechecked(), datetime.now(UTC) - ago, "recheck")], seq)

    @property
    def url(self) -> str:
        return f"sqlite:///{(self.folder / 'state.db').as_posix()}"


@pytest.fixture
def bench(tmp_path: Path, focus: FocusServer) -> Bench:
    made = Bench(folder=tmp_path, focus=focus)
    made.write()
    return made


# Closing and opening, without a fleet.


def test_ticks_close_and_open_by_themselves_and_every_gate_step_obeys(bench: Bench) -> None:
    bench.write(steadiness={"open_after": 2, "close_after": 2, "steady_for": "0s"})
    ran = bench.gate("recheck")
    assert (ran.code, bench.kinds()) == (0, ["reading_changed", "rechecked"])
    assert ran.stdout.startswith("staging: not ready (waiting_for_fiber) in 1 of 2 readings\n")
    document = bench.json("recheck")
    (hold,) = document["holds"]
    assert (document["schema"], document["action"], document["complete"]) == ("gate.sweep/1", "recheck", True)
    assert re.fullmatch(r"auto-staging-\d+", hold["id"])
    assert (hold["by"], hold["scope"]["environments"]) == ("recheck", ["staging"])
    assert document["environments"][0]["ready"] is False
    bench.focus.state = FocusState.READY
    ran = bench.gate("check", "--max-age", "0s")
    assert ran.code == 75
    assert "not ready in 2 readings in a row since" in ran.stdout
    assert "held, 1 of 2 ready readings" in bench.gate("recheck").stdout
    document = bench.json("recheck")
    assert document["lifted"] == [hold["id"]]
    assert bench.gate("check", "--max-age", "0s").code == 0


def test_a_tick_asks_each_lab_once_and_appends_once_while_nothing_changes(bench: Bench) -> None:
    bench.gate("recheck")
    bench.focus.seen.clear()
    before = len(bench.kinds())
    bench.gate("recheck")
    assert bench.focus.seen["GET /live_metadata"] == 1
    assert bench.kinds()[before:] == ["rechecked"]


def test_an_unknown_lab_is_not_ready(bench: Bench) -> None:
    bench.focus.state = FocusState.MALFORMED
    assert "closed, not ready in 1 reading" in bench.gate("recheck").stdout
    assert bench.gate("check").code == 69


def test_a_persons_hold_is_left_alone_however_ready_the_lab_is(bench: Bench) -> None:
    bench.write(fleet=[{"provider": "jenkins", "url": "http://127.0.0.1:9", "user": "u", "token": "t"}])
    bench.gate("pause-all", "--reason", "splice", "--yes", "--timeout", "1s")
    bench.write()
    bench.focus.state = FocusState.READY
    for _ in range(3):
        ran = bench.gate("recheck")
        assert (ran.code, "which the recheck does not touch" in ran.stdout) == (0, True)
    document = bench.json("status")
    assert [hold["ownership"] for hold in document["holds"]] == ["manual"]
    assert bench.gate("check", "--max-age", "0s").code == 75


def test_many_ticks_at_once_leave_one_hold_and_a_whole_chain(bench: Bench) -> None:
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda _: bench.gate("recheck"), range(4)))
    assert [one.code for one in ran] == [0] * 4
    assert bench.kinds().count("hold_raised") == 1
    assert bench.gate("history", "--verify").code == 0


def test_a_lab_whose_configuration_is_wrong_is_named_and_the_others_are_rechecked(bench: Bench) -> None:
    labs = {"staging": {"focus_server": bench.focus.url}, "other": {"focus_server": "https://${NOT_SET}/x"}}
    bench.write(environments=labs, default_environment="staging")
    ran = bench.gate("recheck")
    assert ran.code == 78
    assert "gate.yml: environments.other.focus_server: ${NOT_SET} is not set" in ran.stderr
    assert "staging: closed" in ran.stdout
    assert "other" not in ran.stdout


def test_several_labs_are_closed_each_by_a_hold_of_its_own(bench: Bench) -> None:
    labs = {name: {"focus_server": bench.focus.url} for name in ("staging", "kefar_saba")}
    bench.write(environments=labs, default_environment="staging")
    document = bench.json("recheck")
    assert [hold["scope"]["environments"] for hold in document["holds"]] == [["staging"], ["kefar_saba"]]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"steadiness": {"open_after": 0}}, "steadiness.open_after: expected at least 1, found 0"),
        (
            {"steadiness": {"open_after": 1000}},
            "steadiness.open_after: expected a whole number from 1 to 100",
        ),
        ({"rerun": "all"}, "rerun: expected one of none, canary, newest"),
        ({"recheck_every": "0s"}, "recheck_every: expected 1s to 24h, found 0s"),
        ({"recheck_every": "often"}, "recheck_every: expected a duration such as"),
        ({"state": "redis://x"}, "expected a URL that begins with one of"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_line_that_names_the_key(
    bench: Bench, more: dict[str, Any], words: str
) -> None:
    bench.write(**more)
    command = ("check",) if "recheck_every" in more else ("recheck",)
    if "recheck_every" in more:
        with closing(open_state(bench.url)) as ledger:
            ledger.append([note(Rechecked(), datetime.now(UTC), "x")], 0)
    ran = bench.gate(*command)
    assert ran.code == 78
    assert words in ran.stderr + ran.stdout


def test_a_broken_ledger_is_refused_and_nothing_is_written(bench: Bench) -> None:
    bench.gate("recheck")
    bench.gate("recheck")
    with closing(sqlite3.connect(bench.folder / "state.db")) as base, base:
        (table,) = (
            name
            for (name,) in base.execute("select name from sqlite_master where type='table'")
            if "entr" in name
        )
        base.execute(f"delete from {table} where seq = 2")
    content = (bench.folder / "state.db").read_bytes()
    ran = bench.gate("recheck")
    assert ran.code == 78
    assert "the ledger is broken at entry 2" in ran.stderr
    assert "gate history --verify" in ran.stderr
    assert (bench.folder / "state.db").read_bytes() == content
    assert bench.gate("check", "--recheck-if-overdue").code == 78


# A ledger on a git ref.


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git_remote.alone(tmp_path / "own", monkeypatch)
    return git_remote.new_remote(tmp_path / "state.git")


def test_on_a_git_ref_it_closes_and_opens_as_on_any_ledger(bench: Bench, remote: Path) -> None:
    bench.write(state=f"git+{remote}")
    assert "closed, not ready in 1 reading" in bench.gate("recheck").stdout
    bench.focus.state = FocusState.READY
    assert bench.gate("check", "--max-age", "0s").code == 75
    assert "opened, 1 ready reading" in bench.gate("recheck").stdout
    assert bench.gate("check", "--max-age", "0s").code == 0
    assert bench.gate("history", "--verify").code == 0


def test_a_ref_that_is_no_ledger_is_refused_and_left_as_it_is(bench: Bench, remote: Path) -> None:
    git_remote.put(remote, {"README": b"a team's own"}, parent=False)
    before = git_remote.git(remote, "rev-parse", git_remote.REF)
    bench.write(state=f"git+{remote}")
    bench.focus.state = FocusState.READY
    for command in ("recheck", "check"):
        ran = bench.gate(command)
        assert ran.code == 78
        assert f"state git+{remote}#{git_remote.REF}" in ran.stderr + ran.stdout
    assert git_remote.git(remote, "rev-parse", git_remote.REF) == before


def test_a_push_that_is_refused_leaves_all_as_it_was_and_says_what_is_missing(
    bench: Bench, remote: Path
) -> None:
    bench.write(state=f"git+{remote}")
    bench.gate("recheck")  # which raises a hold
    before = git_remote.git(remote, "rev-parse", git_remote.REF)
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'you may not write here' >&2\nexit 1\n", encoding="utf-8", newline="\n")
    hook.chmod(0o755)
    bench.focus.state = FocusState.READY
    ran = bench.gate("recheck")
    assert ran.code == 78
    assert len(ran.stderr.splitlines()) == 1
    assert f"state git+{remote}#{git_remote.REF}" in ran.stderr
    assert git_remote.git(remote, "rev-parse", git_remote.REF) == before
    assert bench.gate("check", "--max-age", "0s").code == 75  # the hold stands


# The heartbeat.


def test_check_and_status_show_when_the_recheck_was_here(bench: Bench) -> None:
    assert "last recheck" not in bench.gate("check").stderr
    bench.recheck_was(timedelta(minutes=4, seconds=10))
    assert "gate: last recheck 4 min ago\n" in bench.gate("check").stderr
    assert "\nlast recheck 4 min ago\n" in bench.gate("status").stdout
    assert bench.json("status")["recheck_overdue"] is False


def test_they_warn_at_twice_the_period(bench: Bench) -> None:
    bench.write(recheck_every="2m")
    bench.recheck_was(timedelta(minutes=5))
    words = "warning: last recheck 5 min ago, and it should be here every 2m00s"
    assert words in bench.gate("check").stderr
    assert words in bench.gate("status").stdout
    assert bench.json("status")["recheck_overdue"] is True


def test_an_overdue_recheck_is_done_by_a_gate_step_and_only_then(bench: Bench) -> None:
    bench.focus.state = FocusState.READY
    ran = bench.gate("check", "--recheck-if-overdue")
    assert (ran.code, bench.kinds()) == (0, ["reading_changed", "rechecked"])
    assert "gate: recheck: staging: ready\n" in ran.stderr
    bench.gate("check", "--recheck-if-overdue")
    assert bench.kinds() == ["reading_changed", "rechecked"]


def test_a_gate_step_opens_what_a_dead_schedule_has_left_closed(bench: Bench) -> None:
    bench.gate("recheck")
    bench.focus.state = FocusState.READY
    bench.write(recheck_every="1s")
    assert bench.gate("check", "--max-age", "0s").code == 75
    time.sleep(2.1)
    ran = bench.gate("check", "--recheck-if-overdue", "--max-age", "0s")
    assert (ran.code, "opened" in ran.stderr) == (0, True)


def test_many_gate_steps_do_an_overdue_tick_once(bench: Bench) -> None:
    bench.focus.state = FocusState.READY
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(lambda _: bench.gate("check", "--recheck-if-overdue"), range(4)))
    assert [one.code for one in ran] == [0] * 4
    assert bench.kinds() == ["reading_changed", "rechecked"]


def test_a_gate_step_without_the_fleets_tokens_holds_in_the_ledger_alone(bench: Bench) -> None:
    entry = {"provider": "github", "url": "http://127.0.0.1:9", "owner": "acme", "token": "${LAB_TOKEN}"}
    bench.write(fleet=[entry])
    ran = bench.gate("check", "--recheck-if-overdue")
    assert ran.code == 75
    assert (
        "the fleet is not reached from here: gate.yml: fleet[0].token: ${LAB_TOKEN} is not set" in ran.stderr
    )
    assert bench.kinds() == ["reading_changed", "rechecked", "hold_raised"]


def test_without_a_ledger_there_is_nothing_to_recheck(bench: Bench) -> None:
    environ = {"GATE_FOCUS_SERVER": bench.focus.url}
    (bench.folder / "gate.yml").unlink()
    bench.focus.state = FocusState.READY
    ran = bench.gate("check", "--recheck-if-overdue", environ=environ)
    assert (ran.code, "no ledger is named" in ran.stderr) == (0, True)


# What is held back.


def test_a_gate_step_that_closes_is_in_debt_until_it_opens(bench: Bench) -> None:
    assert bench.gate("check", environ=GITHUB).code == 75
    assert bench.kinds() == ["step_closed"]
    ran = bench.gate("debt", "--fail")
    assert ran.code == 1
    assert "github acme/panda: .github/workflows/lab.yml at main aaaaaaaaaaaa: held back since" in ran.stdout
    assert bench.gate("debt", "--fail", "--ref", "dev").code == 0
    document = bench.json("debt", "--ref", "main")
    assert (document["schema"], document["owed"], document["debts"][0]["runs"]) == ("gate.debt/1", 1, ["77"])
    bench.focus.state = FocusState.READY
    assert bench.gate("check", "--max-age", "0s", environ={**GITHUB, "GITHUB_RUN_ATTEMPT": "2"}).code == 0
    assert bench.kinds() == ["step_closed", "step_opened"]
    assert bench.gate("debt", "--fail").code == 0


def test_a_gate_step_that_opens_records_nothing_where_nothing_is_owed(bench: Bench) -> None:
    bench.gate("recheck")
    before = bench.kinds()
    bench.focus.state = FocusState.READY
    bench.gate("recheck")
    mark = len(bench.kinds())
    assert bench.gate("check", "--max-age", "0s", environ=GITHUB).code == 0
    assert len(bench.kinds()) == mark
    assert before


def test_gate_guard_records_what_it_did_not_run(bench: Bench) -> None:
    assert bench.gate("guard", "--", "never", environ=GITHUB).code == 75
    assert bench.kinds() == ["step_closed"]


def test_a_step_that_cannot_reach_the_ledger_leaves_a_file_to_upload(bench: Bench) -> None:
    bench.write(state="git+https://127.0.0.1:9/state.git")
    temp = bench.folder / "runner"
    temp.mkdir()
    ran = bench.gate("check", environ={**GITHUB, "RUNNER_TEMP": str(temp)})
    assert ran.code == 78
    left = json.loads((temp / "fiber-gate-closed.json").read_text(encoding="utf-8"))
    assert (left["project"], left["run"], left["commit"]) == ("acme/panda", "77", "a" * 40)


def test_outside_of_a_pipeline_nothing_is_recorded(bench: Bench) -> None:
    assert bench.gate("check").code == 75
    assert not (bench.folder / "state.db").exists()


def test_without_a_ledger_a_release_is_not_cleared(bench: Bench) -> None:
    ran = bench.gate("debt")
    assert (ran.code, "there is no ledger at" in ran.stderr) == (0, True)
    assert bench.gate("debt", "--fail").code == 1


# Over the emulated fleet.


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All three emulators, and a bench."""

    bench: Bench
    labs: tuple[Lab, ...]

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run gate with the fleet's tokens, and return the JSON object that it printed."""
        ran = self.bench.gate(*arguments, "--format", "json", environ=TOKENS)
        assert ran.code == code, ran.stderr + ran.stdout
        return json.loads(ran.stdout)


@pytest.fixture
def fleet(tmp_path: Path, focus: FocusServer) -> Iterator[Fleet]:
    with ExitStack() as stack:
        labs = serve_all(stack)
        write_config(tmp_path, focus.url, labs, state="sqlite:///state.db", steadiness=QUICK)
        yield Fleet(bench=Bench(folder=tmp_path, focus=focus), labs=labs)


def test_a_lost_fibre_stops_the_fleet_and_its_return_puts_it_back(fleet: Fleet) -> None:
    things = [lab.begin() for lab in fleet.labs]
    triggers = [lab.trigger() for lab in fleet.labs]
    document = fleet.json("recheck", "--suspend-triggers")
    assert document["counts"]["stopped"] == 3
    assert [lab.state(thing) for lab, thing in zip(fleet.labs, things, strict=True)] == [State.STOPPED] * 3
    assert not any(lab.is_on(one) for lab, one in zip(fleet.labs, triggers, strict=True))
    (hold,) = document["holds"]
    for lab in fleet.labs[:2]:
        assert {one.id for text in lab.hold_texts() for one in parse_holds(text)} == {hold["id"]}
    again = fleet.json("recheck")
    assert (again["targets"], again["requests"]) == ([], {"github": 0, "gitlab": 0, "jenkins": 0})
    fleet.bench.focus.state = FocusState.READY
    document = fleet.json("recheck")
    assert document["lifted"] == [hold["id"]]
    assert document["counts"]["restored"] >= 3
    assert document["counts"]["rerun"] == 1  # one goes first
    assert all(lab.is_on(one) for lab, one in zip(fleet.labs, triggers, strict=True))
    assert [lab.hold_texts() for lab in fleet.labs] == [[], [], []]
    assert sum(lab.starts(thing) for lab, thing in zip(fleet.labs, things, strict=True)) == 1


def test_without_a_sweep_it_only_holds(fleet: Fleet) -> None:
    things = [lab.begin() for lab in fleet.labs]
    document = fleet.json("recheck", "--no-sweep")
    assert {row["action"] for row in document["targets"]} == {"hold"}
    assert [lab.state(thing) for lab, thing in zip(fleet.labs, things, strict=True)] == [State.RUNNING] * 3
    assert all(lab.hold_texts() for lab in fleet.labs[:2])
    fleet.bench.focus.state = FocusState.READY
    fleet.json("recheck")
    assert [lab.hold_texts() for lab in fleet.labs] == [[], [], []]


def test_what_is_refused_is_told_once_and_not_asked_for_at_every_tick(fleet: Fleet) -> None:
    things = [lab.begin() for lab in fleet.labs]
    fleet.labs[0].deny(May.CANCEL)
    document = fleet.json("recheck", "--timeout", "2s", code=1)
    assert document["counts"]["refused"] == 1
    assert fleet.labs[0].state(things[0]) is State.RUNNING
    assert fleet.json("recheck")["targets"] == []


def test_a_hold_that_only_a_gate_step_has_raised_reaches_the_fleet_with_the_next_tick(fleet: Fleet) -> None:
    thing = fleet.labs[0].begin()
    assert fleet.bench.gate("check", "--recheck-if-overdue").code == 75  # without the fleet's tokens
    with closing(open_state(fleet.bench.url)) as ledger:
        late = datetime.now(UTC) - timedelta(minutes=10)
        entries = read_entries(ledger)[0]
    assert fleet.labs[0].state(thing) is State.RUNNING
    assert [entry.kind for entry in entries][-1] == "hold_raised"
    base = fleet.bench.folder / "state.db"
    base.unlink()
    with closing(open_state(fleet.bench.url)) as ledger:  # the same entries, as of ten minutes ago
        ledger.append([Note(at=late, by=one.by, kind=one.kind, body=one.body) for one in entries], 0)
    assert fleet.json("recheck")["counts"]["stopped"] == 1
    assert fleet.labs[0].state(thing) is State.STOPPED


def test_status_and_debt_find_what_gate_steps_have_left_at_their_providers(fleet: Fleet) -> None:
    places = {hold_back(lab, lab.begin()) for lab in fleet.labs}
    before = [lab.server.log.count() for lab in fleet.labs]
    document = fleet.json("status")
    assert {(one["project"], run) for one in document["held_back"] for run in one["runs"]} == places
    # GitHub and GitLab list two projects each, and say which there are; Jenkins has one job. GitHub
    # lists the runs, too, where one has left an artifact.
    asked = [lab.server.log.count() - seen for lab, seen in zip(fleet.labs, before, strict=True)]
    assert asked == [4, 3, 2]
    assert "held back and not run since: 3 commits; gate debt lists them\n" in (
        fleet.bench.gate("status", environ=TOKENS).stdout
    )
    fleet.bench.gate("recheck", "--no-sweep", environ=TOKENS)
    assert fleet.json("debt", "--fail", code=1)["owed"] == 3


def test_a_server_that_cannot_be_asked_clears_no_release(fleet: Fleet) -> None:
    fleet.bench.gate("recheck", "--no-sweep", environ=TOKENS)
    assert fleet.json("debt", "--fail")["owed"] == 0
    ran = fleet.bench.gate("debt", "--fail")  # without the fleet's tokens
    assert (ran.code, "the fleet could not be asked" in ran.stderr) == (1, True)
    assert fleet.bench.gate("debt").code == 0
    fleet.labs[0].deny(May.LIST)
    ran = fleet.bench.gate("debt", "--fail", environ=TOKENS)
    assert (ran.code, "what was held back cannot be listed" in ran.stderr) == (1, True)
