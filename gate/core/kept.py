"""Does what a CI system shows of a run say that a gate step has held it back?

Where no ledger can be reached, a closed gate step leaves its reason where its provider keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.core.event import Act, StepClosed
from gate.core.ledger_state import Change, ClosedStep, LedgerState
from gate.core.plan import origin_of

_STATES: Final = {
    "waiting for fiber": "waiting_for_fiber",
    "held": "held",
    "state unknown": "unknown",
}
_REASON: Final = re.compile(
    r"(?P<lab>[^:|]{1,60}): (?P<state>waiting for fiber(?= \()|held(?= by |: )|state unknown(?=: ))"
)
_HOLD: Final = re.compile(r"\(hold (?P<id>[^\s,)]{1,100})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a reason says: the lab, the verdict's code as far as it tells, and the hold that it names."""

    environment: str
    code: str
    hold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStep:
    """A gate step that held a run back, as the run's provider keeps it.

    Attributes:
        at: when (UTC, by the provider's clock).
        step: what was held back.
        over: whether the run has ended; one that was just started again still shows what it showed before.
    """

    at: datetime
    step: StepClosed
    over: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one member's projects keep of closed gate steps.

    Attributes:
        steps: what was held back.
        notes: what could not be looked at.
    """

    steps: tuple[KeptStep, ...] = ()
    notes: tuple[str, ...] = ()


def closed_reason(text: str) -> Said | None:
    """Return what the reason of a closed gate step says, None where a text is no such reason."""
    found = _REASON.search(text)
    if found is None:
        return None
    hold = _HOLD.search(text, found.end())
    return Said(
        environment=found["lab"].strip(), code=_STATES[found["state"]], hold=hold["id"] if hold else ""
    )


def new_steps(kept: Iterable[KeptStep], state: LedgerState) -> tuple[KeptStep, ...]:
    """Return what is not in the ledger, neither as held back nor as stopped or started again.

    A ledger knows a run by its job, too, where its provider shows only the whole. A run that gate has
    started again as what it is, and that was held back once more, is new.
    """
    closed = {_place(one.step): one.seq for one in state.closed_steps}
    known = set(closed)
    known |= {(one.step.provider, one.step.project, str(one.step.order)) for one in state.closed_steps}
    again: dict[tuple[str, str, str], Change] = {}
    for change in state.changes:
        target = change.target
        own = (target.provider, target.project, target.id)
        known |= {own, (target.provider, target.project, str(origin_of(change).order))}
        if change.action == Act.RERUN:
            again[own] = change
    return tuple(one for one in kept if _place(one.step) not in known or _is_once_more(one, again, closed))


def placed(one: KeptStep, state: LedgerState) -> ClosedStep:
    """Return it as if it stood in the ledger, behind what had happened there before it."""
    seqs = [change.seq for change in state.changes if change.at <= one.at]
    seqs += [opened.seq for opened in state.opened_steps if opened.at <= one.at]
    return ClosedStep(seq=max(seqs, default=0), at=one.at, step=one.step)


def _is_once_more(
    one: KeptStep,
    again: Mapping[tuple[str, str, str], Change],
    closed: Mapping[tuple[str, str, str], int],
) -> bool:
    """Return whether a run was held back after gate had started it again, and the ledger has not heard."""
    place = _place(one.step)
    started = again.get(place)
    if started is None or not started.stands or not one.over:
        return False
    return one.at > started.at and closed.get(place, 0) < started.seq


def _place(step: StepClosed) -> tuple[str, str, str]:
    return (step.provider, step.project, step.run)
