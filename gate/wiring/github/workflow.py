"""Which jobs has a GitHub workflow, and which of them are gates?

What a job says is read through aliases and merge keys; `own` tells whether it stands in the
job's own mapping, where it can be edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gate.wiring.edits import place_at
from gate.wiring.github.condition import Condition, parse_condition
from gate.wiring.github.expression import Path
from gate.wiring.records import Source, Unreadable
from gate.wiring.yaml_text import (
    Mapping,
    Node,
    Pair,
    Scalar,
    Sequence,
    is_null,
    key_of,
    merged,
    parse_documents,
    resolved,
    text_of,
    walk,
)

JOB_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_CALLED: Final = re.compile(r"(?:^|/)\.github/workflows/fiber-gate\.ya?ml(?:@|$)", re.IGNORECASE)
_ACTION: Final = re.compile(r"(?:^|/)pipelines/github/?(?:@|$)", re.IGNORECASE)
_STEP_OUTPUT: Final = re.compile(r"^\$\{\{\s*steps\.([A-Za-z_][\w-]*)\.outputs\.open\s*\}\}$")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a workflow.

    Attributes:
        id: its key below `jobs:`.
        key: where the key stands.
        value: what stands behind the key, an alias as it stands.
        node: the job's mapping.
        pairs: what it says, merge keys followed.
    """

    id: str
    key: Node
    value: Node
    node: Mapping
    pairs: dict[str, Pair]

    def get(self, key: str) -> Node | None:
        """Return what it says for a key, or None."""
        pair = self.pairs.get(key)
        return pair.value if pair else None

    @property
    def name(self) -> str:
        """What `name:` says, or ""."""
        return text_of(self.get("name")) or ""

    @property
    def uses(self) -> str:
        """The workflow that it calls, or ""."""
        return text_of(self.get("uses")) or ""

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The ids of the jobs that it needs."""
        node = resolved(value) if (value := self.get("needs")) else None
        items = node.items if isinstance(node, Sequence) else (node,) if node else ()
        return tuple(text for item in items if (text := text_of(item)) and not is_null(item))

    @cached_property
    def condition(self) -> Condition | None:
        """What stands behind its `if:`, or None where there is nothing."""
        value = self.get("if")
        text = text_of(value)
        nothing = value is None or text is None or is_null(value) or not text.strip()
        return None if nothing else parse_condition(text or "")

    @cached_property
    def steps(self) -> tuple[Mapping, ...]:
        """Its steps."""
        node = resolved(value) if (value := self.get("steps")) else None
        items = node.items if isinstance(node, Sequence) else ()
        return tuple(step for item in items if isinstance(step := resolved(item), Mapping))

    def texts(self) -> Iterator[str]:
        """Yield every text in it."""
        for node in walk(self.node):
            if isinstance(node, Scalar):
                yield node.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A job that asks the lab, by its id, and the name of the output that says `true` when open."""

    job_id: str
    output: str = "open"

    @property
    def path(self) -> Path:
        """The answer as a condition reads it, in lower case."""
        return ("needs", self.job_id.lower(), "outputs", self.output.lower())

    @property
    def comparison(self) -> str:
        """What a condition says so that it holds only while the gate is open."""
        return f"needs.{self.job_id}.outputs.{self.output} == 'true'"


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow file.

    Attributes:
        source: its text.
        root: the whole document.
        jobs_pair: `jobs:` and what stands behind it.
        jobs: in the order of the text.
    """

    source: Source
    root: Mapping
    jobs_pair: Pair
    jobs: tuple[Job, ...]

    @property
    def name(self) -> str:
        """What `name:` says, or ""."""
        pair = self.root.get("name")
        return (text_of(pair.value) if pair else "") or ""

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return re.sub(r"\.ya?ml$", "", re.split(r"[\\/]", self.source.name)[-1], flags=re.IGNORECASE)

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The events that start it."""
        pair = self.root.get("on")
        node = resolved(pair.value) if pair else None
        match node:
            case Scalar():
                return frozenset({node.value})
            case Sequence():
                return frozenset(text for item in node.items if (text := text_of(item)))
            case Mapping():
                return frozenset(key for pair in node.pairs if (key := key_of(pair)))
            case _:
                return frozenset()

    @cached_property
    def gates(self) -> dict[str, Gate]:
        """The jobs that ask the lab, by id in lower case."""
        return {job.id.lower(): gate for job in self.jobs if (gate := _gate_of(job))}

    def job(self, job_id: str) -> Job | None:
        """Return a job by its id, or None."""
        return self._by_id.get(job_id.lower())

    @cached_property
    def _by_id(self) -> dict[str, Job]:
        return {job.id.lower(): job for job in reversed(self.jobs)}


def parse_workflow(source: Source) -> Workflow:
    """Return a workflow file's jobs.

    Raises:
        Unreadable: it is no YAML, or no workflow.
    """
    documents = parse_documents(source.text)
    if len(documents) > 1:
        place = place_at(source.text, documents[1].start)
        raise Unreadable(place, "a second document starts here; GitHub reads a workflow of one document")
    root = resolved(documents[0].root) if documents else None
    jobs_pair = root.get("jobs") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not jobs_pair or not root.get("on"):
        raise Unreadable(place_at("", 0), "no workflow: `on:` and `jobs:` are not both there")
    jobs = resolved(jobs_pair.value)
    if not isinstance(jobs, Mapping):
        raise Unreadable(place_at(source.text, jobs_pair.value.start), "no workflow: `jobs:` holds no jobs")
    return Workflow(
        source=source,
        root=root,
        jobs_pair=jobs_pair,
        jobs=tuple(_jobs(source, jobs)),
    )


def is_gate_step(step: Mapping) -> bool:
    """Return whether a step is the published action."""
    pair = step.get("uses")
    return bool(pair and _ACTION.search(text_of(pair.value) or ""))


def _jobs(source: Source, jobs: Mapping) -> Iterator[Job]:
    for key, pair in merged(jobs).items():
        node = resolved(pair.value)
        if not isinstance(node, Mapping):
            raise Unreadable(place_at(source.text, pair.key.start), "no workflow: this job says nothing")
        yield Job(id=key, key=pair.key, value=pair.value, node=node, pairs=merged(node))


def _gate_of(job: Job) -> Gate | None:
    if _CALLED.search(job.uses):
        return Gate(job_id=job.id)
    ids = {text_of(pair.value) for step in job.steps if is_gate_step(step) and (pair := step.get("id"))}
    outputs = resolved(value) if (value := job.get("outputs")) else None
    for pair in outputs.pairs if isinstance(outputs, Mapping) and ids else ():
        found = _STEP_OUTPUT.match(text_of(pair.value) or "")
        if found and found[1] in ids and (name := key_of(pair)):
            return Gate(job_id=job.id, output=name)
    return None
