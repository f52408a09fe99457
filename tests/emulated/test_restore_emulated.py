"""After pauses, edits, failures and resumes over the emulators: is all of ours put back, and no more?"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from gate.commands import pause, resume
from gate.core.ledger import verify
from gate.core.receipt import GOOD
from gate.fleet import stop
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_state
from gate.providers import patience
from gate.providers.jenkins import reruns
from gate.providers.jenkins import stopping as jenkins_stopping
from gate.sandbox.faults import Fault, FaultKind
from tests.emulated.crash.fleet import Fleet, serving
from tests.emulated.crash.truth import Name, Truth, truth_of

SEQUENCES = 300
PARTS = 12
SHORT = 0.005


@dataclass(slots=True)
class Story:
    """A fleet, a ledger, and what others have written.

    Attributes:
        theirs: how others left triggers and holds, by what `truth_of` calls them.
        others: what nobody ever is to change, as it was at the start.
        receipts: of every command, in their order.
    """

    fleet: Fleet
    folder: Path
    state: str
    chance: random.Random
    theirs: dict[Name, Any] = field(default_factory=dict)
    others: Mapping[Name, Any] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def pause(self) -> None:
        options = pause.PauseOptions(
            reason="fibre cut",
            config=str(self.folder / "gate.yml"),
            state=self.state,
            suspend_triggers=True,
            timeout=0.6,
            yes=True,
            format="json",
        )
        self._note(lambda: pause.run(options, {}))

    def resume(self, rerun: str = "none", hold: str | None = None) -> None:
        options = resume.ResumeOptions(
            config=str(self.folder / "gate.yml"),
            state=self.state,
            rerun=rerun,
            hold=hold,
            force=True,
            patience=0.1,
            yes=True,
            format="json",
        )
        self._note(lambda: resume.run(options, {}))

    def holds(self) -> list[str]:
        """Return the ids of what stands."""
        with closing(open_state(self.state)) as ledger:
            return [one.hold.id for one in read_state(ledger).holds]

    def now(self) -> Truth:
        return truth_of(self.fleet)

    def left(self) -> dict[Name, Any]:
        """Return what is not as others left it, and how it is."""
        now = self.now().switches
        return {name: now.get(name) for name, form in self.theirs.items() if now.get(name) != form}

    def _note(self, command: Callable[[], int]) -> None:
        said, told = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(told):
            code = command()
        receipt = json.loads(said.getvalue())
        assert code == (0 if receipt["complete"] else 1)
        self.receipts.append(receipt)


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """A small fleet, at which nobody waits: neither for the server's pace nor before the next try."""
    with pytest.MonkeyPatch.context() as patch, serving(2, 4) as made:
        patch.setattr(stop, "FIRST_LOOK", SHORT)
        patch.setattr(patience, "BROKEN_PAUSE", SHORT)
        patch.setattr(jenkins_stopping, "_FIRST_PAUSE", SHORT)
        patch.setattr(reruns, "_FIRST_PAUSE", SHORT)
        yield made


def told(fleet: Fleet, folder: Path, chance: random.Random, name: str) -> Story:
    """Begin a story; some triggers are off already, and some places hold somebody's words."""
    fleet.reset()
    fleet.write_config(folder)
    story = Story(fleet=fleet, folder=folder, state=f"sqlite:///{folder / name}.db", chance=chance)
    for _ in range(chance.randint(0, 4)):
        edit(story, paused=False)
    now = story.now()
    story.theirs, story.others = dict(now.switches), now.others
    return story


def happen(story: Story) -> None:
    """Let one thing happen; where it is a command, requests of it may go wrong."""
    chance = story.chance
    if chance.random() < 0.6:
        for _ in range(chance.randint(1, 3)):
            disturb(story)
    match chance.choice(("pause", "pause", "edit", "edit", "resume", "part")):
        case "pause":
            story.pause()
        case "resume":
            story.resume(chance.choice(("none", "newest", "all")))
        case "part":
            standing = story.holds()
            story.resume(hold=chance.choice(standing) if standing else None)
        case _:
            edit(story, paused=True)
    for server in story.fleet.servers.values():
        server.faults.clear()


def disturb(story: Story) -> None:
    """Order a fault: refused, failed for good or for a while, or an answer that is lost."""
    chance = story.chance
    server = chance.choice(sorted(story.fleet.servers))
    kind = chance.choice((FaultKind.STATUS, FaultKind.STATUS, FaultKind.RESET, FaultKind.TRUNCATED))
    status = chance.choice((403, 500))
    path = chance.choice(("*", "*/variables*", "*able", "*/pipeline_schedules/*"))
    fault = Fault(
        kind=kind,
        method=chance.choice(("*", "GET", "P*", "P*", "DELETE")),
        times=chance.choice((1, 1, 2, 6)),
        path=path,
        skip=chance.randint(0, 12 if path == "*" else 2),
        status=status,
        carried_out=(kind is FaultKind.RESET or status == 500) and chance.random() < 0.5,
    )
    story.fleet.servers[server].faults.add(fault)


def edit(story: Story, *, paused: bool) -> None:
    """Let somebody else change something.

    While something may be paused, they never choose just the form in which a pause leaves it:
    nobody could tell the two apart.
    """
    chance, fleet = story.chance, story.fleet
    ours = sorted(story.left())
    name = chance.choice(ours if ours and chance.random() < 0.5 else sorted(story.now().switches))
    provider, project, kind, id_ = name
    mark = chance.randint(0, 10**9)
    if kind == "hold":
        text = None if chance.random() < 0.3 else f"held by noa, {mark}"
        where = {"github": ("organization", "repository"), "gitlab": ("group", "project")}[provider]
        place = {where["/" in project]: project, "name": id_, "key": id_, "value": text}
        order(fleet, provider, "variable" if provider == "github" else "variables", place)
        story.theirs[name] = text
    elif provider == "github":
        states = ("active", "disabled_inactivity") if paused else ("disabled_manually", "disabled_fork")
        document = {"repository": project, "workflow": int(id_), "state": chance.choice(states)}
        order(fleet, provider, "workflow", document)
        story.theirs[name] = document["state"]
    elif provider == "gitlab":
        words = chance.choice(("load", "docs"))
        active = chance.random() < 0.7
        order(fleet, provider, f"schedules/{id_}", {"description": f"{words} {mark}", "active": active})
        story.theirs[name] = story.now().switches[name]
    elif paused and chance.random() < 0.2:
        order(fleet, provider, "jobs", {"job": project, "removed": True})
        story.theirs[name] = None
    else:
        order(fleet, provider, "jobs", {"job": project, "disabled": not paused})
        story.theirs[name] = not paused


def order(fleet: Fleet, provider: str, path: str, document: Mapping[str, Any]) -> None:
    answer = requests.post(f"{fleet.servers[provider].root}/_sandbox/{path}", json=document, timeout=10)
    assert answer.status_code == 200, answer.text


def reported(receipt: Mapping[str, Any]) -> set[Name]:
    """Return what a receipt says that it did not put back."""
    bad = [row for row in receipt["targets"] if row["outcome"] not in set(GOOD)]
    return {(row["provider"], row["project"], row["kind"], row["id"]) for row in bad}


@pytest.mark.parametrize("part", range(PARTS))
def test_what_others_wrote_stays_and_what_we_wrote_is_put_back_or_reported(
    fleet: Fleet, tmp_path: Path, part: int
) -> None:
    for number in range(part, SEQUENCES, PARTS):
        story = told(fleet, tmp_path, random.Random(number), str(number))
        for _ in range(story.chance.randint(2, 6)):
            happen(story)
        story.resume()
        assert story.left().keys() <= reported(story.receipts[-1]), (number, story.left())
        gone = {name for name, form in story.theirs.items() if form is None and name[2] == "trigger"}
        jobs = {project for provider, project, _, _ in gone if provider == "jenkins"}
        now = story.now().others
        others = {name: value for name, value in story.others.items() if name[1] not in jobs}
        assert {name: now.get(name) for name in others} == others, number
        with closing(open_state(story.state)) as ledger:
            assert verify(ledger.entries(), head=ledger.head()) is None, number


def test_a_trigger_that_is_left_off_and_a_hold_that_is_left_up_would_be_noticed(
    fleet: Fleet, tmp_path: Path
) -> None:
    story = told(fleet, tmp_path, random.Random(1), "noticed")
    story.pause()
    left = story.left()
    assert {(name[0], name[2]) for name in left} == {
        ("github", "trigger"),
        ("github", "hold"),
        ("gitlab", "trigger"),
        ("gitlab", "hold"),
        ("jenkins", "trigger"),
    }
    story.resume()
    assert not story.left()


@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_a_hold_that_was_written_and_cannot_be_read_back_is_known_as_ours(
    fleet: Fleet, tmp_path: Path, provider: str
) -> None:
    story = told(fleet, tmp_path, random.Random("quiet"), "hold")
    read_back = Fault(
        kind=FaultKind.STATUS, method="GET", path="*/variables/GATE_HOLD", skip=1, status=403, times=2
    )
    fleet.servers[provider].faults.add(read_back)
    story.pause()
    fleet.servers[provider].faults.clear()
    story.pause()
    story.resume()
    assert not story.left()
