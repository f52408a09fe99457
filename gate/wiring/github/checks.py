"""Is it safe to wire a workflow, and did wiring do what it should and nothing else?

What is found here is refused. The last check reads the wired text anew and holds it against
the text before, so that whatever form of YAML was not thought of ends in a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.core.reason import quoted
from gate.wiring.edits import place_at
from gate.wiring.github.protected import holding_gate, is_held, protected_jobs
from gate.wiring.github.workflow import JOB_ID, Gate, Job, Workflow, parse_workflow
from gate.wiring.records import Refused, Source, Unreadable
from gate.wiring.yaml_text import Alias, Mapping, Node, Scalar, is_merge, key_of, resolved, walk
from gate.wiring.yaml_text import Sequence as YamlSequence

Shape = object
_EDITED = ("needs", "if")


def check_jobs(workflow: Workflow, jobs: Sequence[Job], gate: Gate) -> None:
    """Check that jobs can be edited without a change of another.

    Args:
        workflow: the file.
        jobs: the protected jobs that the gate goes before.
        gate: the gate, which may be a new one.

    Raises:
        Refused: the gate waits for one of them, or another part of the file shares its text.
    """
    text, waits_for, edited = workflow.source.text, _waits_for(workflow, gate), {job.id for job in jobs}
    mapping = resolved(workflow.jobs_pair.value)
    own = {key_of(pair) for pair in mapping.pairs} if isinstance(mapping, Mapping) else set()
    owners = {id(job.value): job.id for job in workflow.jobs}
    aliases: dict[int, list[tuple[Alias, str]]] = {}
    for alias, user in _aliases(workflow):
        aliases.setdefault(id(alias.target), []).append((alias, user))
    for job in jobs:
        place = place_at(text, job.key.start)
        if job.id in waits_for:
            words = f"the gate {quoted(gate.job_id)} waits for {quoted(job.id)}, which cannot wait for it"
            raise Refused(place, words)
        if job.id not in own:
            raise Refused(place, f"{quoted(job.id)} comes by a merge key; write it out below `jobs:`")
        if owners.get(id(job.node)) not in edited:
            words = f"{quoted(job.id)} is another name of something that is not protected; write it out"
            raise Refused(place_at(text, job.value.start), words)
        for node in (job.node, *(pair.value for key in _EDITED if (pair := job.node.get(key)))):
            for alias, user in aliases.get(id(node), ()):
                if user not in edited:
                    words = (
                        f"{quoted(job.id)} shares its text with this, which is not protected; write it out"
                    )
                    raise Refused(place_at(text, alias.start), words)


def check_names(workflow: Workflow) -> None:
    """Check that every job has a name that conditions and `needs:` can say.

    Raises:
        Refused: one has not, and GitHub takes no such workflow.
    """
    for job in workflow.jobs:
        if not JOB_ID.match(job.id):
            words = f"GitHub takes no job of the name {quoted(job.id)}: letters, digits, - and _ only"
            raise Refused(place_at(workflow.source.text, job.key.start), words)


def check_opens(workflow: Workflow, protected: Sequence[Job]) -> None:
    """Check that every job that a gate holds back runs while it is open.

    Raises:
        Refused: one never does, by how it asks the gate; what is meant, a person must say.
    """
    for job in protected:
        gate, value = holding_gate(job, workflow), job.get("if")
        if gate and value and job.condition and job.condition.never_opens(gate.path):
            words = "this condition is never true, since the gate's answer is a text"
            raise Refused(place_at(workflow.source.text, value.start), f"{words}; write {gate.comparison}")


def check_wired(before: Workflow, wired: Source, protect: Sequence[str], edited: frozenset[str]) -> None:
    """Check that the wired text holds every protected job back and changes nothing else.

    Raises:
        Refused: it does not.
    """
    try:
        after = parse_workflow(wired)
    except Unreadable as problem:
        raise Refused(place_at("", 0), f"wired, this file would not be read: {problem.reason}") from None
    for job in protected_jobs(after, protect):
        if not is_held(job, after):
            _refuse(before, job.id, "the gate could not be put before this job")
    for job in before.jobs:
        same = after.job(job.id)
        if same is None or _job_shape(job, job.id in edited) != _job_shape(same, job.id in edited):
            _refuse(before, job.id, "more of this job would change than the gate needs")
        elif not set(job.needs) <= set(same.needs):
            _refuse(before, job.id, "what this job needs would change")
    if _rest(before) != _rest(after):
        raise Refused(place_at("", 0), "more of this file would change than the gate needs")


def check_unwired(wired: Source, restored: Source) -> None:
    """Check that no job needs a job that goes with the wiring.

    Raises:
        Refused: one does, since a person added it after wiring.
    """
    before, after = parse_workflow(wired), parse_workflow(restored)
    for job in after.jobs:
        for need in job.needs:
            if after.job(need) is None and before.job(need) is not None:
                _refuse(before, job.id, f"this job needs {quoted(need)}, which would go; take it out first")


def merge_sources(mapping: Mapping) -> Iterator[Mapping]:
    """Yield the mappings that a mapping takes keys from by merge keys, and those that these take from."""
    for pair in filter(is_merge, mapping.pairs):
        value = resolved(pair.value)
        for item in value.items if isinstance(value, YamlSequence) else (value,):
            source = resolved(item)
            if isinstance(source, Mapping):
                yield source
                yield from merge_sources(source)


def _waits_for(workflow: Workflow, gate: Gate) -> set[str]:
    """Return the ids of the jobs that a gate needs, and what these need, and so on."""
    found: set[str] = set()
    stack = [gate.job_id]
    while stack:
        job = workflow.job(stack.pop())
        for need in job.needs if job else ():
            if need not in found:
                found.add(need)
                stack.append(need)
    return found


def _aliases(workflow: Workflow) -> Iterator[tuple[Alias, str]]:
    """Yield every alias, with the id of the job where it takes the place of one, or of `needs` or `if`.

    Any other alias comes with an empty id: what it stands for may not change.
    """
    jobs = resolved(workflow.jobs_pair.value)
    users: dict[int, str] = {}
    for pair in jobs.pairs if isinstance(jobs, Mapping) else ():
        job_id, node = key_of(pair) or "", pair.value
        users[id(node)] = job_id
        for inner in node.pairs if isinstance(node, Mapping) else ():
            if is_merge(inner):
                entries = inner.value.items if isinstance(inner.value, YamlSequence) else (inner.value,)
                users.update({id(entry): job_id for entry in entries})
            elif key_of(inner) in _EDITED:
                users[id(inner.value)] = job_id
    for found in walk(workflow.root):
        if isinstance(found, Alias):
            yield found, users.get(id(found), "")


def _job_shape(job: Job, edited: bool) -> Shape:
    pairs = job.node.pairs
    return [
        (_shape(pair.key), _shape(pair.value)) for pair in pairs if not (edited and key_of(pair) in _EDITED)
    ]


def _rest(workflow: Workflow) -> Shape:
    pairs = [pair for pair in workflow.root.pairs if key_of(pair) != "jobs"]
    return [(_shape(pair.key), _shape(pair.value)) for pair in pairs]


def _shape(node: Node) -> Shape:
    """Return what a node says, without where; an alias by its name."""
    match node:
        case Alias():
            return ("*", node.name)
        case Scalar():
            return (node.value, node.style, node.tag, node.anchor)
        case YamlSequence():
            return (node.tag, node.anchor, [_shape(item) for item in node.items])
        case Mapping():
            pairs = [(_shape(pair.key), _shape(pair.value)) for pair in node.pairs]
            return (node.tag, node.anchor, pairs)


def _refuse(workflow: Workflow, job_id: str, reason: str) -> None:
    job = workflow.job(job_id)
    raise Refused(place_at(workflow.source.text, job.key.start if job else 0), reason)
