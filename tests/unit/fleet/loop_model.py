"""A story's fleet in memory: requests and appends go wrong, and ticks are killed at any of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gate.core.canary import Canary
from gate.core.entry import canonical
from gate.core.event import StepClosed
from gate.core.model import Hold, Reading, Verdict
from gate.core.steadiness import Steadiness
from gate.core.work import Work
from gate.fleet.members import Post
from gate.fleet.pause import PauseOrder
from gate.fleet.pause import pause as pause_fleet
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from gate.sandbox import recorded
from tests.unit.fleet import world as worlds
from tests.unit.fleet.loop import LAB, MINUTE, Job, Loop, Run
from tests.unit.fleet.world import ACTIVE, NOW, URL, Killed, ListLedger, ModelConnection, World, post

TRIGGERS = {"nightly": ACTIVE, "hourly": ACTIVE}
WORK = tuple((workflow, ref) for workflow in ("load a", "load b") for ref in ("main", "dev"))


@dataclass(slots=True, kw_only=True)
class ModelRun:
    """A run of the world, with its workflow and ref."""

    world: World
    id: str
    workflow: str
    ref: str

    @property
    def itself(self) -> worlds.Run:
        return self.world.runs[self.id]

    @property
    def attempt(self) -> int:
        return self.itself.attempt

    @property
    def running(self) -> bool:
        return self.itself.status == "running"

    @property
    def going(self) -> bool:
        return self.itself.status not in ("done", "cancelled")

    @property
    def stopped(self) -> bool:
        return self.itself.status == "cancelled"

    def report(self, *, configured: bool) -> None:
        self.world.proofs[self.id] = Canary.PASSED if configured else Canary.FAILED

    def end(self) -> None:
        self.itself.status = "done"


class LoopConnection(ModelConnection):
    """The fleet of a story: runs of one workflow and ref replace each other."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.world)
        self._runs = model.runs

    def _work(self, id_: str, run: worlds.Run) -> Work:
        work, own = super()._work(id_, run), self._runs[id_]
        return replace(work, origin=replace(work.origin, workflow=own.workflow, ref=own.ref))


class Model:
    """`tests.unit.fleet.loop.Outside` in memory.

    Args:
        chance: decides what goes wrong.
        world: everything that is not gate; a new one by default.
        trouble: how likely a request to the provider goes wrong.
        kills: how likely a tick is killed.
    """

    def __init__(
        self, chance: random.Random, world: World | None = None, *, trouble: float = 0.0, kills: float = 0.0
    ) -> None:
        self.world = world or World(chance=chance)
        self.world.triggers = dict(TRIGGERS)
        self.ledger = ListLedger(self.world)
        self.now: datetime = NOW
        self.fibre = True
        self.runs: dict[str, ModelRun] = {}
        self.kill_next = 0  # the step at which the next tick is killed
        self._chance, self._trouble, self._kills = chance, trouble, kills

    def pass_minute(self) -> None:
        self.now += MINUTE

    def turn(self, *, fibre: bool) -> None:
        self.fibre = fibre

    def read(self) -> Reading:
        body = recorded.READY if self.fibre else recorded.WAITING
        return Reading(environment=LAB, taken_at=self.now, status=200, body=json.dumps(body).encode())

    def configure(self) -> bool:
        return self.fibre

    def begin(self) -> Job:
        return self.begin_as(*self._chance.choice(WORK))

    def begin_as(self, workflow: str, ref: str) -> Job:
        """Begin a run of a workflow and ref."""
        number = len(self.runs) + 1
        made = ModelRun(world=self.world, id=f"r{number}", workflow=workflow, ref=ref)
        self.runs[made.id] = made
        self.world.runs[made.id] = worlds.Run(order=number)
        return Job(run=made, work=(workflow, ref))

    def hold_back(self, run: Run, said: Verdict, append: Callable[[Any], None]) -> None:
        assert isinstance(run, ModelRun)
        run.itself.status = "done"
        self.world.proofs[run.id] = Canary.NOT_STARTED
        append(closed_step(run, said))

    def let_go(self, run: Run) -> None:
        pass

    @contextmanager
    def posts(self) -> Iterator[Sequence[Post]]:
        yield [post(LoopConnection(self))]

    def tick(self, process: Callable[[], object]) -> None:
        self.world.trouble = self._trouble
        if self._chance.random() < self._kills:
            self.kill_next = self._chance.randint(1, 40)
        self.world.kill_at = self.world.steps + self.kill_next if self.kill_next else None
        self.kill_next = 0
        try:
            with suppress(Killed):
                process()
        finally:
            self.world.revive()

    def rest(self) -> None:
        self._trouble = self._kills = self.world.trouble = 0.0

    def sleep(self, seconds: float) -> None:
        pass


class ModelLoop(Loop):
    """A story in memory.

    Args:
        seed: what happens in it.
        policy: the steadiness.
        trouble: how likely a request to the provider goes wrong.
        kills: how likely a tick is killed.
        people: how likely a person acts, each minute.
        clocks: how likely a tick's clock is a day ahead or behind.
        world: what is outside of gate; a new one by default.
    """

    def __init__(
        self,
        seed: int,
        policy: Steadiness | None = None,
        *,
        trouble: float = 0.0,
        kills: float = 0.0,
        people: float = 0.0,
        clocks: float = 0.0,
        world: World | None = None,
    ) -> None:
        chance = random.Random(seed)
        self.model = Model(chance, world, trouble=trouble, kills=kills)
        super().__init__(chance, self.model, policy, people=people, clocks=clocks)

    @property
    def world(self) -> World:
        """Everything that is outside of gate."""
        return self.model.world


def closed_step(run: ModelRun, said: Verdict) -> StepClosed:
    """Return what a closed gate step leaves in the ledger."""
    return StepClosed(
        environment=said.environment,
        code=said.code,
        provider="github",
        project="acme/panda",
        run=run.id,
        instance=URL,
        workflow=run.workflow,
        ref=run.ref,
        commit=f"c{run.itself.order}",
        hold=said.hold.id if said.hold else "",
        order=run.itself.order,
        own=canonical({"attempt": run.attempt}),
    )


def pause(loop: ModelLoop, minutes: int) -> None:
    """Let a person pause everything for so long."""
    hold = Hold(id="P1", reason="splice", by="dana", until=loop.now + minutes * MINUTE)
    order = PauseOrder(
        hold=hold, request=loop.order().request, reason=lambda _: "held", force=Force(timeout=30)
    )
    with loop.model.posts() as posts:
        pause_fleet(posts, loop.journal("dana"), order, Silent(), lambda _: None)
