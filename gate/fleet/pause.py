"""`gate pause-all` without its command line: raise the hold, stop what is in flight, prove it.

The hold comes first, so that nothing new starts while the search goes on. With the intents, and
with the outcomes at the end, a pause appends to the ledger three times, whatever its size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gate.core.event import Act, Ownership
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold
from gate.core.plan import PauseRequest
from gate.core.receipt import Receipt, Row
from gate.core.work import Outcome
from gate.fleet.journal import Journal
from gate.fleet.members import Post, requests_by_provider
from gate.fleet.raising import raise_hold
from gate.fleet.stop import Force
from gate.fleet.sweep import Survey, Sweep, refusals, survey
from gate.fleet.tally import Tally
from gate.fleet.watcher import Watcher

Shown = Callable[[Sequence[Survey]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOrder:
    """All that a pause is told.

    Attributes:
        hold: what is raised.
        request: what is protected.
        reason: from an environment to the sentence that is posted on what was stopped.
        force: how much force is allowed.
        ownership: whose hold it is.
        only_hold: whether what is in flight is left alone.
        stands: whether the hold stands in the ledger already.
    """

    hold: Hold
    request: PauseRequest
    reason: Callable[[str], str]
    force: Force
    ownership: Ownership = Ownership.MANUAL
    only_hold: bool = False
    stands: bool = False


def pause(
    posts: Sequence[Post], journal: Journal, order: PauseOrder, watcher: Watcher, shown: Shown
) -> Receipt:
    """Close a fleet.

    Args:
        posts: the members that are meant.
        journal: the ledger.
        order: what to do.
        watcher: shows how far it is.
        shown: is given the plan once it is known, before anything is stopped.

    Returns:
        What came of it. Where a person interrupts, a receipt that is not complete.
    """
    began = time.monotonic()
    tally = Tally(watcher)
    interrupted = False
    try:
        try:
            raise_hold(posts, journal, order.hold, tally, order.ownership, stands=order.stands)
            if not order.only_hold:
                request = replace(order.request, suspended=_suspended(journal.state))
                surveys = survey(posts, request)
                shown(surveys)
                sweep = Sweep(journal, tally, request, order.hold.id, order.reason, order.force)
                sweep.carry_out(surveys)
        finally:
            tally.write(journal)
    except KeyboardInterrupt:
        interrupted = True
    return Receipt(
        action="pause",
        holds=(order.hold,),
        rows=tally.rows,
        seconds=round(time.monotonic() - began, 1),
        requests=requests_by_provider(posts),
        notes=tally.notes,
        interrupted=interrupted,
    )


def _suspended(state: LedgerState) -> dict[tuple[str, ...], str]:
    return {change.target.key: change.after for change in state.to_undo(Act.SUSPEND)}


def planned_pause(surveys: Sequence[Survey], order: PauseOrder, seconds: float) -> Receipt:
    """Return what a pause would do; nothing was done."""
    rows = [
        Row(act=action.act, target=action.target, outcome=Outcome.PLANNED, detail=action.why)
        for one in surveys
        for action in one.plan.actions
    ]
    return Receipt(
        action="pause",
        holds=(order.hold,),
        rows=(*rows, *(row for one in surveys for row in refusals(one.plan))),
        seconds=round(seconds, 1),
        requests=requests_by_provider([one.post for one in surveys]),
        notes=tuple(dict.fromkeys(f"{one.post.shown}: {note}" for one in surveys for note in one.plan.notes)),
        planned=True,
    )
