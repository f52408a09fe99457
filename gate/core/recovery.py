"""What waits to be started again once the recheck has lifted a hold, and how far is that?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from gate.core.event import Act, HoldRaised, Ownership, StepClosed
from gate.core.held_back import held_back, is_under, target_of
from gate.core.hold import covers, is_expired
from gate.core.kept import KeptStep
from gate.core.ledger_state import Change, ClosedStep, LedgerState, Lifted
from gate.core.model import Hold, Place
from gate.core.plan import newest, turn
from gate.core.recheck import BY, CATEGORY, new_id
from gate.core.work import Outcome

ATTEMPTS: Final = 3  # after so many that came to nothing it is left to a person

_NEVER: Final = frozenset({Outcome.REFUSED, Outcome.CHANGED_SINCE})


def waiting_under(state: LedgerState, lifted: Lifted) -> tuple[Change, ...]:
    """Return what is to be started again, the newest of each workflow and ref, in the order of starting.

    Not what has run since, what is being started, what its provider refuses to start, and what
    came to nothing `ATTEMPTS` times.
    """
    found = [one for one in held_back(state) if is_under(one, lifted.standing)]
    chosen = {change.seq for change in newest(one.change for one in found)}
    waiting = [
        one.change
        for one in found
        if one.change.seq in chosen and one.owed and _may_start(one.change, state, lifted)
    ]
    return tuple(sorted(waiting, key=turn))


def held_under(lifted: Lifted, found: Iterable[KeptStep]) -> list[StepClosed]:
    """Return what providers keep and a lifted hold has held back, with its id, for the ledger.

    What names no hold was held back by the lab itself, at the same time.
    """
    hold, ids = lifted.standing.hold, lifted.standing.ids
    return [
        replace(one.step, hold=one.step.hold or hold.id)
        for one in found
        if covers(hold.scope, Place(environment=one.step.environment))
        and (not one.step.hold or one.step.hold in ids)
    ]


def started_under(state: LedgerState, lifted: Lifted) -> tuple[Change, ...]:
    """Return what was started again since a hold was lifted, in that order; unfinished ones too."""
    return tuple(
        change
        for change in state.changes
        if change.action == Act.RERUN and change.hold == lifted.standing.hold.id and change.seq > lifted.seq
    )


def is_starting(step: StepClosed, state: LedgerState) -> bool:
    """Return whether gate itself is starting again the run that a gate step is a part of, and is not done.

    What comes of that tells whether the run has gone on: where the step opens, what it lets go on
    may still have to be started behind it.
    """
    run = _run_of(step)
    return any(_run_of(closed.step) == run and _is_tried(closed, state) for closed in state.closed_steps)


def is_free(state: LedgerState, lifted: Lifted, ready: Iterable[str], now: datetime) -> bool:
    """Return whether the labs of a lifted hold were found ready just now, and nothing holds them.

    Args:
        state: what is true now.
        lifted: the hold.
        ready: the labs that were ready.
        now: the time (UTC).
    """
    labs = [name for name in ready if covers(lifted.standing.hold.scope, Place(environment=name))]
    return bool(labs) and not any(
        covers(one.hold.scope, Place(environment=name))
        for one in state.holds
        for name in labs
        if not is_expired(one.hold, now)
    )


def is_void(change: Change, state: LedgerState, environments: Iterable[str]) -> bool:
    """Return whether a person has acted since a run was started, so that it proves nothing."""
    acts = (state.last_person_act(name) for name in environments)
    return any(act is not None and act.seq > change.seq for act in acts)


def closing_again(state: LedgerState, lifted: Lifted, reason: str) -> HoldRaised:
    """Return the hold that follows on a run that has failed."""
    scope = lifted.standing.hold.scope
    name = scope.environments[0] if scope.environments else "lab"
    hold = Hold(id=new_id(state, name), reason=reason, by=BY, category=CATEGORY, scope=scope)
    return HoldRaised(hold=hold, ownership=Ownership.AUTO)


def _run_of(step: StepClosed) -> tuple[str, str, str, str, str, int]:
    return (step.provider, step.instance, step.project, step.workflow, step.ref, step.order)


def _is_tried(closed: ClosedStep, state: LedgerState) -> bool:
    """Return whether the last attempt to start a run again does not stand, and another one may follow."""
    key = target_of(closed.step).key
    tries = [
        change
        for change in state.changes
        if change.action == Act.RERUN and change.target.key == key and change.seq > closed.seq
    ]
    if not tries or tries[-1].stands or tries[-1].outcome in _NEVER:
        return False
    same = [one for one in tries if one.hold == tries[-1].hold]
    return sum(not one.unfinished for one in same) < ATTEMPTS


def _may_start(change: Change, state: LedgerState, lifted: Lifted) -> bool:
    tries = [one for one in started_under(state, lifted) if one.target.key == change.target.key]
    tries = [one for one in tries if one.seq > change.seq]
    if any(one.unfinished or one.outcome in _NEVER for one in tries):
        return False
    return len(tries) < ATTEMPTS
