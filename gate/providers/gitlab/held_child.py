"""Which trigger jobs run a child that only says it was held back, and how are they started anew?

A gate job that has closed leaves a child pipeline of one job, called ``held back: …``. Nobody else
starts its trigger job again: the retry of a pipeline takes builds alone, and that of a job works
out what was skipped behind it. Once retried it reads the file that the newest gate job has left
(gitlabhq `app/services/ci/retry_pipeline_service.rb`, `app/services/ci/retry_job_service.rb`,
`app/models/ci/pipeline.rb`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gate.core.event import Target
from gate.core.reason import HELD_BACK, one_line
from gate.core.work import Asked, Outcome
from gate.providers.gitlab import graph
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.gitlab.retrying import is_not_retryable, retry
from gate.providers.pace import Pace

PATIENCE: Final = 90.0  # seconds in which a gate job that was retried has its answer
LOOK_AGAIN: Final = 5.0

OPENED: Final = "opened"
CLOSED: Final = "closed"

_READ: Final = "the scope read_api and the Reporter role in the project"
# A child that was held back has a single job; what was retried there counts no more.
_CHILD: Final = "downstreamPipeline{jobs(first:2,retried:false){nodes{name}}}"
_TRIGGERS: Final = (
    "jobs(jobKind:BRIDGE,first:50,after:$c){pageInfo{hasNextPage endCursor} "
    f"nodes{{id name needs{{nodes{{name}}}} {_CHILD}}}}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """One pipeline.

    Attributes:
        project: the number of its project.
        path: that project's path.
        pipeline: its own number.
    """

    project: str
    path: str
    pipeline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerJob:
    """A trigger job, the newest of its name, with a child that was held back.

    Attributes:
        replaced: whether it was an earlier one of that name whose child says so.
    """

    id: int
    name: str
    replaced: bool


def held_children(client: Client, where: Where, gate: str = "") -> tuple[TriggerJob, ...]:
    """Return the trigger jobs of a pipeline whose child says, or has said, that it was held back.

    Args:
        client: what asks.
        where: the pipeline.
        gate: the name of a job: only those are meant that need it, or wait for whole stages.

    Raises:
        Unanswered: they cannot be seen.
    """
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for node in _trigger_jobs(client, where):
        by_name.setdefault(graph.text_at(node, "name"), []).append(node)
    found = []
    for name, nodes in by_name.items():
        newest = max(nodes, key=_number)
        if _is_behind(newest, gate) and any(map(_says_held_back, nodes)):
            found.append(TriggerJob(id=_number(newest), name=name, replaced=not _says_held_back(newest)))
    return tuple(sorted(found, key=lambda one: one.id))


def waiting(found: Sequence[TriggerJob]) -> tuple[TriggerJob, ...]:
    """Return those of which the newest is held back itself."""
    return tuple(one for one in found if not one.replaced)


def is_of_held_child(client: Client, target: Target) -> bool:
    """Return whether a job is a trigger job whose child says that it was held back.

    Raises:
        Unanswered: it cannot be seen.
    """
    ask = Ask(path="", what=f"what job {target.id} of {target.project} has started", needs=_READ)
    job = f'a:project(fullPath:$p0){{job(id:"{graph.gid("CommitStatus", target.id)}"){{{_CHILD}}}}}'
    found = client.query(*graph.of_projects([job], [target.project]), ask).get("a")
    node = found.get("job") if isinstance(found, dict) else None
    return isinstance(node, dict) and _says_held_back(node)


def start_behind(
    client: Client,
    lane: Pace,
    where: Where,
    held: Sequence[TriggerJob],
    answer: Callable[[], str | None],
) -> Asked:
    """Wait for what a gate step says, and start the trigger jobs anew once it has opened.

    Args:
        client: what asks.
        lane: the project's budget for changes.
        where: their pipeline.
        held: the trigger jobs.
        answer: returns `OPENED`, `CLOSED`, or the word in which the gate step ended otherwise;
            None while it goes on.
    """
    found = _answered(client, answer)
    if found == OPENED:
        return _start_anew(client, lane, where, held)
    if found is None:
        words = f"its gate step is not over after {PATIENCE:.0f} seconds; the next recheck goes on"
    elif found == CLOSED:
        words = "its gate step has closed again"
    else:
        words = f"its gate step ended as {found}"
    return Asked(outcome=Outcome.FAILED, detail=words)


def _answered(client: Client, answer: Callable[[], str | None]) -> str | None:
    give_up = client.pace.now() + PATIENCE
    while (found := answer()) is None and client.pace.now() < give_up:
        client.pace.sleep(LOOK_AGAIN)
    return found


def _start_anew(client: Client, lane: Pace, where: Where, held: Sequence[TriggerJob]) -> Asked:
    """Retry each once; what is left undone by a refusal, or a killed process, the next call does."""
    made = []
    for one in held:
        what = f"the trigger job {one_line(one.name, 80)} ({one.id}) of {where.path}"
        try:
            made.append(retry(client, lane, where.project, one.id, what))
        except Unanswered as error:
            if is_not_retryable(error):
                words = f"GitLab does not retry {what} now; the next recheck goes on"
                return Asked(outcome=Outcome.FAILED, detail=words)
            return Asked(outcome=error.outcome, detail=error.detail)
    return Asked(outcome=Outcome.RERUN, became=made[0])


def _trigger_jobs(client: Client, where: Where) -> Iterator[Mapping[str, Any]]:
    """Yield all trigger jobs of a pipeline, those that were retried too: REST shows only the others."""
    ask = Ask(path="", what=f"the trigger jobs of pipeline {where.pipeline} of {where.path}", needs=_READ)
    name = graph.gid("Ci::Pipeline", where.pipeline)
    fields = f'projects(ids:$ids,first:1){{nodes{{pipeline(id:"{name}"){{{_TRIGGERS}}}}}}}'
    query = f"query($ids:[ID!],$c:String){{{fields}}}"
    cursor: str | None = None
    while True:
        variables = {"ids": [graph.gid("Project", where.project)], "c": cursor}
        data = client.query(query, variables, ask)
        node = next(iter(graph.nodes(data.get("projects"))), {})
        pipeline = node.get("pipeline")
        jobs = pipeline.get("jobs") if isinstance(pipeline, dict) else None
        following = graph.cursor_of(jobs) if isinstance(jobs, dict) else ""
        if following in ("", cursor) and following is not None:
            raise unreadable(ask, client.host, "a pipeline with its trigger jobs")
        yield from graph.nodes(jobs)
        if following is None:
            return
        cursor = following


def _says_held_back(node: Mapping[str, Any]) -> bool:
    child = node.get("downstreamPipeline")
    jobs = graph.nodes(child.get("jobs")) if isinstance(child, dict) else ()
    return any(graph.text_at(job, "name").startswith(HELD_BACK) for job in jobs)


def _is_behind(node: Mapping[str, Any], gate: str) -> bool:
    needs = [graph.text_at(need, "name") for need in graph.nodes(node.get("needs"))]
    return not gate or not needs or gate in needs


def _number(node: Mapping[str, Any]) -> int:
    return graph.number_of(node.get("id"))
