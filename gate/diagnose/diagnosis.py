"""What does a diagnosis consist of, and how is it one JSON object?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gate.core.reason import iso
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import Cause

SCHEMA = "gate.diagnose/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was learnt, and what it speaks for.

    Attributes:
        evidence: what is known and what is not.
        causes: the surest first; none is an answer too.
    """

    evidence: Evidence
    causes: tuple[Cause, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that was asked gave an answer."""
        return not any(gap.refused for gap in self.evidence.gaps)


def encode_diagnosis(
    diagnosis: Diagnosis, verdict: Mapping[str, object], suggestion: str | None = None
) -> dict[str, object]:
    """Return the diagnosis as the object that `gate diagnose --format json` prints.

    Args:
        diagnosis: the diagnosis.
        verdict: the verdict as `gate check --format json` prints it.
        suggestion: the YAML of `--suggest`, where that was asked for.
    """
    evidence = diagnosis.evidence
    document = {
        "schema": SCHEMA,
        "environment": evidence.verdict.environment,
        "diagnosed_at": iso(evidence.now),
        "complete": diagnosis.complete,
        "verdict": dict(verdict),
        "causes": _plain(diagnosis.causes),
        "dependencies": _plain(evidence.dependencies),
        "cluster": _plain(evidence.cluster),
        "unknown": _plain(evidence.gaps),
    }
    return document if suggestion is None else {**document, "suggestion": suggestion}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case datetime():
            return iso(value)
        case tuple():
            return [_plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value
