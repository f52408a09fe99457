"""After pauses, edits by others, failures, deaths and resumes: is all of ours put back, and no more?"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass

import pytest

from gate.core.event import Act
from gate.core.ledger import verify
from gate.core.model import Hold
from gate.core.plan import PauseRequest
from gate.core.receipt import GOOD, Receipt
from gate.core.work import Outcome, Protects
from gate.fleet.journal import Journal
from gate.fleet.pause import PauseOrder, pause
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from tests.unit.fleet.world import ACTIVE, Killed, ListLedger, ModelConnection, Run, Ticking, World, post

SEQUENCES = 10_000
PARTS = 20


@dataclass(slots=True)
class Story:
    """A world, its ledger, and how many holds were raised in it."""

    world: World
    ledger: ListLedger
    holds: int = 0

    def journal(self) -> Journal:
        return Journal(self.ledger, "dana", Ticking())

    def pause(self) -> Receipt:
        self.holds += 1
        hold = Hold(id=f"H{self.holds}", reason="fibre cut", by="dana")
        request = PauseRequest(protects=Protects(patterns=("load*",)), suspend_triggers=True)
        force = Force(timeout=30)
        order = PauseOrder(hold=hold, request=request, reason=lambda _: "held", force=force)
        here = post(ModelConnection(self.world))
        return pause([here], self.journal(), order, Silent(), lambda _: None)

    def resume(self, rerun: str = "none", only: str | None = None) -> Receipt:
        journal = self.journal()
        ids = tuple(one.hold.id for one in journal.state.holds)
        order = ResumeOrder(holds=(only,) if only in ids else ids, rerun=rerun, patience=0)
        resume = Resume([post(ModelConnection(self.world))], journal, order, Silent())
        resume.settle()
        return resume.carry_out()


def told(chance: random.Random) -> Story:
    world = World(chance=chance)
    for number in range(chance.randint(0, 2)):
        world.runs[f"r{number}"] = Run(obeys=chance.random() < 0.8, looks=chance.randint(0, 1))
    for number in range(chance.randint(1, 3)):
        form = ACTIVE if chance.random() < 0.8 else '{"state":"inactivity"}'
        world.edit("trigger", f"t{number}", form)
    for project in ("acme", "acme/panda"):
        world.edit("hold", project, chance.choice((None, None, "maintenance by noa")))
    return Story(world=world, ledger=ListLedger(world))


def happen(story: Story, chance: random.Random) -> None:
    """Let one thing happen, with or without trouble; a process may be killed in the middle of it."""
    world = story.world
    world.trouble = chance.choice((0.0, 0.0, 0.2, 0.5))
    world.kill_at = world.steps + chance.randint(1, 25) if chance.random() < 0.25 else None
    with suppress(Killed):
        match chance.choice(("pause", "pause", "edit", "edit", "resume", "part")):
            case "pause":
                story.pause()
            case "resume":
                story.resume(chance.choice(("none", "newest", "all")))
            case "part":
                story.resume(only=f"H{chance.randint(1, story.holds + 1)}")
            case _:
                edit(world, chance)
    world.revive()


def edit(world: World, chance: random.Random) -> None:
    """Let somebody else change something, to what nobody else would write."""
    mark = chance.randint(0, 10**9)
    if chance.random() < 0.6 and world.triggers:
        form = None if chance.random() < 0.2 else f'{{"cron":{mark},"state":"active"}}'
        world.edit("trigger", chance.choice(sorted(world.triggers)), form)
    else:
        text = None if chance.random() < 0.3 else f"held by noa, {mark}"
        world.edit("hold", chance.choice(("acme", "acme/panda")), text)


def reported(receipt: Receipt) -> set[tuple[str, str]]:
    """Return what a receipt says that it did not put back, by kind and id."""
    bad = [row.target for row in receipt.rows if row.outcome not in GOOD]
    return {(t.kind, t.project if t.kind == "hold" else t.id) for t in bad}


def left(story: Story) -> dict[tuple[str, str], str | None]:
    """Return what is not as others left it, and how it is."""
    world = story.world
    now = {("trigger", id_): form for id_, form in world.triggers.items()}
    now |= {("hold", project): text for project, text in world.variables.items()}
    return {key: now.get(key) for key in world.theirs if now.get(key) != world.theirs[key]}


@pytest.mark.parametrize("part", range(PARTS))
def test_what_others_wrote_stays_and_what_we_wrote_is_put_back_or_reported(part: int) -> None:
    for number in range(SEQUENCES // PARTS):
        chance = random.Random(f"{part}/{number}")
        story = told(chance)
        said: set[tuple[str, str]] = set()
        for _ in range(chance.randint(1, 6)):
            happen(story, chance)
        receipts = [story.resume()]
        said |= reported(receipts[0])
        assert set(left(story)) <= said, (part, number, left(story))
        assert verify(story.ledger.entries(), head=story.ledger.head()) is None


def test_the_model_would_notice_a_trigger_that_is_left_off() -> None:
    story = told(random.Random(1))
    story.world.triggers = {"t0": ACTIVE}
    story.world.theirs = {("trigger", "t0"): ACTIVE}
    story.pause()
    assert left(story) == {("trigger", "t0"): story.world.triggers["t0"]}
    receipt = story.resume()
    assert not left(story)
    assert [row.outcome for row in receipt.rows if row.act is Act.RESTORE] == [Outcome.RESTORED]


def test_a_second_pause_never_takes_our_own_change_for_the_state_before() -> None:
    story = told(random.Random(2))
    story.world.triggers = {"t0": ACTIVE}
    story.world.variables = {"acme": "maintenance by noa"}
    story.world.theirs = {("trigger", "t0"): ACTIVE, ("hold", "acme"): "maintenance by noa"}
    story.pause()
    story.pause()
    story.resume(only="H1")
    assert left(story).keys() == {("trigger", "t0"), ("hold", "acme")}
    assert "maintenance by noa" in story.world.variables["acme"]
    assert story.resume().complete
    assert not left(story)
