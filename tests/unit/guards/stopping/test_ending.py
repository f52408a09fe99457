"""How test processes are stopped, step by step, on a machine whose clock goes by sleeping."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.work import Outcome
from gate.guards.processes import How, Process
from gate.guards.stopping.choosing import Running
from gate.guards.stopping.command_line import TestRun, Tool
from gate.guards.stopping.ending import KILLED, TERMINATED, Ended, Stopper
from tests.unit.guards.stopping.machines import STARTED, FakeMachine, process

ME = process(50, "gate", parent=40)
ROOT = process(60, "pytest")
CHILD = process(61, "helper", parent=60, created=STARTED + 1)


def running(one: Process) -> Running:
    run = TestRun(tool=Tool.PYTEST, words=())
    return Running(process=one, run=run, folder=None, why="", parent="")


def stopped(
    machine: FakeMachine, targets: Sequence[Process] = (ROOT,), grace: float = 10
) -> tuple[Ended, ...]:
    stopper = Stopper(machine, grace, clock=lambda: machine.now, sleep=machine.sleep)
    stopper.stop([running(one) for one in targets])
    return stopper.results()


def test_what_ends_once_interrupted_is_told_nothing_else() -> None:
    machine = FakeMachine(me=ME, running=[ME, ROOT], slowness={60: 3})
    (ended,) = stopped(machine)
    assert ended.outcome is Outcome.STOPPED
    assert ended.detail.startswith("interrupted, gone after 3.")
    assert machine.told == [(60, How.INTERRUPT)]


@pytest.mark.parametrize(
    ("ignores", "last", "least"),
    [
        ({How.INTERRUPT}, How.TERMINATE, 10.0),
        ({How.INTERRUPT, How.TERMINATE}, How.KILL, 10.0 + TERMINATED),
    ],
    ids=["terminated", "killed"],
)
def test_what_ignores_one_way_is_stopped_harder_after_its_grace(
    ignores: set[How], last: How, least: float
) -> None:
    machine = FakeMachine(me=ME, running=[ME, ROOT], ignores={60: ignores})
    (ended,) = stopped(machine)
    assert (ended.outcome, machine.told[-1]) == (Outcome.STOPPED, (60, last))
    assert least <= machine.now < least + 1


def test_what_survives_everything_is_named() -> None:
    machine = FakeMachine(me=ME, running=[ME, ROOT], ignores={60: set(How)})
    (ended,) = stopped(machine)
    assert (ended.outcome, ended.detail) == (Outcome.SURVIVED, "killed; still there: 60")
    assert machine.now < 10 + TERMINATED + KILLED + 1


def test_children_that_outlive_their_parent_are_terminated_too() -> None:
    machine = FakeMachine(me=ME, running=[ME, ROOT, CHILD])
    (ended,) = stopped(machine)
    assert machine.told == [(60, How.INTERRUPT), (61, How.TERMINATE)]
    assert ended.outcome is Outcome.STOPPED
    assert ended.detail.endswith("with 1 that it started")


def test_a_child_that_is_started_during_the_grace_is_ended_too() -> None:
    late = process(62, "late", parent=60, created=STARTED + 9)
    machine = FakeMachine(me=ME, running=[ME, ROOT], starts={60: [late]}, slowness={60: 5})
    (ended,) = stopped(machine)
    assert (62, How.TERMINATE) in machine.told
    assert ended.outcome is Outcome.STOPPED


def test_a_refusal_is_named_with_what_is_still_there() -> None:
    machine = FakeMachine(me=ME, running=[ME, ROOT], refuses={60: "this user may not stop it"})
    (ended,) = stopped(machine)
    assert (ended.outcome, ended.detail) == (Outcome.REFUSED, "this user may not stop it; still there: 60")


def test_another_users_child_is_left_alone() -> None:
    foreign = process(61, "helper", parent=60, user="noa", created=STARTED + 1)
    machine = FakeMachine(me=ME, running=[ME, ROOT, foreign])
    assert stopped(machine)[0].outcome is Outcome.STOPPED
    assert machine.told == [(60, How.INTERRUPT)]


@given(
    data=st.lists(
        st.tuples(st.sets(st.sampled_from(list(How))), st.floats(0, 20), st.integers(0, 5)),
        min_size=1,
        max_size=6,
    ),
    grace=st.floats(0, 15),
)
def test_stopped_is_said_only_of_what_is_gone_with_all_it_started_and_gate_is_never_told(
    data: list[tuple[set[How], float, int]], grace: float
) -> None:
    everything = [ME, process(40, "bash")]
    for index, (_, _, parent) in enumerate(data):
        above = 60 + parent if parent < index else 1
        everything.append(process(60 + index, "pytest", parent=above, created=STARTED + index))
    machine = FakeMachine(
        me=ME,
        running=everything,
        ignores={60 + index: ignores for index, (ignores, _, _) in enumerate(data)},
        slowness={60 + index: slow for index, (_, slow, _) in enumerate(data)},
    )
    (ended,) = stopped(machine, (everything[2],), grace)
    family = {60}
    for one in everything[2:]:
        family |= {one.pid} if one.parent in family else set()
    alive = family & {one.pid for one in machine.processes()}
    assert (ended.outcome is Outcome.STOPPED) == (not alive)
    assert {pid for pid, _ in machine.told} <= family
    assert machine.now <= grace + TERMINATED + KILLED + 1
