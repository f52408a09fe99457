"""`gate notify`, and what is told beside other commands: counted by a web hook on loopback."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.commands.telling import prepare, tell_beside, tell_due
from gate.config import Config
from gate.core.event import Act, HoldRaised, Intended, Observed, Target
from gate.core.model import Code, Hold, State, Verdict
from gate.fleet.journal import Journal
from gate.fleet.state import open_state
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.kubernetes_api import kubernetes_api
from tests.emulated.process import Ran, run_gate
from tests.emulated.receiver import Receiver, receiving
from tests.support import GATE, clean_environ
from tests.unit.diagnose.states import STATES

HUSH = "hush-hush-hush"
START = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Desk:
    """A folder with a `gate.yml`, and the ledger beside it."""

    def __init__(self, folder: Path, focus: FocusServer, *urls: str) -> None:
        self.folder = folder
        self.lab = {"focus_server": focus.url}
        self.write(*urls)

    def write(self, *urls: str, **more: Any) -> None:
        document = {"environments": {"staging": self.lab}, "notify": list(urls), **more}
        (self.folder / "gate.yml").write_text(json.dumps(document), encoding="utf-8")

    def notify(self, *options: str, **environ: str) -> Ran:
        environ = {"KUBECONFIG": str(self.folder / "none"), **environ}
        ran = run_gate(self.folder, "notify", *options, environ=environ)
        assert HUSH not in ran.stdout + ran.stderr
        return ran


@pytest.fixture
def desk(tmp_path: Path, focus: FocusServer, hook: Receiver) -> Desk:
    return Desk(tmp_path, focus, hook.url)


def verdict(ready: bool, at: datetime) -> Verdict:
    state, code = (State.READY, Code.READY) if ready else (State.WAITING_FOR_FIBER, Code.WAITING_FOR_FIBER)
    return Verdict(environment="staging", state=state, code=code, reason="staging: r", checked_at=at)


def test_a_day_of_flapping_reaches_the_hook_a_few_times_and_hourly(tmp_path: Path, hook: Receiver) -> None:
    now = START
    config = Config(source="gate.yml", document={"notify": [hook.url]})
    environ = {"KUBECONFIG": str(tmp_path / "none"), "GATE_FOCUS_SERVER": "http://127.0.0.1:1"}
    with closing(open_state(f"sqlite:///{tmp_path / 'state.db'}")) as ledger:
        journal = Journal(ledger, "notify", lambda: now)
        for tick in range(24 * 15):
            tell_due(journal, prepare(config, [verdict(tick % 2 == 0, now)], environ))
            now += timedelta(minutes=4)
        during = len(hook.messages)
        assert hook.titles[:5] == [
            "gate closed: staging",
            "gate open again: staging",
            "gate closed: staging",
            "gate open again: staging",
            "gate closed: staging",
        ]
        assert hook.titles[5] == "gate closed, the lab is flapping: staging"
        assert set(hook.titles[6:]) == {"gate closed, the lab is flapping, still: staging"}
        assert 24 <= during <= 32
        for _ in range(30):
            tell_due(journal, prepare(config, [verdict(True, now)], environ))
            now += timedelta(minutes=4)
    assert hook.titles[during:] == ["gate open again: staging"]


def test_a_dark_lab_is_told_once_however_often_it_is_asked_and_resolved_once(
    desk: Desk, focus: FocusServer, hook: Receiver
) -> None:
    first = desk.notify()
    assert (first.code, first.stderr) == (0, "gate: gate.yml: notify[0] (json): told\n")
    again = [desk.notify() for _ in range(3)]
    assert {(ran.code, ran.stderr) for ran in again} == {(0, "gate: nothing is due\n")}
    focus.state = FocusState.READY
    assert [desk.notify().code for _ in range(2)] == [0, 0]
    assert hook.titles == ["gate closed: staging", "gate open again: staging"]


def test_several_at_once_tell_it_once(desk: Desk, hook: Receiver) -> None:
    environ = clean_environ(desk.folder / "cache", KUBECONFIG=str(desk.folder / "none"))
    started = [
        subprocess.Popen(
            [str(GATE), "notify"],
            cwd=desk.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in started:
        process.communicate(timeout=60)
    assert [process.returncode for process in started] == [0] * 4
    assert hook.titles == ["gate closed: staging"]


def test_the_message_says_what_the_plan_for_an_incident_asks_for(
    desk: Desk, focus: FocusServer, hook: Receiver
) -> None:
    url = f"sqlite:///{desk.folder / '.gate' / 'state.db'}"
    (desk.folder / ".gate").mkdir()
    target = Target(provider="github", instance="x", project="acme/panda", kind="run", id="1")
    with closing(open_state(url)) as ledger:
        journal = Journal(ledger, "dana", lambda: datetime.now(UTC) - timedelta(minutes=45))
        journal.write(lambda _: [HoldRaised(hold=Hold(id="h-1", reason="no fibre", by="dana"))])
        journal.write(lambda _: [Intended(action=Act.CANCEL, target=target, hold="h-1")])
        journal.write(lambda state: [Observed(intent=state.head.seq, outcome="stopped")])
    assert desk.notify().code == 0
    (message,) = hook.messages
    assert message["type"] == "warning"
    lines = message["message"].splitlines()
    assert lines[0].startswith('state: staging: waiting for fiber (prr 0.0, sw_version "waiting for fiber")')
    lines = [re.sub("45m[0-9]{2}s", "45m00s", line) for line in lines]  # a second may have passed
    assert lines[1:] == [
        "prr: 0.0",
        "failing: every POST /configure, until this is over",
        "restarts: not known here; see gate diagnose",
        "held for 45m00s by dana: no fibre (hold h-1)",
        "stopped: 1 run",
        "next step: the lab's DevOps: connect the fibre",
        f"links: {focus.url}/live_metadata",
    ]


def test_the_message_says_why_the_server_was_restarted_where_the_cluster_can_be_asked(
    desk: Desk, hook: Receiver
) -> None:
    pytest.importorskip("kubernetes")
    incident = next(state for state in STATES if state.id == "the_incident").cluster
    with kubernetes_api(incident) as api:
        api.bearer = "Bearer kc-token-4f9d1c7e55aa"
        (desk.folder / "kubeconfig").write_text(
            api.kubeconfig(token="kc-token-4f9d1c7e55aa"), encoding="utf-8"
        )
        assert desk.notify(KUBECONFIG=str(desk.folder / "kubeconfig")).code == 0
    text = hook.messages[0]["message"]
    assert "restarts: 4 in namespace panda\n" in text
    assert "\n  certain: MongoDB's name was not resolved while the Focus server started" in text
    assert "kc-token" not in text


def test_a_dry_run_prints_it_and_tells_nobody(desk: Desk, hook: Receiver) -> None:
    desk.write()  # it needs no channel either
    ran = desk.notify("--dry-run")
    assert ran.code == 0
    assert ran.stdout.startswith("gate closed: staging\nstate: staging: waiting for fiber (prr 0.0")
    assert not (desk.folder / ".gate").exists()
    assert hook.messages == []


def test_a_dry_run_shows_the_labs_as_they_are_where_nothing_is_due(
    desk: Desk, focus: FocusServer, hook: Receiver
) -> None:
    assert desk.notify().code == 0
    ran = desk.notify("--dry-run")
    assert "gate: nothing is due; the labs as they are now:" in ran.stderr
    assert ran.stdout.startswith("gate closed: staging\n")
    focus.state = FocusState.READY
    desk.notify()
    assert desk.notify("--dry-run").stdout.startswith("gate open again: staging\n")
    assert len(hook.messages) == 2


def test_a_channel_that_fails_is_named_and_told_again_next_time(desk: Desk, hook: Receiver) -> None:
    hook.status = 500
    ran = desk.notify()
    assert (ran.code, ran.stderr) == (1, "gate: gate.yml: notify[0] (json): refused with HTTP 500\n")
    hook.status = 200
    ran = desk.notify()
    assert (ran.code, ran.stderr) == (0, "gate: gate.yml: notify[0] (json): told\n")
    assert len(hook.messages) == 2


def test_a_channel_that_is_not_there_fails_beside_one_that_is(desk: Desk, hook: Receiver) -> None:
    desk.write(f"json://u:{HUSH}@127.0.0.1:1/", hook.url)
    ran = desk.notify()
    assert ran.code == 1
    assert "gate: gate.yml: notify[0] (json): did not get through\n" in ran.stderr
    assert "gate: gate.yml: notify[1] (json): told\n" in ran.stderr
    assert desk.notify().stderr == "gate: nothing is due\n"
    assert len(hook.messages) == 1


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (f"slack://{HUSH}", "notify[0] (slack)"),
        (f"nosuchservice://{HUSH}/x", "notify[0] (nosuchservice)"),
        (HUSH, "notify[0]"),
        (f"json://u:{HUSH}@", "notify[0] (json)"),
        (f"mailto://{HUSH}:x", "notify[0] (mailto)"),
        ("${HOOK}", "notify[0] (slack)"),
    ],
)
def test_a_broken_url_is_named_without_its_secret_and_the_others_are_told(
    desk: Desk, hook: Receiver, url: str, label: str
) -> None:
    desk.write(url, hook.url)
    ran = desk.notify(HOOK=f"slack://{HUSH}")
    assert ran.code == 78
    assert f"gate: gate.yml: {label}: apprise takes no such URL" in ran.stderr
    assert len(hook.messages) == 1


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "gate.yml: notify: missing; name at least one apprise URL"),
        ({"notify": ["${NO_SUCH_HOOK}"]}, "gate.yml: notify[0]: ${NO_SUCH_HOOK} is not set"),
        ({"notify": ["json://h"], "repeat": "often"}, "repeat: expected a duration such as"),
        ({"notify": ["json://h"], "repeat": "1s"}, "gate.yml: repeat: expected 1m to 30d, found 1s"),
    ],
    ids=["none", "variable", "repeat", "too often"],
)
def test_bad_configuration_is_named(desk: Desk, document: dict[str, Any], problem: str) -> None:
    desk.write(**document) if "notify" not in document else desk.write(*document.pop("notify"), **document)
    ran = desk.notify()
    assert (ran.code, problem in ran.stderr) == (78, True), ran.stderr


@pytest.mark.parametrize("status", [200, 500])
def test_beside_another_command_nothing_is_raised_whatever_a_channel_does(
    tmp_path: Path, hook: Receiver, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    hook.status = status
    urls = [hook.url, f"slack://{HUSH}", "${NO_SUCH_HOOK}"]
    with closing(open_state(f"sqlite:///{tmp_path / 'state.db'}")) as ledger:
        journal = Journal(ledger, "recheck", lambda: START)
        environ = {"KUBECONFIG": str(tmp_path / "none"), "GATE_FOCUS_SERVER": "http://127.0.0.1:1"}
        for count in (1, 2, 3):
            config = Config(source="gate.yml", document={"notify": urls[:count]})
            tell_beside(journal, config, [verdict(False, START)], environ)
        tell_beside(journal, Config(source="gate.yml"), [verdict(False, START)], environ)
    said = capsys.readouterr()
    assert HUSH not in said.out + said.err
    assert "note: nobody was told: gate.yml: notify[2]: ${NO_SUCH_HOOK} is not set" in said.err
    assert ("refused with HTTP 500" in said.err) == (status == 500)


def test_what_a_lab_or_a_person_writes_calls_nobody(tmp_path: Path, hook: Receiver) -> None:
    config = Config(source="gate.yml", document={"notify": [hook.url]})
    with closing(open_state(f"sqlite:///{tmp_path / 'state.db'}")) as ledger:
        journal = Journal(ledger, "dana", lambda: START)
        hold = Hold(id="h-1", reason="<!channel> @everyone look", by="@here")
        journal.write(lambda _: [HoldRaised(hold=hold)])
        tell_due(
            journal,
            prepare(
                config,
                [verdict(True, START)],
                {"KUBECONFIG": str(tmp_path / "none"), "GATE_FOCUS_SERVER": "http://127.0.0.1:1"},
            ),
        )
    (message,) = hook.messages
    assert not any(call in message["message"] for call in ("<!channel>", "@everyone", "@here"))
    assert "held for 0s by @ here: < !channel> @ everyone look (hold h-1)" in message["message"]
