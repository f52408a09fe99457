"""The recheck over all three emulators and a Focus server, by HTTP, in accelerated time.

`python -m benchmarks.recheck --whole` tells 1,000 such stories.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.event import Ownership
from tests.contract.test_recheck import hold_back
from tests.emulated.loop import CONFIGURE, EmulatedRun, Servers, left_over, story
from tests.unit.fleet.loop import Job, Loop

STORIES = 40
PEOPLED = 12
PARTS = 4
MINUTES = 60


@pytest.mark.parametrize("part", range(PARTS))
def test_the_loop_closes_and_opens_in_bounds_and_does_nothing_wrong(part: int, tmp_path: Path) -> None:
    for seed in range(part, STORIES, PARTS):
        with story(seed, tmp_path) as told:
            counts = told.run(MINUTES)
            assert max(counts.to_hold, default=0) <= told.policy.close_after + 1, seed
            assert max(counts.to_open, default=0) <= told.policy.open_after + 1, seed
            assert (counts.dark_requests, counts.left_behind) == (0, 0), seed
            assert counts.requests <= servers(told).focus.seen[CONFIGURE], seed
            assert_nothing_wrong(told, seed)


@pytest.mark.parametrize("part", range(PARTS))
def test_people_change_nothing_about_that(part: int, tmp_path: Path) -> None:
    for seed in range(5000 + part, 5000 + PEOPLED, PARTS):
        with story(seed, tmp_path, people=0.04) as told:
            told.run(MINUTES)
            assert_nothing_wrong(told, seed)


def assert_nothing_wrong(told: Loop, seed: int) -> None:
    """No false opening, no second start, no person overridden, a whole ledger, and nothing left changed."""
    counts = told.counts
    assert (counts.false_opens, counts.reruns_twice, counts.overridden) == (0, 0, 0), seed
    assert told.at_rest, seed
    assert told.is_whole(), seed
    assert left_over(servers(told).labs) == [], seed


def servers(told: Loop) -> Servers:
    """Return what a story is about."""
    assert isinstance(told.outside, Servers)
    return told.outside


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Loop]:
    """Return a story in which nothing happens but what a test tells."""
    with story(7, tmp_path) as loop:
        yield loop


def minutes(told: Loop, count: int) -> None:
    """Let minutes pass with a tick in each."""
    for _ in range(count):
        told.outside.pass_minute()
        told.work()
        told.tick()


def begin_at_each(told: Loop) -> list[EmulatedRun]:
    """Begin a run at each server, whose gate step is open."""
    runs = [EmulatedRun(lab=lab, thing=lab.begin()) for lab in servers(told).labs]
    told.jobs += [Job(run=run, work=(run.lab.provider,), asked=1, left=10_000, fresh=True) for run in runs]
    return runs


def test_a_first_run_that_fails_closes_the_fleet_again(told: Loop) -> None:
    runs = begin_at_each(told)
    told.turn(False)
    minutes(told, told.policy.close_after)
    assert all(run.stopped for run in runs)
    told.turn(True)
    minutes(told, told.policy.open_after)
    (first,) = [run for run in runs if run.attempt == 2]
    first.report(configured=False)
    first.end()
    told.tick()
    words = "closed again, since the run that went first has failed to configure the lab"
    (hold,) = told.state().holds
    assert hold.ownership is Ownership.AUTO
    assert hold.hold.reason.startswith(words)
    texts = [lab.hold_texts() for lab in servers(told).labs]
    assert [len(some) for some in texts] == [1, 1, 0]
    assert all(words in text for some in texts for text in some)
    minutes(told, 2)
    assert sorted(run.attempt for run in runs) == [1, 1, 2]


def test_what_only_the_providers_keep_is_started_again_too(told: Loop) -> None:
    told.turn(False)
    minutes(told, told.policy.close_after)
    runs = begin_at_each(told)
    for run in runs:
        hold_back(run.lab, run.newest, told.ask(told.now, [one.hold for one in told.state().holds]).reason)
        run.held_back()
    told.turn(True)
    minutes(told, told.policy.open_after)
    assert sorted(run.attempt for run in runs) == [1, 1, 2]
    for _ in range(12):
        minutes(told, 1)
    assert [run.attempt for run in runs] == [2, 2, 2]


def test_a_quiet_tick_asks_nothing_of_the_fleet(told: Loop) -> None:
    begin_at_each(told)
    minutes(told, 1)
    logs = [lab.server.log for lab in servers(told).labs]
    before = [len(log.last()) for log in logs]
    minutes(told, 2)
    told.act()
    assert told.manual
    minutes(told, 2)
    assert [len(log.last()) for log in logs] == before
