"""What is one line of the table, and how is the table read?"""

from __future__ import annotations

from collections.abc import Sequence
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


def table(rows: Sequence[Row]) -> str:
    """Return the rows as people read them."""
    lines = [f"{'what':48} {'measured':>10} {'at most':>9}"]
    for row in rows:
        mark = "" if row.holds else "  TOO MUCH"
        lines.append(f"{row.what:48} {row.measured:7.2f} {row.unit:2} {row.bound:6.2f} {row.unit:2}{mark}")
        lines.append(f"    {row.note}")
    return "\n".join(lines)
