"""What does the emulated GitHub consist of? Mutable records: their changes are its life."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.sandbox.fleet import Behaviour

ACTIVE = frozenset({"in_progress", "queued", "pending", "waiting", "requested"})
STATES = ("active", "deleted", "disabled_fork", "disabled_inactivity", "disabled_manually")
NODE_RUN = "WFR_"
NODE_WORKFLOW = "W_"


@dataclass(slots=True, kw_only=True)
class Job:
    """One job of one attempt.

    Attributes:
        always: its `if` holds in a cancelled run too, so that only a forced cancel ends it.
    """

    id: int
    name: str
    status: str = "queued"
    conclusion: str | None = None
    always: bool = False
    started: float | None = None
    completed: float | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What an earlier attempt of a run came to."""

    number: int
    status: str
    conclusion: str | None
    started: float
    updated: float
    jobs: list[Job]


@dataclass(slots=True, kw_only=True)
class Run:
    """One workflow run.

    Attributes:
        behaviour: what it does when it is asked to stop.
        listed_only: it is listed as queued and was never queued (actions/runner#3872): a
            cancel is refused with 409.
        environment: what a waiting run waits for.
        begins: when it leaves the queue, in the sandbox's time.
        ends: when it ends by itself, with `ends_as`.
        cancel_asked: when a cancel was accepted.
        force_asked: when a forced cancel was accepted.
        always_until: after a cancel, when the jobs that go on will be done.
        waited: whether it was ever waiting for an approval.
        earlier: the attempts before.
    """

    id: int
    workflow: Workflow
    number: int
    branch: str
    sha: str
    title: str
    actor: str
    event: str = "push"
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    created: float
    started: float
    updated: float
    jobs: list[Job] = field(default_factory=list)
    behaviour: Behaviour = Behaviour.OBEYS
    listed_only: bool = False
    environment: str | None = None
    begins: float | None = None
    ends: float | None = None
    ends_as: str = "success"
    cancel_asked: float | None = None
    force_asked: float | None = None
    always_until: float | None = None
    triggered_by: str = ""
    waited: bool = False
    earlier: list[Attempt] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether the run is not finished."""
        return self.status != "completed"

    @property
    def node_id(self) -> str:
        """The name that GraphQL knows the run by."""
        return f"{NODE_RUN}kwLO{self.id:012x}"

    @property
    def group(self) -> str | None:
        """The concurrency group, where the workflow has one."""
        pattern = self.workflow.concurrency
        return pattern.replace("{ref}", self.branch) if pattern else None

    def unfinished(self) -> list[Job]:
        """Return the jobs that are not completed."""
        return [job for job in self.jobs if job.status != "completed"]


@dataclass(slots=True, kw_only=True)
class Workflow:
    """One workflow file.

    Attributes:
        concurrency: the group's name; ``{ref}`` stands for the branch.
        cancel_in_progress: whether a newer run of the group ends the one that runs.
    """

    id: int
    name: str
    path: str
    state: str = "active"
    created: float
    updated: float
    jobs: tuple[str, ...] = ()
    concurrency: str | None = None
    cancel_in_progress: bool = False
    last_number: int = 0

    @property
    def node_id(self) -> str:
        """The name that GraphQL knows the workflow by."""
        return f"{NODE_WORKFLOW}kwDO{self.id:012x}"

    @property
    def file(self) -> str:
        """The file's name without its folder."""
        return self.path.rpartition("/")[2]


@dataclass(slots=True, kw_only=True)
class Variable:
    """A configuration variable of a repository or an organisation."""

    name: str
    value: str
    created: float
    updated: float
    visibility: str = "all"
    repositories: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    created: float


@dataclass(slots=True, kw_only=True)
class CheckRun:
    """A check run."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    title: str | None
    summary: str | None
    text: str | None
    details_url: str | None
    external_id: str | None
    started: float | None
    completed: float | None
    annotations: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that a run has left, without its content."""

    id: int
    name: str
    run: Run
    created: float


@dataclass(slots=True, kw_only=True)
class Repository:
    """One repository with all that belongs to it."""

    id: int
    owner: str
    name: str
    private: bool = True
    archived: bool = False
    created: float
    enabled: bool = True
    allowed_actions: str = "all"
    workflows: dict[int, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    active: dict[int, Run] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """Owner and name with a slash between."""
        return f"{self.owner}/{self.name}"


@dataclass(slots=True, kw_only=True)
class Organization:
    """An organisation, or a user where `is_user`."""

    id: int
    login: str
    is_user: bool = False
    created: float
    variables: dict[str, Variable] = field(default_factory=dict)
    enabled_repositories: str = "all"
    allowed_actions: str = "all"
