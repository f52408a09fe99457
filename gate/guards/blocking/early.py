"""Which tests are held back before they are set up? By name, by marker; the cheap half of the guard."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase

import pytest

from gate.config import Config
from gate.guards.blocking.blocked import Block, Blocked
from gate.guards.blocking.record import Record
from gate.guards.http import Guard

REQUIRES, EXEMPT = "requires_fiber", "no_fiber"


class EarlyHold:
    """Blocks tests whose name or markers say that they need the lab, while it is not ready.

    Args:
        guard: knows the lab; the chosen one counts.
        record: what was held back.
        config: its `tests.names` and `tests.markers` are compared.
    """

    def __init__(self, guard: Guard, record: Record, config: Config) -> None:
        self._guard = guard
        self._record = record
        self._names = tuple(name.casefold() for name in config.test_names)
        self._markers = (REQUIRES, *config.test_markers)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Block the test, unless the lab is ready. Comes after pytest's own skip marks."""
        why = self.why(item)
        if why is None:
            return
        snapshot = self._guard.snapshot()
        if snapshot.verdict.open:
            return
        block = Block(what=why, at=datetime.now(UTC), snapshot=snapshot)
        self._record.add(block)
        raise Blocked(block)

    def why(self, item: pytest.Item) -> str | None:
        """Return in words why a test is to be held back while the lab is dark, or None."""
        if item.get_closest_marker(EXEMPT):
            return None
        for marker in self._markers:
            if item.get_closest_marker(marker):
                return f"marker {marker}"
        name = str(getattr(item, "originalname", None) or item.name).casefold()
        for pattern in self._names:
            if fnmatchcase(name, pattern):
                return f"name like {pattern}"
        return None
