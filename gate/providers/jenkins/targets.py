"""How does gate name what is in flight on a controller?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.work import Asked, Origin, Problem, Status, Work
from gate.providers.jenkins import names
from gate.providers.jenkins.inflight import Queued, Running
from gate.providers.protocol import Member, NotDone

InFlight = Running | Queued

_BEHIND_BUILDS = 1 << 32  # queue items of a job are newer than all of its builds


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """How far a controller had come: what is newer was started afterwards.

    Attributes:
        queue: the highest number of a queue item.
        builds: the highest number of a build, by the path of its job.
    """

    queue: int = 0
    builds: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a search has come upon beside work: it grows while the search goes on."""

    member: Member
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def trouble(self, what: str, error: NotDone) -> None:
        """Keep that something could not be looked at; `what` is its name."""
        self._keep(target_of(self.member, self.member.root or "*", "run", "*", what, ""), error)

    def trouble_with(self, one: InFlight, error: NotDone) -> None:
        """Keep that a build or a queue item could not be looked at."""
        self._keep(flight_target(self.member, one), error)

    def _keep(self, target: Target, error: NotDone) -> None:
        asked = Asked(outcome=error.outcome, detail=error.detail)
        self.problems.append(Problem(target=target, asked=asked))


def newest_of(builds: Iterable[Running], items: Iterable[Queued]) -> Newest:
    """Return how far a controller has come, as far as its work in flight tells."""
    queue, numbers = 0, dict[str, int]()
    for build in builds:
        queue = max(queue, build.queue_id)
        numbers[build.job] = max(numbers.get(build.job, 0), build.number)
    return Newest(queue=max([queue, *(item.id for item in items)]), builds=numbers)


def target_of(member: Member, project: str, kind: str, number: str, name: str, path: str) -> Target:
    """Return a target; `path` is where it is below the controller's root."""
    url = member.url.rstrip("/")
    return Target(
        provider="jenkins",
        instance=member.url,
        project=project,
        kind=kind,
        id=number,
        name=name,
        url=f"{url}/{path}",
    )


def flight_target(member: Member, one: InFlight) -> Target:
    """Return what a cancel of a build or of a queue item is about."""
    project = one.project
    name = names.shown(names.short(project), 120)
    if isinstance(one, Running):
        return target_of(member, project, "run", str(one.number), f"{name} #{one.number}", one.path)
    return target_of(member, project, "queue_item", str(one.id), name, one.job)


def work_of(member: Member, one: InFlight, match: str, newest: Newest) -> Work:
    """Return a build or queue item as work, with what a rerun needs to know later."""
    own: dict[str, object] = {"last": newest.builds.get(one.job, 0), "queue": newest.queue}
    if isinstance(one, Running):
        status, word = (Status.STOPPING, "aborting") if one.aborting else (Status.RUNNING, "building")
        order = one.number
    else:
        own["parameters"] = [[p.kind, p.name, p.value] for p in one.parameters]
        status, word, order = Status.QUEUED, "queued", _BEHIND_BUILDS + one.id
    return Work(
        target=flight_target(member, one),
        matched=match,
        status=status,
        word=word,
        origin=Origin(workflow=one.project, order=order, own=canonical(own)),
    )
