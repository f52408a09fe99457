"""What is in flight in a whole fleet and protected?

GitHub can only cancel a whole run. It is protected by its workflow's name or file, which its
list shows, or else by the name of a job that is not over, which takes a request more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Found, Origin, Problem, Project, Protects, Trigger, Work
from gate.providers.github.client import Client
from gate.providers.github.documents import Run, status_of
from gate.providers.github.refusal import NotFound, asked
from gate.providers.github.repositories import list_repositories
from gate.providers.github.runs import list_in_flight, list_jobs
from gate.providers.github.triggers import find_triggers
from gate.providers.protocol import Each, Member, NotDone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """A run in flight, and whose it is."""

    project: str
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A repository's runs in flight, and why there may be more."""

    project: str
    runs: tuple[Run, ...]
    problem: NotDone | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """By which name a run is protected, whether its jobs are known, and why they are not."""

    flight: _Flight
    matched: str | None = None
    jobless: bool = False
    problem: NotDone | None = None


class Search:
    """One search over a member's repositories.

    Args:
        client: GitHub.
        member: whose repositories.
        protects: what is protected.
    """

    def __init__(self, client: Client, member: Member, protects: Protects) -> None:
        self._client = client
        self._member = member
        self._protects = protects
        self._work: list[Work] = []
        self._problems: list[Problem] = []
        self._looked_at = 0
        self._jobless = 0

    def find(self, each: Each, *, triggers: bool) -> Found:
        """Return what is protected and in flight, and with `triggers` also what starts it."""
        listing = list_repositories(self._client, self._member)
        if listing.problem:
            self._add_problem(self._member.root, listing.problem)
        for named in each(self._by_jobs, self._unmatched(each, listing.projects)):
            self._add_named(named)
        switches: tuple[Trigger, ...] = ()
        if triggers:
            switches = self._triggers(each, listing.projects)
        return Found(
            work=tuple(self._work),
            triggers=switches,
            problems=tuple(self._problems),
            notes=tuple(self._notes(len(listing.projects), complete=listing.problem is None)),
            looked_at=self._looked_at,
            projects=len(listing.projects),
        )

    def _unmatched(self, each: Each, projects: tuple[Project, ...]) -> Iterator[_Flight]:
        """Yield the runs whose names do not tell, and keep what the others came to."""
        for looked in each(self._look, projects):
            if looked.problem:
                self._add_problem(looked.project, looked.problem)
            self._looked_at += len(looked.runs)
            for run in looked.runs:
                flight = _Flight(project=looked.project, run=run)
                matched = self._protects.matched(run.names)
                if matched is None:
                    yield flight
                else:
                    self._work.append(self._work_of(flight, matched))

    def _look(self, project: Project) -> _Looked:
        found: dict[int, Run] = {}
        problem = None
        try:
            list_in_flight(self._client, project.path, found)
        except NotDone as error:
            problem = error
        return _Looked(project=project.path, runs=tuple(found.values()), problem=problem)

    def _by_jobs(self, flight: _Flight) -> _Named:
        try:
            jobs = list_jobs(self._client, flight.project, str(flight.run.id))
        except NotFound:
            return _Named(flight=flight)  # who sees the list sees its runs: this one is gone
        except NotDone as error:
            return _Named(flight=flight, problem=error)
        names = [name for job in jobs if not job.over for name in job.names]
        return _Named(flight=flight, matched=self._protects.matched(names), jobless=not jobs)

    def _add_named(self, named: _Named) -> None:
        if named.problem:
            self._add_problem(named.flight.project, named.problem, named.flight.run)
        self._jobless += named.jobless
        if named.matched is not None:
            self._work.append(self._work_of(named.flight, named.matched))

    def _add_problem(self, project: str, problem: NotDone, run: Run | None = None) -> None:
        target = Target(
            provider="github",
            instance=self._member.url,
            project=project,
            kind="run",
            id=str(run.id) if run else "*",
            name=one_line(run.name) if run else "runs in flight",
            url=one_line(run.url, 300) if run else "",
        )
        self._problems.append(Problem(target=target, asked=asked(problem)))

    def _work_of(self, flight: _Flight, matched: str) -> Work:
        run = flight.run
        target = Target(
            provider="github",
            instance=self._member.url,
            project=flight.project,
            kind="run",
            id=str(run.id),
            name=one_line(run.name or run.path),
            url=one_line(run.url, 300),
        )
        own = {"attempt": run.attempt, "node": run.node, "workflow": run.workflow}
        origin = Origin(
            workflow=one_line(run.path or run.name),
            ref=one_line(run.ref),
            commit=one_line(run.sha),
            order=run.id,
            own=canonical(own),
        )
        return Work(
            target=target,
            matched=one_line(matched),
            status=status_of(run.status),
            word=one_line(run.status, 40),
            origin=origin,
        )

    def _triggers(self, each: Each, projects: tuple[Project, ...]) -> tuple[Trigger, ...]:
        found: list[Trigger] = []
        by_job = {(work.target.project, work.origin.workflow): work.matched for work in self._work}
        read = each(lambda p: find_triggers(self._client, self._member, p, self._protects, by_job), projects)
        for project, switches in zip(projects, read, strict=True):
            if isinstance(switches, NotDone):
                self._add_problem(project.path, switches)
            else:
                found += switches
        return tuple(found)

    def _notes(self, projects: int, *, complete: bool) -> Iterator[str]:
        where = f"{self._member.root} at {self._client.host}"
        if not projects and complete:
            yield f"{where}: the token sees no repository that is meant"
        if self._jobless:
            runs = "1 run has" if self._jobless == 1 else f"{self._jobless} runs have"
            yield (
                f"{where}: {runs} no jobs yet by which to tell whether they are protected; "
                "their gate step meets the hold"
            )
