"""What was held back, by a sweep that stopped it or by a gate step that closed, and has it run since?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gate.core.event import Act, StepClosed, StepOpened, Target
from gate.core.hold import covers
from gate.core.ledger_state import SUPERSEDED, Change, ClosedStep, LedgerState, OpenedStep, Standing
from gate.core.model import Place
from gate.core.origin import origin_text
from gate.core.plan import origin_of
from gate.core.work import Origin, Outcome

_CLOSED: Final = "gate closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Something that was held back.

    Attributes:
        change: as what it can be started again. Where a gate step has closed, that is a change
            that nobody made: the run is treated as stopped when the step closed.
        why: the id of the hold, or the verdict's code where no hold is named.
        environment: the lab, where it is known.
        has_run: whether it has run since, or was started again.
        newer: the commit, or else the id, of a newer run of the same workflow and ref that has.
    """

    change: Change
    why: str
    environment: str = ""
    has_run: bool = False
    newer: str = ""

    @property
    def owed(self) -> bool:
        """Whether neither it nor what replaces it has run since."""
        return not self.has_run and not self.newer


def held_back(state: LedgerState) -> tuple[HeldBack, ...]:
    """Return everything that was held back, in the order of the ledger, each run once."""
    found = [
        HeldBack(change=change, why=change.hold)
        for change in state.changes
        if change.action == Act.CANCEL and change.outcome == Outcome.STOPPED and change.undone != SUPERSEDED
    ]
    found += [
        HeldBack(
            change=_as_change(closed, state),
            why=closed.step.hold or closed.step.code,
            environment=closed.step.environment,
        )
        for closed in state.closed_steps
    ]
    last = {one.change.target.key: one for one in sorted(found, key=lambda one: one.change.seq)}
    return _with_what_ran(tuple(last.values()), state)


def is_under(one: HeldBack, standing: Standing) -> bool:
    """Return whether something was held back by a hold of the recheck, or before it for the same cause."""
    if one.change.hold:
        return one.change.hold in standing.ids
    place = Place(environment=one.environment)
    return one.change.seq > standing.since and covers(standing.hold.scope, place)


def target_of(step: StepClosed) -> Target:
    """Return what a closed gate step has held back, as what it can be started again."""
    return Target(
        provider=step.provider,
        instance=step.instance,
        project=step.project,
        kind=step.run_kind or "run",
        id=step.run,
        name=step.workflow,
        url=step.url,
    )


def _as_change(closed: ClosedStep, state: LedgerState) -> Change:
    step = closed.step
    target = target_of(step)
    origin = Origin(
        workflow=step.workflow, ref=step.ref, commit=step.commit, order=step.order, own=step.own or "{}"
    )
    again = any(
        change.action == Act.RERUN and change.target.key == target.key and change.stands
        for change in state.changes
        if change.seq > closed.seq
    )
    return Change(
        seq=closed.seq,
        at=closed.at,
        by="",
        hold=step.hold,
        action=Act.CANCEL,
        target=target,
        before=origin_text(origin, _CLOSED),
        outcome=Outcome.STOPPED,
        undone=Outcome.RERUN if again else "",
    )


def _with_what_ran(found: tuple[HeldBack, ...], state: LedgerState) -> tuple[HeldBack, ...]:
    """Return the same, with what has run since: by its own run or commit, or by a newer one's."""
    ran: dict[tuple[str, ...], list[OpenedStep]] = {}
    for opened in state.opened_steps:
        ran.setdefault(_work_of_step(opened.step), []).append(opened)
    again = [(one, origin_of(one.change)) for one in found if one.change.undone]
    return tuple(_judged(one, ran, again) for one in found)


def _judged(
    one: HeldBack, ran: dict[tuple[str, ...], list[OpenedStep]], again: list[tuple[HeldBack, Origin]]
) -> HeldBack:
    change, origin = one.change, origin_of(one.change)
    work = _work_of(change, origin)
    later = [opened.step for opened in ran.get(work, ()) if opened.seq > change.seq]
    # What was let go on in another job of the very same attempt is not what was held back.
    later = [step for step in later if (step.run, step.own or "{}") != (change.target.id, origin.own)]
    has_run = bool(change.undone) or any(
        step.run == change.target.id or (step.commit and step.commit == origin.commit) for step in later
    )
    newer = [step.commit or step.run for step in later]
    newer += [
        other.commit or rerun.change.target.id
        for rerun, other in again
        if other.order > origin.order and _work_of(rerun.change, other) == work
    ]
    return HeldBack(
        change=change,
        why=one.why,
        environment=one.environment,
        has_run=has_run,
        newer="" if has_run or not newer else newer[-1],
    )


def _work_of(change: Change, origin: Origin) -> tuple[str, ...]:
    target = change.target
    return (target.provider, target.instance, target.project, origin.workflow, origin.ref)


def _work_of_step(step: StepOpened) -> tuple[str, ...]:
    return (step.provider, step.instance, step.project, step.workflow, step.ref)
