"""A real `gate pause-all` over sixty targets, killed at every request and append: nothing is lost."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate.core.event import Act
from gate.core.hold import parse_holds
from gate.core.ledger_state import LedgerState
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_state

if sys.platform == "win32":
    pytest.skip("there is no fork, and no SIGKILL", allow_module_level=True)

from tests.emulated.crash.fleet import OWNER, Fleet, serving
from tests.emulated.crash.killing import LEDGER, Point, Ran, Reaper, Zygote, zygotes
from tests.emulated.crash.truth import Fate, Name, Truth, truth_of

ALL = os.environ.get("GATE_TEST_ALL") == "1"
SHARE = 1.0 if ALL else 1 / 6
RESUME_SHARE = 1 / 16 if ALL else 1 / 64
SLICES = 12
MEETINGS = 12 if ALL else 8
SPARE = 2  # how often a pause looks whether all has stopped differs a little
STATE = "state.db"
PAUSE = ("pause-all", "--reason", "fibre cut", "--yes", "--suspend-triggers", "--format", "json")
RESUME = ("resume-all", "--yes", "--rerun", "all", "--force", "--patience", "300ms", "--format", "json")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """A served fleet, who kills at its requests, and two who start processes."""

    fleet: Fleet
    reaper: Reaper
    zygotes: list[Zygote]
    folder: Path

    def begin(self) -> Truth:
        """Bring everything back to the start, and return how it is."""
        self.settle()
        self.reaper.set(None)
        self.fleet.reset()
        for path in self.folder.glob(f"{STATE}*"):
            path.unlink()
        return truth_of(self.fleet)

    def gate(self, *arguments: str, point: Point | None = None) -> Ran:
        """Run gate, killed at a point; what it had sent by then comes to its end."""
        state = f"sqlite:///{self.folder / STATE}"
        ran = self.zygotes[0].run(self.folder, "--state", state, *arguments, reaper=self.reaper, point=point)
        self.settle()
        return ran

    def two_pauses(self, apart: float) -> list[Ran]:
        """Let two pauses work at once, the second of which begins later."""
        state = f"sqlite:///{self.folder / STATE}"

        def run(place: int) -> Ran:
            time.sleep(apart * place)
            return self.zygotes[place].run(self.folder, "--state", state, *PAUSE)

        with ThreadPoolExecutor(2) as executor:
            return list(executor.map(run, range(2)))

    def state(self) -> LedgerState:
        """Return what the ledger says, once its chain is checked."""
        with closing(open_state(f"sqlite:///{self.folder / STATE}")) as ledger:
            return read_state(ledger)

    def settle(self) -> None:
        """Wait until no request is under way."""
        until = time.monotonic() + 30
        while not self.fleet.quiet():
            assert time.monotonic() < until
            time.sleep(0.001)


@contextmanager
def made_bench(folder: Path) -> Iterator[Bench]:
    reaper = Reaper()
    with serving(4, 20, reaper.watch) as fleet, zygotes(folder, ("first", "second")) as started:
        fleet.write_config(folder)
        yield Bench(fleet=fleet, reaper=reaper, zygotes=started, folder=folder)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with made_bench(tmp_path_factory.mktemp("crash")) as made:
        yield made


@pytest.fixture(scope="module")
def points(bench: Bench) -> tuple[Point, ...]:
    """Every point at which a pause of this fleet can be killed."""
    bench.begin()
    ran = bench.gate(*PAUSE)
    assert ran.code == 1, ran.stderr  # a schedule is somebody else's
    counts = receipt_of(ran)["counts"]
    assert (counts["matched"], counts["stopped"], counts["survived"]) == (60, 60, 0)
    return points_of(bench, ran)


@pytest.fixture(scope="module")
def resume_points(bench: Bench) -> tuple[Point, ...]:
    """Every point at which a resume of this fleet can be killed."""
    bench.begin()
    bench.gate(*PAUSE)
    return points_of(bench, bench.gate(*RESUME))


def points_of(bench: Bench, ran: Ran) -> tuple[Point, ...]:
    """Return every point at which a process that ran just now could have been killed."""
    requests, changes = bench.reaper.requests, bench.reaper.changes
    return (
        *(
            Point(where=LEDGER, number=n, after=after)
            for n in range(1, ran.commits + 1)
            for after in (False, True)
        ),
        *(Point(where=name, number=n) for name in requests for n in range(1, requests[name] + SPARE + 1)),
        *(Point(where=name, number=n, after=True) for name in changes for n in range(1, changes[name] + 1)),
    )


def receipt_of(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def assert_as_before(
    bench: Bench,
    before: Truth,
    stopped: set[Name],
    ran: Ran,
    where: object,
    *,
    counted: bool = True,
) -> None:
    """What was stopped runs again, once; all else is as it was; receipt and ledger say the same."""
    now = truth_of(bench.fleet)
    assert {name for name, fate in now.fates.items() if fate is Fate.AGAIN} == stopped, where
    assert set(now.fates.values()) <= {Fate.AGAIN, Fate.UNTOUCHED}, (where, now.fates)
    assert now.fates.keys() == before.fates.keys(), where
    assert now.switches == before.switches, where
    assert now.others == before.others, where
    assert bench.fleet.github.world.doubtful == {}, where
    receipt = receipt_of(ran)
    assert (ran.code, receipt["complete"]) == (0, True), (where, ran.stdout, ran.stderr)
    if counted:
        assert receipt["counts"]["rerun"] == len(stopped), (where, receipt)
    assert_ledger_is_done(bench, stopped, where)


def assert_ledger_is_done(bench: Bench, stopped: set[Name], where: object) -> None:
    state = bench.state()
    assert (state.holds, state.unfinished) == ((), ()), where
    standing = [change for act in (Act.CANCEL, Act.SUSPEND, Act.HOLD) for change in state.standing(act)]
    assert standing == [], where
    again = {
        (change.target.provider, change.target.project, change.target.kind, change.target.id)
        for change in state.changes
        if change.action == Act.CANCEL and change.undone == "rerun"
    }
    assert again == stopped, where


def stopped_now(bench: Bench) -> set[Name]:
    """Return what was told to stop; it takes a moment until it has."""
    time.sleep(0.03)
    return {name for name, fate in truth_of(bench.fleet).fates.items() if fate is Fate.STOPPED}


def test_a_pause_stops_sixty_targets_and_a_resume_starts_them_again(bench: Bench) -> None:
    before = bench.begin()
    assert len(before.fates) == 60
    assert set(before.fates.values()) == {Fate.UNTOUCHED}
    bench.gate(*PAUSE)
    stopped = stopped_now(bench)
    assert stopped == set(before.fates)
    assert_as_before(bench, before, stopped, bench.gate(*RESUME), "no death")


@pytest.mark.parametrize("part", range(SLICES))
def test_a_pause_killed_at_any_request_or_append_is_undone_whole_by_the_next_resume(
    bench: Bench, points: tuple[Point, ...], part: int
) -> None:
    chance = random.Random("which points are tried where not all are")
    chosen = [point for point in points if chance.random() < SHARE]
    for point in chosen[part::SLICES]:
        before = bench.begin()
        bench.gate(*PAUSE, point=point)
        stopped = stopped_now(bench)
        assert_as_before(bench, before, stopped, bench.gate(*RESUME), point)
        if point.where == LEDGER:
            assert bench.gate("history", "--verify").code == 0, point
    assert bench.gate("history", "--verify").code == 0


@pytest.mark.parametrize("part", range(4))
def test_a_resume_killed_at_a_request_or_append_is_finished_by_the_next_one(
    bench: Bench, resume_points: tuple[Point, ...], part: int
) -> None:
    chance = random.Random("which points are tried, since the model tries them all")
    chosen = [point for point in resume_points if chance.random() < RESUME_SHARE]
    for point in chosen[part::4]:
        before = bench.begin()
        bench.gate(*PAUSE)
        stopped = stopped_now(bench)
        bench.gate(*RESUME, point=point)
        assert_as_before(bench, before, stopped, bench.gate(*RESUME), point, counted=False)
    assert bench.gate("history", "--verify").code == 0


def test_every_point_is_one_at_which_the_process_dies(bench: Bench) -> None:
    for where in (LEDGER, *bench.fleet.servers):
        for after in (False, True):
            bench.begin()
            ran = bench.gate(*PAUSE, point=Point(where=where, number=3, after=after))
            assert ran.code == -9, (where, after, ran)


@pytest.mark.parametrize("part", range(4))
def test_two_pauses_at_once_end_consistent_and_one_resume_lifts_both(bench: Bench, part: int) -> None:
    for number in range(part, MEETINGS, 4):
        before = bench.begin()
        rans = bench.two_pauses(random.Random(number).choice((0.0, 0.02, 0.1, 0.3)))
        ids = {receipt_of(ran)["hold"]["id"] for ran in rans}
        now = truth_of(bench.fleet)
        assert {one.hold.id for one in bench.state().holds} == ids, number
        for provider in ("github", "gitlab"):
            text = now.switches[provider, OWNER, "hold", "GATE_HOLD"]
            assert {hold.id for hold in parse_holds(text)} == ids, (number, provider)
        assert set(now.fates.values()) == {Fate.STOPPED}, number
        stopped = stopped_now(bench)
        assert_as_before(bench, before, stopped, bench.gate(*RESUME), number)
        assert bench.gate("history", "--verify").code == 0, number
