"""What is to be done to close a fleet, and to open it again? Decided from records alone.

A plan is carried out by `gate.fleet`; with ``--dry-run`` it is printed and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.core.event import Act, Target
from gate.core.ledger_state import Change, LedgerState
from gate.core.origin import encode_origin, parse_origin
from gate.core.work import (
    Found,
    Origin,
    Outcome,
    Protects,
    Status,
    Trigger,
    Work,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One step.

    Attributes:
        act: what is done.
        target: to what.
        before: how the target is now, as the ledger keeps it.
        after: how it will be, in the same form; empty where it will just be over.
        why: the name that is protected, or what else a person wants to know.
        ours: where something is undone, every form in which we may have left the target.
    """

    act: Act
    target: Target
    before: str = ""
    after: str = ""
    why: str = ""
    ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something that was asked for and cannot be done; known before anything is tried."""

    act: Act
    target: Target
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PausePlan:
    """How work in flight is stopped.

    Attributes:
        suspend: triggers to switch off, once nothing is in flight.
        cancel: what is to be stopped.
        already_stopping: what somebody has told to stop, and only needs to be observed.
        refusals: what cannot be done, or could not be looked at.
        notes: what a person should know, a sentence each.
    """

    suspend: tuple[Action, ...] = ()
    cancel: tuple[Action, ...] = ()
    already_stopping: tuple[Action, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """All steps in their order."""
        return (*self.cancel, *self.already_stopping, *self.suspend)

    @property
    def reads(self) -> int:
        """About how many reads it takes to prove it."""
        return len(self.suspend) + -(-len(self.cancel) // 100) + len(self.already_stopping)

    @property
    def writes(self) -> int:
        """About how many writes it takes: to switch off, to stop, and to say why."""
        return len(self.suspend) + 2 * len(self.cancel)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """The plan for one server, as a person is shown it.

    Attributes:
        title: the server, for example ``github api.github.com acme``.
        plan: what is to be done there.
        looked_at: how many things in flight there are, protected or not.
        seconds: how long it takes at least.
    """

    title: str
    plan: PausePlan
    looked_at: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest:
    """What a person asked for.

    Attributes:
        protects: what is protected.
        projects: shell patterns over project paths; none means all.
        suspend_triggers: whether triggers are switched off too.
        own: the run that this process belongs to, which is never stopped.
        suspended: forms of triggers that an earlier pause has switched off, by `Target.key`.
    """

    protects: Protects
    projects: tuple[str, ...] = ()
    suspend_triggers: bool = False
    own: Target | None = None
    suspended: Mapping[tuple[str, ...], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePlan:
    """How what was changed is put back.

    Attributes:
        restore: changes of triggers to undo, each only where it still is as we left it.
        rerun: what was stopped and is started again, in this order.
        left: what was stopped and is not started again, because a newer one is.
    """

    restore: tuple[Change, ...] = ()
    rerun: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()


def decide_pause(found: Iterable[Found], request: PauseRequest) -> PausePlan:
    """Return what must be stopped so that nothing protected is under way."""
    suspend: list[Action] = []
    cancel: list[Action] = []
    stopping: list[Action] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    for one in found:
        notes += one.notes
        refusals += [
            _unseen(problem.target, problem.asked.outcome, problem.asked.detail) for problem in one.problems
        ]
        for work in one.work:
            if _is_meant(work, request):
                (stopping if work.status is Status.STOPPING else cancel).append(_cancelled(work))
        for trigger in one.triggers if request.suspend_triggers else ():
            if not (trigger.active or _is_ours(trigger, request)) or not _concerns(trigger.target, request):
                continue
            if trigger.cannot:
                refusals.append(_not_suspended(trigger))
            else:
                suspend.append(_suspended(trigger))
    return PausePlan(
        suspend=tuple(suspend),
        cancel=tuple(cancel),
        already_stopping=tuple(stopping),
        refusals=tuple(refusals),
        notes=tuple(dict.fromkeys(notes)),
    )


def decide_resume(state: LedgerState, lifted: Sequence[str], rerun: str) -> ResumePlan:
    """Return what must be put back once the holds `lifted` stand no more.

    Args:
        state: what the ledger says, with nothing unfinished in it.
        lifted: ids of holds.
        rerun: ``none``, ``newest`` (of each workflow and ref) or ``all``.
    """
    standing = {standing.hold.id for standing in state.holds} - set(lifted)
    restore = tuple(change for change in state.to_undo(Act.SUSPEND) if change.hold not in standing)
    stopped = [change for change in stopped_under(state, lifted) if change.outcome == Outcome.STOPPED]
    chosen = stopped if rerun == "all" else newest(stopped) if rerun == "newest" else []
    again = tuple(sorted((change for change in chosen if change.stands), key=turn))
    picked = {change.seq for change in again}
    left = (
        tuple(change for change in stopped if change.stands and change.seq not in picked)
        if rerun != "none"
        else ()
    )
    return ResumePlan(restore=restore, rerun=again, left=left)


def undoing(act: Act, change: Change, history: Sequence[Change], after: str) -> Action:
    """Return how a change is undone, so that its target is as `after`, if it still is as we left it.

    Args:
        act: what undoes it.
        change: what is undone.
        history: all that was done to its target.
        after: how the target is to be.
    """
    ours = frozenset(one.after for one in history if one.action == change.action and one.may_show)
    return Action(act=act, target=change.target, before=change.after, after=after, ours=ours)


def stopped_under(state: LedgerState, holds: Sequence[str]) -> tuple[Change, ...]:
    """Return what was told to stop under `holds`; where there are none, under the last hold that was."""
    ids = set(holds) or _last_paused(state)
    return tuple(change for change in state.changes if change.action == Act.CANCEL and change.hold in ids)


def origin_of(change: Change) -> Origin:
    """Return where a stopped target came from; another version's record says only what it is."""
    return parse_origin(change.before) or Origin(workflow=change.target.name)


def newest(changes: Iterable[Change]) -> list[Change]:
    """Return the newest of each workflow and ref; jobs of one pipeline are equally new."""
    found: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        origin, target = origin_of(change), change.target
        group = (target.provider, target.instance, target.project, origin.workflow, origin.ref)
        best = found.get(group)
        if best is None or origin.order > origin_of(best[0]).order:
            found[group] = [change]
        elif origin.order == origin_of(best[0]).order:
            best.append(change)
    return [change for group in found.values() for change in group]


def turn(change: Change) -> tuple[str, str, str, int, int]:
    """Return by what targets are sorted that are started again: by project, the oldest first."""
    target = change.target
    return (target.provider, target.instance, target.project, origin_of(change).order, change.seq)


def _is_meant(work: Work, request: PauseRequest) -> bool:
    if work.status is Status.FINISHED or not _concerns(work.target, request):
        return False
    return request.own is None or not _is_own(work.target, request.own)


def _is_ours(trigger: Trigger, request: PauseRequest) -> bool:
    """Return whether an earlier pause has switched it off: it then stays off for this one as well."""
    return request.suspended.get(trigger.target.key) == trigger.form


def _is_own(target: Target, own: Target) -> bool:
    return (target.provider, target.project, target.kind, target.id) == (
        own.provider,
        own.project,
        own.kind,
        own.id,
    )


def _concerns(target: Target, request: PauseRequest) -> bool:
    return (
        not request.projects
        or Protects(patterns=request.projects).matched(_names(target.project)) is not None
    )


def _names(path: str) -> tuple[str, str]:
    """Return a project's path, and what is below its owner: people give either."""
    return path, path.partition("/")[2] or path


def _cancelled(work: Work) -> Action:
    return Action(act=Act.CANCEL, target=work.target, before=encode_origin(work), why=work.matched)


def _suspended(trigger: Trigger) -> Action:
    return Action(
        act=Act.SUSPEND,
        target=trigger.target,
        before=trigger.form,
        after=trigger.suspended_form,
        why=trigger.matched,
    )


def _not_suspended(trigger: Trigger) -> Refusal:
    return Refusal(act=Act.SUSPEND, target=trigger.target, outcome=Outcome.REFUSED, detail=trigger.cannot)


def _unseen(target: Target, outcome: Outcome | None, detail: str) -> Refusal:
    return Refusal(act=Act.CANCEL, target=target, outcome=outcome or Outcome.FAILED, detail=detail)


def _last_paused(state: LedgerState) -> set[str]:
    """Return the hold of what was stopped last: a resume that is continued means that one."""
    stops = [change for change in state.changes if change.action == Act.CANCEL and change.hold]
    return {stops[-1].hold} if stops else set()
