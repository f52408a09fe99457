"""How are test processes stopped, with all that they have started, and proven to be gone?

They are interrupted first, so that pytest tears down and writes its report; what is left after
that is terminated, and then killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gate.core.work import Outcome
from gate.guards.processes import How, Machine, Process
from gate.guards.stopping.choosing import Running, descendants_of, kin_of

TERMINATED: float = 5.0  # seconds from asking to terminate until it is killed
KILLED: float = 5.0
_LOOK = 0.1
_REFRESH = 1.0
_WORDS = {How.INTERRUPT: "interrupted", How.TERMINATE: "terminated", How.KILL: "killed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of one test process, its children included.

    Attributes:
        running: which.
        outcome: stopped, already finished, survived, or refused.
        detail: how, or why not.
    """

    running: Running
    outcome: Outcome
    detail: str


@dataclass(slots=True)
class _Tree:
    """A test process and all that it has started, as far as it was seen."""

    running: Running
    members: dict[tuple[int, float], Process]
    how: How = How.INTERRUPT
    refusals: dict[tuple[int, float], str] = field(default_factory=dict)
    over_after: float | None = None


class Stopper:
    """Stops test processes.

    Args:
        machine: where they run.
        grace: seconds for them to end once interrupted.
        clock: gives seconds.
        sleep: waits.
    """

    def __init__(
        self,
        machine: Machine,
        grace: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._machine = machine
        self._grace = grace
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._trees: list[_Tree] = []
        self._refreshed = clock()

    def stop(self, targets: Sequence[Running]) -> None:
        """Stop them, each way harsher than the one before; an interrupt leaves it at that."""
        self._began = self._clock()
        self._trees = [_Tree(running=one, members={one.process.key: one.process}) for one in targets]
        self._refresh()
        for how, seconds in (
            (How.INTERRUPT, self._grace),
            (How.TERMINATE, TERMINATED),
            (How.KILL, KILLED),
        ):
            for tree in self._left():
                self._tell(tree, how)
            self._wait(seconds)

    def results(self) -> tuple[Ended, ...]:
        """Return what came of each, by how things are now."""
        return tuple(self._result(tree) for tree in self._trees)

    def _tell(self, tree: _Tree, how: How) -> None:
        """Tell a process, and beyond asking also what it has started."""
        tree.how = how
        only = (tree.running.process.key,) if how is How.INTERRUPT else tuple(tree.members)
        for key in only:
            process = tree.members[key]
            if self._machine.is_alive(process):
                refusal = self._machine.tell(process, how)
                if refusal:
                    tree.refusals[key] = refusal

    def _wait(self, seconds: float) -> None:
        give_up = self._clock() + seconds
        while self._left() and self._clock() < give_up:
            self._sleep(_LOOK)
            if self._clock() - self._refreshed >= _REFRESH:
                self._refresh()

    def _left(self) -> list[_Tree]:
        """Return the trees of which something is left, and note when the others were over."""
        left = []
        for tree in self._trees:
            if any(map(self._machine.is_alive, tree.members.values())):
                left.append(tree)
            elif tree.over_after is None:
                tree.over_after = self._clock() - self._began
        return left

    def _refresh(self) -> None:
        """Add what has been started meanwhile; what has lost its parent stays known."""
        self._refreshed = self._clock()
        processes = self._machine.processes()
        kin = kin_of(self._machine.me, processes)
        for tree in self._trees:
            for child in descendants_of(tuple(tree.members.values()), processes):
                if child.pid not in kin and child.user == self._machine.me.user:
                    tree.members[child.key] = child

    def _result(self, tree: _Tree) -> Ended:
        alive = [process for process in tree.members.values() if self._machine.is_alive(process)]
        others = len(tree.members) - 1
        family = f", with {others} that it started" if others else ""
        if not alive:
            after = f" after {tree.over_after:.1f} s" if tree.over_after is not None else ""
            detail = f"{_WORDS[tree.how]}, gone{after}{family}"
            return Ended(running=tree.running, outcome=Outcome.STOPPED, detail=detail)
        pids = ", ".join(str(process.pid) for process in alive)
        refusal = next((tree.refusals[one.key] for one in alive if one.key in tree.refusals), "")
        if refusal:
            return Ended(
                running=tree.running, outcome=Outcome.REFUSED, detail=f"{refusal}; still there: {pids}"
            )
        detail = f"{_WORDS[tree.how]}; still there: {pids}"
        return Ended(running=tree.running, outcome=Outcome.SURVIVED, detail=detail)
