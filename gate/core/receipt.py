"""What came of a sweep: one row a target, and whether everything that was asked is proven."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from gate.core.event import Act, Target
from gate.core.model import Hold
from gate.core.work import Outcome

GOOD: Final = frozenset(
    {
        Outcome.STOPPED,
        Outcome.ALREADY_FINISHED,
        Outcome.SUSPENDED,
        Outcome.RESTORED,
        Outcome.RERUN,
        Outcome.HELD,
        Outcome.LIFTED,
        Outcome.PLANNED,
        Outcome.DONE,
    }
)
COUNTED: Final = (
    Outcome.STOPPED,
    Outcome.ALREADY_FINISHED,
    Outcome.SURVIVED,
    Outcome.REFUSED,
    Outcome.FAILED,
    Outcome.SUSPENDED,
    Outcome.RESTORED,
    Outcome.CHANGED_SINCE,
    Outcome.RERUN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one action.

    Attributes:
        act: what was done.
        target: to what.
        outcome: what was observed.
        detail: why; names the permission that was missing.
        after: how the target was left, where that is not as it was meant to be left.
        became: the id of what a rerun started.
        seconds: from the request until it was proven.
    """

    act: Act
    target: Target
    outcome: Outcome
    detail: str = ""
    after: str = ""
    became: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """All rows of a sweep.

    Attributes:
        action: ``pause``, ``resume`` or ``recheck``.
        holds: what was raised or lifted.
        rows: one a target.
        seconds: how long it took.
        requests: how many requests each provider got, as pairs of name and number.
        notes: what a person should know, a sentence each.
        planned: True where nothing was done, because it was only to be shown.
        interrupted: True where a person ended it before it was done.
    """

    action: str
    holds: tuple[Hold, ...] = ()
    rows: tuple[Row, ...] = ()
    seconds: float = 0.0
    requests: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    planned: bool = False
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything that was asked was done and proven."""
        return not self.interrupted and all(row.outcome in GOOD for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many targets matched, and how many of them ended how."""
        outcomes = Counter(row.outcome for row in self.rows)
        matched = sum(row.act is Act.CANCEL and row.target.id != "*" for row in self.rows)
        return {"matched": matched, **{str(outcome): outcomes[outcome] for outcome in COUNTED}}

    @property
    def unproven(self) -> tuple[Row, ...]:
        """What was not done, or not proven."""
        return tuple(row for row in self.rows if row.outcome not in GOOD)

    @property
    def slowest(self) -> Row | None:
        """The stop that took longest."""
        stops = [row for row in self.rows if row.outcome is Outcome.STOPPED]
        return max(stops, key=lambda row: row.seconds, default=None)
