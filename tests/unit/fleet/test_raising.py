"""A hold is raised in the ledger first, then wherever gate steps read it; what stood there stays."""

from __future__ import annotations

import json

import pytest

from gate.core.event import Act, Target
from gate.core.hold import parse_holds
from gate.core.model import Hold
from gate.core.work import Asked, Outcome
from gate.fleet.holds import decode_text
from gate.fleet.journal import Journal
from gate.fleet.raising import raise_hold
from gate.fleet.tally import Tally
from gate.fleet.watcher import Silent
from gate.providers.protocol import NotDone
from tests.unit.fleet.world import ListLedger, ModelConnection, Ticking, World, post


def hold(id_: str) -> Hold:
    return Hold(id=id_, reason="fibre cut", by="dana")


def raised(connection: ModelConnection, ledger: ListLedger, id_: str = "H1") -> Tally:
    tally = Tally(Silent())
    journal = Journal(ledger, "dana", Ticking())
    raise_hold([post(connection)], journal, hold(id_), tally)
    tally.write(journal)
    return tally


def ids(text: str | None) -> list[str]:
    return [one.id for one in parse_holds(text or "")]


class Refusing(ModelConnection):
    """The shared place cannot be read, or cannot be written."""

    def __init__(self, world: World, *, reading: bool) -> None:
        super().__init__(world)
        self._reading = reading

    def read_hold(self, place: Target) -> str | None:
        if self._reading and place.project == "acme":
            raise NotDone(Outcome.REFUSED, "needs organization variables: read")
        return super().read_hold(place)

    def write_hold(self, place: Target, text: str | None) -> Asked:
        if place.project == "acme":
            return Asked(outcome=Outcome.REFUSED, detail="needs organization variables: write")
        return super().write_hold(place, text)


def test_the_ledger_knows_of_a_hold_before_any_provider_does() -> None:
    world = World()
    ledger = ListLedger(world)

    class Watching(ModelConnection):
        def write_hold(self, place: Target, text: str | None) -> Asked:
            kinds.extend(entry.kind for entry in ledger.entries())
            return super().write_hold(place, text)

    kinds: list[str] = []
    raised(Watching(world), ledger)
    assert kinds == ["hold_raised", "intent"]
    assert ids(world.variables["acme"]) == ["H1"]


@pytest.mark.parametrize("reading", [True, False])
def test_where_the_shared_place_is_refused_each_project_gets_the_hold_and_it_is_said(reading: bool) -> None:
    world = World()
    tally = raised(Refusing(world, reading=reading), ListLedger(world))
    assert {project: ids(text) for project, text in world.variables.items()} == {"acme/panda": ["H1"]}
    assert [(row.target.project, row.outcome) for row in tally.rows] == [("acme/panda", Outcome.HELD)]
    assert len(tally.notes) == 1
    assert "needs organization variables" in tally.notes[0]
    assert tally.notes[0].endswith("the hold is raised in each project instead")


def test_where_no_place_can_be_written_the_receipt_says_so() -> None:
    class Closed(Refusing):
        def write_hold(self, place: Target, text: str | None) -> Asked:
            return Asked(outcome=Outcome.REFUSED, detail="needs variables: write")

    world = World()
    tally = raised(Closed(world, reading=True), ListLedger(world))
    assert [(row.outcome, row.detail) for row in tally.rows] == [(Outcome.REFUSED, "needs variables: write")]


def test_what_somebody_wrote_there_stays_in_force() -> None:
    world = World(variables={"acme": "maintenance by noa"})
    raised(ModelConnection(world), ListLedger(world))
    both = parse_holds(world.variables["acme"])
    assert [one.reason for one in both] == ["maintenance by noa", "fibre cut"]


def test_text_that_nobody_can_read_keeps_the_gate_closed_beside_our_hold() -> None:
    world = World(variables={"acme": '{"reason": '})
    raised(ModelConnection(world), ListLedger(world))
    assert "is not a readable hold" in parse_holds(world.variables["acme"])[0].reason


def test_a_second_hold_is_written_beside_the_first() -> None:
    world = World()
    ledger = ListLedger(world)
    raised(ModelConnection(world), ledger)
    raised(ModelConnection(world), ledger, "H2")
    assert ids(world.variables["acme"]) == ["H1", "H2"]


def test_two_pauses_that_write_one_place_in_turn_leave_both_holds_there() -> None:
    world = World()
    ledger = ListLedger(world)

    class Overtaken(ModelConnection):
        """Between our reading and our writing another pause does all of its work."""

        other_came = False

        def write_hold(self, place: Target, text: str | None) -> Asked:
            if not self.other_came:
                self.other_came = True
                raised(ModelConnection(world), ledger, "H2")
            return super().write_hold(place, text)

    raised(Overtaken(world), ledger, "H1")
    assert sorted(ids(world.variables["acme"])) == ["H1", "H2"]
    state = Journal(ledger, "x", Ticking()).state
    (last,) = state.to_undo(Act.HOLD)
    assert decode_text(last.before) is None
    assert decode_text(last.after) == world.variables["acme"]


def test_a_lost_answer_is_no_failure_where_the_hold_stands() -> None:
    class Losing(ModelConnection):
        def write_hold(self, place: Target, text: str | None) -> Asked:
            super().write_hold(place, text)
            return Asked(outcome=Outcome.FAILED, detail="no answer")

    world = World()
    tally = raised(Losing(world), ListLedger(world))
    assert [row.outcome for row in tally.rows] == [Outcome.HELD]


def test_one_hold_is_written_as_an_object_that_older_gates_read_too() -> None:
    world = World()
    raised(ModelConnection(world), ListLedger(world))
    assert json.loads(world.variables["acme"])["id"] == "H1"


def test_a_server_that_keeps_no_hold_is_named() -> None:
    class Without(ModelConnection):
        no_hold = "it keeps no variable"

        def shared_hold(self) -> Target | None:
            return None

    world = World()
    tally = raised(Without(world), ListLedger(world))
    assert tally.rows == ()
    assert tally.notes == ("github ci.example.com acme: it keeps no variable",)
