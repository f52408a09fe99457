"""What is under way in a fleet, what starts it, and what can come of an action?

The words are the same for every provider; a provider's own word stays beside them as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a gate step imports this, and has no use for the ledger's events
    from gate.core.event import Target


class Status(StrEnum):
    """Where something is that was started. Only `FINISHED` is over; `UNKNOWN` counts as not over."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPING = "stopping"
    FINISHED = "finished"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What came of one action, as seen afterwards and not as asked."""

    STOPPED = "stopped"
    ALREADY_FINISHED = "already_finished"
    SURVIVED = "survived"
    REFUSED = "refused"
    FAILED = "failed"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    CHANGED_SINCE = "changed_since"
    RERUN = "rerun"
    HELD = "held"
    LIFTED = "lifted"
    PLANNED = "planned"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protects:
    """Shell patterns over names, any case: what a dark lab must not see.

    Attributes:
        patterns: for example ``configure*``.
    """

    patterns: tuple[str, ...]

    def matched(self, names: Iterable[str]) -> str | None:
        """Return the first name that a pattern matches, or None."""
        folded = [pattern.casefold() for pattern in self.patterns]
        return next((name for name in names if any(fnmatchcase(name.casefold(), p) for p in folded)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where runs live: a repository, a project, a folder.

    Attributes:
        path: as people say it, the same as `Target.project`.
        id: the provider's own, which a rename does not change; empty where there is none.
    """

    path: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a run comes from: what is needed to start it again, and in which order.

    Attributes:
        workflow: what it is a run of; runs of one workflow and one `ref` replace each other.
        ref: the branch or tag; empty where the provider does not say.
        commit: its commit; empty where the provider does not say.
        order: grows with each run of a project; the newest has the highest.
        own: a JSON object in the provider's own words, as `gate.core.entry.canonical` writes it.
    """

    workflow: str
    ref: str = ""
    commit: str = ""
    order: int = 0
    own: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something in flight that can be stopped by itself: a run, a job, a queue item.

    Attributes:
        target: what a cancel is about; its kind is ``run``, ``job`` or ``queue_item``.
        matched: the name by which it is protected.
        status: where it is.
        word: where it is, in the provider's own word.
        origin: where it comes from.
    """

    target: Target
    matched: str
    status: Status
    word: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What starts runs by itself: a workflow's switch, a schedule, a job's switch.

    Attributes:
        target: its kind is ``trigger``.
        matched: the name by which it is protected.
        active: whether it starts anything now.
        form: how it is now, as `gate.core.entry.canonical` writes it; it is compared, and restored to it.
        suspended_form: how it is when suspended.
        cannot: why it cannot be suspended, and what could be instead; empty where it can.
    """

    target: Target
    matched: str
    active: bool
    form: str
    suspended_form: str
    cannot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a provider says of something that was told to stop.

    Attributes:
        status: where it is; something that is gone is `FINISHED`.
        word: in the provider's own word.
        stopped: True where it is over because it was cancelled, and did not end by itself.
    """

    status: Status
    word: str
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a provider says to a request.

    Attributes:
        outcome: what came of it where that is known already; None where it was accepted, and
            is to be observed.
        detail: why; names the permission that was missing.
        became: the id of what a rerun started.
    """

    outcome: Outcome | None = None
    detail: str = ""
    became: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that could not be looked at, so that nobody knows what is in flight there."""

    target: Target
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a provider says is under way.

    Attributes:
        work: what is protected and not over.
        triggers: what is protected and starts runs; only where it was asked for.
        problems: what could not be looked at.
        notes: what a person should know of it, a sentence each.
        looked_at: how many things in flight there are, protected or not.
        projects: how many projects were looked at.
    """

    work: tuple[Work, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    looked_at: int = 0
    projects: int = 0
