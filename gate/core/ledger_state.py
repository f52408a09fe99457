"""What does gate know once it has read its ledger?

`gate.core.ledger.replay` makes a `LedgerState` out of entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.core.entry import Head
from gate.core.event import Act, Ownership, ReadingChanged, Sample, StepClosed, StepOpened, Target
from gate.core.hold import covers
from gate.core.model import Hold, Place, Scope

DONE: Final[Mapping[str, str]] = {
    Act.CANCEL: "stopped",
    Act.SUSPEND: "suspended",
    Act.HOLD: "held",
    Act.RERUN: "rerun",
    Act.RESTORE: "restored",
    Act.LIFT: "lifted",
}
UNDOES: Final[Mapping[str, Act]] = {Act.RERUN: Act.CANCEL, Act.RESTORE: Act.SUSPEND, Act.LIFT: Act.HOLD}
CHANGED_SINCE: Final = "changed_since"
SUPERSEDED: Final = "superseded"
FAILED: Final = "failed"
KEPT_SAMPLES: Final = 200  # an hour of ticks every 20 seconds
KEPT_TOLD: Final = 50
_BEGINNING: Final = Head()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A hold that was raised and not lifted. It may have expired: `gate.core.hold.is_expired`.

    Attributes:
        hold: what it says.
        ownership: whose it is.
        seq: the number of the entry that raised it.
        at: when (UTC).
        by: who.
        carried_out: whether the fleet was told and swept; kept of the recheck's own.
        since: the entry behind which it was that held back what gate steps name no hold for; of
            the recheck's own that is when its lab was last seen ready.
        heir_of: ids of the recheck's holds before it, under which something still waits.
    """

    hold: Hold
    ownership: Ownership
    seq: int
    at: datetime
    by: str
    carried_out: bool = False
    since: int = 0
    heir_of: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Its id, and those that it has taken over."""
        return (*self.heir_of, self.hold.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A hold that the recheck has lifted, while something may still wait to be started again.

    Attributes:
        standing: as it stood.
        seq: the number of the entry that lifted it.
        at: when (UTC).
    """

    standing: Standing
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An intent, and what came of it.

    Attributes:
        seq: the number of the intent's entry.
        at: when it was intended (UTC).
        by: who did it.
        hold: the id of the hold for whose sake.
        action: one of `Act`, or another version's word.
        target: what it is about.
        before: how the target was before gate touched it. Where an earlier change of the same
            kind stood and the target was as that one left it, this is what was before that one.
        outcome: the last that was observed; empty where nothing was, as after a crash.
        after: how we left the target, or meant to.
        detail: why.
        became: the id of what a rerun started.
        undone: what ended it: the outcome of the action that undoes it, ``changed_since``
            where it was no longer as we left it, ``superseded`` where a later change of the
            same kind took its place; empty while it stands.
    """

    seq: int
    at: datetime
    by: str
    hold: str
    action: str
    target: Target
    before: str
    outcome: str = ""
    after: str = ""
    detail: str = ""
    became: str = ""
    undone: str = ""

    @property
    def unfinished(self) -> bool:
        """True where a request may have left, and nobody knows what came of it."""
        return not self.outcome and not self.undone

    @property
    def doubtful(self) -> bool:
        """True where a request left and its answer did not come, so that it may have taken effect."""
        return self.outcome == FAILED and not self.undone

    @property
    def may_stand(self) -> bool:
        """True where it stands, or where nobody knows that it does not."""
        return self.stands or self.unfinished or self.doubtful

    @property
    def may_show(self) -> bool:
        """True where the target may be as this change left it: the later one may have come first."""
        return self.may_stand or self.undone == SUPERSEDED

    @property
    def stands(self) -> bool:
        """True where it was seen to be done, and is not undone."""
        return is_done(self.action, self.outcome) and not self.undone


Histories = Mapping[tuple[str, ...], Sequence[Change]]  # by `Target.key`


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAct:
    """The last time that a person raised or lifted a hold of this scope.

    Evidence that is older counts for nothing: luci-go's tree status calls it the protective
    time (tree_status.go at 22eba00a8f, read 2026-11-24).
    """

    scope: Scope
    seq: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReading:
    """The last change of a lab's reading, and the number of its entry."""

    seq: int
    reading: ReadingChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStep:
    """A gate step that held a run back, and when."""

    seq: int
    at: datetime
    step: StepClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStep:
    """A gate step that let a run go on where others had been held back, and when."""

    seq: int
    at: datetime
    step: StepOpened


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told, and when (UTC): `topic` and `about` as in `gate.core.event.Notified`."""

    seq: int
    at: datetime
    topic: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """What is true at `head`.

    Attributes:
        head: the last entry that was counted.
        holds: raised and not lifted, oldest first.
        lifted: holds that the recheck has lifted, and what follows from that is not all done.
        changes: everything gate did or meant to do outside, oldest first.
        person_acts: one for each scope.
        readings: one for each environment.
        samples: what the last ticks of the recheck read, at most `KEPT_SAMPLES` of each
            environment, those of one environment in the order of the ledger.
        closed_steps: one for each run and environment, oldest first.
        opened_steps: likewise.
        rechecked_at: when the recheck was last here (UTC), None if never.
        told: the last that people were told, at most `KEPT_TOLD` about one thing, and those about
            one thing oldest first.
    """

    head: Head = _BEGINNING
    holds: tuple[Standing, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    changes: tuple[Change, ...] = ()
    person_acts: tuple[PersonAct, ...] = ()
    readings: tuple[SeenReading, ...] = ()
    samples: tuple[Sample, ...] = ()
    closed_steps: tuple[ClosedStep, ...] = ()
    opened_steps: tuple[OpenedStep, ...] = ()
    rechecked_at: datetime | None = None
    told: tuple[Told, ...] = ()

    @property
    def unfinished(self) -> tuple[Change, ...]:
        """Intents without outcome: look before acting."""
        return tuple(change for change in self.changes if change.unfinished)

    def standing(self, action: Act) -> tuple[Change, ...]:
        """Return what gate did in this way and has not undone, such as what is suspended."""
        return tuple(change for change in self.changes if change.action == action and change.stands)

    def to_undo(self, action: Act) -> tuple[Change, ...]:
        """Return the last change of each target that stands, or of which nobody knows that it does not.

        An earlier one is never undone beside it: it says how the target was before somebody else,
        or the later change, came.
        """
        last = {c.target.key: c for c in self.changes if c.action == action and c.may_stand}
        return tuple(last.values())

    def histories(self) -> Histories:
        """Return what was done to each target, oldest first: one pass, for who looks at many of them."""
        found: dict[tuple[str, ...], list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.target.key, []).append(change)
        return found

    def last_person_act(self, environment: str) -> PersonAct | None:
        """Return the last act of a person that concerns an environment."""
        place = Place(environment=environment)
        concerning = (act for act in self.person_acts if covers(act.scope, place))
        return max(concerning, key=lambda act: act.seq, default=None)


def is_done(action: str, outcome: str) -> bool:
    """Return whether an outcome says that the action took effect."""
    return bool(outcome) and DONE.get(action) == outcome
