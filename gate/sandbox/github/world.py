"""Which repositories, organisations and runs are there, and where is each of them found?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from gate.sandbox.clock import Clock
from gate.sandbox.github.model import Job, Organization, Repository, Run, Variable, Workflow
from gate.sandbox.github.timeline import Timing, settle

_FIRST_ID = 1_000_000


class World:
    """All that the emulated GitHub knows, apart from tokens and limits.

    Args:
        clock: the sandbox's time.
        timing: how long things take.

    Attributes:
        doubtful: what was done whose real effect nobody has verified, with counts.
    """

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self.clock = clock
        self.timing = timing
        self.organizations: dict[str, Organization] = {}
        self.doubtful: dict[str, int] = {}
        self._repositories: dict[str, Repository] = {}
        self._by_id: dict[int, Repository] = {}
        self._renamed: dict[str, Repository] = {}
        self._nodes: dict[str, tuple[Repository, Run | Workflow]] = {}
        self._last_id = _FIRST_ID

    def now(self) -> float:
        """Return the sandbox's time, in whole seconds as GitHub's times are."""
        return self.clock.now()

    def new_id(self) -> int:
        """Return a number that nothing else has."""
        self._last_id += 1
        return self._last_id

    def repositories(self) -> Iterator[Repository]:
        """Yield every repository, settled, oldest first."""
        for repository in tuple(self._by_id.values()):
            yield self.settled(repository)

    def repository(self, owner: str, name: str) -> Repository | None:
        """Return a repository by its present name, in any case of letters."""
        found = self._repositories.get(f"{owner}/{name}".lower())
        return self.settled(found) if found else None

    def repository_by_id(self, number: int) -> Repository | None:
        """Return a repository by its number, which outlives a renaming."""
        found = self._by_id.get(number)
        return self.settled(found) if found else None

    def renamed(self, owner: str, name: str) -> Repository | None:
        """Return the repository that had this name before."""
        return self._renamed.get(f"{owner}/{name}".lower())

    def node(self, node_id: str) -> tuple[Repository, Run | Workflow] | None:
        """Return what a GraphQL id names, with its repository."""
        found = self._nodes.get(node_id)
        if found:
            self.settled(found[0])
        return found

    def settled(self, repository: Repository) -> Repository:
        """Return the repository as it is at this moment."""
        if repository.active:
            settle(repository, self.now(), self.timing)
        return repository

    def add_organization(self, login: str, *, is_user: bool = False) -> Organization:
        """Return the organisation of this name, made where it is not there."""
        key = login.lower()
        if key not in self.organizations:
            self.organizations[key] = Organization(
                id=self.new_id(), login=login, is_user=is_user, created=self.now()
            )
        return self.organizations[key]

    def add_repository(self, owner: str, name: str, *, private: bool = True) -> Repository:
        """Make a repository."""
        login = self.add_organization(owner).login
        made = Repository(id=self.new_id(), owner=login, name=name, private=private, created=self.now())
        self._repositories[made.full_name.lower()] = made
        self._by_id[made.id] = made
        return made

    def add_workflow(
        self, repository: Repository, name: str, file: str, jobs: tuple[str, ...] = ("build",)
    ) -> Workflow:
        """Make a workflow in ``.github/workflows/``."""
        now = self.now()
        made = Workflow(
            id=self.new_id(),
            name=name,
            path=f".github/workflows/{file}",
            created=now,
            updated=now,
            jobs=jobs,
        )
        repository.workflows[made.id] = made
        self._nodes[made.node_id] = (repository, made)
        return made

    def add_run(
        self,
        repository: Repository,
        workflow: Workflow,
        *,
        status: str = "in_progress",
        conclusion: str | None = None,
        branch: str = "main",
        title: str = "Change",
        actor: str = "noa",
        event: str = "push",
        age: float = 60.0,
        done_jobs: int = 0,
    ) -> Run:
        """Make a run in a given status; its jobs follow from it.

        Args:
            repository: where it is.
            workflow: what it is a run of.
            status: GitHub's own word.
            conclusion: with ``completed``.
            branch: of its commit.
            title: of its commit.
            actor: who started it.
            event: what started it.
            age: seconds since it was started.
            done_jobs: how many jobs are finished.
        """
        number, began = self.new_id(), self.now() - age
        workflow.last_number += 1
        made = Run(
            id=number,
            workflow=workflow,
            number=workflow.last_number,
            branch=branch,
            sha=hashlib.sha1(f"{repository.id}/{number}".encode(), usedforsecurity=False).hexdigest(),
            title=title,
            actor=actor,
            triggered_by=actor,
            event=event,
            status=status,
            conclusion=conclusion,
            environment="lab" if status == "waiting" else None,
            waited=status == "waiting",
            created=began,
            started=began,
            updated=began,
        )
        made.jobs = [self._job(made, place, name, done_jobs) for place, name in enumerate(workflow.jobs)]
        repository.runs[number] = made
        self._nodes[made.node_id] = (repository, made)
        if made.active:
            repository.active[number] = made
        return made

    def _job(self, run: Run, place: int, name: str, done: int) -> Job:
        job = Job(id=self.new_id(), name=name)
        if not run.active:
            job.status, job.conclusion = "completed", run.conclusion or "success"
        elif place < done:
            job.status, job.conclusion = "completed", "success"
        elif run.status != "in_progress":
            job.status = run.status
        elif place == done:
            job.status = "in_progress"
        if job.status != "queued":
            job.started = run.created
        if job.status == "completed":
            job.completed = run.created + 1
        return job

    def rename(self, repository: Repository, name: str) -> None:
        """Give a repository another name; the old one leads to it from now on."""
        old = repository.full_name.lower()
        del self._repositories[old]
        repository.name = name
        self._renamed[old] = repository
        self._repositories[repository.full_name.lower()] = repository
        self._renamed.pop(repository.full_name.lower(), None)

    def remove(self, repository: Repository) -> None:
        """Let a repository vanish, as one that was deleted or made invisible."""
        self._repositories.pop(repository.full_name.lower(), None)
        self._by_id.pop(repository.id, None)
        self._renamed = {name: kept for name, kept in self._renamed.items() if kept is not repository}
        self._nodes = {node: where for node, where in self._nodes.items() if where[0] is not repository}

    def note_doubtful(self, what: str) -> None:
        """Count something whose real effect nobody has verified."""
        self.doubtful[what] = self.doubtful.get(what, 0) + 1

    def set_variable(
        self, holder: Repository | Organization, name: str, value: str, visibility: str = "all"
    ) -> Variable:
        """Set a variable, made where it is not there."""
        now, key = self.now(), name.upper()
        found = holder.variables.get(key)
        if found is None:
            found = Variable(name=key, value=value, created=now, updated=now, visibility=visibility)
            holder.variables[key] = found
        found.value, found.visibility, found.updated = value, visibility, now
        return found
