"""How is a job told to stop, harder where it must be, and seen to have stopped?

A cancel is answered with 201 whatever came of it: the state machine refuses in silence, so the
answer's own status counts, and nothing else. What has not started is cancelled at once; what
runs becomes ``canceling`` first where its runner knows that (gitlabhq `lib/api/ci/jobs.rb`,
`app/models/commit_status.rb`, doc/ci/jobs/_index.md, read 2026-11-24).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Seen, Status
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import is_trigger
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.refusal import Ask, Unanswered
from gate.providers.gitlab.words import FINISHED, NOT_STARTED, seen_of
from gate.providers.pace import Pace
from gate.providers.protocol import Each, Key

# Changes of one project's jobs in a minute: cancels of pipelines are limited to 120, those of jobs
# by a number that GitLab does not tell (gitlab-org/gitlab!255403, #633849, read 2026-11-24).
CHANGES = 60.0
CHANGES_AT_ONCE = 40.0

_JOB_POINTS = 4
_PROJECT_POINTS = 1
_MOST_POINTS = 240  # of 250
_MAY_CANCEL = (
    "the scope api and the Developer role, on a protected branch the right to push or merge, and no less "
    "than the project's minimum role to cancel"
)
_MAY_FORCE = "the scope api and the Maintainer role, which a forced cancel takes"
_WAITS = "a trigger job cannot be cancelled before it starts; what it starts is stopped"


_SAYS = "GitLab says {}"
_NEVER_ARRIVED = frozenset(_SAYS.format(word) for word in (*NOT_STARTED, "running"))


class Stopping:
    """Stops jobs of one GitLab.

    Args:
        client: what asks.
        projects: knows the numbers of projects.
    """

    def __init__(self, client: Client, projects: Projects) -> None:
        self._client = client
        self._projects = projects
        self._lanes: dict[str, Pace] = {}
        self._lock = threading.Lock()

    def cancel(self, target: Target) -> Asked:
        """Ask for a job to be cancelled."""
        if is_trigger(target):
            return Asked(detail=_WAITS)
        return self._stop(target, force=False)

    def escalate(self, target: Target, step: int) -> Asked | None:
        """Ask harder, once: a forced cancel ends a job that is ``canceling``, and no other."""
        if step > 1 or is_trigger(target):
            return None
        asked = self._stop(target, force=True)
        if asked.outcome is None and asked.detail in _NEVER_ARRIVED:
            return self._stop(target, force=False)
        return asked

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where jobs are: by GraphQL many at once, one by one what that does not show."""
        seen: dict[Key, Seen] = {}
        single: list[Target] = []
        for batch, found in each(self._look, batches_of([one for one in targets if one.id.isdigit()])):
            if found is None:
                continue
            seen |= found
            single += [one for one in batch if one.key not in found and not is_trigger(one)]
        for target, one in each(self._look_at, single):
            if one is not None:
                seen[target.key] = one
        return seen

    def lane(self, project: str) -> Pace:
        """Return the budget for changes of one project."""
        pace = self._client.pace
        with self._lock:
            if project not in self._lanes:
                self._lanes[project] = Pace(
                    per_minute=CHANGES, burst=CHANGES_AT_ONCE, clock=pace.now, sleep=pace.sleep
                )
            return self._lanes[project]

    def _stop(self, target: Target, *, force: bool) -> Asked:
        try:
            number = self._projects.number(target.project)
            ask = Ask(
                path=f"/projects/{number}/jobs/{target.id}/cancel",
                what=f"the job {target.name} ({target.id}) of {target.project}",
                needs=_MAY_FORCE if force else _MAY_CANCEL,
                method="post",
                query={"force": "true"} if force else {},
            )
            answer = self._client.send(ask, self.lane(number))
        except Unanswered as error:
            return _unstopped(error)
        word = answer.get("status") if isinstance(answer, dict) else None
        return _asked(one_line(word, 40)) if isinstance(word, str) else Asked()

    def _look(self, batch: Sequence[Target]) -> tuple[Sequence[Target], Mapping[Key, Seen] | None]:
        """Return what GraphQL shows of some targets; None where it could not be asked."""
        by_project: dict[str, list[Target]] = {}
        for target in batch:
            by_project.setdefault(target.project, []).append(target)
        fields = [
            f"a{place}:project(fullPath:$p{place}){{{' '.join(map(_job_field, own))}}}"
            for place, own in enumerate(by_project.values())
        ]
        ask = Ask(path="", what=f"jobs of {batch[0].project}", needs="the scope read_api")
        try:
            data = self._client.query(*graph.of_projects(fields, list(by_project)), ask)
        except Unanswered as error:
            refused = error.status in (401, 403, 404) or (error.status == 200 and error.message)
            return batch, {} if refused else None
        found: dict[Key, Seen] = {}
        for place, own in enumerate(by_project.values()):
            project = data.get(f"a{place}")
            for target in own:
                job = project.get(f"j{target.id}") if isinstance(project, dict) else None
                if isinstance(job, dict):
                    found[target.key] = _seen(job)
        return batch, found

    def _look_at(self, target: Target) -> tuple[Target, Seen | None]:
        try:
            number = self._projects.number(target.project)
            ask = Ask(
                path=f"/projects/{number}/jobs/{target.id}",
                what=f"the job {target.name} ({target.id}) of {target.project}",
                needs="the scope read_api and the Reporter role in the project",
            )
            answer = self._client.send(ask)
        except Unanswered as error:
            return target, Seen(status=Status.FINISHED, word="gone") if error.status == 404 else None
        word = answer.get("status") if isinstance(answer, dict) else None
        return target, seen_of(one_line(word, 40)) if isinstance(word, str) else None


def batches_of(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """Yield targets so many at a time as one query may ask for, those of a project together."""
    batch: list[Target] = []
    points, project = 0, ""
    for target in sorted(targets, key=lambda one: one.project):
        cost = _JOB_POINTS + (_PROJECT_POINTS if target.project != project else 0)
        if batch and points + cost > _MOST_POINTS:
            yield batch
            batch, points, cost = [], 0, _JOB_POINTS + _PROJECT_POINTS
        batch.append(target)
        points, project = points + cost, target.project
    if batch:
        yield batch


def _job_field(target: Target) -> str:
    name = graph.gid("CommitStatus", target.id)
    return f'j{target.id}:job(id:"{name}"){{status downstreamPipeline{{status}}}}'


def _seen(job: Mapping[str, Any]) -> Seen:
    """Return where a job is; a trigger job is over when what it has started is.

    What waits for a person is left alone, and its trigger job with it.
    """
    word = one_line(graph.text_at(job, "status").lower(), 40)
    below = one_line(graph.text_at(job, "downstreamPipeline", "status").lower(), 40)
    if not below or word == "canceled":
        return seen_of(word)
    return Seen(status=Status.FINISHED, word=below) if below == "manual" else seen_of(below)


def _asked(word: str) -> Asked:
    if word == "canceled":
        return Asked(outcome=Outcome.STOPPED)
    if word in FINISHED:
        return Asked(outcome=Outcome.ALREADY_FINISHED, detail=f"it ended as {word}")
    return Asked(detail=_SAYS.format(word))


def _unstopped(error: Unanswered) -> Asked:
    if error.status == 404:
        return Asked(outcome=Outcome.ALREADY_FINISHED, detail="it is gone")
    if error.status in (0, 200):  # it may have arrived all the same
        return Asked(detail=error.detail)
    return Asked(outcome=error.outcome, detail=error.detail)
