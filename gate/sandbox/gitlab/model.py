"""What does the emulated GitLab consist of? Mutable records: their changes are its life."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.sandbox.fleet import Behaviour
from gate.sandbox.gitlab.words import RETRYABLE, TERMINAL

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What a pipeline file says of one job, which a retry starts from anew.

    Attributes:
        name: may hold spaces, slashes and letters beyond ASCII.
        stage: its stage.
        when: ``on_success``, ``on_failure``, ``always``, ``manual`` or ``delayed``.
        allow_failure: whether the pipeline passes in spite of it.
        needs: names of the jobs that it waits for instead of the stages before.
        seconds: how long it runs.
        ends_as: ``success`` or ``failed``.
        behaviour: what it does when told to stop.
        graceful: its runner knows `canceling` (since 16.10); else it is canceled at once.
        unserved: no runner takes it, so that it stays pending.
        child: the jobs of the child pipeline that it triggers.
        elsewhere: the path of the project whose pipeline it triggers.
        mirrors: a trigger job takes the status of its pipeline (`strategy: mirror`).
    """

    name: str
    stage: str = "test"
    when: str = "on_success"
    allow_failure: bool = False
    needs: tuple[str, ...] | None = None
    seconds: float = 300.0
    ends_as: str = "success"
    behaviour: Behaviour = Behaviour.OBEYS
    graceful: bool = True
    unserved: bool = False
    child: tuple[JobSpec, ...] = ()
    elsewhere: str = ""
    mirrors: bool = True

    @property
    def is_bridge(self) -> bool:
        """Whether it triggers a pipeline instead of running a script."""
        return bool(self.child or self.elsewhere)

    @property
    def is_action(self) -> bool:
        """Whether a person, or a delay, starts it."""
        return self.when in {"manual", "delayed"}


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One build or trigger job.

    Attributes:
        since: when it came into its status, in the sandbox's time.
        enqueue_immediately: it was retried by itself, so that being manual does not stop it.
        retried: another job has taken its place.
        downstream: the pipeline that a trigger job has started.
    """

    id: int
    spec: JobSpec
    pipeline: Pipeline
    user: str
    created: float
    since: float
    status: str = "created"
    enqueue_immediately: bool = False
    retried: bool = False
    queued: float | None = None
    started: float | None = None
    finished: float | None = None
    failure_reason: str | None = None
    downstream: Pipeline | None = None

    @property
    def stage_index(self) -> int:
        """The place of its stage."""
        return self.pipeline.stages.index(self.spec.stage)

    @property
    def retryable(self) -> bool:
        """Whether GitLab starts it anew when asked."""
        return self.status in RETRYABLE and not self.retried

    @property
    def playable(self) -> bool:
        """Whether GitLab starts it when a person presses play."""
        return self.spec.is_action and (self.status in {"manual", "scheduled"} or self.retryable)


@dataclass(slots=True, kw_only=True, eq=False)
class External:
    """A commit status: a job in the stage `external` that runs elsewhere."""

    id: int
    name: str
    status: str
    user: str
    created: float
    description: str | None = None
    target_url: str | None = None
    coverage: float | None = None
    started: float | None = None
    finished: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Pipeline:
    """One pipeline.

    Attributes:
        still: it was created and is not worked on; that is how one stays `created`.
        bridge: the trigger job that started it.
        cancel_at: when the cancel of its parent arrives.
    """

    id: int
    iid: int
    project: Project
    ref: str
    sha: str
    source: str
    user: str
    created: float
    updated: float
    title: str = "Change"
    tag: bool = False
    name: str | None = None
    status: str = "created"
    still: bool = False
    stages: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    externals: list[External] = field(default_factory=list)
    started: float | None = None
    finished: float | None = None
    bridge: Job | None = None
    cancel_at: float | None = None
    schedule: Schedule | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing of it goes on by itself."""
        return self.status in TERMINAL

    def latest(self) -> list[Job]:
        """Return the jobs that no retry has replaced."""
        return [job for job in self.jobs if not job.retried]

    def children(self) -> list[Pipeline]:
        """Return the pipelines that its trigger jobs have started, elsewhere too."""
        return [job.downstream for job in self.jobs if job.downstream is not None]


@dataclass(slots=True, kw_only=True)
class Variable:
    """A CI/CD variable of a project or a group."""

    key: str
    value: str
    variable_type: str = "env_var"
    protected: bool = False
    masked: bool = False
    hidden: bool = False
    raw: bool = False
    environment_scope: str = "*"
    description: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Schedule:
    """A pipeline schedule; `ref` is the full one."""

    id: int
    description: str
    ref: str
    cron: str
    cron_timezone: str
    active: bool
    owner: str
    created: float
    updated: float
    next_run: float
    variables: list[Variable] = field(default_factory=list)
    last_pipeline: Pipeline | None = None


@dataclass(slots=True, kw_only=True)
class Runner:
    """A runner of the lab; it serves every project.

    Attributes:
        changed: when it was paused or let go on.
    """

    id: int
    description: str
    paused: bool = False
    changed: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """A group; its parent is part of its path."""

    id: int
    path: str
    created: float
    variables: list[Variable] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Project:
    """One project with all that belongs to it.

    Attributes:
        path: with all its groups.
        protected_refs: by branch, the role that may push or merge there, and so cancel.
        cancel_role: the project's minimum role to cancel; None is `no_one`.
        builds: whether the project has CI/CD at all.
        template: the jobs of a pipeline that a schedule starts.
        locked: by commit, until when another update of its statuses is in progress.
    """

    id: int
    path: str
    created: float
    archived: bool = False
    default_branch: str = "main"
    protected_refs: dict[str, int] = field(default_factory=lambda: {"main": MAINTAINER})
    cancel_role: int | None = DEVELOPER
    builds: bool = True
    template: tuple[JobSpec, ...] = (JobSpec(name="build"),)
    pipelines: dict[int, Pipeline] = field(default_factory=dict)
    active: dict[int, Pipeline] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    schedules: dict[int, Schedule] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    locked: dict[str, float] = field(default_factory=dict)
    last_iid: int = 0

    @property
    def group(self) -> str:
        """The path of the group that it is in."""
        return self.path.rpartition("/")[0]
