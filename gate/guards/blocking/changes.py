"""When did a lab go dark, and when did it come back, as this run has read it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gate import asking
from gate.core.model import Verdict
from gate.core.reason import iso
from gate.guards.guard import Ask


class LabChanges:
    """Asks labs, and keeps each verdict that differs from the one before.

    Args:
        ask: what to ask with.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._seen: list[dict[str, Any]] = []

    def ask(self, question: asking.Question, max_age: float, environ: Mapping[str, str]) -> Verdict:
        """Return the verdict, as `gate.asking.ask` does."""
        verdict = self._ask(question, max_age, environ)
        self.take([encode_change(verdict)])
        return verdict

    def take(self, seen: Iterable[dict[str, Any]]) -> None:
        """Add what was seen, here or by another process."""
        self._seen.extend(seen)

    def all(self) -> list[dict[str, Any]]:
        """Return the changes, lab by lab, oldest first; the first of each lab is how it was met."""
        last: dict[str, Any] = {}
        changes = []
        for seen in sorted(self._seen, key=lambda change: (change["environment"], change["at"])):
            if last.get(seen["environment"]) != (seen["state"], seen["code"]):
                last[seen["environment"]] = (seen["state"], seen["code"])
                changes.append(seen)
        return changes


def encode_change(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as one line of the list, of plain values that can cross processes."""
    return {
        "environment": verdict.environment,
        "at": iso(verdict.checked_at),
        "state": str(verdict.state.value),
        "code": str(verdict.code.value),
    }
