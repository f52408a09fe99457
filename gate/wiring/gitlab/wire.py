"""Which edits put the gate into a GitLab pipeline file?"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass
from itertools import count
from typing import Final

from gate.core.reason import listed as as_list
from gate.core.reason import quoted
from gate.core.work import Protects
from gate.wiring.gitlab.child import Trigger, read_trigger, trigger_edits
from gate.wiring.gitlab.findings import findings
from gate.wiring.gitlab.gates import gate_jobs
from gate.wiring.gitlab.guard import Context, guard_edits, stand_in_entry
from gate.wiring.gitlab.held import Protected, after_guard, problems, protected_jobs
from gate.wiring.gitlab.include import COMPONENT, TEMPLATE_NAME, gate_part
from gate.wiring.gitlab.keys import find, value_of
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.gitlab.put import Entry, name_text, put_first, put_keys
from gate.wiring.gitlab.sharing import aliased, refuse_leaks
from gate.wiring.gitlab.shell import template_for
from gate.wiring.gitlab.verify import verify
from gate.wiring.records import Edit, Form, Note, Place, Refused, WireOptions, Wiring
from gate.wiring.yaml_text import Alias, Sequence, resolved, text_of

# What wiring mends by putting a guard into the job that is spoken of.
_MENDED: Final = frozenset(
    f"gitlab/{name}"
    for name in (
        "ungated-job",
        "ungated-trigger",
        "allow-failure",
        "when-always",
        "needs-bypass",
        "gate-stage",
        "gate-rules",
        "guard-ignored",
        "unguarded-line",
    )
)


_COMPONENT: Final = (
    "your GitLab has to have the component; pipelines/gitlab/README.md says how, and other ways to include it"
)
_IMAGE: Final = "the image of every guarded job needs Python 3.11 or later, or gate of this version on PATH"
_STALE: Final = (
    "the gate is asked when the pipeline starts, and not again when this job is started by hand or later"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate that a file gets.

    Attributes:
        name: begins the names of its jobs.
        child: the file that its child stands in for, or "".
        triggers: the jobs that start the child.
    """

    name: str
    child: str = ""
    triggers: tuple[Trigger, ...] = ()


def wire_pipeline(pipeline: Pipeline, protects: Protects, options: WireOptions) -> Wiring:
    """Return the edits, not yet marked, after which every protected job is held back.

    Raises:
        Refused: that cannot be done safely.
    """
    protected = protected_jobs(pipeline, protects)
    if not protected:
        said = f"no job or stage here is protected by {as_list(protects.patterns)}"
        return Wiring(notes=(Note(place=Place(line=1, column=1), text=said),))
    gates = gate_jobs(pipeline)
    open_jobs = tuple(each for each in protected if problems(pipeline, each, gates, protects))
    _refuse_unmendable(pipeline, protects, open_jobs)
    if not open_jobs:
        return Wiring()
    refuse_leaks(pipeline, tuple(each.job for each in open_jobs), {each.job.name for each in protected})
    wiring = _wiring(pipeline, open_jobs, options)
    verify(pipeline, wiring.edits, tuple(each.job.name for each in open_jobs), protects)
    return wiring


def _wiring(pipeline: Pipeline, open_jobs: Items[Protected], options: WireOptions) -> Wiring:
    shared = aliased(pipeline.root)
    scripted = [each.job for each in open_jobs if not each.trigger]
    context = Context(shared=shared, guarded={job.name for job in scripted})
    _refuse_form(pipeline, scripted, options)
    gates, existing = _new_gates(
        pipeline, [read_trigger(pipeline, each.job) for each in open_jobs if each.trigger]
    )
    edits: list[Edit] = []
    notes: list[Note] = []
    root_entries: list[Entry] = []
    for job in scripted:
        template = template_for(pipeline, job)
        name = template.name if template else existing or gates[0].name
        more, told = guard_edits(pipeline, job, name, template, context)
        root_entries += stand_in_entry(pipeline, job)
        edits += more
        notes += told
    if scripted:
        notes.append(Note(place=pipeline.place(scripted[0].pair), text=_IMAGE))
    for gate in gates:
        for trigger in gate.triggers:
            edits += trigger_edits(pipeline, trigger, gate.name, shared)
            when = value_of(find(pipeline, trigger.job.name, "when"))
            if text_of(when) in ("manual", "delayed"):
                notes.append(Note(place=pipeline.place(trigger.job.pair), text=_STALE))
    edits += _put_gates(pipeline, gates, root_entries, shared)
    if gates:
        notes.append(Note(place=Place(line=1, column=1), text=_COMPONENT))
    return Wiring(edits=tuple(edits), notes=tuple(notes))


def _refuse_unmendable(pipeline: Pipeline, protects: Protects, open_jobs: Items[Protected]) -> None:
    """Refuse what would let load through whatever wiring does."""
    for finding in findings(pipeline, protects):
        if finding.rule not in _MENDED:
            raise Refused(finding.place, finding.message)
    for each in open_jobs:
        for finding in () if each.trigger else after_guard(pipeline, each.job.name, protects):
            raise Refused(finding.place, f"{finding.message}; move that line into script")


def _refuse_form(pipeline: Pipeline, scripted: Items[Job], options: WireOptions) -> None:
    if scripted and options.form is Form.CHILD:
        job = scripted[0]
        reason = (
            f"in the child form {quoted(job.name)} has to stand in a file that a trigger job starts; "
            "move it there, or wire with the guard form"
        )
        raise Refused(pipeline.place(job.pair), reason)


def _new_gates(pipeline: Pipeline, triggers: Items[Trigger]) -> tuple[tuple[Gate, ...], str]:
    """Return the gates that the file has to get, and the name of one that it has already, or ""."""
    bases = {base for job in pipeline.jobs.values() for base in job.bases if base}
    elsewhere = any(gate_part(base, pipeline.gate_names) for base in bases)  # another file includes it
    existing = pipeline.gate_names[0] if pipeline.templates or elsewhere else ""
    names = _free_names(pipeline, elsewhere)
    by_path: dict[str, list[Trigger]] = {}
    for trigger in triggers:
        by_path.setdefault(trigger.path, []).append(trigger)
    gates = tuple(
        Gate(name=next(names), child=path, triggers=tuple(started)) for path, started in by_path.items()
    )
    if gates or existing:
        return gates, existing
    return (Gate(name=next(names)),), ""


def _free_names(pipeline: Pipeline, elsewhere: bool) -> Iterator[str]:
    taken = {*pipeline.jobs, *(template.name for template in pipeline.templates)}
    taken |= {TEMPLATE_NAME} if elsewhere else set()
    for number in count(1):
        name = TEMPLATE_NAME if number == 1 else f"{TEMPLATE_NAME}-{number}"
        if name not in taken and f"{name}-child" not in taken:
            yield name


def _put_gates(
    pipeline: Pipeline, gates: Items[Gate], entries: Items[Entry], shared: frozenset[int]
) -> Iterator[Edit]:
    """Yield the edits that include the gate's template, and add what else stands beside the jobs."""
    pair = pipeline.keys.get("include")
    value = resolved(pair.value) if pair else None
    listed = value if isinstance(value, Sequence) else None
    flow = pipeline.root.flow or (listed is not None and listed.flow)
    items = tuple(_item(gate, flow=flow) for gate in gates)
    added: list[Entry] = []
    if items and pair:
        if listed and (listed.tag or id(listed) in shared or isinstance(pair.value, Alias)):
            reason = "this include is shared by an anchor or a reference; write it out here"
            raise Refused(pipeline.place(pair), reason)
        yield from put_first(pipeline.source, pair, items, flow=pipeline.root.flow, shared=False)
    elif items:
        added.append(("include", items))
    for gate in gates:
        if gate.child:  # in merge request pipelines too; and the job's own trigger starts the child
            added.append((gate.name, "{rules: [{when: on_success}]}"))
            added.append((f"{gate.name}-child", "{rules: [{when: never}]}"))
    yield from put_keys(pipeline.source, pipeline.root, [*added, *entries])


def _item(gate: Gate, *, flow: bool) -> str:
    inputs = {"stage": ".pre"}  # before all others, and alone it makes no pipeline
    if gate.name != TEMPLATE_NAME:
        inputs["name"] = gate.name
    if gate.child:
        inputs["child"] = name_text(gate.child)
    if flow:
        listed = ", ".join(f"{name}: {value}" for name, value in inputs.items())
        return f"{{component: {COMPONENT}, inputs: {{{listed}}}}}"
    lines = [f"component: {COMPONENT}", "inputs:", *(f"  {name}: {value}" for name, value in inputs.items())]
    return "\n".join(lines)
