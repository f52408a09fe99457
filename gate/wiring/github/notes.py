"""What should a person look at in a workflow that is wired?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gate.core.reason import listed, quoted
from gate.wiring.edits import place_at
from gate.wiring.github.condition import Wrap
from gate.wiring.github.protected import is_aggregate
from gate.wiring.github.workflow import Gate, Job, Workflow
from gate.wiring.records import Note

# Events whose runs no branch's protection looks at.
_UNCHECKED: Final = {"schedule", "workflow_dispatch", "repository_dispatch", "workflow_run", "workflow_call"}


def notes_of(
    workflow: Workflow, protected: Sequence[Job], wired: Sequence[Job], gate: Gate, summed_up: bool
) -> tuple[Note, ...]:
    """Return what to look at, in the order of the text.

    Args:
        workflow: the file, as it was before.
        protected: its protected jobs.
        wired: those of them that the gate is put before now.
        gate: the gate.
        summed_up: whether a job tells a skip from a pass, or one is being added.
    """
    found = [*_about_conditions(wired), *_about_always(workflow, protected)]
    first = protected[0].key
    if not summed_up and workflow.triggers - _UNCHECKED:
        words = "GitHub counts a skipped check as passed; --aggregate adds a job to require in its place"
        found.append((first.start, words))
    if wired and "workflow_call" in workflow.triggers and gate.job_id.lower() not in workflow.gates:
        words = "workflows that call this one must grant it `contents: read`, for the gate"
        found.append((workflow.jobs_pair.key.start, words))
    text = workflow.source.text
    return tuple(Note(place=place_at(text, start), text=words) for start, words in sorted(found))


def _about_conditions(wired: Sequence[Job]) -> Iterator[tuple[int, str]]:
    for job in wired:
        condition, value = job.condition, job.get("if")
        if not condition or not value:
            continue
        if condition.wrap is Wrap.SPACED:
            words = "stood in a text with a line end or blanks, which is always true; it counts now"
            yield value.start, f"the condition of {quoted(job.id)} {words}"
        if condition.bypassing:
            called = listed([f"{name}()" for name in condition.bypassing])
            words = "counts only while the gate is open; it no longer runs in every case"
            yield value.start, f"{called} of {quoted(job.id)} {words}"


def _about_always(workflow: Workflow, protected: Sequence[Job]) -> Iterator[tuple[int, str]]:
    """Yield the jobs that run in any case although a job that they need is held back."""
    held = {job.id for job in protected}
    for job in workflow.jobs:
        condition = job.condition
        needed = [need for need in job.needs if need in held]
        runs = condition and condition.bypassing and not is_aggregate(job, workflow)
        if job.id not in held and needed and runs:
            words = f"runs also while {listed(needed)} is held back; look whether it touches the lab"
            yield job.key.start, f"{quoted(job.id)} {words}"
