"""Which jobs does a GitLab pipeline file hold, and which of them does each extend?"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from gate.wiring.edits import place_at
from gate.wiring.gitlab.include import Include, Template, gate_part, read_includes, read_templates
from gate.wiring.records import Place, Source, Unreadable
from gate.wiring.yaml_text import (
    Alias,
    Document,
    Mapping,
    Node,
    Pair,
    Scalar,
    Sequence,
    is_null,
    merged,
    parse_documents,
    resolved,
    text_of,
)

# No job can have these names; the last is GitLab's old word for `stages`.
RESERVED: Final = frozenset(
    {
        *("default", "include", "image", "services", "stages", "before_script", "after_script", "variables"),
        *("cache", "workflow", "spec", "types"),
    }
)
DEFAULT_STAGES: Final = ("build", "test", "deploy")
MAX_PARENTS: Final = 100  # GitLab itself follows `extends` 10 times


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, hidden ones included.

    Attributes:
        name: as the file says it.
        pair: its key and value; the value may be an alias.
        body: the mapping of its keywords.
        keys: these and the merged ones, by name.
        bases: what it extends; None stands for what cannot be read.
    """

    name: str
    pair: Pair
    body: Mapping
    keys: Map[str, Pair]
    bases: tuple[str | None, ...]

    @property
    def hidden(self) -> bool:
        """Whether it never runs itself."""
        return self.name.startswith(".")

    def own(self, key: str) -> Pair | None:
        """Return a key that stands in the job's own text, not by a merge key or an alias of it."""
        return None if isinstance(self.pair.value, Alias) else self.body.get(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A file that was read.

    Attributes:
        source: the file.
        documents: all of them, a `spec:` header included.
        root: the mapping of jobs and global keywords.
        keys: its pairs by name.
        stages: in their order, `.pre` and `.post` included.
        jobs: by name, in the file's order.
        includes: other files.
        templates: those of them that are the gate's.
        paths: what `!reference` calls the mapping that a pair stands in, by the pair's identity.
        parents: for each job, itself and what it extends, the strongest first; None where
            another file's job comes in.
    """

    source: Source
    documents: tuple[Document, ...]
    root: Mapping
    keys: Map[str, Pair]
    stages: tuple[str, ...]
    jobs: Map[str, Job]
    includes: tuple[Include, ...]
    templates: tuple[Template, ...]
    paths: Map[int, tuple[str, ...]]
    parents: Map[str, tuple[str | None, ...]]

    @property
    def gate_names(self) -> tuple[str, ...]:
        """What the gate's jobs are called here; `fiber-gate` where no template is in sight."""
        return tuple(template.name for template in self.templates) or ("fiber-gate",)

    @property
    def foreign(self) -> bool:
        """Whether other files can add to the jobs here."""
        whole = PurePosixPath(self.source.name.replace("\\", "/")).name == ".gitlab-ci.yml"
        return not whole or any(include.template is None for include in self.includes)

    def place(self, node: Node | Pair) -> Place:
        """Return where something stands."""
        return place_at(self.source.text, node.key.start if isinstance(node, Pair) else node.start)


def read_pipeline(source: Source) -> Pipeline:
    """Return what a pipeline file says.

    Raises:
        Unreadable: not YAML, or not the mapping of jobs that GitLab reads.
    """
    documents = parse_documents(source.text)
    root = _root(source, documents)
    keys = merged(root)
    jobs = dict(_jobs(keys))
    includes = read_includes(root)
    templates = read_templates(includes)
    names = tuple(template.name for template in templates) or ("fiber-gate",)
    return Pipeline(
        source=source,
        documents=documents,
        root=root,
        keys=keys,
        stages=_stages(keys.get("stages") or keys.get("types")),
        jobs=jobs,
        includes=includes,
        templates=templates,
        paths=_paths(keys),
        parents={name: _parents(jobs, name, names) for name in jobs},
    )


def _root(source: Source, documents: tuple[Document, ...]) -> Mapping:
    jobs = documents
    if len(documents) > 1 and isinstance(documents[0].root, Mapping) and documents[0].root.get("spec"):
        jobs = documents[1:]
    if not jobs:
        raise Unreadable(place_at(source.text, 0), "the file holds no pipeline")
    if len(jobs) > 1:
        place = place_at(source.text, jobs[1].start)
        raise Unreadable(place, "a second document begins here; GitLab reads one, behind a spec: header")
    root = jobs[0].root
    if not isinstance(root, Mapping):
        raise Unreadable(
            place_at(source.text, root.start), "no GitLab pipeline: expected names of jobs with their keys"
        )
    return root


def _jobs(keys: Map[str, Pair]) -> Iterator[tuple[str, Job]]:
    for name, pair in keys.items():
        body = resolved(pair.value)
        if name in RESERVED:
            continue
        if isinstance(body, Mapping):
            inner = merged(body)
            bases = _bases(inner.get("extends"))
            yield name, Job(name=name, pair=pair, body=body, keys=inner, bases=bases)
        elif isinstance(body, Sequence) and body.tag == "!reference":
            empty = Mapping(
                start=body.start, content=body.content, end=body.end, pairs=(), flow=True, anchor="", tag=""
            )
            yield name, Job(name=name, pair=pair, body=empty, keys={}, bases=(None,))


def _stages(pair: Pair | None) -> tuple[str, ...]:
    listed = resolved(pair.value) if pair else None
    items = listed.items if isinstance(listed, Sequence) else ()
    named = [text for item in items if (text := text_of(item))] or list(DEFAULT_STAGES)
    return (".pre", *(name for name in named if name not in {".pre", ".post"}), ".post")


def _bases(pair: Pair | None) -> tuple[str | None, ...]:
    value = resolved(pair.value) if pair else None
    match value:
        case None:
            return ()
        case Scalar():
            return () if is_null(value) else (value.value,)
        case Sequence() if not value.tag:
            return tuple(text_of(item) for item in value.items)
        case _:
            return (None,)


def _parents(jobs: Map[str, Job], name: str, gates: tuple[str, ...]) -> tuple[str | None, ...]:
    found: dict[str | None, None] = {}
    waiting: list[str | None] = [name]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        if here is not None and here in jobs and len(found) < MAX_PARENTS:
            found[here] = None
            waiting.extend(jobs[here].bases)
        else:
            found[here if here and gate_part(here, gates) else None] = None
            if None in found:
                break  # whatever comes behind is weaker than what is not in sight
    return tuple(found)


def _paths(keys: Map[str, Pair]) -> dict[int, tuple[str, ...]]:
    return {
        id(inner): (name,)
        for name, pair in keys.items()
        if isinstance(pair.value, Mapping)
        for inner in pair.value.pairs
    }
