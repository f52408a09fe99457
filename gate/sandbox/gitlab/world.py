"""Which groups, projects, pipelines and runners are there, and where is each of them found?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from gate.sandbox.clock import Clock
from gate.sandbox.gitlab.cron import next_run
from gate.sandbox.gitlab.flow import Life, Timing, change, refresh
from gate.sandbox.gitlab.lifecycle import settle
from gate.sandbox.gitlab.model import Group, Job, JobSpec, Pipeline, Project, Runner, Schedule


class World:
    """All that the emulated GitLab knows, apart from tokens and limits.

    Args:
        clock: the sandbox's time.
        timing: how long things take.
    """

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self.clock = clock
        self.groups: dict[int, Group] = {}
        self.projects: dict[int, Project] = {}
        self.runners: dict[int, Runner] = {}
        self.users: dict[str, int] = {}
        self.life = Life(timing=timing, new_id=self.new_id, trigger=self._trigger, serving=self._serving)
        self._groups: dict[str, Group] = {}
        self._projects: dict[str, Project] = {}
        self._moved: dict[str, Project] = {}
        self._last_id = 1000

    def now(self) -> float:
        """Return the sandbox's time."""
        return self.clock.now()

    def new_id(self) -> int:
        """Return a number that nothing else has."""
        self._last_id += 1
        return self._last_id

    def user_id(self, username: str) -> int:
        """Return the number of a person, who need not have been heard of before."""
        return self.users.setdefault(username, len(self.users) + 1)

    def group(self, name: str) -> Group | None:
        """Return a group by its id or its path, in any case of letters."""
        return self.groups.get(int(name)) if _is_number(name) else self._groups.get(name.lower())

    def project(self, name: str) -> Project | None:
        """Return a project by its id or its present path, as it is at this moment."""
        found = self.projects.get(int(name)) if _is_number(name) else self._projects.get(name.lower())
        if found is not None:
            self.settle(found)
        return found

    def moved(self, path: str) -> Project | None:
        """Return the project that had this path before."""
        return self._moved.get(path.lower())

    def in_group(self, group: Group, *, subgroups: bool) -> list[Project]:
        """Return the projects of a group, newest first."""
        start = group.path + "/"
        found = [
            project
            for project in self.projects.values()
            if project.group == group.path or (subgroups and project.path.startswith(start))
        ]
        return sorted(found, key=lambda project: (project.created, project.id), reverse=True)

    def settle(self, project: Project) -> None:
        """Bring a project to what it is at this moment."""
        now = self.now()
        for pipeline in tuple(project.active.values()):
            settle(pipeline, now, self.life)

    def job(self, number: int) -> Job | None:
        """Return a job by its id, wherever it is, as it is at this moment."""
        for project in self.projects.values():
            if number in project.jobs:
                self.settle(project)
                return project.jobs[number]
        return None

    def add_group(self, path: str) -> Group:
        """Return the group of this path, made with its parents where it is not there."""
        parent = path.rpartition("/")[0]
        if parent:
            self.add_group(parent)
        if path.lower() not in self._groups:
            made = Group(id=self.new_id(), path=path, created=self.now())
            self._groups[path.lower()] = self.groups[made.id] = made
        return self._groups[path.lower()]

    def add_project(self, path: str) -> Project:
        """Make a project, and its group where that is not there."""
        self.add_group(path.rpartition("/")[0])
        made = Project(id=self.new_id(), path=path, created=self.now())
        self._projects[path.lower()] = self.projects[made.id] = made
        return made

    def add_pipeline(
        self,
        project: Project,
        jobs: Sequence[JobSpec],
        *,
        ref: str = "main",
        source: str = "push",
        user: str = "noa",
        title: str = "Change",
        age: float = 0.0,
        statuses: Sequence[str] = (),
        still: bool = False,
        bridge: Job | None = None,
    ) -> Pipeline:
        """Make a pipeline.

        Args:
            project: where it is.
            jobs: what its file says, stages in the order in which they come first.
            ref: branch or tag.
            source: what started it.
            user: who started it.
            title: of its commit.
            age: seconds since it was started.
            statuses: of its jobs, in their order; the others are worked out.
            still: it is not worked on.
            bridge: the trigger job that starts it.
        """
        number, began = self.new_id(), self.now() - age
        project.last_iid += 1
        made = Pipeline(
            id=number,
            iid=project.last_iid,
            project=project,
            ref=ref,
            sha=bridge.pipeline.sha
            if bridge and bridge.pipeline.project is project
            else _sha(project, number),
            source=source,
            user=user,
            created=began,
            updated=began,
            title=title,
            still=still,
            stages=list(dict.fromkeys(spec.stage for spec in jobs)),
            bridge=bridge,
        )
        project.pipelines[number] = project.active[number] = made
        for spec in jobs:
            job = Job(id=self.new_id(), spec=spec, pipeline=made, user=user, created=began, since=began)
            made.jobs.append(job)
            project.jobs[job.id] = job
        for job, status in zip(made.jobs, statuses, strict=False):
            self._place(job, status, began)
        refresh(made, began, self.life)
        if made.complete:
            project.active.pop(number, None)
        return made

    def add_schedule(
        self,
        project: Project,
        description: str,
        *,
        owner: str = "release-bot",
        cron: str = "0 2 * * *",
        ref: str = "main",
        active: bool = True,
        cron_timezone: str = "UTC",
    ) -> Schedule:
        """Make a pipeline schedule; a short ref becomes a full one."""
        now = self.now()
        full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        made = Schedule(
            id=self.new_id(),
            description=description,
            ref=full,
            cron=cron,
            cron_timezone=cron_timezone,
            active=active,
            owner=owner,
            created=now,
            updated=now,
            next_run=next_run(cron, now),
        )
        project.schedules[made.id] = made
        return made

    def add_runner(self, description: str) -> Runner:
        """Make a runner that serves every project."""
        made = Runner(id=self.new_id(), description=description)
        self.runners[made.id] = made
        return made

    def move(self, project: Project, path: str) -> None:
        """Give a project another path; the old one leads to it from now on."""
        old = project.path.lower()
        self.add_group(path.rpartition("/")[0])
        del self._projects[old]
        project.path = path
        self._moved[old] = self._projects[path.lower()] = project
        self._moved.pop(path.lower(), None)

    def remove(self, project: Project) -> None:
        """Let a project vanish, as one that was deleted or made invisible."""
        self._projects.pop(project.path.lower(), None)
        self.projects.pop(project.id, None)
        self._moved = {path: kept for path, kept in self._moved.items() if kept is not project}

    def pause(self, runner: Runner, *, paused: bool) -> None:
        """Pause a runner, or let it go on; what was due before has happened."""
        for project in self.projects.values():
            self.settle(project)
        if runner.paused is not paused:
            runner.paused, runner.changed = paused, self.now()

    def _serving(self) -> float | None:
        going = [runner.changed for runner in self.runners.values() if not runner.paused]
        return min(going, default=None if self.runners else 0.0)

    def _trigger(self, job: Job, at: float) -> Pipeline | None:
        own = job.pipeline
        target = self._projects.get(job.spec.elsewhere.lower()) if job.spec.elsewhere else own.project
        if target is None:
            return None
        jobs = job.spec.child or target.template
        return self.add_pipeline(
            target,
            jobs,
            ref=target.default_branch if job.spec.elsewhere else own.ref,
            source="pipeline" if job.spec.elsewhere else "parent_pipeline",
            user=own.user,
            title=own.title,
            age=self.now() - at,
            bridge=job,
        )

    def _place(self, job: Job, status: str, at: float) -> None:
        if status not in {"created", "pending", "manual", "skipped", "scheduled", "canceled"}:
            job.queued, job.started = at, at
            job.pipeline.started = at
        change(job, status, at)
        if job.spec.is_bridge and status in {"running", "success", "failed"} and job.downstream is None:
            job.downstream = self._trigger(job, at)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _sha(project: Project, number: int) -> str:
    return hashlib.sha1(f"{project.id}/{number}".encode(), usedforsecurity=False).hexdigest()
