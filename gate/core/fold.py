"""What does one more entry change in what is true? The step that `gate.core.ledger.replay` repeats.

Two rules guard what a person decided, whoever wrote the entry: the recheck cannot replace a
standing manual hold, and cannot lift one that has not expired.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from gate.core.entry import Entry
from gate.core.event import (
    Act,
    CarriedOut,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Notified,
    Observed,
    Ownership,
    ReadingChanged,
    Rechecked,
    Sample,
    StepClosed,
    StepOpened,
)
from gate.core.event_codec import parse_event
from gate.core.hold import covers, is_expired
from gate.core.ledger_state import (
    CHANGED_SINCE,
    KEPT_SAMPLES,
    KEPT_TOLD,
    SUPERSEDED,
    UNDOES,
    Change,
    ClosedStep,
    LedgerState,
    Lifted,
    OpenedStep,
    PersonAct,
    SeenReading,
    Standing,
    Told,
    is_done,
)
from gate.core.model import Place, Scope

_Slot = tuple[object, str]


class Fold:
    """A state that entries are added to. Nothing that was passed in is changed."""

    def __init__(self, start: LedgerState) -> None:
        self._head = start.head
        self._holds = {standing.hold.id: standing for standing in start.holds}
        self._lifted = {lifted.standing.hold.scope: lifted for lifted in start.lifted}
        self._changes = {change.seq: change for change in start.changes}
        self._slots: dict[_Slot, list[int]] = {}
        for change in start.changes:
            self._slots.setdefault(_slot(change), []).append(change.seq)
        self._acts = {act.scope: act for act in start.person_acts}
        self._readings = {seen.reading.environment: seen for seen in start.readings}
        self._samples: dict[str, deque[Sample]] = {}
        for sample in start.samples:
            self._keep(sample)
        self._steps = {_run(closed.step): closed for closed in start.closed_steps}
        self._opened = {_run(opened.step): opened for opened in start.opened_steps}
        self._rechecked_at = start.rechecked_at
        self._told: dict[str, deque[Told]] = {}
        for told in start.told:
            self._tell(told)

    def state(self) -> LedgerState:
        """Return what is true now."""
        return LedgerState(
            head=self._head,
            holds=tuple(self._holds.values()),
            lifted=tuple(self._lifted.values()),
            changes=tuple(self._changes.values()),
            person_acts=tuple(self._acts.values()),
            readings=tuple(self._readings.values()),
            samples=tuple(sample for kept in self._samples.values() for sample in kept),
            closed_steps=tuple(self._steps.values()),
            opened_steps=tuple(self._opened.values()),
            rechecked_at=self._rechecked_at,
            told=tuple(told for kept in self._told.values() for told in kept),
        )

    def add(self, entry: Entry) -> None:
        """Count one entry.

        Raises:
            ValueError: a field of a known kind is not as expected.
        """
        event = parse_event(entry)
        if event is not None:
            self._count(event, entry)
        self._head = entry.head

    def _count(self, event: Event, entry: Entry) -> None:
        match event:
            case HoldRaised():
                self._raise(event, entry)
            case HoldLifted():
                self._lift(event, entry)
            case Intended():
                self._intend(event, entry)
            case Observed():
                self._observe(event)
            case ReadingChanged():
                self._readings[event.environment] = SeenReading(seq=entry.seq, reading=event)
            case StepClosed():
                self._steps.pop(_run(event), None)
                self._steps[_run(event)] = ClosedStep(seq=entry.seq, at=entry.at, step=event)
            case StepOpened():
                self._opened.pop(_run(event), None)
                self._opened[_run(event)] = OpenedStep(seq=entry.seq, at=entry.at, step=event)
            case Rechecked():
                self._rechecked_at = _later(self._rechecked_at, entry.at)
                for sample in event.samples:
                    self._keep(sample)
            case CarriedOut():
                self._carry_out(event.hold)
            case Notified():
                self._notify(event, entry)
            case _:
                assert_never(event)

    def _keep(self, sample: Sample) -> None:
        self._samples.setdefault(sample.environment, deque(maxlen=KEPT_SAMPLES)).append(sample)

    def _notify(self, event: Notified, entry: Entry) -> None:
        if event.sent:
            self._tell(Told(seq=entry.seq, at=entry.at, topic=event.topic, about=event.about))
            return
        kept = self._told.get(event.about, deque[Told]())
        untold = next((told for told in reversed(kept) if told.topic == event.topic), None)
        if untold:
            kept.remove(untold)

    def _tell(self, told: Told) -> None:
        self._told.setdefault(told.about, deque(maxlen=KEPT_TOLD)).append(told)

    def _raise(self, event: HoldRaised, entry: Entry) -> None:
        if self._is_kept_from(event.ownership, event.hold.id, entry.at):
            return
        self._holds.pop(event.hold.id, None)
        before = self._lifted.pop(event.hold.scope, None) if event.ownership is Ownership.AUTO else None
        self._holds[event.hold.id] = Standing(
            hold=event.hold,
            ownership=event.ownership,
            seq=entry.seq,
            at=entry.at,
            by=entry.by,
            since=before.standing.since if before else self._last_ready(event, entry),
            heir_of=before.standing.ids if before else (),
        )
        self._note_act(event.ownership, event.hold.scope, entry)

    def _lift(self, event: HoldLifted, entry: Entry) -> None:
        if self._is_kept_from(event.ownership, event.hold, entry.at):
            return
        lifted = self._holds.pop(event.hold, None)
        if lifted and event.ownership is lifted.ownership is Ownership.AUTO:
            self._lifted[lifted.hold.scope] = Lifted(standing=lifted, seq=entry.seq, at=entry.at)
        self._note_act(event.ownership, lifted.hold.scope if lifted else Scope(), entry)

    def _last_ready(self, event: HoldRaised, entry: Entry) -> int:
        """Return the entry behind which a hold's lab was not seen ready any more."""
        if event.ownership is Ownership.MANUAL:
            return entry.seq
        kept = (
            sample
            for name, samples in self._samples.items()
            if covers(event.hold.scope, Place(environment=name))
            for sample in samples
        )
        return max((sample.known for sample in kept if sample.ready), default=entry.seq)

    def _carry_out(self, hold: str) -> None:
        if hold in self._holds:
            self._holds[hold] = replace(self._holds[hold], carried_out=True)
        for scope, lifted in list(self._lifted.items()):
            if lifted.standing.hold.id == hold:
                del self._lifted[scope]

    def _is_kept_from(self, ownership: Ownership, hold: str, at: datetime) -> bool:
        """Return whether a person's hold is in the way of the recheck."""
        standing = self._holds.get(hold)
        if standing is None or ownership is Ownership.MANUAL:
            return False
        return standing.ownership is Ownership.MANUAL and not is_expired(standing.hold, at)

    def _note_act(self, ownership: Ownership, scope: Scope, entry: Entry) -> None:
        if ownership is Ownership.MANUAL:
            self._acts[scope] = PersonAct(scope=scope, seq=entry.seq, at=entry.at, by=entry.by)

    def _intend(self, event: Intended, entry: Entry) -> None:
        slot = (event.target.key, event.action)
        earlier = [change for change in self._in(slot) if change.may_show]
        self._changes[entry.seq] = Change(
            seq=entry.seq,
            at=entry.at,
            by=entry.by,
            hold=event.hold,
            action=event.action,
            target=event.target,
            before=_before(event, earlier),
            after=event.after,
        )
        self._slots.setdefault(slot, []).append(entry.seq)

    def _observe(self, event: Observed) -> None:
        change = self._changes.get(event.intent)
        if change is None:
            return
        done = is_done(change.action, event.outcome)
        again = done and change.undone == SUPERSEDED  # it was seen last, so it is what stands
        change = self._changes[change.seq] = replace(
            change,
            outcome=event.outcome,
            after=event.after or change.after,
            detail=event.detail,
            became=event.became,
            undone="" if again else change.undone,
        )
        if done:
            self._end(_slot(change), SUPERSEDED, but=change.seq)
        undoes = UNDOES.get(change.action)
        if undoes and (done or event.outcome == CHANGED_SINCE):
            self._end((change.target.key, str(undoes)), event.outcome, before=change.seq)

    def _end(self, slot: _Slot, how: str, *, but: int = 0, before: int | None = None) -> None:
        """End what stands in a slot: all `but` one, or everything from `before` it was to be undone."""
        for change in self._in(slot):
            ends = change.may_stand if before is None else change.may_show and change.seq < before
            if ends and change.seq != but:
                self._changes[change.seq] = replace(change, undone=how)

    def _in(self, slot: _Slot) -> list[Change]:
        return [self._changes[seq] for seq in self._slots.get(slot, ())]


def _before(event: Intended, earlier: list[Change]) -> str:
    """Return how the target was before gate touched it: our own doing is never the state before.

    What is cancelled a second time was started again in between, so it is as it says now.
    """
    if event.action == Act.CANCEL:
        return event.before
    ours = (change.before for change in reversed(earlier) if change.after in ("", event.before))
    return next(ours, event.before)


def _slot(change: Change) -> _Slot:
    return (change.target.key, str(change.action))


def _run(step: StepClosed | StepOpened) -> tuple[str, ...]:
    return (step.provider, step.instance, step.project, step.run, step.environment)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
