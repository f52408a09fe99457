"""The gate in GitHub workflows: wire, unwire, lint."""

from __future__ import annotations

from gate.wiring.github.lint import lint
from gate.wiring.github.rules import RULES
from gate.wiring.github.wire import unwire, wire

__all__ = ["RULES", "lint", "unwire", "wire"]
