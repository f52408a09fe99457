"""Every interleaving of people, a lab, ticks, crashes and stepped clocks, against written invariants.

Each world is reached by the real functions, chain and replay included. Worlds in which everything
that a later step could see is the same, but for the time of day, count once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.core.event import Ownership
from gate.core.hold import active_hold
from gate.core.ledger_state import LedgerState, Standing
from gate.core.model import Place
from gate.core.recheck import Recheck
from gate.core.steadiness import Steadiness
from tests.unit.core.rechecks import (
    DAY,
    Taken,
    World,
    auto_holds,
    later,
    person_holds,
    person_lifts,
    sweep,
    tick,
)

POLICY = Steadiness(open_after=2, close_after=2, steady_for=90.0, changes=99)
TICKS_TO_OPEN = 3  # a minute apart


def manual(state: LedgerState) -> list[Standing]:
    return [standing for standing in state.holds if standing.ownership is Ownership.MANUAL]


def checked_tick(world: World, *, swept: bool = True, dies: bool = False) -> World:
    after, decided = tick(world, world.read(), POLICY)
    check_step(world, after, decided)
    return sweep(after, dies=dies) if swept else after


def late_tick(world: World) -> World | None:
    if world.pending is None:
        return None
    after, decided = tick(world, world.pending, POLICY)
    check_step(world, after, decided)
    return sweep(replace(after, pending=None))


def slow_read(world: World) -> World | None:
    return None if world.pending else replace(world, pending=world.read())


def clock(offset: timedelta) -> Callable[[World], World | None]:
    return lambda world: None if world.offset == offset else replace(world, offset=offset)


def lab(ready: bool) -> Callable[[World], World | None]:
    return lambda world: None if world.ready == ready else replace(world, ready=ready)


STEPS: dict[str, Callable[[World], World | None]] = {
    "a person holds": lambda world: person_holds(world, None),
    "a person holds for two minutes": lambda world: person_holds(world, 2),
    "a person lifts theirs": lambda world: person_lifts(world, "P"),
    "a person lifts the recheck's": lambda world: person_lifts(world, "auto"),
    "the lab is ready": lab(True),
    "the lab is dark": lab(False),
    "tick": checked_tick,
    "tick that dies before it sweeps": lambda world: checked_tick(world, swept=False),
    "tick that dies in its sweep": lambda world: checked_tick(world, dies=True),
    "slow tick reads": slow_read,
    "slow tick appends": late_tick,
    "the clock is a day ahead": clock(DAY),
    "the clock is a day behind": clock(-DAY),
    "the clock is right": clock(timedelta()),
}


def check_step(before: World, after: World, decided: Recheck) -> None:
    """What a tick may do, held against what truly happened."""
    assert manual(before.state) == manual(after.state), "the recheck overrode a person"
    assert not set(decided.lifted) & {standing.hold.id for standing in manual(before.state)}
    acted = max(before.person, default=datetime.min.replace(tzinfo=before.now.tzinfo))
    for id_ in decided.lifted:
        began = dict(before.raised)[id_]
        row = true_row(after, max(began, acted))
        assert len(row) >= POLICY.open_after, "opened on too few readings since the hold and a person's act"
        assert row[-1].at - row[0].at >= timedelta(seconds=POLICY.steady_for), "opened early"
        assert not any(hold.until is None or hold.until > before.now for hold in before.manual) or (
            before.offset == DAY
        ), "opened under a person's hold"
    for _ in decided.raised:
        dark = [taken for taken in after.told if not taken.ready and taken.at > acted]
        assert len(dark) >= POLICY.close_after, "closed on a person's past"


def true_row(world: World, since: datetime) -> list[Taken]:
    """Return the last readings since then that were ready, as they were truly taken."""
    row: list[Taken] = []
    for taken in sorted((one for one in world.told if one.at > since), key=lambda one: one.at):
        row = [*row, taken] if taken.ready else []
    return row


def check_world(world: World) -> None:
    """What must be true at every moment."""
    held_by = active_hold(
        [standing.hold for standing in world.state.holds], Place(environment="staging"), world.now
    )
    truly_held = [hold for hold in world.manual if hold.until is None or hold.until > world.now]
    assert held_by or not (truly_held or auto_holds(world.state)), "open under a hold"
    for standing in world.state.holds:
        assert standing.hold.reason, "closed without a reason"
        assert standing.by, "closed without an owner"
    assert world.restores <= 1, "restored twice"
    assert len(auto_holds(world.state)) <= 1


def check_life(world: World) -> None:
    """With a right clock and nobody in the way, a ready lab opens, and a dark one closes."""
    for ready in (True, False):
        after = replace(world, offset=timedelta(), ready=ready, pending=None)
        lifted = person_lifts(later(after), "P") or after
        for _ in range(TICKS_TO_OPEN + 1):
            lifted = later(lifted)
            lifted = sweep(tick(lifted, lifted.read(), POLICY)[0])
        assert bool(auto_holds(lifted.state)) is not ready
        assert lifted.active is ready


def essence(world: World) -> Hashable:
    """Return all that a later step can see, with times as distances and numbers as ranks."""
    state = world.state
    seqs = sorted(
        {
            *(standing.seq for standing in state.holds),
            *(act.seq for act in state.person_acts),
            *(sample.known for sample in state.samples[-6:]),
            *([world.pending.known] if world.pending else []),
        }
    )
    rank = {seq: number for number, seq in enumerate(seqs)}

    def ago(at: datetime | None) -> float | None:
        return None if at is None else (world.now - at).total_seconds()

    return (
        world.ready,
        world.offset,
        world.active,
        world.restores,
        world.pending and (rank[world.pending.known], ago(world.pending.at), world.pending.ready),
        world.pending and ago(world.pending.verdict.checked_at),
        tuple((s.hold.id[0], s.ownership, rank[s.seq], ago(s.at), ago(s.hold.until)) for s in state.holds),
        tuple((rank[act.seq], ago(act.at)) for act in state.person_acts),
        tuple((s.ready, rank[s.known], ago(s.taken_at)) for s in state.samples[-6:]),
        tuple((ago(taken.at), taken.ready) for taken in world.told[-6:]),
        tuple((change.action, change.outcome, change.undone) for change in state.changes if change.may_stand),
        ago(max(world.person, default=None)),
        tuple(ago(at) for _, at in world.raised[-1:]),
        tuple(ago(hold.until) for hold in world.manual),
    )


def explore(start: World, depth: int, steps: dict[str, Callable[[World], World | None]]) -> tuple[int, int]:
    """Take every step from every world up to a depth; return how many worlds and steps there were."""
    frontier: list[tuple[World, tuple[str, ...]]] = [(start, ())]
    seen, taken = {essence(start)}, 0
    for _ in range(depth):
        reached: list[tuple[World, tuple[str, ...]]] = []
        for world, way in frontier:
            for name, step in steps.items():
                try:
                    after = step(later(world))
                    if after is None:
                        continue
                    taken += 1
                    check_world(after)
                except AssertionError as error:
                    raise AssertionError(f"{error}, after: {' → '.join((*way, name))}") from error
                key = essence(after)
                if key not in seen:
                    seen.add(key)
                    reached.append((after, (*way, name)))
        frontier = reached
    for world, way in frontier[::97]:
        try:
            check_life(world)
        except AssertionError as error:
            raise AssertionError(f"{error}, after: {' → '.join(way)}, and then peace") from error
    return len(seen), taken


STARTS = {
    "open": [],
    "closed, and the fibre is back": ["the lab is dark", "tick", "tick", "the lab is ready"],
    "about to open": ["the lab is dark", "tick", "tick", "the lab is ready", "tick", "tick"],
    "closed beside a person's hold": ["the lab is dark", "tick", "tick", "a person holds"],
    "about to close": ["the lab is dark", "tick"],
}


@pytest.mark.parametrize("start", STARTS)
def test_every_way_keeps_what_was_promised(start: str) -> None:
    world = World()
    for name in STARTS[start]:
        world = STEPS[name](later(world)) or world
    worlds, steps = explore(world, 5, STEPS)
    assert worlds > 3000
    assert steps > 2 * worlds / 3
