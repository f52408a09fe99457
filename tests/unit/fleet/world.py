"""A fleet in memory: one provider whose things are plain values, and a ledger that is a list.

Whatever a request does to it can be made to fail, to be refused, to lose its answer, or to be the
moment at which the process is killed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gate.core.canary import Canary
from gate.core.entry import Entry, Head, Note, canonical, chain
from gate.core.event import Target
from gate.core.kept import Kept
from gate.core.work import (
    Asked,
    Found,
    Origin,
    Outcome,
    Problem,
    Protects,
    Seen,
    Status,
    Trigger,
    Work,
)
from gate.fleet.members import Post
from gate.fleet.pool import Pool
from gate.fleet.state.protocol import Conflict
from gate.providers.pace import Pace
from gate.providers.protocol import Each, Key, Member, NotDone

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
URL = "https://ci.example.com"


class Killed(BaseException):
    """The process is gone: nothing after it happens."""


@dataclass(slots=True)
class Run:
    """A run: where it is, how often it was started, and what it does when it is told to stop."""

    status: str = "running"
    attempt: int = 1
    obeys: bool = True
    looks: int = 0  # how often it still is seen running after it was told to stop
    told: bool = False
    order: int = 1


@dataclass(slots=True)
class World:
    """Everything that is outside of gate.

    Attributes:
        runs: by their ids; one whose status is ``done`` or ``cancelled`` is over.
        triggers: forms by their ids; a trigger that is taken away is gone.
        variables: texts by project; ``*`` is the place that all projects share.
        chance: decides what goes wrong.
        trouble: how likely a request goes wrong.
        kill_at: the request or append at which the process is killed; None for never.
        steps: requests and appends so far.
        theirs: what others wrote last into a trigger or variable, by its kind and id.
        starts: how often each run was started by gate.
        proofs: how far runs are that were started again, by their ids; whatever is not there has passed.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    trouble: float = 0.0
    kill_at: int | None = None
    steps: int = 0
    theirs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    writes: int = 0
    proofs: dict[str, Canary] = field(default_factory=dict)

    def step(self) -> None:
        """Count one request or append; raise Killed from `kill_at` on."""
        self.steps += 1
        if self.kill_at is not None and self.steps >= self.kill_at:
            raise Killed

    def goes_wrong(self) -> str:
        """Return how a request goes wrong: ``refused``, ``failed``, ``lost`` (it is done), or not at all."""
        self.step()
        if self.chance.random() >= self.trouble:
            return ""
        return self.chance.choice(("refused", "failed", "lost"))

    def revive(self) -> None:
        """Let a new process begin, in a world without trouble."""
        self.kill_at = None
        self.trouble = 0.0

    def edit(self, kind: str, id_: str, value: str | None) -> None:
        """Let somebody else change a trigger or a variable."""
        values = self.triggers if kind == "trigger" else self.variables
        if value is None:
            values.pop(id_, None)
        else:
            values[id_] = value
        self.theirs[kind, id_] = value


ACTIVE, DISABLED = canonical({"state": "active"}), canonical({"state": "disabled"})
_ENDED = ("done", "cancelled")


class ModelConnection:
    """`gate.providers.protocol.Connection` over a `World`."""

    no_hold = ""

    def __init__(self, world: World, member: Member | None = None) -> None:
        self.world = world
        self.member = member or Member(provider="github", url=URL, root="acme", environment="staging")
        self.pace: Pace = _Pace()

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        if self._wrong() in ("refused", "failed"):
            target = self.target("run", "*")
            return Found(
                problems=(Problem(target=target, asked=Asked(outcome=Outcome.REFUSED, detail="no")),)
            )
        work = tuple(self._work(id_, run) for id_, run in self.world.runs.items() if run.status not in _ENDED)
        found = tuple(self._trigger(id_, form) for id_, form in self.world.triggers.items())
        return Found(work=work, triggers=found if triggers else (), looked_at=len(self.world.runs))

    def find_again(self, protects: Protects, each: Each) -> Found:
        return Found()

    def cancel(self, target: Target) -> Asked:
        wrong = self._wrong()
        run = self.world.runs.get(target.id)
        if run is None or run.status in _ENDED:
            return Asked(outcome=Outcome.ALREADY_FINISHED, detail="it was over")
        if wrong in ("", "lost"):
            self.world.writes += 1
            run.told = True
        return _answer(wrong)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        self._wrong()
        run = self.world.runs.get(target.id)
        if step > 1 or run is None:
            return None
        run.obeys = run.obeys or kill
        return Asked()

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        if self._wrong():
            return {}
        return {target.key: self._seen(target) for target in targets}

    def annotate(self, work: Work, reason: str) -> Asked:
        return _answer(self._wrong())

    def shared_hold(self) -> Target | None:
        return self.target("hold", "GATE_HOLD", project="acme")

    def project_holds(self, each: Each) -> tuple[Target, ...]:
        if self._wrong() in ("refused", "failed"):
            raise NotDone(Outcome.REFUSED, "projects cannot be listed")
        return (self.target("hold", "GATE_HOLD", project="acme/panda"),)

    def read_hold(self, place: Target) -> str | None:
        if self._wrong():
            raise NotDone(Outcome.FAILED, "no answer")
        return self.world.variables.get(place.project)

    def write_hold(self, place: Target, text: str | None) -> Asked:
        wrong = self._wrong()
        if wrong in ("", "lost"):
            self.world.writes += 1
            _set(self.world.variables, place.project, text)
        done = Outcome.LIFTED if text is None else Outcome.HELD
        return Asked(outcome=done) if not wrong else _answer(wrong)

    def read_trigger(self, target: Target) -> str | None:
        if self._wrong():
            raise NotDone(Outcome.FAILED, "no answer")
        return self.world.triggers.get(target.id)

    def write_trigger(self, target: Target, form: str) -> Asked:
        wrong = self._wrong()
        if wrong in ("", "lost"):
            self.world.writes += 1
            self.world.triggers[target.id] = form
        return _answer(wrong)

    def rerun(self, target: Target, own: str) -> Asked:
        wrong = self._wrong()
        run = self.world.runs[target.id]
        if wrong in ("", "lost"):
            run.status, run.attempt, run.told = "running", run.attempt + 1, False
            self.world.starts[target.id] = self.world.starts.get(target.id, 0) + 1
        return (
            Asked(outcome=Outcome.RERUN, became=f"{target.id}.{run.attempt}") if not wrong else _answer(wrong)
        )

    def rerun_seen(self, target: Target, own: str) -> str | None:
        if self._wrong():
            raise NotDone(Outcome.FAILED, "no answer")
        run = self.world.runs[target.id]
        return f"{target.id}.{run.attempt}" if f'"attempt":{run.attempt}' not in own else None

    def busy(self, target: Target, own: str) -> str:
        self._wrong()
        return ""

    def proved(self, target: Target, became: str, protects: Protects) -> Canary:
        if self._wrong():
            raise NotDone(Outcome.FAILED, "no answer")
        return self.world.proofs.get(target.id, Canary.PASSED)

    def closed_steps(self, since: datetime, each: Each) -> Kept:
        return Kept(notes=("no answer",) if self._wrong() else ())

    def close(self) -> None:
        pass

    def target(self, kind: str, id_: str, project: str = "acme/panda") -> Target:
        return Target(
            provider=self.member.provider,
            instance=URL,
            project=project,
            kind=kind,
            id=id_,
            name=f"load {id_}",
        )

    def _wrong(self) -> str:
        self.pace.take()
        return self.world.goes_wrong()

    def _work(self, id_: str, run: Run) -> Work:
        origin = Origin(
            workflow=f"load {id_}", ref="main", order=run.order, own=canonical({"attempt": run.attempt})
        )
        return Work(
            target=self.target("run", id_),
            matched=f"load {id_}",
            status=Status.RUNNING,
            word=run.status,
            origin=origin,
        )

    def _trigger(self, id_: str, form: str) -> Trigger:
        return Trigger(
            target=self.target("trigger", id_),
            matched=f"load {id_}",
            active=form == ACTIVE or "cron" in form,
            form=form,
            suspended_form=DISABLED,
        )

    def _seen(self, target: Target) -> Seen:
        run = self.world.runs.get(target.id)
        if run is None:
            return Seen(status=Status.FINISHED, word="gone")
        if run.told and run.obeys and run.status not in _ENDED:
            run.looks -= 1
            if run.looks < 0:
                run.status = "cancelled"
        if run.status in _ENDED:
            return Seen(status=Status.FINISHED, word=run.status, stopped=run.status == "cancelled")
        return Seen(status=Status.RUNNING, word=run.status)


class InLine(Pool):
    """A pool without threads: whatever happens, happens in one order."""

    def __init__(self) -> None:
        super().__init__(1)
        self._mine.inside = True


class ListLedger:
    """A ledger in memory; an append is a step of the world, and happens whole or not at all."""

    shown = "memory"

    def __init__(self, world: World) -> None:
        self.lines: list[Entry] = []
        self._world = world

    def append(self, notes: Sequence[Note], expected_seq: int) -> tuple[Entry, ...]:
        self._world.step()
        head = self.head()
        if head.seq != expected_seq:
            raise Conflict(expected_seq, head.seq)
        entries = chain(notes, head)
        self.lines += entries
        return entries

    def entries(self, after: int = 0) -> Iterator[Entry]:
        return iter(self.lines[after:])

    def head(self) -> Head:
        return self.lines[-1].head if self.lines else Head()

    def close(self) -> None:
        pass


def post(connection: ModelConnection) -> Post:
    """Return a connection as a member of a fleet, whose calls follow one another."""
    return Post(connection=connection, pool=InLine())


class Ticking:
    """A clock that goes on by itself."""

    def __init__(self) -> None:
        self._now = NOW

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class _Pace(Pace):
    """Time that passes by waiting and by looking at it, so that each story is told the same way twice."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(at_once=4, clock=self._tick)

    def wait(self, halt: threading.Event, seconds: float) -> bool:
        self._seconds += seconds
        return halt.is_set()

    def _tick(self) -> float:
        self._seconds += 0.001
        return self._seconds


def _set(values: dict[str, str], id_: str, value: str | None) -> None:
    if value is None:
        values.pop(id_, None)
    else:
        values[id_] = value


def _answer(wrong: str) -> Asked:
    match wrong:
        case "":
            return Asked()
        case "refused":
            return Asked(outcome=Outcome.REFUSED, detail="needs actions: write")
        case _:
            return Asked(outcome=Outcome.FAILED, detail="no answer")
