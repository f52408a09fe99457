"""The recheck over all three emulators, by HTTP, in accelerated time: closes, proves, opens, starts again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.core.canary import Rerun
from gate.core.ledger import verify
from gate.core.model import DEFAULT_PROTECT
from gate.core.plan import PauseRequest
from gate.core.steadiness import Steadiness
from gate.core.work import Protects
from gate.fleet.journal import Journal
from gate.fleet.members import Post
from gate.fleet.pool import Pool
from gate.fleet.recheck import Tick, Ticked, TickOrder
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from tests.contract.sweeps.github import GitHubLab
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.jenkins import JenkinsLab
from tests.contract.sweeps.lab import Lab, State, Time, served
from tests.contract.test_recheck import fail, hold_back, newest
from tests.unit.core.rechecks import verdict

SEEDS = 24
PARTS = 4
POLICY = Steadiness()


@dataclass(slots=True, kw_only=True)
class Story:
    """Three labs in one time, a ledger, and a fibre."""

    labs: tuple[Lab, ...]
    time: Time
    url: str
    chance: random.Random
    fibre: bool = True
    suspends: bool = True
    ticks: int = 0
    things: dict[Lab, list[Any]] = field(default_factory=dict)

    def tick(self) -> Ticked:
        """Let some minutes pass, then do one tick with connections of its own."""
        self.time.sleep(self.chance.uniform(45.0, 400.0))
        self.ticks += 1
        with self._posts() as posts, closing(open_state(self.url)) as ledger:
            journal = Journal(ledger, "recheck", self.now)
            known = journal.state.head.seq
            ticked = Tick(posts, journal, self._order(), Silent()).run(
                [verdict(self.fibre, self.now())], known
            )
        assert ticked is not None
        assert ticked.receipt.complete, ticked.receipt.unproven
        return ticked

    def until(self, what: str, most: int) -> Ticked:
        """Do ticks until one raises or lifts a hold, in no more than that."""
        for _ in range(most):
            ticked = self.tick()
            if getattr(ticked.decided, what):
                return ticked
        raise AssertionError(f"nothing was {what} in {most} ticks")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time.now(), UTC)

    def starts(self) -> list[int]:
        """Return how often each thing was started again."""
        return [lab.starts(thing) for lab, things in self.things.items() for thing in things]

    @contextmanager
    def _posts(self) -> Iterator[list[Post]]:
        posts = [Post(connection=lab.connect(), pool=Pool(2)) for lab in self.labs]
        try:
            yield posts
        finally:
            for post in posts:
                post.pool.close()
                post.connection.close()

    def _order(self) -> TickOrder:
        return TickOrder(
            steadiness=POLICY,
            rerun=Rerun.CANARY,
            request=PauseRequest(protects=Protects(patterns=DEFAULT_PROTECT), suspend_triggers=self.suspends),
            reason=lambda environment, hold: f"{environment}: held by recheck: {hold.reason}",
            force=Force(timeout=60),
            patience=0.0,
            jitter=self.chance.random,
            sleep=self.time.sleep,
        )


@contextmanager
def story(seed: int, folder: Path) -> Iterator[Story]:
    """Begin a story, with one to four protected things in flight on each server."""
    time, chance = Time(), random.Random(seed)
    labs: tuple[Lab, ...] = (GitHubLab(time), GitLabLab(time), JenkinsLab(time))
    with ExitStack() as stack:
        for lab in labs:
            stack.enter_context(served(lab))
        url = f"sqlite:///{(folder / f'{seed}.db').as_posix()}"
        told = Story(labs=labs, time=time, url=url, chance=chance)
        for lab in labs:
            told.things[lab] = [lab.begin(project=chance.randint(0, 1)) for _ in range(chance.randint(1, 4))]
        yield told


@pytest.mark.parametrize("part", range(PARTS))
def test_a_lost_fibre_closes_the_fleet_and_its_return_opens_it_and_starts_each_once(
    part: int, tmp_path: Path
) -> None:
    for seed in range(part, SEEDS, PARTS):
        with story(seed, tmp_path) as told:
            triggers = {lab: lab.trigger() for lab in told.labs}
            told.tick()
            told.fibre = False
            told.until("raised", POLICY.close_after)
            states = {lab.state(thing) for lab, things in told.things.items() for thing in things}
            assert states == {State.STOPPED}, seed
            assert not any(lab.is_on(one) for lab, one in triggers.items()), seed
            for _ in range(told.chance.randint(0, 3)):
                assert told.tick().receipt.requests == (("github", 0), ("gitlab", 0), ("jenkins", 0)), seed
            told.fibre = True
            opened = told.until("lifted", POLICY.open_after + 1)
            assert all(lab.is_on(one) for lab, one in triggers.items()), seed
            assert [lab.hold_texts() for lab in told.labs] == [[], [], []], seed
            assert (opened.receipt.counts["rerun"], sum(told.starts())) == (1, 1), seed
            told.tick()
            assert sum(told.starts()) == 1, seed  # the first one has not passed yet
            finish(told)
            groups = {(lab, project_of(lab, thing)) for lab, some in told.things.items() for thing in some}
            for _ in range(3):
                told.tick()
            assert max(told.starts()) == 1, seed
            assert sum(told.starts()) == len(groups), seed
            assert told.tick().receipt.requests == (("github", 0), ("gitlab", 0), ("jenkins", 0)), seed
            with closing(open_state(told.url)) as ledger:
                entries, head = read_entries(ledger)
            assert verify(entries, head=head) is None, seed


def finish(told: Story) -> None:
    """Let what was started again succeed."""
    for lab, things in told.things.items():
        for thing in things:
            if lab.starts(thing):
                lab.end(newest(lab, thing))


def project_of(lab: Any, thing: Any) -> object:
    """Return where something runs: all of one lab's things have one workflow and ref there."""
    match lab.provider:
        case "github":
            return next(one.full_name for one in lab.projects if thing.id in one.runs)
        case "gitlab":
            return thing.pipeline.project.path
    return thing.item.full_name


def test_a_first_run_that_fails_closes_the_fleet_again(tmp_path: Path) -> None:
    with story(99, tmp_path) as told:
        told.fibre = False
        told.until("raised", POLICY.close_after)
        told.fibre = True
        told.until("lifted", POLICY.open_after + 1)
        assert sum(told.starts()) == 1
        for lab, things in told.things.items():
            for thing in things:
                if lab.starts(thing):
                    fail(lab, newest(lab, thing))
        ticked = told.tick()
        words = "closed again, since the run that went first has failed to configure the lab"
        assert any(note.startswith(words) for note in ticked.receipt.notes)
        assert all(words in text for lab in told.labs[:2] for text in lab.hold_texts())
        assert [len(lab.hold_texts()) for lab in told.labs] == [1, 1, 0]
        assert sum(told.starts()) == 1


def test_what_only_the_providers_keep_is_started_again_too(tmp_path: Path) -> None:
    with story(7, tmp_path) as told:
        for lab, things in told.things.items():
            for thing in things:
                lab.end(thing)
        told.things, told.suspends, told.fibre = {}, False, False
        (hold,) = told.until("raised", POLICY.close_after).decided.raised
        for lab in told.labs:
            thing = lab.begin()
            hold_back(
                lab, thing, f"staging: held by recheck: {hold.reason} (hold {hold.id}); load* is held back"
            )
            fail(lab, thing) if lab.provider == "gitlab" else lab.end(thing)
            told.things[lab] = [thing]
        told.time.sleep(1.0)
        told.fibre = True
        told.until("lifted", POLICY.open_after + 1)
        for _ in range(4):
            finish(told)
            told.tick()
        assert told.starts() == [1, 1, 1]
