"""The verdict as one JSON object on stdout, schema `gate.check/1`."""

from __future__ import annotations

import json

from gate.core.hold import encode_hold
from gate.core.model import Verdict
from gate.core.reason import iso
from gate.report import Report, Scene


def encode_verdict(verdict: Verdict) -> dict[str, object]:
    """Return the verdict as the object that `gate check --format json` prints."""
    return {
        "schema": "gate.check/1",
        "open": verdict.open,
        "state": verdict.state,
        "code": verdict.code,
        "reason": verdict.reason,
        "environment": verdict.environment,
        "checked_at": iso(verdict.checked_at),
        "age_seconds": round(verdict.age_seconds, 3),
        "evidence": dict(verdict.evidence),
        "hold": encode_hold(verdict.hold) if verdict.hold else None,
        "protects": list(verdict.protects),
    }


def render(verdict: Verdict, scene: Scene) -> Report:
    """Return the object on one line."""
    return Report(stdout=json.dumps(encode_verdict(verdict), ensure_ascii=False) + "\n")
