"""How is what was held back started again once the recheck has opened: one first, then the rest?

Each start is intended in the ledger before it is asked for, on the ground of what the ledger says
at that moment alone, so that two ticks at once start nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gate.core.canary import Canary, NextRuns, Rerun, Start, decide_canary
from gate.core.event import Act, CarriedOut, HoldRaised
from gate.core.hold import covers
from gate.core.kept import new_steps
from gate.core.ledger_state import Change, LedgerState, Lifted
from gate.core.model import Place
from gate.core.plan import Action
from gate.core.reason import one_line
from gate.core.recovery import closing_again, held_under, is_free, is_void, started_under, waiting_under
from gate.core.work import Protects, Status
from gate.fleet.gathering import gather
from gate.fleet.journal import Intent, Journal
from gate.fleet.members import Post, post_for
from gate.fleet.rerun import rerun_all
from gate.fleet.resume import lost
from gate.fleet.tally import Tally
from gate.providers.protocol import NotDone

EARLIER = timedelta(minutes=10)  # than its hold a lab was dark, and clocks differ
AT_MOST = 120.0  # seconds in which one tick starts runs; the next one goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainOrder:
    """All that starting again is told.

    Attributes:
        rerun: the policy.
        protects: what is protected.
        ready: the labs that this tick has found ready.
        jitter: returns a number from 0 to 1.
        sleep: waits, given seconds.
    """

    rerun: Rerun
    protects: Protects
    ready: tuple[str, ...]
    jitter: Callable[[], float]
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be started under one lifted hold, and how many had been started when that was decided."""

    lifted: Lifted
    starts: tuple[Start, ...]
    started: int


class Again:
    """What follows from the holds that the recheck has lifted.

    Args:
        posts: all members.
        journal: the ledger.
        order: what to do.
        tally: where rows are gathered.
    """

    def __init__(self, posts: Sequence[Post], journal: Journal, order: AgainOrder, tally: Tally) -> None:
        self._posts = posts
        self._journal = journal
        self._order = order
        self._tally = tally

    def decide(self) -> tuple[Due, ...]:
        """Return what is to be started; close again where the run that went first has failed."""
        due = []
        for lifted in self._journal.state.lifted:
            if not self._is_free(self._journal.state, lifted):
                continue
            if self._order.rerun is not Rerun.NONE and not started_under(self._journal.state, lifted):
                self._gather(lifted)
            found = self._decide_one(lifted)
            if found is not None:
                due.append(found)
        return tuple(due)

    def start(self, due: Sequence[Due]) -> None:
        """Start what is due, one after the other."""
        for one in due:
            self._start(one)

    def _decide_one(self, lifted: Lifted) -> Due | None:
        state = self._journal.state
        started = started_under(state, lifted)
        canary, first = self._canary(started, lifted)
        waiting = waiting_under(state, lifted)
        nexts = decide_canary(self._order.rerun, self._startable(waiting), canary, self._order.jitter)
        if nexts.close:
            self._close(lifted, nexts, first)
            return None
        if nexts.starts:
            starts = tuple(start for start in nexts.starts if start.after <= AT_MOST)
            return Due(lifted=lifted, starts=starts, started=len(started))
        waits = waiting and self._order.rerun is not Rerun.NONE
        if not waits and canary is not Canary.UNDER_WAY and not any(one.unfinished for one in started):
            self._journal.write(lambda state: self._done(state, lifted))
        return None

    def _gather(self, lifted: Lifted) -> None:
        """Put into the ledger what gate steps that cannot reach it have left at their providers."""
        scope = lifted.standing.hold.scope
        posts = [p for p in self._posts if covers(scope, Place(environment=p.member.environment))]
        found = gather(posts, lifted.standing.at - EARLIER, self._tally)
        self._journal.write(lambda state: held_under(lifted, new_steps(found, state)))

    def _canary(self, started: Sequence[Change], lifted: Lifted) -> tuple[Canary, Change | None]:
        """Return how far the first run is that proves anything, and which that is."""
        state = self._journal.state
        for change in started:
            if change.unfinished:
                return Canary.UNDER_WAY, change
            if not change.stands or is_void(change, state, self._labs(lifted)):
                continue
            progress = self._proved(change)
            if progress is not Canary.NOT_STARTED:
                return progress, change
        return Canary.NOT_STARTED, None

    def _proved(self, change: Change) -> Canary:
        post = post_for(self._posts, change.target)
        if post is None:
            return Canary.NOT_STARTED
        try:
            return post.connection.proved(change.target, change.became, self._order.protects)
        except NotDone as error:
            self._tally.note([f"{post.shown}: {error.detail}"])
            return Canary.UNDER_WAY

    def _startable(self, waiting: Sequence[Change]) -> tuple[Change, ...]:
        """Return what is over: a run whose gate step has closed may still be at its other jobs."""
        going: set[tuple[str, ...]] = set()
        for post in self._posts:
            own = [change.target for change in waiting if post_for(self._posts, change.target) is post]
            seen = post.connection.observe(own, post.pool.each) if own else {}
            going.update(key for key, one in seen.items() if one.status is not Status.FINISHED)
        return tuple(change for change in waiting if change.target.key not in going)

    def _close(self, lifted: Lifted, nexts: NextRuns, first: Change | None) -> None:
        name = f": {one_line(first.target.name, 60)} in {one_line(first.target.project, 80)}" if first else ""
        reason = f"closed again, since {nexts.close}{name}"

        def close(state: LedgerState) -> list[HoldRaised]:
            free = self._is_free(state, lifted) and lifted in state.lifted
            return [closing_again(state, lifted, one_line(reason, 300))] if free else []

        self._journal.write(close)
        self._tally.note([reason])

    def _start(self, due: Due) -> None:
        starts = {start.change.target.key: start for start in due.starts}

        def decide(state: LedgerState) -> list[Action]:
            if not self._is_free(state, due.lifted) or due.lifted not in state.lifted:
                return []
            if len(started_under(state, due.lifted)) != due.started:
                return []
            waiting = {change.seq for change in waiting_under(state, due.lifted)}
            return [_again(start.change) for start in due.starts if start.change.seq in waiting]

        intents = self._journal.intend(decide, due.lifted.standing.hold.id)
        waited = 0.0
        try:
            for intent in intents:
                start = starts[intent.action.target.key]
                if start.after > waited:
                    self._order.sleep(start.after - waited)
                    waited = start.after
                self._start_one(start.change, intent)
        finally:
            self._tally.write(self._journal)

    def _start_one(self, change: Change, intent: Intent) -> None:
        post = post_for(self._posts, change.target)
        if post is None:
            self._tally.add(lost(Act.RERUN, change.target), intent)
            return
        for row in rerun_all(post, [change]):
            self._tally.add(row, intent)

    def _is_free(self, state: LedgerState, lifted: Lifted) -> bool:
        return is_free(state, lifted, self._order.ready, self._journal.clock())

    def _labs(self, lifted: Lifted) -> tuple[str, ...]:
        scope = lifted.standing.hold.scope
        return tuple(name for name in self._order.ready if covers(scope, Place(environment=name)))

    @staticmethod
    def _done(state: LedgerState, lifted: Lifted) -> list[CarriedOut]:
        return [CarriedOut(hold=lifted.standing.hold.id)] if lifted in state.lifted else []


def _again(change: Change) -> Action:
    return Action(act=Act.RERUN, target=change.target, before=change.before)
