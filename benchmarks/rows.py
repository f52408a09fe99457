"""What is one line of the table?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measurement beside its bound.

    Attributes:
        what: the thing measured.
        measured: the number, in `unit`.
        bound: the most that it may be.
        unit: what both are counted in.
        note: how it came about.
    """

    what: str
    measured: float
    bound: float
    unit: str
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the measurement is within its bound."""
        return self.measured <= self.bound
