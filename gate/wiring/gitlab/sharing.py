"""Would what is put into one GitLab job reach another one, which has to run whatever the gate says?"""

from __future__ import annotations

from collections.abc import Iterator, Set
from collections.abc import Sequence as Items

from gate.core.reason import quoted
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.records import Refused
from gate.wiring.yaml_text import (
    Alias,
    Mapping,
    Node,
    Sequence,
    is_merge,
    resolved,
    text_of,
    walk,
)


def aliased(root: Mapping) -> frozenset[int]:
    """Return the identities of the nodes that an alias stands for somewhere."""
    return frozenset(id(node.target) for node in walk(root) if isinstance(node, Alias))


def refuse_leaks(pipeline: Pipeline, jobs: Items[Job], protected: Set[str]) -> None:
    """Refuse where a job to be wired hands its keys on to one that is not protected.

    Args:
        pipeline: the file.
        jobs: the jobs that are to be edited.
        protected: the names of all protected jobs.

    Raises:
        Refused: an unprotected job would be held back too.
    """
    names = {job.name for job in jobs}
    bodies = {id(job.body): job.name for job in jobs if not isinstance(job.pair.value, Alias)}
    for other in pipeline.jobs.values():
        if other.name in protected:
            continue
        taken = _references(other.pair.value) & names
        if not other.hidden:
            parents = [parent for parent in pipeline.parents[other.name] if parent is not None]
            merged = (bodies.get(each) for each in _bodies(pipeline, parents))
            taken |= (names & set(parents)) | {name for name in merged if name}
        if taken:
            name = min(taken)
            reason = (
                f"{quoted(other.name)} takes keys from {quoted(name)} and is not protected, so a guard there "
                "would hold it back too; let both take them from a hidden job"
            )
            raise Refused(pipeline.place(pipeline.jobs[name].pair), reason)


def _references(node: Node) -> set[str]:
    """Return the jobs whose keys a node takes by `!reference`."""
    found = (
        text_of(inner.items[0])
        for inner in walk(node)
        if isinstance(inner, Sequence) and inner.tag == "!reference" and inner.items
    )
    return {name for name in found if name}


def _bodies(pipeline: Pipeline, names: Items[str]) -> Iterator[int]:
    """Yield the identities of the mappings that jobs consist of, merged ones included."""
    waiting: list[Node] = [pipeline.jobs[name].pair.value for name in names if name in pipeline.jobs]
    seen: set[int] = set()
    while waiting:
        body = resolved(waiting.pop())
        if id(body) in seen:
            continue
        seen.add(id(body))
        yield id(body)
        if isinstance(body, Sequence):
            waiting.extend(body.items)
        elif isinstance(body, Mapping):
            waiting.extend(pair.value for pair in body.pairs if is_merge(pair))
