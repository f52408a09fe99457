"""What started a pipeline, where no trigger job in flight names it?

The pipeline of a trigger job that does not wait for what it starts may be over long before, and
child pipelines are in no list. So what was started is asked for its source job, and that one's
pipeline for its own (gitlabhq `app/graphql/types/ci/pipeline_type.rb`, read 2026-11-24): GitLab
allows two levels of child pipelines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from gate.core.work import Project
from gate.providers.gitlab import graph
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered
from gate.providers.gitlab.triggered import Above, Triggered

AT_ONCE = 15  # pipelines in a query: each costs 14 points of 250

_SOURCE = "sourceJob{name stage{name} pipeline{id %s}}"
_BOTH = f"{{{_SOURCE % (_SOURCE % '')}}}"

T = TypeVar("T")


def started_by(client: Client, pipelines: Sequence[tuple[Project, int]]) -> Triggered:
    """Return what has started at most `AT_ONCE` pipelines, as far as the token may see it."""
    fields = [
        f'a{place}:project(fullPath:$p{place}){{pipeline(id:"{graph.gid("Ci::Pipeline", number)}"){_BOTH}}}'
        for place, (_, number) in enumerate(pipelines)
    ]
    ask = Ask(
        path="",
        what=f"what started pipelines of {pipelines[0][0].path}",
        needs="the scope read_api and the Reporter role in the project",
    )
    try:
        data = client.query(*graph.of_projects(fields, [project.path for project, _ in pipelines]), ask)
    except Unanswered as error:
        return Triggered(problems=(error,))
    above: dict[int, Above] = {}
    for place, (_, number) in enumerate(pipelines):
        found = data.get(f"a{place}")
        pipeline = found.get("pipeline") if isinstance(found, dict) else None
        above |= _chain(number, pipeline)
    return Triggered(above=above)


def in_batches(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield items, so many at a time."""
    left = iter(items)
    while batch := tuple(islice(left, size)):
        yield batch


def _chain(number: int, pipeline: object) -> Mapping[int, Above]:
    """Return the trigger jobs above a pipeline by the numbers of what they started."""
    found: dict[int, Above] = {}
    fields: Any = pipeline
    while isinstance(fields, dict) and isinstance(source := fields.get("sourceJob"), dict):
        fields = source.get("pipeline")
        parent = graph.number_of(fields.get("id")) if isinstance(fields, dict) else 0
        name, stage = graph.text_at(source, "name"), graph.text_at(source, "stage", "name")
        found[number] = Above(name=name, stage=stage, pipeline=parent)
        number = parent
    return found
