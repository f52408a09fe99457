"""Is it told what a build has started elsewhere, and what of its own is left?"""

from __future__ import annotations

import pytest

from gate.core.work import Protects
from gate.providers.jenkins.actions import Cause
from gate.providers.jenkins.downstream import Left, Rest, started_by, what_is_left
from gate.providers.jenkins.inflight import Queued, Running
from gate.providers.jenkins.stages import Stage

LOAD = Protects(patterns=("load*",))
MINE = Cause(project="main", number=1)


def build(name: str, number: int, *upstream: Cause) -> Running:
    return Running(path=f"job/{name}/{number}/", pipeline=True, upstream=upstream)


def over(name: str) -> Stage:
    return Stage(name=name, over=True)


def running(name: str, *above: str) -> Stage:
    return Stage(name=name, over=False, above=above)


def test_what_was_started_is_found_through_builds_in_flight_in_any_order() -> None:
    grandchild = build("unit", 4, Cause(project="child", number=2))
    child = build("child", 2, MINE)
    item = Queued(id=9, job="job/more/", pipeline=False, upstream=(Cause(project="unit", number=4),))
    stranger = build("load", 7, Cause(project="other", number=1))
    found = started_by(MINE, [item, grandchild, stranger, child], LOAD, lambda _: ())
    assert set(found) == {item, grandchild, child}


def test_builds_in_between_that_have_ended_are_looked_at_for_protected_names_alone() -> None:
    asked: list[Cause] = []
    ended = Cause(project="ended", number=3)

    def causes_of(cause: Cause) -> tuple[Cause, ...]:
        asked.append(cause)
        return (MINE,) if cause == ended else ()

    protected, other = build("load", 1, ended), build("unit", 1, Cause(project="elsewhere", number=8))
    assert started_by(MINE, [protected, other], LOAD, causes_of) == (protected,)
    assert asked == [ended]


def test_causes_that_lead_in_a_circle_come_to_an_end() -> None:
    circle = {Cause(project="a", number=1): Cause(project="b", number=1)}
    circle |= {after: before for before, after in circle.items()}
    one = build("load", 1, next(iter(circle)))
    assert started_by(MINE, [one], LOAD, lambda cause: (circle[cause],)) == ()


@pytest.mark.parametrize(
    ("stages", "before", "own", "rest"),
    [
        ((running("gate"),), ("gate", "load"), "gate", Rest(left=Left.PROTECTED, names=("load",))),
        ((running("gate"),), ("gate", "load", "unit"), "gate", Rest(left=Left.MIXED, names=("unit",))),
        ((running("gate"),), ("gate", "unit"), "gate", Rest(left=Left.NOTHING)),
        ((running("gate"),), None, "gate", Rest(left=Left.UNKNOWN)),
        ((over("load"), running("gate")), ("load", "gate"), "gate", Rest(left=Left.NOTHING)),
        (
            (running("lab"), running("gate", "lab"), running("load x", "lab")),
            ("lab", "gate", "load x"),
            "gate",
            Rest(left=Left.PROTECTED, names=("load x",)),
        ),
        ((running("gate"), running("lint")), ("load",), "gate", Rest(left=Left.MIXED, names=("lint",))),
        (
            (running("gate"),),
            ("Declarative: Checkout SCM", "gate", "load", "Declarative: Post Actions"),
            "gate",
            Rest(left=Left.PROTECTED, names=("load",)),
        ),
        ((running("gate"),), ("gate", "load"), "", Rest(left=Left.MIXED, names=("gate",))),
    ],
    ids=[
        "only protected",
        "something else",
        "nothing protected",
        "unknown",
        "protected is over",
        "inside a parallel stage",
        "beside the gate step",
        "what Jenkins adds",
        "the gate's own stage is not known",
    ],
)
def test_what_is_left_of_a_build(
    stages: tuple[Stage, ...], before: tuple[str, ...] | None, own: str, rest: Rest
) -> None:
    assert what_is_left(stages, before, own, LOAD) == rest
