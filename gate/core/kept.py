"""Does what a CI system shows of a run say that a gate step has held it back?

Where no ledger can be reached, a closed gate step leaves its reason where its provider keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gate.core.event import StepClosed
from gate.core.ledger_state import ClosedStep, LedgerState
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
class Kept:
    """What one member's projects keep of closed gate steps.

    Attributes:
        steps: what was held back; their `seq` is 0, since they are in no ledger.
        notes: what could not be looked at.
    """

    steps: tuple[ClosedStep, ...] = ()
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


def new_steps(kept: tuple[ClosedStep, ...], state: LedgerState) -> tuple[ClosedStep, ...]:
    """Return what is not in the ledger, neither as held back nor as stopped or started again.

    A ledger knows a run by its job, too, where its provider shows only the whole.
    """
    known = {_place(one.step) for one in state.closed_steps}
    known |= {(one.step.provider, one.step.project, str(one.step.order)) for one in state.closed_steps}
    for change in state.changes:
        target = change.target
        known |= {
            (target.provider, target.project, name) for name in (target.id, str(origin_of(change).order))
        }
    return tuple(one for one in kept if _place(one.step) not in known)


def _place(step: StepClosed) -> tuple[str, str, str]:
    return (step.provider, step.project, step.run)
