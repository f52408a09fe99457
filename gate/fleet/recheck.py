"""`gate recheck` without its command line: what the labs say is noted, and what follows is carried out.

Every tick decides anew from the whole ledger, and looks before it acts. So what a tick has left
undone, because it was killed or had no tokens, the next one does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.core.canary import Rerun
from gate.core.event import CarriedOut, Event, Ownership
from gate.core.heartbeat import is_overdue
from gate.core.hold import covers, is_expired
from gate.core.ledger_state import LedgerState, Standing
from gate.core.model import Hold, Place, Verdict
from gate.core.plan import PauseRequest
from gate.core.receipt import Receipt
from gate.core.recheck import Checked, Recheck, decide_recheck
from gate.core.steadiness import Steadiness
from gate.fleet.again import Again, AgainOrder
from gate.fleet.journal import Journal
from gate.fleet.members import Post, requests_by_provider
from gate.fleet.pause import PauseOrder, pause
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.settle import PATIENCE
from gate.fleet.stop import Force
from gate.fleet.tally import Tally
from gate.fleet.watcher import Watcher

GRACE: Final = 180.0  # seconds: what another tick has begun so lately it may still be at
_EXPIRED: Final = "it has ended by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOrder:
    """All that a tick is told.

    Attributes:
        steadiness: when a row of readings is enough.
        rerun: what is started again after opening.
        request: what is protected.
        reason: from an environment and a hold to the sentence that is posted on what was stopped.
        force: how much force is allowed.
        only_hold: whether what is in flight is left alone.
        period: seconds between two ticks; nothing is done unless one is overdue. None for a tick in
            any case.
        patience: seconds to look at what a tick that was cut off told to stop.
        jitter: returns a number from 0 to 1.
        sleep: waits, given seconds.
    """

    steadiness: Steadiness
    rerun: Rerun
    request: PauseRequest
    reason: Callable[[str, Hold], str]
    force: Force
    only_hold: bool = False
    period: float | None = None
    patience: float = PATIENCE
    jitter: Callable[[], float] = random.random
    sleep: Callable[[float], object] = time.sleep

    def is_due(self, state: LedgerState, now: datetime) -> bool:
        """Return whether a tick is to be done."""
        return self.period is None or is_overdue(state.rechecked_at, now, self.period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What came of a tick.

    Attributes:
        decided: what was decided and appended.
        receipt: what was done about it at the fleet.
    """

    decided: Recheck
    receipt: Receipt

    @property
    def checked(self) -> tuple[Checked, ...]:
        """What the tick makes of each lab."""
        return self.decided.checked


class Tick:
    """One tick.

    Args:
        posts: all members; none where there is no fleet, or it cannot be reached from here.
        journal: the ledger.
        order: what to do.
        watcher: shows how far it is.
    """

    def __init__(self, posts: Sequence[Post], journal: Journal, order: TickOrder, watcher: Watcher) -> None:
        self._posts = posts
        self._journal = journal
        self._order = order
        self._watcher = watcher
        self._began = time.monotonic()
        self._parts: list[Receipt] = []

    def run(self, verdicts: Sequence[Verdict], known: int) -> Ticked | None:
        """Note what the labs say, and carry out what follows.

        Args:
            verdicts: one for each lab, on a reading alone.
            known: the last entry that had been read before the labs were asked.

        Returns:
            What came of it; None where another tick has been here meanwhile.
        """
        before = {one.hold.id: one.hold for one in self._journal.state.holds}
        decided = self._decide(verdicts, known)
        if decided is None:
            return None
        tally = Tally(self._watcher)
        interrupted = False
        if self._posts:
            try:
                self._carry_out(decided, tally)
            except KeyboardInterrupt:
                interrupted = True
        lifted = [before[id_] for id_ in decided.lifted if id_ in before]
        return Ticked(decided=decided, receipt=self._receipt(decided, lifted, tally, interrupted=interrupted))

    def _decide(self, verdicts: Sequence[Verdict], known: int) -> Recheck | None:
        found: list[Recheck] = []

        def decide(state: LedgerState) -> tuple[Event, ...]:
            found.clear()
            now = self._journal.clock()
            if not self._order.is_due(state, now):
                return ()
            policy = self._order.steadiness
            found.append(decide_recheck(state, verdicts, known=known, steadiness=policy, now=now))
            return found[0].events

        self._journal.write(decide)
        return found[0] if found else None

    def _carry_out(self, decided: Recheck, tally: Tally) -> None:
        resume = Resume(self._posts, self._journal, self._resuming(decided), self._watcher)
        resume.settle()
        again = Again(self._posts, self._journal, self._starting(decided), tally)
        known = self._journal.state.head.seq
        due = again.decide()
        raised = {hold.id for hold in decided.raised}
        raised |= {one.hold.id for one in self._journal.state.holds if one.seq > known}
        for standing in self._to_close(raised):
            self._close(standing)
        self._keep(resume.carry_out())
        again.start(due)

    def _to_close(self, raised: set[str]) -> list[Standing]:
        """Return the recheck's holds that the fleet is to be told of: new ones, and what was cut off."""
        now = self._journal.clock()
        return [
            one
            for one in self._journal.refresh().holds
            if one.ownership is Ownership.AUTO
            and not one.carried_out
            and not is_expired(one.hold, now)
            and (one.hold.id in raised or abs(now - one.at) >= timedelta(seconds=GRACE))
        ]

    def _close(self, standing: Standing) -> None:
        hold = standing.hold
        order = PauseOrder(
            hold=hold,
            request=self._order.request,
            reason=lambda environment: self._order.reason(environment, hold),
            force=self._order.force,
            ownership=Ownership.AUTO,
            only_hold=self._order.only_hold,
            stands=True,
        )
        self._keep(pause(self._posts_of(hold), self._journal, order, self._watcher, lambda _: None))
        self._journal.write(lambda state: _carried_out(state, hold))

    def _posts_of(self, hold: Hold) -> list[Post]:
        return [
            post for post in self._posts if covers(hold.scope, Place(environment=post.member.environment))
        ]

    def _keep(self, receipt: Receipt) -> None:
        self._parts.append(receipt)
        if receipt.interrupted:
            raise KeyboardInterrupt

    def _resuming(self, decided: Recheck) -> ResumeOrder:
        return ResumeOrder(
            holds=decided.ended,
            ownership=Ownership.AUTO,
            reason=_EXPIRED,
            patience=self._order.patience,
            grace=GRACE,
            insists=False,
        )

    def _starting(self, decided: Recheck) -> AgainOrder:
        return AgainOrder(
            rerun=self._order.rerun,
            protects=self._order.request.protects,
            ready=tuple(one.environment for one in decided.checked if one.ready),
            jitter=self._order.jitter,
            sleep=self._order.sleep,
        )

    def _receipt(
        self, decided: Recheck, lifted: Sequence[Hold], tally: Tally, *, interrupted: bool
    ) -> Receipt:
        parts = self._parts
        holds = [*decided.raised, *lifted, *(hold for part in parts for hold in part.holds)]
        return Receipt(
            action="recheck",
            holds=tuple({hold.id: hold for hold in holds}.values()),
            rows=(*(row for part in parts for row in part.rows), *tally.rows),
            seconds=round(time.monotonic() - self._began, 1),
            requests=requests_by_provider(self._posts),
            notes=tuple(dict.fromkeys((*(note for part in parts for note in part.notes), *tally.notes))),
            interrupted=interrupted,
        )


def _carried_out(state: LedgerState, hold: Hold) -> list[CarriedOut]:
    stands = any(one.hold.id == hold.id and not one.carried_out for one in state.holds)
    return [CarriedOut(hold=hold.id)] if stands else []
