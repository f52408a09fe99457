"""Does a wired GitLab file still say what it said, with the gate before every protected job?

Whatever form a file has that wiring did not foresee, this is the last look before it is changed:
the new text is read anew and compared with the old one.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Final

from gate.core.reason import quoted
from gate.core.work import Protects
from gate.wiring.edits import apply_edits
from gate.wiring.gitlab.findings import findings
from gate.wiring.gitlab.guard import ASK
from gate.wiring.gitlab.lines import Line, Odd, head_lines
from gate.wiring.gitlab.model import Job, Pipeline, read_pipeline
from gate.wiring.records import Edit, Refused, Source
from gate.wiring.yaml_text import Alias, Mapping, Node, Scalar, Sequence, key_of

_TOUCHED: Final = frozenset({"extends", "before_script", "script", "allow_failure", "needs", "trigger"})


def verify(pipeline: Pipeline, edits: Items[Edit], wired: Items[str], protects: Protects) -> None:
    """Refuse where edits would do more or less than they should.

    Args:
        pipeline: the file as it is.
        edits: what is to change.
        wired: the names of the jobs that are edited.
        protects: what is protected.

    Raises:
        Refused: something else would change, or load would still get through.
    """
    edited = frozenset(wired)
    text = apply_edits(pipeline.source.text, edits)
    try:
        after = read_pipeline(Source(name=pipeline.source.name, text=text))
    except Refused as error:
        raise _unsafe(pipeline, wired, f"it would be no pipeline any more ({error.reason})") from None
    for name, job in pipeline.jobs.items():
        other = after.jobs.get(name)
        but = _TOUCHED if name in edited else frozenset[str]()
        if other is None or _said(job, but, job) != _said(other, but, job):
            raise _unsafe(pipeline, (name,), f"{quoted(name)} would say something else")
    for name in pipeline.jobs:
        but_gate = not edited.isdisjoint(pipeline.parents[name])
        if _lines(pipeline, name, but_gate=but_gate) != _lines(after, name, but_gate=but_gate):
            raise _unsafe(pipeline, (name,), f"{quoted(name)} would run other lines than before")
    left = findings(after, protects)
    if left:
        raise _unsafe(pipeline, wired, f"load would still get through: {left[0].message}")


def _unsafe(pipeline: Pipeline, names: Items[str], reason: str) -> Refused:
    place = pipeline.place(pipeline.jobs[names[0]].pair)
    return Refused(place, f"this file has a form that cannot be wired safely: {reason}; wire it by hand")


def _lines(pipeline: Pipeline, name: str, *, but_gate: bool) -> list[str]:
    """Return what a job runs, without the gate's set-up and guard where one of its parents is wired."""
    lines = [line.text if isinstance(line, Line) else line for line in head_lines(pipeline, name)]
    return [line for line in lines if not but_gate or line not in (Odd.SETUP, ASK)]


def _said(job: Job, but: frozenset[str], before: Job) -> object:
    """Return what a job says, some of its keys left out, as a value to compare.

    A job that was an alias has become a mapping with a merge key: merged keys are compared too.
    """
    if isinstance(before.pair.value, Alias):
        return {key: _shape(pair.value) for key, pair in job.keys.items() if key not in but}
    return tuple((_shape(pair.key), _shape(pair.value)) for pair in job.body.pairs if key_of(pair) not in but)


def _shape(node: Node) -> object:
    """Return a node's content as a value to compare; of an alias its name."""
    match node:
        case Scalar():
            return (node.tag, node.anchor, node.style, node.value)
        case Alias():
            return ("*", node.name)
        case Sequence():
            return (node.tag, node.anchor, tuple(_shape(item) for item in node.items))
        case Mapping():
            pairs = tuple((_shape(pair.key), _shape(pair.value)) for pair in node.pairs)
            return (node.tag, node.anchor, pairs)
