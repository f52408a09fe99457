"""`gate pause-all`, `gate resume-all` and `gate status` as processes, over all three CI systems at once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gate.core.hold import parse_holds
from gate.sandbox.fleet import Behaviour
from gate.sandbox.focus import FocusServer, FocusState
from tests.contract.sweeps.lab import UNPROTECTED, Call, Lab, May, State, came
from tests.contract.sweeps.process import TOKENS, serve_all, write_config, writes
from tests.emulated.process import Ran, run_gate
from tests.support import GATE, clean_environ
from tests.unit.fleet import git_remote

PAUSE = ("pause-all", "--reason", "fibre maintenance", "--timeout", "3s")
TARGET_KEYS = {"provider", "instance", "project", "kind", "id", "name", "url", "action", "outcome", "detail"}
COUNTS = {
    "matched",
    "stopped",
    "already_finished",
    "survived",
    "refused",
    "failed",
    "suspended",
    "restored",
    "changed_since",
    "rerun",
}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")


@dataclass(slots=True, kw_only=True)
class Desk:
    """A folder with a configuration, and the fleet that it names."""

    folder: Path
    focus: FocusServer
    labs: tuple[Lab, ...]
    environ: dict[str, str] = field(default_factory=lambda: dict(TOKENS))

    @property
    def github(self) -> Lab:
        """The emulated GitHub."""
        return self.labs[0]

    def gate(self, *arguments: str, environ: Mapping[str, str] | None = None, **more: Any) -> Ran:
        """Run gate here."""
        return run_gate(self.folder, *arguments, environ={**self.environ, **(environ or {})}, **more)

    def json(self, *arguments: str, code: int = 0, environ: Mapping[str, str] | None = None) -> Any:
        """Run gate, and return the JSON object that it printed."""
        ran = self.gate(*arguments, "--format", "json", environ=environ)
        assert ran.code == code, ran.stderr + ran.stdout
        return json.loads(ran.stdout)

    def popen(self, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start gate here."""
        environ = clean_environ(self.folder / "cache", **self.environ)
        return subprocess.Popen([str(GATE), *arguments], cwd=self.folder, env=environ, **more)

    def changes(self) -> list[str]:
        """Return what was asked of any lab that may change something."""
        return [line for lab in self.labs for line in writes(lab)]

    def asked(self) -> int:
        """Return how many requests came in all."""
        return sum(lab.server.log.count() for lab in self.labs)


@pytest.fixture
def desk(tmp_path: Path, focus: FocusServer) -> Iterator[Desk]:
    """All three, and a lab that waits for fibre."""
    with ExitStack() as stack:
        labs = serve_all(stack)
        write_config(tmp_path, focus.url, labs)
        yield Desk(folder=tmp_path, focus=focus, labs=labs)


def outcomes(document: Any, action: str) -> list[str]:
    return sorted(row["outcome"] for row in document["targets"] if row["action"] == action)


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("count", [1, 12])
def test_on_a_git_ref_a_pause_costs_three_pushes_whatever_its_size(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    git_remote.alone(tmp_path / "own", monkeypatch)
    remote = git_remote.new_remote(tmp_path / "state.git")
    pushes = git_remote.counted(remote)
    desk.environ["GATE_STATE"] = f"git+{remote}"
    assert desk.gate("recheck").code == 0  # begins the ledger
    before = pushes()
    things = [lab.begin(project=number % 2) for lab in desk.labs for number in range(count)]
    for lab in desk.labs:
        lab.trigger()
    document = desk.json(*PAUSE, "--suspend-triggers", "--yes")
    assert document["counts"]["stopped"] == len(things)
    assert pushes() - before == 3


def test_a_dry_run_shows_the_plan_and_sends_only_reads(desk: Desk) -> None:
    things = [lab.begin() for lab in desk.labs]
    desk.github.begin(name=UNPROTECTED)
    ran = desk.gate(*PAUSE, "--dry-run")
    assert ran.code == 0
    assert re.search(r"^github 127\.0\.0\.1:\d+ acme: 1 run of 2 in flight$", ran.stdout, re.M)
    assert "\n  acme/panda: stop 1 (load-live)\n" in ran.stdout
    assert re.search(r"^gitlab 127\.0\.0\.1:\d+ acme: 1 job of \d in flight$", ran.stdout, re.M)
    assert re.search(r"^about \d+ requests, \d+s or more$", ran.stdout, re.M)
    assert "pause: a dry run, nothing was changed\n" in ran.stdout
    assert desk.changes() == []
    assert [lab.state(thing) for lab, thing in zip(desk.labs, things, strict=True)] == [State.RUNNING] * 3
    assert [lab.hold_texts() for lab in desk.labs] == [[], [], []]
    assert not (desk.folder / ".gate").exists()


def test_a_dry_run_as_json_leaves_stdout_to_the_object(desk: Desk) -> None:
    desk.github.begin()
    desk.github.trigger()
    document = desk.json(*PAUSE, "--dry-run", "--suspend-triggers")
    assert outcomes(document, "cancel") == ["planned"]
    assert set(outcomes(document, "suspend")) == {"planned"}
    assert document["complete"] is True
    assert desk.changes() == []


def test_without_a_terminal_somebody_must_say_yes(desk: Desk) -> None:
    desk.github.begin()
    for arguments in (PAUSE, ("resume-all",)):
        ran = desk.gate(*arguments)
        assert ran.code == 2
        assert "nobody can be asked here, since this is no terminal: add --yes" in ran.stderr
    assert desk.asked() == 0


@POSIX
@pytest.mark.parametrize(("answer", "code", "state"), [("n", 1, State.RUNNING), ("y", 0, State.STOPPED)])
def test_on_a_terminal_a_person_is_asked(desk: Desk, answer: str, code: int, state: State) -> None:
    thing = desk.github.begin()
    ended, text = on_a_terminal(desk, PAUSE, answer)
    assert ended == code, text
    assert "acme/panda: stop 1 (load-live)" in text
    assert "Raise hold h-" in text
    assert ("nothing was changed" in text) is (answer == "n")
    assert desk.github.state(thing) is state
    assert bool(desk.changes()) is (answer == "y")


def on_a_terminal(desk: Desk, arguments: tuple[str, ...], answer: str) -> tuple[int, str]:
    """Run gate on a pseudo terminal, answer what it asks, and return its exit code and all it showed."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo terminals")
    import pty

    ours, theirs = pty.openpty()
    process = desk.popen(*arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not part:
            break
        shown += part
        if b"[y/N]" in shown and answer:
            os.write(ours, f"{answer}\n".encode())
            answer = ""
    os.close(ours)
    return process.wait(timeout=30), shown.decode("utf-8", "replace")


def test_a_pause_closes_everything_and_a_resume_gives_it_back(desk: Desk) -> None:
    things = [lab.begin() for lab in desk.labs]
    others = [lab.begin(name=UNPROTECTED) for lab in desk.labs]
    triggers = [lab.trigger() for lab in desk.labs]
    paused = desk.json(*PAUSE, "--yes", "--suspend-triggers", "--category", "maintenance", "--by", "dana")
    assert paused["schema"] == "gate.sweep/1"
    assert (paused["action"], paused["complete"]) == ("pause", True)
    assert {"schema", "action", "hold", "complete", "seconds", "counts", "targets", "requests"} <= set(paused)
    assert set(paused["counts"]) == COUNTS
    assert all(set(row) >= TARGET_KEYS for row in paused["targets"])
    assert (paused["counts"]["matched"], paused["counts"]["stopped"]) == (3, 3)
    assert set(paused["requests"]) == {"github", "gitlab", "jenkins"}
    assert paused["requests"] == {lab.provider: lab.server.log.count() for lab in desk.labs}
    assert paused["hold"]["reason"] == "fibre maintenance"
    assert (paused["hold"]["by"], paused["hold"]["category"]) == ("dana", "maintenance")
    assert [lab.state(thing) for lab, thing in zip(desk.labs, things, strict=True)] == [State.STOPPED] * 3
    assert [lab.state(thing) for lab, thing in zip(desk.labs, others, strict=True)] == [State.RUNNING] * 3
    assert [lab.is_on(one) for lab, one in zip(desk.labs, triggers, strict=True)] == [False] * 3
    desk.focus.state = FocusState.READY
    resumed = desk.json("resume-all", "--yes", "--rerun", "newest")
    assert (resumed["action"], resumed["complete"]) == ("resume", True)
    assert resumed["hold"]["id"] == paused["hold"]["id"]
    assert (resumed["counts"]["rerun"], outcomes(resumed, "lift")) == (3, ["lifted"] * 2)
    assert [lab.starts(thing) for lab, thing in zip(desk.labs, things, strict=True)] == [1, 1, 1]
    assert [lab.is_on(one) for lab, one in zip(desk.labs, triggers, strict=True)] == [True] * 3
    assert [lab.hold_texts() for lab in desk.labs] == [[], [], []]
    assert desk.gate("history", "--verify").code == 0


def test_the_hold_is_raised_before_anything_is_stopped(desk: Desk) -> None:
    desk.github.begin()
    assert desk.gate(*PAUSE, "--yes").code == 0
    kinds = [re.sub(r".*/(variables|cancel|statuses)\b.*", r"\1", line) for line in writes(desk.github)]
    assert kinds == ["variables", "cancel", "statuses"]
    history = desk.gate("history", "--format", "json").stdout
    assert json.loads(history)["entries"][0]["kind"] == "hold_raised"


def test_a_gate_step_in_the_fleet_is_closed_by_the_variable_and_by_the_ledger(desk: Desk) -> None:
    write_config(desk.folder, desk.focus.url, desk.labs, state="sqlite:///lab.db")
    desk.focus.state = FocusState.READY
    assert desk.gate("check", "--max-age", "0s").code == 0
    desk.json(*PAUSE, "--yes")
    (text,) = desk.github.hold_texts()
    alone = {"GATE_HOLD": text, "GATE_FOCUS_SERVER": desk.focus.url, "GATE_CONFIG": ""}
    step = desk.folder / "step"
    step.mkdir()
    assert run_gate(step, "check", environ=alone).code == 75
    ran = desk.gate("check")
    assert ran.code == 75
    assert "fibre maintenance" in ran.stdout


def test_the_exit_code_says_that_something_survived_and_the_receipt_names_it(desk: Desk) -> None:
    desk.github.begin(behaviour=Behaviour.STUCK)
    ran = desk.gate(*PAUSE, "--yes", "--provider", "github")
    assert ran.code == 1
    assert "pause: DONE IN PART, 1 not done or not proven\n" in ran.stdout
    assert re.search(
        r"SURVIVED: github acme/panda load-live \(run \d+\): it still is in_progress after 3 s, "
        r"though it was asked harder\n",
        ran.stdout,
    )
    assert "SURVIVED" in ran.stderr


def test_without_force_nothing_is_asked_harder(desk: Desk) -> None:
    desk.github.begin(behaviour=Behaviour.NEEDS_FORCE)
    ran = desk.gate(*PAUSE, "--yes", "--provider", "github", "--no-force")
    assert ran.code == 1
    assert not any("force-cancel" in line for line in writes(desk.github))


def test_a_refusal_names_the_permission(desk: Desk) -> None:
    desk.github.begin()
    desk.github.deny(May.CANCEL)
    ran = desk.gate(*PAUSE, "--yes", "--provider", "github")
    assert ran.code == 1
    assert "REFUSED: github acme/panda load-live" in ran.stdout
    assert "the token lacks actions: write (a classic token: the scope repo)" in ran.stdout


def test_a_second_pause_adds_a_hold_and_one_of_them_is_lifted(desk: Desk) -> None:
    first = desk.json(*PAUSE, "--yes")["hold"]["id"]
    late = desk.github.begin()
    second = desk.json("pause-all", "--reason", "a demo", "--yes", "--timeout", "3s")["hold"]["id"]
    assert desk.github.state(late) is State.STOPPED
    assert holds_of(desk.github) == [first, second]
    ran = desk.gate("resume-all", "--hold", first, "--yes")
    assert ran.code == 0
    assert f"hold {first} by" in ran.stderr
    assert f"hold {second} (manual) stays: a demo" in ran.stderr
    assert holds_of(desk.github) == [second]
    assert [hold["id"] for hold in desk.json("status")["holds"]] == [second]
    assert desk.gate("resume-all", "--yes").code == 0
    assert [lab.hold_texts() for lab in desk.labs] == [[], [], []]


def holds_of(lab: Lab) -> list[str]:
    return [hold.id for text in lab.hold_texts() for hold in parse_holds(text)]


def test_the_status_fits_on_a_screen_and_says_what_is_paused_where(desk: Desk) -> None:
    ran = desk.gate("status")
    assert (ran.code, "holds: none\n" in ran.stdout, "paused: nothing\n" in ran.stdout) == (0, True, True)
    desk.github.begin()
    desk.github.trigger()
    desk.json(*PAUSE, "--yes", "--until", "2h", "--suspend-triggers")
    ran = desk.gate("status")
    assert ran.code == 0
    assert ran.stdout.startswith("CLOSED  staging: ")
    assert re.search(
        r"\n  h-\w+ \(manual\) by \S+, \d+s old, until \d\d:\d\dZ: fibre maintenance\n", ran.stdout
    )
    assert "\n  github acme: held by its variable\n" in ran.stdout
    assert "\n  github acme/panda: 2 triggers suspended, 1 stopped\n" in ran.stdout
    assert "\nlast recheck: never\n" in ran.stdout
    assert len(ran.stdout.splitlines()) < 25
    document = desk.json("status")
    assert (document["schema"], document["unfinished"]) == ("gate.status/1", [])
    assert {one["environment"]: one["open"] for one in document["environments"]} == {"staging": False}


def test_two_pauses_at_once_on_one_ledger_end_consistent(desk: Desk) -> None:
    things = [lab.begin() for lab in desk.labs for _ in range(4)]
    both = [desk.popen(*PAUSE, "--yes", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr.decode()
    owners = [lab for lab in desk.labs for _ in range(4)]
    assert {lab.state(thing) for lab, thing in zip(owners, things, strict=True)} == {State.STOPPED}
    status = desk.json("status")
    standing = {hold["id"] for hold in status["holds"]}
    assert (len(standing), status["unfinished"]) == (2, [])
    assert [set(holds_of(lab)) for lab in desk.labs] == [standing, standing, set()]
    assert desk.gate("history", "--verify").code == 0
    assert desk.gate("resume-all", "--yes").code == 0
    assert [lab.hold_texts() for lab in desk.labs] == [[], [], []]


@POSIX
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_middle_it_says_so_and_the_rest_is_put_right_later(
    desk: Desk, sent: signal.Signals
) -> None:
    thing = desk.github.begin(behaviour=Behaviour.STUCK)
    trigger = desk.github.trigger()
    process = desk.popen(
        "pause-all",
        *("--reason", "x", "--yes", "--suspend-triggers", "--timeout", "10m", "--format", "json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: came(desk.github, Call.CANCEL))
    process.send_signal(sent)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr.decode()
    assert "Traceback" not in stderr.decode()
    document = json.loads(stdout)
    assert (document["interrupted"], document["complete"]) == (True, False)
    assert outcomes(document, "hold") == ["held", "held"]
    assert len(holds_of(desk.github)) == 1
    assert desk.json("status")["unfinished"] != []
    desk.github.end(thing)
    ran = desk.gate("resume-all", "--yes")
    assert ran.code == 0, ran.stdout
    assert desk.github.is_on(trigger)
    assert desk.json("status")["unfinished"] == []


@pytest.mark.parametrize(
    ("arguments", "swept"),
    [
        (("--environment", "kefar_saba"), ["gitlab"]),
        (("--provider", "github", "--provider", "jenkins"), ["github", "jenkins"]),
        (("--project", "fibre"), []),
        (("--project", "acme/p*"), ["github", "gitlab"]),
    ],
    ids=["environment", "provider", "other project", "project"],
)
def test_only_what_is_asked_for_is_swept_and_held(
    desk: Desk, arguments: tuple[str, ...], swept: list[str]
) -> None:
    write_config(desk.folder, desk.focus.url, desk.labs, {"gitlab": "kefar_saba"})
    things = [lab.begin() for lab in desk.labs]
    document = desk.json(*PAUSE, "--yes", *arguments)
    stopped = [
        lab.provider
        for lab, thing in zip(desk.labs, things, strict=True)
        if lab.state(thing) is State.STOPPED
    ]
    assert stopped == swept
    scope = document["hold"]["scope"]
    given = {"environments": "--environment", "providers": "--provider", "projects": "--project"}
    assert {key for key, values in scope.items() if values} == {
        key for key, option in given.items() if option in arguments
    }


def test_the_run_that_gate_is_a_part_of_goes_on(desk: Desk) -> None:
    own, other = desk.github.begin(), desk.github.begin()
    document = desk.json(*PAUSE, "--yes", environ=desk.github.own_target_environ(own))
    assert document["counts"]["matched"] == 1
    assert (desk.github.state(own), desk.github.state(other)) == (State.RUNNING, State.STOPPED)


def test_behind_a_closed_gate_nothing_starts_again_unless_it_is_forced(desk: Desk) -> None:
    thing = desk.github.begin()
    desk.json(*PAUSE, "--yes")
    ran = desk.gate("resume-all", "--yes", "--rerun", "newest")
    assert ran.code == 1
    assert re.search(r"REFUSED: github acme/panda .*not started: staging: .*waiting for fiber", ran.stdout)
    assert desk.github.starts(thing) == 0
    assert desk.gate("resume-all", "--yes", "--rerun", "newest", "--force").code == 0
    assert desk.github.starts(thing) == 1


def test_a_dry_run_of_a_resume_changes_nothing(desk: Desk) -> None:
    thing, trigger = desk.github.begin(), desk.github.trigger()
    desk.json(*PAUSE, "--yes", "--suspend-triggers")
    before = desk.changes()
    document = desk.json("resume-all", "--dry-run", "--rerun", "newest")
    assert (outcomes(document, "lift"), outcomes(document, "rerun")) == (["planned"] * 2, ["planned"])
    assert set(outcomes(document, "restore")) == {"planned"}
    assert desk.changes() == before
    assert (desk.github.starts(thing), desk.github.is_on(trigger)) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("pause-all", "--yes"), 2, "--reason"),
        (("pause-all", "--yes", "--reason", " \n"), 2, "--reason: expected words that tell others why"),
        ((*PAUSE, "--yes", "--until", "soon"), 2, "--until"),
        ((*PAUSE, "--yes", "--timeout", "quick"), 2, "--timeout"),
        ((*PAUSE, "--yes", "--provider", "svn"), 2, "--provider"),
        (
            (*PAUSE, "--yes", "--environment", "moon"),
            78,
            "gate.yml: unknown environment 'moon'; known are staging",
        ),
        (("resume-all", "--yes", "--hold", "h-0"), 2, "--hold: no hold 'h-0' stands; standing: none"),
        (("resume-all", "--yes", "--rerun", "some"), 2, "--rerun"),
    ],
)
def test_what_cannot_be_understood_is_said_in_a_line_and_nothing_is_sent(
    desk: Desk, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = desk.gate(*arguments)
    assert ran.code == code
    assert said in ran.stderr
    assert (ran.stdout, desk.asked()) == ("", 0)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"owner": ""}, "gate.yml: fleet[0].owner: missing; a github entry needs owner and token"),
        ({"group": "acme"}, "gate.yml: fleet[0].group: a github entry has owner instead"),
        ({"token": "${NO_SUCH_TOKEN}"}, "NO_SUCH_TOKEN"),
        ({"token": "ghp_geheim\n"}, "gate.yml: fleet[0].token: holds a line break or another character"),
        ({"url": "ftp://127.0.0.1"}, "fleet[0].url: expected the server's address without user"),
        ({"url": "http://noa:geheim@127.0.0.1"}, "fleet[0].url"),
        ({"ownr": "acme"}, "owner"),
        ({"provider": "svn"}, "fleet[0].provider"),
    ],
)
def test_a_fleet_that_is_wrong_is_told_by_its_key(desk: Desk, entry: dict[str, str], said: str) -> None:
    path = desk.folder / "gate.yml"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["fleet"][0] |= entry
    path.write_text(json.dumps(document), encoding="utf-8")
    ran = desk.gate(*PAUSE, "--yes")
    assert (ran.code, ran.stdout) == (78, "")
    assert said in ran.stderr
    assert "geheim" not in ran.stderr
    assert desk.gate("resume-all", "--yes").stderr == ran.stderr
    assert desk.asked() == 0


def test_without_a_fleet_it_says_how_one_is_named(desk: Desk) -> None:
    write_config(desk.folder, desk.focus.url, ())
    ran = desk.gate(*PAUSE, "--yes")
    assert ran.code == 78
    assert "gate.yml: fleet: missing; name at least one server, such as {provider: github" in ran.stderr


@pytest.mark.parametrize(
    ("module", "extra"),
    [("github", "github"), ("gitlab", "gitlab"), ("jenkins", "jenkins"), ("sqlalchemy", "fleet")],
)
def test_a_library_that_is_missing_is_told_by_its_extra(desk: Desk, module: str, extra: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; from gate.cli import main; main()"
    ran = desk.gate(*PAUSE, "--yes", program=(sys.executable, "-c", code))
    assert (ran.code, ran.stdout) == (78, "")
    assert f"pip install 'fiber-gate[{extra}]'" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert desk.changes() == []


def test_a_ledger_that_was_tampered_with_stops_a_pause_before_it_begins(desk: Desk) -> None:
    import sqlite3
    from contextlib import closing

    desk.json(*PAUSE, "--yes")
    before = desk.changes()
    with closing(sqlite3.connect(desk.folder / ".gate" / "state.db")) as database:
        (table,) = [
            name
            for (name,) in database.execute("select name from sqlite_master where type = 'table'")
            if "entr" in name
        ]
        database.execute(f"delete from {table} where seq = 2")
        database.commit()
    ran = desk.gate(*PAUSE, "--yes")
    assert ran.code == 78
    assert "the ledger is broken at entry 2" in ran.stderr
    assert desk.changes() == before
