"""An emulated GitLab: what is in flight is a job, and the rest of its pipeline goes on."""

from __future__ import annotations

from typing import Final

from gate.core.secret import Secret
from gate.providers import gitlab
from gate.providers.protocol import Connection, Member
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import Behaviour
from gate.sandbox.gitlab.command import NO_LIMITS
from gate.sandbox.gitlab.flow import change, refresh
from gate.sandbox.gitlab.lifecycle import cancel_job, retry_job
from gate.sandbox.gitlab.model import Job, JobSpec, Schedule, Variable
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.gitlab.tokens import parse_grant
from gate.sandbox.server import SandboxServer
from tests.contract.sweeps.lab import NAME, Call, May, PatientPace, Pattern, State, Time, Watched, fault

TOKEN: Final = "glpat-0123456789abcdefABCD"
_LONG = 1e7
_IN_FLIGHT = {State.RUNNING: "running", State.QUEUED: "pending", State.WAITING: "created"}
_ENDS = {"canceled": State.STOPPED}
# What is kept from the token: the least role, or none at all, that leaves everything else.
_ROLES = {
    May.CANCEL: "developer",  # the branch is protected, and takes a Maintainer
    May.FORCE: "developer",
    May.HOLD_EVERYWHERE: "maintainer",
    May.HOLD: "developer",
    May.LIST: "guest",
}


class GitLabLab:
    """GitLab, and the group ``acme`` in it."""

    provider = "gitlab"
    holds = 1

    def __init__(self, time: Time | None = None) -> None:
        self.time = time or Time()
        self.service = GitLabService(
            limits=NO_LIMITS, clock=Clock(source=self.time.now), outside=self.time.now
        )
        self.world = self.service.world
        self.group = self.world.add_group("acme")
        self.projects = [self.world.add_project(f"acme/{name}") for name in ("panda", "fibre")]
        self.watched = Watched(self.service)
        self.server = SandboxServer(self.watched)
        self.calls = {
            Call.CANCEL: Pattern(method="POST", path="*/jobs/*/cancel"),
            Call.LIST: Pattern(method="GET", path="*/projects/*/jobs"),
            Call.LOOK: Pattern(method="POST", path="/api/graphql"),
            Call.HOLD: Pattern(path="*/variables*"),
            Call.SWITCH: Pattern(method="PUT", path="*/pipeline_schedules/*"),
            Call.RERUN: Pattern(method="POST", path="*/jobs/*/retry"),
            Call.ANY: Pattern(),
        }
        self.seen_apart = (Pattern(path="*/projects/*/jobs"), Pattern(path="*/pipeline_schedules"))

    @property
    def member(self) -> Member:
        """The group."""
        return Member(
            provider="gitlab", url=self.server.url, root="acme", environment="staging", token=Secret(TOKEN)
        )

    def connect(self, member: Member | None = None) -> Connection:
        """Return python-gitlab's adapter."""
        return gitlab.connect(member or self.member, PatientPace(self.time))

    def begin(
        self,
        state: State = State.RUNNING,
        *,
        name: str = NAME,
        project: int = 0,
        behaviour: Behaviour = Behaviour.OBEYS,
        grouped: bool = False,
    ) -> Job:
        """Begin a pipeline with such a job; one that waits, waits for the stage before it."""
        del grouped  # a resource group keeps its jobs in turn by itself
        spec = JobSpec(
            name=name, stage="lab", seconds=_LONG, behaviour=behaviour, unserved=state is State.QUEUED
        )
        before = JobSpec(name="build", stage="build", seconds=_LONG)
        ahead = "running" if state is State.WAITING else "success"
        with self.service.lock:
            pipeline = self.world.add_pipeline(
                self.projects[project], (before, spec), statuses=(ahead, _IN_FLIGHT[state])
            )
        return pipeline.jobs[-1]

    def state(self, thing: Job) -> State:
        """Return where a job is."""
        self.world.settle(thing.pipeline.project)
        if thing.status == "canceling":
            return State.RUNNING
        known = {word: state for state, word in _IN_FLIGHT.items()}
        return known.get(thing.status) or _ENDS.get(thing.status, State.ENDED)

    def reason_on(self, thing: Job) -> str:
        """Return the name of the job's pipeline."""
        return thing.pipeline.name or ""

    def own_target_environ(self, thing: Job) -> dict[str, str]:
        """Return what GitLab tells a job."""
        project = thing.pipeline.project.path
        return {"GITLAB_CI": "true", "CI_PROJECT_PATH": project, "CI_JOB_ID": str(thing.id)}

    def end(self, thing: Job) -> None:
        """Let a job succeed."""
        self._change(thing, "success")

    def start(self, thing: Job) -> None:
        """Let a pending job begin."""
        self._change(thing, "running")

    def stop(self, thing: Job) -> None:
        """Cancel a job."""
        with self.service.lock:
            cancel_job(thing, self.time.now(), self.world.life)

    def remove(self, thing: Job) -> None:
        """Delete the job's project."""
        with self.service.lock:
            self.world.remove(thing.pipeline.project)

    def move(self, thing: Job) -> None:
        """Move the job's project."""
        with self.service.lock:
            self.world.move(thing.pipeline.project, "acme/moved")

    def starts(self, thing: Job) -> int:
        """Return how many jobs have taken its place."""
        return sum(job.spec.name == thing.spec.name for job in thing.pipeline.jobs) - 1

    def start_again(self, thing: Job) -> None:
        """Retry a job."""
        with self.service.lock:
            retry_job(thing, self.time.now(), self.world.life, "noa")

    def trigger(self, *, on: bool = True) -> Schedule:
        """Make a schedule."""
        return self.world.add_schedule(self.projects[0], "load nightly", active=on)

    def is_on(self, trigger: Schedule) -> bool:
        """Return whether a schedule is active."""
        return trigger.active

    def switch(self, trigger: Schedule, *, on: bool) -> None:
        """Switch a schedule."""
        trigger.active = on

    def meddle(self, trigger: Schedule) -> None:
        """Let a schedule come at another time."""
        trigger.cron = "0 4 * * *"

    def hold_texts(self) -> list[str]:
        """Return the group's variable, then the projects'."""
        lists = [self.group.variables, *(project.variables for project in self.projects)]
        return [one.value for some in lists for one in some if one.key == "GATE_HOLD"]

    def put_hold(self, text: str | None) -> None:
        """Write the group's variable."""
        self.group.variables[:] = [] if text is None else [Variable(key="GATE_HOLD", value=text, raw=True)]

    def deny(self, *what: May) -> None:
        """Give the token a lesser role; a schedule is somebody else's instead."""
        if May.SWITCH in what:
            for schedule in self.projects[0].schedules.values():
                schedule.owner = "noa"
        if May.FORCE in what:
            self.projects[0].protected_refs.clear()  # so that a Developer may cancel
        roles = [_ROLES[one] for one in what if one in _ROLES]
        if roles:
            least = min(roles, key=["guest", "developer", "maintainer"].index)
            self.service.tokens.announce(*parse_grant({"token": TOKEN, "role": least}))

    def expire(self) -> None:
        """Let the token expire."""
        self.service.tokens.announce(*parse_grant({"token": TOKEN, "expired": True}))

    def spend_the_limit(self, seconds: float) -> None:
        """Answer as the throttle does, with the headers that say so."""
        headers = (("RateLimit-Remaining", "0"), ("RateLimit-Reset", str(int(self.time.now() + seconds))))
        fault(self, Call.CANCEL, status=429, message="Retry later", headers=headers)

    def too_often(self, seconds: int | None, times: int = 2) -> None:
        """Answer as the limit of an action does."""
        headers = () if seconds is None else (("Retry-After", str(seconds)),)
        fault(self, Call.CANCEL, status=429, message="too many requests", headers=headers, times=times)

    def _change(self, job: Job, status: str) -> None:
        with self.service.lock:
            change(job, status, self.time.now())
            refresh(job.pipeline, self.time.now(), self.world.life)
