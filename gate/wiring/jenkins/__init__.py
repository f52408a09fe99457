"""The gate in declarative Jenkinsfiles: wire, unwire, lint."""

from __future__ import annotations

from gate.wiring.jenkins.lint import lint
from gate.wiring.jenkins.rules import RULES
from gate.wiring.jenkins.wire import unwire, wire

__all__ = ["RULES", "lint", "unwire", "wire"]
