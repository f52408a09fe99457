"""What does one tick of the recheck do? Decided anew each time from the whole state.

The recheck raises and lifts ``auto`` holds, one for each lab, and never touches a person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.core.event import Event, HoldLifted, HoldRaised, Ownership, ReadingChanged, Rechecked
from gate.core.evidence import Lab, covers_lab, lab_of, row_under
from gate.core.hold import is_expired
from gate.core.ledger_state import LedgerState, Standing
from gate.core.model import Hold, Scope, Verdict
from gate.core.recheck_words import closed_words, opened_words, why
from gate.core.steadiness import Steadiness, closes, is_flapping, opens

BY: Final = "recheck"
CATEGORY: Final = "fiber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a tick makes of one lab.

    Attributes:
        environment: the lab.
        ready: whether it was ready just now.
        flapping: whether it changes too often to be believed.
        why: one sentence on what was done, or what is missing.
    """

    environment: str
    ready: bool
    flapping: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """What a tick is to do.

    Attributes:
        events: what is appended, in this order; the tick's own mark is always among them.
        raised: the holds that begin, so that work under way is swept.
        lifted: ids of the auto holds that end, so that what they suspended is restored and what
            they stopped is run again.
        ended: ids of holds that have expired by this tick's clock and by that of the tick
            before, so that what they suspended is restored.
        checked: one for each lab, in the order of the verdicts.
    """

    events: tuple[Event, ...]
    raised: tuple[Hold, ...] = ()
    lifted: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    checked: tuple[Checked, ...] = ()


def decide_recheck(
    state: LedgerState,
    verdicts: Sequence[Verdict],
    *,
    known: int,
    steadiness: Steadiness,
    now: datetime,
) -> Recheck:
    """Return what a tick does.

    Args:
        state: what is true at the moment of appending; others may have appended since `known`.
        verdicts: one for each lab, on a reading alone: judged without any hold.
        known: the last entry that this tick had read before it asked the labs.
        steadiness: the policy.
        now: the time (UTC) by this machine's clock.
    """
    labs = [lab_of(state, verdict, known, steadiness, now) for verdict in verdicts]
    lifted = tuple(standing for standing in state.holds if _is_to_lift(standing, labs, now))
    raised: list[Hold] = []
    for lab in labs:
        if not lab.holds and closes(lab.row, steadiness):
            raised.append(_new_hold(lab, state, len(raised)))
    return Recheck(
        events=(
            *(_changed(lab) for lab in labs if _is_news(lab, state)),
            Rechecked(samples=tuple(lab.sample for lab in labs)),
            *(HoldRaised(hold=hold, ownership=Ownership.AUTO) for hold in raised),
            *(_lift(standing, labs) for standing in lifted),
        ),
        raised=tuple(raised),
        lifted=tuple(standing.hold.id for standing in lifted),
        ended=tuple(standing.hold.id for standing in state.holds if _has_ended(standing, state, now)),
        checked=tuple(_checked(lab, raised, lifted) for lab in labs),
    )


def new_id(state: LedgerState, name: str, others: int = 0) -> str:
    """Return an id for a hold of the recheck over a lab, beside `others` that are raised with it."""
    taken = {standing.hold.id for standing in state.holds}
    number = state.head.seq + 1 + others
    while f"auto-{name}-{number}" in taken:
        number += 1
    return f"auto-{name}-{number}"


def _is_to_lift(standing: Standing, labs: Sequence[Lab], now: datetime) -> bool:
    """Return whether a hold is the recheck's own, and every lab that it covers has been ready enough.

    Under a person's hold it waits: what it stopped could not run again anyway.
    """
    covered = [lab for lab in labs if covers_lab(standing.hold.scope, lab)]
    if standing.ownership is not Ownership.AUTO or is_expired(standing.hold, now) or not covered:
        return False
    return all(
        not lab.persons_hold and opens(row_under(standing, lab), lab.policy, lab.row.changes)
        for lab in covered
    )


def _has_ended(standing: Standing, state: LedgerState, now: datetime) -> bool:
    """Return whether a hold has expired; a single tick whose clock is ahead cannot say so."""
    before = state.rechecked_at
    return is_expired(standing.hold, now) and before is not None and is_expired(standing.hold, before)


def _is_news(lab: Lab, state: LedgerState) -> bool:
    """Return whether a lab answers otherwise than it last did; a late tick brings old news."""
    seen = next((seen.reading for seen in state.readings if seen.reading.environment == lab.name), None)
    if seen is None:
        return True
    if (seen.state, seen.code) == (lab.sample.state, lab.sample.code):
        return False
    return lab.sample.taken_at > seen.taken_at or seen.taken_at > lab.now


def _changed(lab: Lab) -> ReadingChanged:
    return ReadingChanged(
        environment=lab.name,
        state=lab.sample.state,
        code=lab.sample.code,
        taken_at=lab.sample.taken_at,
        reason=lab.verdict.reason,
    )


def _new_hold(lab: Lab, state: LedgerState, others: int) -> Hold:
    return Hold(
        id=new_id(state, lab.name, others),
        reason=closed_words(lab),
        by=BY,
        category=CATEGORY,
        scope=Scope(environments=(lab.name,)),
    )


def _lift(standing: Standing, labs: Iterable[Lab]) -> HoldLifted:
    covered = (lab for lab in labs if covers_lab(standing.hold.scope, lab))
    said = "; ".join(f"{lab.name}: {opened_words(row_under(standing, lab))}" for lab in covered)
    return HoldLifted(hold=standing.hold.id, ownership=Ownership.AUTO, reason=said)


def _checked(lab: Lab, raised: Iterable[Hold], lifted: Sequence[Standing]) -> Checked:
    return Checked(
        environment=lab.name,
        ready=lab.sample.ready,
        flapping=is_flapping(lab.row, lab.policy),
        why=f"{lab.name}: {why(lab, raised, lifted)}",
    )
