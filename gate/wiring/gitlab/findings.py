"""Where in a GitLab pipeline file could load get through?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gate.core.reason import quoted
from gate.core.work import Protects
from gate.wiring.gitlab.gates import gate_jobs
from gate.wiring.gitlab.held import problems, protected_jobs
from gate.wiring.gitlab.include import Include, local_path, read_includes
from gate.wiring.gitlab.model import Pipeline
from gate.wiring.records import Finding
from gate.wiring.yaml_text import Mapping, Node, Scalar, key_of, merged, resolved, walk

_ANSWER: Final = re.compile(r"\$\{?GATE_(?:OPEN|STATE|CODE)\b")
_ANSWER_NAMES: Final = frozenset({"GATE_OPEN", "GATE_STATE", "GATE_CODE"})
_RULES: Final = frozenset({"rules", "only", "except"})


def findings(pipeline: Pipeline, protects: Protects) -> tuple[Finding, ...]:
    """Return what would let load through, in the order of the text."""
    found = [*_of_jobs(pipeline, protects), *_of_answers(pipeline), *_of_children(pipeline)]
    return tuple(
        sorted(dict.fromkeys(found), key=lambda each: (each.place.line, each.place.column, each.rule))
    )


def _of_jobs(pipeline: Pipeline, protects: Protects) -> Iterator[Finding]:
    gates = gate_jobs(pipeline)
    for protected in protected_jobs(pipeline, protects):
        yield from problems(pipeline, protected, gates, protects)


def _of_answers(pipeline: Pipeline) -> Iterator[Finding]:
    if "GATE_" not in pipeline.source.text:
        return
    for node in _values(pipeline.root, _RULES):
        for inner in walk(node):
            found = _ANSWER.search(inner.value) if isinstance(inner, Scalar) else None
            if found:
                said = f"{found[0]} is not known yet when GitLab evaluates this: no job has run"
                yield Finding(rule="gitlab/rules-on-answer", message=said, place=pipeline.place(inner))
    for node in _values(pipeline.root, frozenset({"variables"})):
        for pair in node.pairs if isinstance(node, Mapping) else ():
            if key_of(pair) in _ANSWER_NAMES:
                said = f"{key_of(pair)} is set here, whatever the gate answers"
                yield Finding(rule="gitlab/answer-variable", message=said, place=pipeline.place(pair))


def _values(root: Mapping, names: frozenset[str]) -> Iterator[Node]:
    """Yield what stands under some keys, of the file itself, of its jobs and their parts."""
    for node in walk(root):
        if isinstance(node, Mapping):
            yield from (pair.value for pair in node.pairs if key_of(pair) in names)


def _of_children(pipeline: Pipeline) -> Iterator[Finding]:
    children = {template.child for template in pipeline.templates if template.child}
    if not children:
        return
    entries: list[Include] = list(pipeline.includes)
    for job in pipeline.jobs.values():
        trigger = resolved(job.keys["trigger"].value) if "trigger" in job.keys else None
        if isinstance(trigger, Mapping) and "include" in merged(trigger):
            entries += read_includes(trigger)
    for entry in entries:
        path = local_path(entry)
        if path in children:
            said = f"{quoted(path or '')} is the gate's child, and is started here whatever the gate answers"
            yield Finding(rule="gitlab/child-included", message=said, place=pipeline.place(entry.node))
