"""What can have happened that the ledger remembers? One record an event.

`gate.core.event_codec` writes and reads them as the fields of an entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.core.model import Hold, State


class Kind(StrEnum):
    """The kinds of entries that this version writes."""

    HOLD_RAISED = "hold_raised"
    HOLD_LIFTED = "hold_lifted"
    INTENT = "intent"
    OUTCOME = "outcome"
    READING_CHANGED = "reading_changed"
    STEP_CLOSED = "step_closed"
    STEP_OPENED = "step_opened"
    RECHECKED = "rechecked"
    NOTIFIED = "notified"
    CARRIED_OUT = "carried_out"


class Ownership(StrEnum):
    """Who raised or lifted a hold: a person, or the recheck."""

    MANUAL = "manual"
    AUTO = "auto"


class Act(StrEnum):
    """What gate does to something outside. The last three undo the first three."""

    CANCEL = "cancel"
    SUSPEND = "suspend"
    HOLD = "hold"
    RERUN = "rerun"
    RESTORE = "restore"
    LIFT = "lift"


LOCAL_STOP: Final = "stop"  # of a test process on a person's machine: no `Act`, since nothing undoes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something outside that gate acts on.

    Attributes:
        provider: ``github``, ``gitlab``, ``jenkins``.
        instance: the provider's address, without credentials.
        project: the project's path; the owner's or group's where that is meant.
        kind: ``run``, ``job``, ``queue_item``, ``trigger`` or ``hold``.
        id: the provider's own name for it, unique among its kind in the project.
        name: as people say it.
        url: where to look at it.
    """

    provider: str
    instance: str
    project: str
    kind: str
    id: str
    name: str = ""
    url: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes it the same thing, whatever it is called today."""
        return (self.provider, self.instance, self.project, self.kind, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRaised:
    """A hold stands from here on."""

    hold: Hold
    ownership: Ownership = Ownership.MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    """The hold with this id stands no more; `reason` says why it was lifted."""

    hold: str
    ownership: Ownership = Ownership.MANUAL
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """A request is about to leave.

    Attributes:
        action: one of `Act`, or another version's word.
        target: what it is about.
        before: how the target is now, in a form that its provider can restore it from.
        after: how it will be, in the same form, so that a crash leaves no doubt whose work it is.
        hold: the id of the hold for whose sake it is done; may be empty.
    """

    action: str
    target: Target
    before: str = ""
    after: str = ""
    hold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What came of an intent, as seen at the provider. The last one about an intent counts.

    Attributes:
        intent: the number of the intent's entry.
        outcome: ``stopped``, ``suspended``, ``refused`` … as in a receipt.
        after: how we left the target where that is not as intended; restored is only what
            still is so.
        detail: why, naming the permission that was missing.
        became: the id of what a rerun started.
    """

    intent: int
    outcome: str
    after: str = ""
    detail: str = ""
    became: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingChanged:
    """A lab answers otherwise than before: `state` and `code` as in a verdict."""

    environment: str
    state: str
    code: str
    taken_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClosed:
    """A gate step held a run back, because of `hold` (an id) or, where empty, of `code`.

    Attributes:
        environment: the lab.
        code: the verdict's.
        provider: ``github``, ``gitlab``, ``jenkins``.
        project: the project's path.
        run: the provider's own id of what was held back.
        instance: the provider's address, without credentials.
        workflow: what it is a run of.
        ref: its branch or tag.
        commit: its commit.
        hold: the id of the hold that kept the gate closed, also beside a lab that is not ready.
        url: where to look at it.
        run_kind: ``job`` where `run` is one; empty for a run.
        order: grows with each run of a project.
        own: what its provider needs to start it again, as in `gate.core.work.Origin`.
    """

    environment: str
    code: str
    provider: str
    project: str
    run: str
    instance: str = ""
    workflow: str = ""
    ref: str = ""
    commit: str = ""
    hold: str = ""
    url: str = ""
    run_kind: str = ""
    order: int = 0
    own: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOpened:
    """A gate step let a run go on, where runs of its workflow and ref had been held back before.

    The attributes are those of `StepClosed`.
    """

    environment: str
    provider: str
    project: str
    run: str
    instance: str = ""
    workflow: str = ""
    ref: str = ""
    commit: str = ""
    order: int = 0
    own: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a tick of the recheck read of one lab: `state` and `code` as in a verdict.

    Attributes:
        environment: the lab.
        state: one of the verdict's states; only ``ready`` speaks for opening.
        code: the cause.
        taken_at: when the lab was read (UTC), by the clock of the machine that read it.
        known: the last entry that the tick had read before it asked the lab. What a later entry
            says happened after the reading, whatever any clock says.
    """

    environment: str
    state: str
    code: str
    taken_at: datetime
    known: int = 0

    @property
    def ready(self) -> bool:
        """True where the lab was ready."""
        return self.state == State.READY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """A tick of the recheck was here, whatever it found; `samples` is what it read, if anything."""

    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """What follows from the recheck's hold with this id is done.

    While it stands: it was raised where gate steps read it, and what was in flight was dealt with.
    Once it is lifted: what was held back was started again, as far as that is asked for.
    """

    hold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """People are told of something; it is appended first, so that two at once tell it once.

    Attributes:
        topic: one of `gate.core.notice.Topic`, or another version's word.
        about: the environment or the hold that it is about; may be empty.
        sent: False takes it back, because no channel has taken it, so that it is due again.
    """

    topic: str
    about: str = ""
    sent: bool = True


Event = (
    HoldRaised
    | HoldLifted
    | Intended
    | Observed
    | ReadingChanged
    | StepClosed
    | StepOpened
    | Rechecked
    | CarriedOut
    | Notified
)
