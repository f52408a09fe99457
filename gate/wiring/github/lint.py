"""Where could load get through a GitHub workflow?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gate.core.reason import quoted
from gate.core.work import Protects
from gate.wiring.edits import place_at
from gate.wiring.github import rules
from gate.wiring.github.protected import (
    asks_any,
    held_by_step,
    holding_gate,
    is_aggregate,
    protected_jobs,
    sums_up,
)
from gate.wiring.github.workflow import Job, Workflow, is_gate_step, parse_workflow
from gate.wiring.records import Finding, Rule, Source
from gate.wiring.yaml_text import Pair, text_of


def lint(source: Source, protect: Sequence[str]) -> tuple[Finding, ...]:
    """Return what would let load through, in the order of the text.

    Raises:
        Unreadable: it is no workflow.
    """
    workflow = parse_workflow(source)
    protected = protected_jobs(workflow, protect)
    patterns = Protects(patterns=tuple(protect))
    found = [*_about_gates(workflow, protected), *_about_sums(workflow, protected)]
    for job in protected:
        found += _about_job(workflow, job, patterns)
    return tuple(
        Finding(rule=rule.id, message=message, place=place_at(source.text, start))
        for start, rule, message in sorted(found, key=lambda entry: (entry[0], entry[1].id))
    )


_Found = tuple[int, Rule, str]


def _about_job(workflow: Workflow, job: Job, patterns: Protects) -> Iterator[_Found]:
    gate = holding_gate(job, workflow)
    at = value.start if (value := job.get("if")) else job.key.start
    if gate and job.condition and job.condition.never_opens(gate.path):
        yield at, rules.NEVER, f"{quoted(job.id)} never runs: the answer is a text, compare it with 'true'"
    if gate or held_by_step(job):
        return
    rule = _why_open(workflow, job)
    if rule is rules.UNGATED and _named_by_matrix(workflow, job, patterns):
        rule = rules.MATRIX
    on_condition = rule not in (rules.UNGATED, rules.MATRIX, rules.NEEDS_ALONE)
    yield at if on_condition else job.key.start, rule, f"{quoted(job.id)}: {_SAID[rule.id]}"


def _why_open(workflow: Workflow, job: Job) -> Rule:
    """Return the rule that a job breaks which no gate holds back."""
    condition = job.condition
    needed = [gate for need in job.needs if (gate := workflow.gates.get(need.lower()))]
    if condition is None:
        return rules.NEEDS_ALONE if needed else rules.UNGATED
    if condition.always_true:
        return rules.BLOCK
    asked = [gate for gate in workflow.gates.values() if condition.reads(gate.path)]
    if asked and not any(gate in needed for gate in asked):
        return rules.NEEDS_BYPASS
    if condition.bypassing:
        return rules.ALWAYS
    if asked:
        return rules.TRUTHY if condition.truth(asked[0].path, "") is False else rules.FAILS_OPEN
    return rules.NEEDS_ALONE if needed else rules.UNGATED


def _named_by_matrix(workflow: Workflow, job: Job, patterns: Protects) -> bool:
    own = [job.id, job.name, workflow.name, workflow.stem]
    return patterns.matched(own) is None


def _about_gates(workflow: Workflow, protected: Sequence[Job]) -> Iterator[_Found]:
    """Yield what lets a gate fail unseen, where a job of its own or a protected job asks it."""
    held = {job.id for job in protected}
    for job in workflow.jobs:
        is_gate = job.id.lower() in workflow.gates
        if not is_gate and job.id not in held:
            continue
        pairs = [job.pairs.get("continue-on-error")] if is_gate else []
        pairs += [step.get("continue-on-error") for step in job.steps if is_gate_step(step)]
        for pair in filter(None, pairs):
            if not _says_false(pair):
                said = "the gate may fail and count as passed"
                yield pair.key.start, rules.CONTINUES, f"{quoted(job.id)}: {said}"


def _about_sums(workflow: Workflow, protected: Sequence[Job]) -> Iterator[_Found]:
    """Yield the jobs behind the gate that look at results, and do not look at its answer as well."""
    held = {job.id for job in protected}
    for job in workflow.jobs:
        gates = [gate for need in job.needs if (gate := workflow.gates.get(need.lower()))]
        if not gates or job.id in held or is_aggregate(job, workflow):
            continue
        if sums_up(job):
            what = "does not run" if asks_any(job, gates) else "does not look at the gate's answer"
            yield job.key.start, rules.SKIP_PASSES, f"{quoted(job.id)} {what} while the gate is closed"


def _says_false(pair: Pair) -> bool:
    return (text_of(pair.value) or "").lower() == "false"


_SAID: Final = {
    rules.UNGATED.id: "protected, and nothing asks the gate before it",
    rules.NEEDS_ALONE.id: "needs the gate, which succeeds also when closed, and does not ask for its answer",
    rules.TRUTHY.id: "this is true for the answer \"false\"; compare it with 'true'",
    rules.FAILS_OPEN.id: "this can hold although the gate is not open",
    rules.BLOCK.id: "this is text around ${{ }}, which is always true",
    rules.ALWAYS.id: "this lets it run whatever became of the gate",
    rules.NEEDS_BYPASS.id: "this asks a gate that the job does not need, so its answer is empty",
    rules.MATRIX.id: "its matrix gives it a protected name, and nothing asks the gate before it",
}
