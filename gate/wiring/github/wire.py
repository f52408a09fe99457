"""Which edits put the gate into a GitHub workflow, and which take it out again?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gate.core.reason import listed
from gate.wiring.edits import apply_edits, line_end, line_start, place_at
from gate.wiring.github.checks import (
    check_jobs,
    check_names,
    check_opens,
    check_unwired,
    check_wired,
    merge_sources,
)
from gate.wiring.github.gate_job import (
    aggregate_in_flow,
    aggregate_lines,
    free_id,
    gate_in_flow,
    gate_lines,
    runner_of,
)
from gate.wiring.github.job_edits import job_edits
from gate.wiring.github.notes import notes_of
from gate.wiring.github.protected import is_aggregate, is_held, protected_jobs
from gate.wiring.github.workflow import Gate, Job, Workflow, parse_workflow
from gate.wiring.marks import marked, unmarked
from gate.wiring.records import Edit, Note, Refused, Source, WireOptions, Wiring
from gate.wiring.yaml_text import Alias, Mapping, parse_documents, solid_spans

_LEADER: Final = "#"
_NewJob = tuple[list[str], str]


def wire(source: Source, protect: Sequence[str], options: WireOptions) -> Wiring:
    """Return the edits that put the gate before every protected job of a workflow.

    Raises:
        Refused: that cannot be done safely.
    """
    workflow = parse_workflow(source)
    protected = protected_jobs(workflow, protect)
    if not protected:
        words = f"no job here is protected ({listed(protect)}), so there is nothing to wire"
        return Wiring(notes=(Note(place=place_at("", 0), text=words),))
    check_names(workflow)
    check_opens(workflow, protected)
    open_jobs = [job for job in protected if not is_held(job, workflow)]
    gate = next(iter(workflow.gates.values()), None) or _new_gate(workflow)
    summed_up = any(is_aggregate(job, workflow) for job in workflow.jobs)
    jobs = _new_jobs(workflow, open_jobs, gate, options.aggregate and not summed_up)
    edits = [*_job_edits(workflow, open_jobs, gate), *_inserted(workflow, jobs)]
    notes = notes_of(workflow, protected, open_jobs, gate, summed_up or options.aggregate)
    if not edits:
        return Wiring(notes=notes)
    whole = marked(source, edits, _LEADER, solid_spans(source.text, parse_documents(source.text)))
    wired = Source(name=source.name, text=apply_edits(source.text, whole))
    check_wired(workflow, wired, protect, frozenset(job.id for job in open_jobs))
    return Wiring(edits=whole, notes=notes)


def unwire(source: Source) -> Wiring:
    """Return the edits that give back a workflow as it was before `wire`.

    Raises:
        Refused: what was wired has been edited since, or another job relies on it.
    """
    spans = solid_spans(source.text, parse_documents(source.text))
    edits = unmarked(source, _LEADER, spans)
    if edits:
        check_unwired(source, Source(name=source.name, text=apply_edits(source.text, edits)))
    return Wiring(edits=edits)


def _job_edits(workflow: Workflow, jobs: Sequence[Job], gate: Gate) -> Iterator[Edit]:
    check_jobs(workflow, jobs, gate)
    edited = {id(job.node) for job in jobs}
    for job in jobs:
        if not isinstance(job.value, Alias):  # else it is edited where the other job stands
            inherits = any(id(source) in edited for source in merge_sources(job.node))
            yield from job_edits(workflow.source, job, gate, inherits)


def _new_gate(workflow: Workflow) -> Gate:
    return Gate(job_id=free_id(workflow, "gate", "fiber-gate"))


def _new_jobs(workflow: Workflow, jobs: Sequence[Job], gate: Gate, aggregate: bool) -> list[_NewJob]:
    """Return the jobs to add: their lines in block style, and their text in flow style.

    Args:
        workflow: the file.
        jobs: the jobs that the gate is put before; none where all are held back already.
        gate: the gate, which may be a new one.
        aggregate: whether to add the job that sums up, too.
    """
    new = []
    unit = _unit(workflow)
    if gate.job_id.lower() not in workflow.gates:
        if not jobs:
            return []
        runner = runner_of(jobs)
        new.append((gate_lines(gate.job_id, runner, unit), gate_in_flow(gate.job_id, runner)))
    if aggregate:
        job_id = free_id(workflow, "everything", "everything-passed")
        needs = [gate.job_id, *(job.id for job in workflow.jobs if job.id != gate.job_id)]
        skips = any(job.condition and job.condition.inner != gate.comparison for job in workflow.jobs)
        lines = aggregate_lines(job_id, gate, needs, unit, skips)
        new.append((lines, aggregate_in_flow(job_id, gate, needs, skips)))
    return new


def _inserted(workflow: Workflow, jobs: Sequence[_NewJob]) -> Iterator[Edit]:
    """Yield the edit that puts new jobs before the first one that is there."""
    if not jobs:
        return
    text, newline, value = workflow.source.text, workflow.source.newline, workflow.jobs_pair.value
    if isinstance(value, Mapping) and value.flow:
        start = value.content + 1
        yield Edit(start=start, end=start, text="".join(f"{flow}, " for _, flow in jobs))
        return
    start = line_end(text, workflow.jobs_pair.key.end)
    first = value.pairs[0].key.start if isinstance(value, Mapping) else 0
    blanks = text[line_start(text, first) : first]
    if not isinstance(value, Mapping) or value.content < start or first < start or blanks.strip():
        place = place_at(text, workflow.jobs_pair.key.start)
        raise Refused(
            place, "start a line of its own with the first job, and put no alias in the place of all"
        )
    lines = [line for block, _ in jobs for line in [*(f"{blanks}{line}" for line in block), ""]]
    if not text[start : line_end(text, start)].strip():
        lines.pop()  # there is a blank line already
    yield Edit(start=start, end=start, text="".join(f"{line}{newline}" for line in lines))


def _unit(workflow: Workflow) -> str:
    """Return one level of indentation, as the first job of block style shows it."""
    text = workflow.source.text
    for job in workflow.jobs:
        if not job.node.flow and job.node.pairs:
            deep = place_at(text, job.node.pairs[0].key.start).column - place_at(text, job.key.start).column
            if 0 < deep <= 8:
                return " " * deep
    return "  "
