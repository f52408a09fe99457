"""A target that was asked to stop is observed until it is over, and named where it never is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event

import pytest

from gate.core.event import Target
from gate.core.receipt import Row
from gate.core.work import Asked, Outcome, Seen
from gate.fleet.stop import Force, Stopper
from gate.providers.protocol import Each, Key
from tests.unit.fleet.world import ModelConnection, Run, World, post

FORCE = Force(timeout=30)


class Connection(ModelConnection):
    """Counts what it is asked, and answers a cancel and an escalation as it is told."""

    def __init__(self, world: World, cancel: Asked | None = None, harder: Asked | None = None) -> None:
        super().__init__(world)
        self.looks = 0
        self.steps: list[tuple[str, int, bool]] = []
        self._cancel = cancel
        self._harder = harder

    def cancel(self, target: Target) -> Asked:
        return self._cancel or super().cancel(target)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        self.steps.append((target.id, step, kill))
        return self._harder

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        self.looks += 1
        return super().observe(targets, each)


def stop(connection: ModelConnection, force: Force = FORCE, *, stopping: bool = False) -> dict[str, Row]:
    targets = [connection.target("run", id_) for id_ in connection.world.runs]
    stopper = Stopper(post(connection), force, lambda _: None)
    rows = stopper.stop((), targets) if stopping else stopper.stop(targets)
    return {row.target.id: row for row in rows}


def test_what_obeys_is_proven_to_have_stopped() -> None:
    rows = stop(Connection(World(runs={"1": Run(looks=2), "2": Run()})))
    assert {id_: row.outcome for id_, row in rows.items()} == {"1": Outcome.STOPPED, "2": Outcome.STOPPED}
    assert rows["1"].seconds > 0


def test_what_ended_by_itself_says_how() -> None:
    world = World(runs={"1": Run()})
    connection = Connection(world, cancel=Asked())
    world.runs["1"].status = "done"
    rows = stop(connection)
    assert (rows["1"].outcome, rows["1"].detail) == (Outcome.ALREADY_FINISHED, "it ended as done")


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FAILED, Outcome.ALREADY_FINISHED])
def test_an_answer_that_says_all_is_not_observed(outcome: Outcome) -> None:
    connection = Connection(World(runs={"1": Run()}), cancel=Asked(outcome=outcome, detail="why"))
    rows = stop(connection)
    assert (rows["1"].outcome, rows["1"].detail, connection.looks) == (outcome, "why", 0)


def test_what_never_stops_is_named_as_a_survivor_after_it_was_asked_harder_twice() -> None:
    connection = Connection(World(runs={"1": Run(obeys=False)}), harder=Asked())
    rows = stop(connection)
    assert rows["1"].outcome is Outcome.SURVIVED
    assert rows["1"].detail == "it still is running after 30 s, though it was asked harder"
    assert connection.steps == [("1", 1, False), ("1", 2, False)]


def test_a_refused_escalation_is_told_with_the_survivor() -> None:
    refused = Asked(outcome=Outcome.REFUSED, detail="needs Maintainer")
    rows = stop(Connection(World(runs={"1": Run(obeys=False)}), harder=refused))
    assert rows["1"].detail.endswith("; asking harder was refused: needs Maintainer")


def test_without_force_nothing_is_asked_harder() -> None:
    connection = Connection(World(runs={"1": Run(obeys=False)}), harder=Asked())
    stop(connection, Force(timeout=30, harder=False))
    assert connection.steps == []


def test_kill_is_passed_on_only_where_it_is_allowed() -> None:
    connection = Connection(World(runs={"1": Run(obeys=False)}))
    stop(connection, Force(timeout=30, kill=True))
    assert {kill for _, _, kill in connection.steps} == {True}


def test_what_cannot_be_seen_is_a_survivor_and_not_a_success() -> None:
    world = World(runs={"1": Run()}, trouble=1.0)
    rows = stop(Connection(world, cancel=Asked()))
    assert (rows["1"].outcome, rows["1"].detail) == (Outcome.SURVIVED, "it could not be seen after 30 s")


def test_what_somebody_else_told_to_stop_is_only_observed() -> None:
    world = World(runs={"1": Run(told=True, looks=1)})
    connection = Connection(world, cancel=Asked(outcome=Outcome.FAILED, detail="was asked"))
    assert stop(connection, stopping=True)["1"].outcome is Outcome.STOPPED


def test_an_interrupted_stop_leaves_what_is_not_over_without_a_row() -> None:
    halt = Event()
    connection = Connection(World(runs={"1": Run(obeys=False), "2": Run()}))
    stopper = Stopper(post(connection), Force(timeout=60), lambda _: halt.set(), halt)
    rows = stopper.stop([connection.target("run", id_) for id_ in ("1", "2")])
    assert [row.target.id for row in rows] == ["2"]


def test_hundreds_of_targets_cost_few_looks() -> None:
    connection = Connection(World(runs={str(number): Run() for number in range(300)}))
    assert len(stop(connection, Force(timeout=60))) == 300
    assert connection.looks <= 2
