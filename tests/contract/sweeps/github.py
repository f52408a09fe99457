"""An emulated GitHub: what is in flight is a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from gate.core.secret import Secret
from gate.providers import github
from gate.providers.protocol import Connection, Member
from gate.sandbox.clock import Clock
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import Behaviour, FleetSpec
from gate.sandbox.github import lifecycle
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import PRIMARY, SECONDARY, LimitSettings
from gate.sandbox.github.model import Repository, Run, Workflow
from gate.sandbox.github.timeline import end as end_run
from gate.sandbox.server import SandboxServer
from tests.contract.sweeps.lab import NAME, Call, May, PatientPace, Pattern, State, Time, Watched, fault

TOKEN: Final = "ghp_0123456789abcdefABCDEF0123456789abcd"
_STATUS = {State.RUNNING: "in_progress", State.QUEUED: "queued", State.WAITING: "waiting"}
_DENIED = {
    May.CANCEL: {"actions": "read"},
    May.SWITCH: {"actions": "read"},
    May.LIST: {"actions": "none"},
    May.HOLD_EVERYWHERE: {"organization_actions_variables": "none"},
    May.HOLD: {"actions_variables": "none"},
}


class GitHubLab:
    """GitHub, and the organisation ``acme`` in it."""

    provider = "github"
    holds = 1

    def __init__(self, time: Time | None = None) -> None:
        self.time = time or Time()
        options = GitHubOptions(fleet=FleetSpec(projects=0, runs=0), limits=LimitSettings(enabled=False))
        self.service = GitHub(options, Clock(source=self.time.now))
        self.world = self.service.world
        self.organization = self.world.add_organization("acme")
        self.projects = [self.world.add_repository("acme", name) for name in ("panda", "fibre")]
        self.watched = Watched(self.service)
        self.server = SandboxServer(self.watched)
        self.calls = {
            Call.CANCEL: Pattern(method="POST", path="*/cancel"),
            Call.LIST: Pattern(method="GET", path="*/actions/runs"),
            Call.LOOK: Pattern(method="POST", path="/graphql"),
            Call.HOLD: Pattern(path="*/actions/variables*"),
            Call.SWITCH: Pattern(method="PUT", path="*/actions/workflows/*"),
            Call.RERUN: Pattern(method="POST", path="*/rerun"),
            Call.ANY: Pattern(),
        }
        self.seen_apart = (Pattern(path="*/panda/actions/runs"), Pattern(path="*/panda/actions/workflows"))

    @property
    def member(self) -> Member:
        """The organisation."""
        return Member(
            provider="github", url=self.server.root, root="acme", environment="staging", token=Secret(TOKEN)
        )

    def connect(self, member: Member | None = None) -> Connection:
        """Return PyGithub's adapter."""
        return github.connect(member or self.member, PatientPace(self.time, write_points=5.0))

    def begin(
        self,
        state: State = State.RUNNING,
        *,
        name: str = NAME,
        project: int = 0,
        behaviour: Behaviour = Behaviour.OBEYS,
        grouped: bool = False,
    ) -> Run:
        """Begin a run; its concurrency group takes one at a time."""
        repository = self.projects[project]
        workflow = self._workflow(repository, name)
        workflow.concurrency = "lab" if grouped else None
        with self.service.lock:
            run = self.world.add_run(repository, workflow, status=_STATUS[state])
        run.behaviour = behaviour
        return run

    def state(self, thing: Run) -> State:
        """Return where a run is."""
        for repository in self.projects:
            self.world.settled(repository)
        if thing.active:
            return {status: state for state, status in _STATUS.items()}[thing.status]
        return State.STOPPED if thing.conclusion == "cancelled" else State.ENDED

    def reason_on(self, thing: Run) -> str:
        """Return the statuses of the run's commit."""
        return " ".join(one.description or "" for one in self._home(thing).statuses if one.sha == thing.sha)

    def own_target_environ(self, thing: Run) -> dict[str, str]:
        """Return what GitHub tells a job."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": self._home(thing).full_name,
            "GITHUB_RUN_ID": str(thing.id),
        }

    def end(self, thing: Run) -> None:
        """Let a run succeed."""
        with self.service.lock:
            home = self._home(thing)
            end_run(thing, self.time.now(), "success")
            home.active.pop(thing.id, None)

    def start(self, thing: Run) -> None:
        """Let a queued run begin."""
        with self.service.lock:
            thing.status, thing.jobs[0].status = "in_progress", "in_progress"

    def stop(self, thing: Run) -> None:
        """Cancel a run."""
        with self.service.lock:
            lifecycle.cancel(thing, self.time.now())

    def remove(self, thing: Run) -> None:
        """Delete the run's repository."""
        with self.service.lock:
            self.world.remove(self._home(thing))

    def move(self, thing: Run) -> None:
        """Rename the run's repository."""
        with self.service.lock:
            self.world.rename(self._home(thing), "moved")

    def starts(self, thing: Run) -> int:
        """Return how many attempts there are beside the first."""
        return thing.attempt - 1

    def start_again(self, thing: Run) -> None:
        """Rerun a run."""
        with self.service.lock:
            timing = self.world.timing
            lifecycle.rerun(self._home(thing), thing, self.time.now(), timing, new_id=self.world.new_id)

    def trigger(self, *, on: bool = True) -> Workflow:
        """Make a workflow; one that is off was disabled by GitHub itself."""
        made = self._workflow(self.projects[0], "load-nightly")
        made.state = "active" if on else "disabled_inactivity"
        return made

    def is_on(self, trigger: Workflow) -> bool:
        """Return whether a workflow is active."""
        return trigger.state == "active"

    def switch(self, trigger: Workflow, *, on: bool) -> None:
        """Enable or disable a workflow."""
        trigger.state = "active" if on else "disabled_manually"

    def meddle(self, trigger: Workflow) -> None:
        """Let GitHub disable a workflow for good."""
        trigger.state = "disabled_inactivity"

    def hold_texts(self) -> list[str]:
        """Return the organisation's variable, then the repositories'."""
        holders: list[Any] = [self.organization, *self.projects]
        return [one.variables["GATE_HOLD"].value for one in holders if "GATE_HOLD" in one.variables]

    def put_hold(self, text: str | None) -> None:
        """Write the organisation's variable."""
        if text is None:
            self.organization.variables.pop("GATE_HOLD", None)
        else:
            self.world.set_variable(self.organization, "GATE_HOLD", text)

    def deny(self, *what: May) -> None:
        """Take permissions from the token, as far as GitHub has such ones."""
        grant = self.service.tokens.grant(f"Bearer {TOKEN}")
        permissions = dict(grant.permissions)
        for one in what:
            permissions |= _DENIED.get(one, {})
        self.service.tokens.announce(TOKEN, replace(grant, permissions=permissions))
        if May.FORCE in what:
            harder = Pattern(method="POST", path="*/force-cancel")
            fault(self, harder, status=403, message="Must have admin rights to Repository.", times=99)

    def expire(self) -> None:
        """Let the token expire."""
        grant = self.service.tokens.grant(f"Bearer {TOKEN}")
        self.service.tokens.announce(TOKEN, replace(grant, expired=True))

    def spend_the_limit(self, seconds: float) -> None:
        """Use up the hour, with the headers that say so."""
        headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(int(self.time.now() + seconds))))
        fault(self, Call.CANCEL, status=403, message=PRIMARY, headers=headers)

    def too_often(self, seconds: int | None, times: int = 2) -> None:
        """Answer as a secondary rate limit does."""
        headers = () if seconds is None else (("Retry-After", str(seconds)),)
        fault(
            self, Call.CANCEL, FaultKind.STATUS, status=403, message=SECONDARY, headers=headers, times=times
        )

    def _home(self, run: Run) -> Repository:
        return next(one for one in self.projects if run.id in one.runs)

    def _workflow(self, repository: Repository, name: str) -> Workflow:
        known = next((one for one in repository.workflows.values() if one.name == name), None)
        number = len(repository.workflows)
        return known or self.world.add_workflow(repository, name, f"flow-{number}.yml", ("build", "live"))
