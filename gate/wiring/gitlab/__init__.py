"""GitLab pipeline files: what `gate wire` and `gate lint` do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.core.work import Protects
from gate.wiring.gitlab.findings import findings
from gate.wiring.gitlab.model import read_pipeline
from gate.wiring.gitlab.rules import RULES as RULES
from gate.wiring.gitlab.wire import wire_pipeline
from gate.wiring.marks import marked, unmarked
from gate.wiring.records import Finding, Source, WireOptions, Wiring
from gate.wiring.yaml_text import parse_documents, solid_spans


def wire(source: Source, protect: Sequence[str], options: WireOptions) -> Wiring:
    """Return the edits that put a guard into every protected job, or a gate before its child."""
    pipeline = read_pipeline(source)
    wiring = wire_pipeline(pipeline, Protects(patterns=tuple(protect)), options)
    return replace(
        wiring, edits=marked(source, wiring.edits, "#", solid_spans(source.text, pipeline.documents))
    )


def unwire(source: Source) -> Wiring:
    """Return the edits that put back what stood there before `wire`."""
    return Wiring(edits=unmarked(source, "#", solid_spans(source.text, parse_documents(source.text))))


def lint(source: Source, protect: Sequence[str]) -> tuple[Finding, ...]:
    """Return what would let load through, in the order of the text."""
    return findings(read_pipeline(source), Protects(patterns=tuple(protect)))
