"""Which trigger jobs have not started, and which have started a pipeline that still runs?

A pipeline that a trigger job starts belongs to it: where the trigger job is protected by name or
stage, everything below it is. One that has not started cannot be cancelled by itself, whatever
the API (gitlabhq `lib/api/ci/jobs.rb` finds builds alone, read 2026-11-24); so it is watched, and
what it starts is stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.core.reason import one_line
from gate.core.work import Project, Protects
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import Job
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.trigger_list import trigger_jobs
from gate.providers.gitlab.words import NOT_STARTED

_DEEPEST = 5  # GitLab itself allows two levels of child pipelines

_Row = tuple[dict[str, Any], tuple[int, str]]  # a job, and the number and project of what it has started
_List = tuple[Project, str, str]  # pipelines in a status, and the cursor behind which the list goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """The trigger job that has started a pipeline.

    Attributes:
        pipeline: the number of the one that it is a part of itself.
    """

    name: str
    stage: str
    pipeline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A trigger job that has started a pipeline in another project, called `where`."""

    job: Job
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """What the trigger jobs of some projects do.

    Attributes:
        waiting: those that have not started.
        above: by the number of a pipeline, what has started it.
        elsewhere: what was started in other projects.
        names: of pipelines in flight by their numbers, empty where one has none.
        manual: how many protected manual jobs wait for a person.
        problems: why something could not be seen, each reason once.
    """

    waiting: tuple[Job, ...] = ()
    above: Mapping[int, Above] = field(default_factory=dict)
    elsewhere: tuple[Started, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    manual: int = 0
    problems: tuple[Unanswered, ...] = ()


def merged(found: Iterable[Triggered]) -> Triggered:
    """Return several answers as one."""
    waiting: list[Job] = []
    above: dict[int, Above] = {}
    elsewhere: list[Started] = []
    names: dict[int, str] = {}
    problems: dict[str, Unanswered] = {}
    manual = 0
    for one in found:
        waiting += one.waiting
        above |= one.above
        elsewhere += one.elsewhere
        names |= one.names
        manual += one.manual
        problems |= {problem.detail: problem for problem in one.problems}
    return Triggered(
        waiting=tuple(waiting),
        above=above,
        elsewhere=tuple(elsewhere),
        names=names,
        manual=manual,
        problems=tuple(problems.values()),
    )


def names_above(above: Mapping[int, Above], pipeline: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Return what a pipeline was started by.

    Returns:
        The names of the trigger jobs above it, the nearest first; those and their stages; and
        the number of the pipeline that all of them hang from.
    """
    names: list[str] = []
    words: list[str] = []
    while pipeline in above and len(names) < _DEEPEST:
        one = above[pipeline]
        names.append(one.name)
        words += [one.name, one.stage]
        pipeline = one.pipeline
    return tuple(names), tuple(words), pipeline


class TriggerJobs:
    """Looks at the trigger jobs of projects.

    Args:
        client: what asks.
        protects: what is protected.
    """

    def __init__(self, client: Client, protects: Protects) -> None:
        self._client = client
        self._protects = protects

    def of(self, projects: Sequence[Project]) -> Triggered:
        """Return what the trigger jobs of at most `graph.PROJECTS_AT_ONCE` projects do."""
        try:
            return merged(self._read(projects))
        except Unanswered as error:
            if "complexity" in error.message and len(projects) > 1:  # another version counts otherwise
                half = len(projects) // 2
                return merged(map(self.of, (projects[:half], projects[half:])))
            return Triggered(problems=(error,))

    def _read(self, projects: Sequence[Project]) -> Iterator[Triggered]:
        ask = _ask(projects)
        ids = [graph.gid("Project", project.id) for project in projects]
        data = self._client.query(graph.fleet_query(), {"ids": ids}, ask)
        shown = {graph.number_of(node.get("id")): node for node in graph.nodes(data.get("projects"))}
        further: list[_List] = []
        for project in projects:
            node = shown.get(int(project.id))
            for status in graph.STATUSES:
                yield from self._page(project, status, node, ask, further)
        while further:
            some, further = further[: graph.LISTS_AT_ONCE], further[graph.LISTS_AT_ONCE :]
            lists = [(project.id, status, cursor) for project, status, cursor in some]
            data = self._client.query(*graph.further_query(lists), ask)
            for place, (project, status, _) in enumerate(some):
                node = next(iter(graph.nodes(data.get(f"a{place}"))), None)
                yield from self._page(project, status, node, ask, further)

    def _page(
        self, project: Project, status: str, node: object, ask: Ask, further: list[_List]
    ) -> Iterator[Triggered]:
        """Yield what each pipeline of a page holds; where the list goes on is added to `further`."""
        pipelines = node.get(status) if isinstance(node, dict) else None
        cursor = graph.cursor_of(pipelines) if isinstance(pipelines, dict) else ""
        if not isinstance(pipelines, dict) or cursor == "":
            raise unreadable(ask, self._client.host, f"the pipelines of {project.path}")
        for fields in graph.nodes(pipelines):
            yield self._of_pipeline(project, fields)
        if cursor is not None:
            further.append((project, status, cursor))

    def _of_pipeline(self, project: Project, node: Mapping[str, Any]) -> Triggered:
        number, ref = graph.number_of(node.get("id")), graph.text_at(node, "ref")
        jobs = [
            (Job(project=project, pipeline=number, ref=ref, is_trigger=True, **about), started)
            for about, started in self._rows(project, number, node.get("bridges"))
        ]
        manual = [
            self._protects.matched((graph.text_at(fields, "name"), graph.text_at(fields, "stage", "name")))
            for fields in graph.nodes(node.get("manual"))
        ]
        return Triggered(
            waiting=tuple(job for job, _ in jobs if job.status in NOT_STARTED),
            above={
                below: Above(name=job.name, stage=job.stage, pipeline=number)
                for job, (below, _) in jobs
                if below
            },
            elsewhere=tuple(
                Started(job=job, where=where) for job, (_, where) in jobs if where and where != project.path
            ),
            names={number: graph.text_at(node, "name")},
            manual=sum(name is not None for name in manual),
        )

    def _rows(self, project: Project, pipeline: int, bridges: object) -> list[_Row]:
        if isinstance(bridges, dict) and graph.cursor_of(bridges) is not None:
            rows = trigger_jobs(self._client, project.id, pipeline, project.path)
            return [_listed_row(fields, project.id, project.path) for fields in rows]
        return [_row(fields) for fields in graph.nodes(bridges)]


def _row(fields: Mapping[str, Any]) -> _Row:
    below = fields.get("downstreamPipeline")
    started = (
        (graph.number_of(below.get("id")), graph.text_at(below, "project", "fullPath"))
        if isinstance(below, dict)
        else (0, "")
    )
    about = {
        "id": graph.number_of(fields.get("id")),
        "name": graph.text_at(fields, "name"),
        "stage": graph.text_at(fields, "stage", "name"),
        "status": one_line(graph.text_at(fields, "status").lower(), 40),
    }
    return about, started


def _listed_row(fields: Mapping[str, Any], project: str, path: str) -> _Row:
    about = {name: fields[name] for name in ("id", "name", "stage")}
    about["status"] = one_line(fields["status"], 40)
    match fields.get("downstream_pipeline"):
        case {"id": int(number), "project_id": int(where)}:
            return about, (number, path if str(where) == project else f"project {where}")
    return about, (0, "")


def _ask(projects: Sequence[Project]) -> Ask:
    some = f"{projects[0].path} and {len(projects) - 1} more" if len(projects) > 1 else projects[0].path
    return Ask(
        path="",
        what=f"the trigger jobs of {some}",
        needs="the scope read_api and the Reporter role in the projects",
    )
