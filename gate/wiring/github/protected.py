"""Which jobs of a workflow are protected, and which of these does a gate hold back?

A job is protected by its id, its name, also where a matrix gives it that name, by the name of
the workflow, and by the stem of the workflow's file. The gate itself is not; nor is the job that
reads the gate's answer, and the results of the others, to tell a skip from a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from gate.core.work import Protects
from gate.wiring.github.condition import parse_condition
from gate.wiring.github.workflow import Gate, Job, Workflow, is_gate_step
from gate.wiring.yaml_text import Mapping, key_of, resolved, text_of
from gate.wiring.yaml_text import Sequence as YamlSequence

MAX_NAMES: Final = 256  # GitHub's own limit of a matrix

_MATRIX: Final = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}")

_RESULT: Final = re.compile(r"\bneeds\.(?:\*|[\w-]+)\.result\b", re.IGNORECASE)


def protected_jobs(workflow: Workflow, protect: Sequence[str]) -> tuple[Job, ...]:
    """Return the jobs that must not run while the gate is closed, in the order of the text."""
    protects = Protects(patterns=tuple(protect))
    whole = protects.matched([workflow.name, workflow.stem]) is not None
    return tuple(
        job
        for job in workflow.jobs
        if (whole or protects.matched(names_of(job)) is not None)
        and job.id.lower() not in workflow.gates
        and not is_aggregate(job, workflow)
    )


def names_of(job: Job) -> list[str]:
    """Return what a job is called: its id, its name, and the names that its matrix gives it."""
    return [job.id, job.name, *_matrix_names(job)]


def holding_gate(job: Job, workflow: Workflow) -> Gate | None:
    """Return the gate whose answer holds a job back, or None."""
    for need in job.needs:
        gate = workflow.gates.get(need.lower())
        if gate and job.condition and job.condition.holds_back(gate.path):
            return gate
    return None


def is_held(job: Job, workflow: Workflow) -> bool:
    """Return whether a job does nothing at the lab unless the gate is open."""
    return holding_gate(job, workflow) is not None or held_by_step(job)


def held_by_step(job: Job) -> bool:
    """Return whether a job asks in a step of its own, and every step behind it heeds the answer.

    A step heeds it by a condition; or by having none, where the gate's step fails when closed.
    """
    for number, step in enumerate(job.steps):
        if is_gate_step(step):
            return all(_heeds(later, step) for later in job.steps[number + 1 :])
        if step.get("run"):
            return False
    return False


def is_aggregate(job: Job, workflow: Workflow) -> bool:
    """Return whether a job reads a gate's answer and results to tell, whatever ran, if all passed."""
    condition = job.condition
    if not condition or not condition.bypassing or holding_gate(job, workflow):
        return False
    gates = [workflow.gates[need.lower()] for need in job.needs if need.lower() in workflow.gates]
    return asks_any(job, gates) and sums_up(job)


def asks_any(job: Job, gates: Sequence[Gate]) -> bool:
    """Return whether a gate's answer is read anywhere in a job."""
    answers = [".".join(gate.path) for gate in gates]
    return any(answer in text.lower() for text in job.texts() for answer in answers)


def sums_up(job: Job) -> bool:
    """Return whether the result of a job that this one needs is read anywhere in it."""
    return any(_RESULT.search(text) for text in job.texts())


def _heeds(step: Mapping, gate_step: Mapping) -> bool:
    stops = _says(gate_step, "with", "on-closed") == "fail" and not gate_step.get("continue-on-error")
    pair = step.get("if")
    condition = parse_condition(text_of(pair.value) or "") if pair else None
    if condition is None:
        return stops
    step_id = (_says(gate_step, "id") or "").lower()
    if step_id and condition.holds_back(("steps", step_id, "outputs", "open")):
        return True
    return stops and condition.expression is not None and not (condition.bypassing or condition.always_true)


def _says(step: Mapping, *keys: str) -> str | None:
    node = resolved(step)
    for key in keys:
        pair = node.get(key) if isinstance(node, Mapping) else None
        if not pair:
            return None
        node = resolved(pair.value)
    return text_of(node)


def _matrix_names(job: Job) -> Iterator[str]:
    variables = list(dict.fromkeys(_MATRIX.findall(job.name)))
    if not variables:
        return
    choices = [_choices(job, variable)[:MAX_NAMES] or [""] for variable in variables]
    for number, values in enumerate(product(*choices)):
        if number >= MAX_NAMES:
            return
        said = dict(zip(variables, values, strict=True))
        yield _MATRIX.sub(lambda found, said=said: said[found[1]], job.name)  # type: ignore[misc]


def _choices(job: Job, variable: str) -> list[str]:
    """Return the texts that a matrix lists for a variable; none where it is made while running."""
    strategy = resolved(value) if (value := job.get("strategy")) else None
    pair = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    matrix = resolved(pair.value) if pair else None
    if not isinstance(matrix, Mapping):
        return []
    found: list[str] = []
    for axis in matrix.pairs:
        items = resolved(axis.value)
        for item in items.items if isinstance(items, YamlSequence) else ():
            if key_of(axis) == variable and (text := text_of(item)) is not None:
                found.append(text)
            entry = resolved(item)
            if key_of(axis) == "include" and isinstance(entry, Mapping) and (given := entry.get(variable)):
                found += [text for text in [text_of(given.value)] if text is not None]
    return found
