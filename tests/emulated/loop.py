"""A story's fleet: an emulated GitHub, GitLab and Jenkins, and a Focus server, all asked by HTTP.

A run is in flight on its server until its script ends it there, or gate has it stopped; what a run
configures, and what a gate step or a tick reads, is a request that the Focus server counts. The
ledger is a file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import requests

from gate.core.model import Environment, Reading, Verdict
from gate.fleet.members import Post
from gate.fleet.pool import Pool
from gate.fleet.state import open_state
from gate.fleet.state.protocol import Ledger
from gate.probe.focus_server import read_focus_server
from gate.providers import step_here
from gate.providers.gitlab.pipeline_name import START
from gate.sandbox.focus import FocusServer, FocusState
from gate.sandbox.github.timeline import Timing
from tests.conftest import serving
from tests.contract.sweeps.github import GitHubLab
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.jenkins import JenkinsLab
from tests.contract.sweeps.lab import Lab, State, Time, served
from tests.contract.test_recheck import fail, hold_back
from tests.unit.fleet.loop import LAB, Job, Loop, Run

CONFIGURE: Final = "POST /configure"
BEGINS: Final = 0.2  # runs a minute
_LONG: Final = 1e7
_NAMES: Final = ("load-live", "load-soak")
_GOING: Final = (State.QUEUED, State.RUNNING, State.WAITING)


@dataclass(slots=True, kw_only=True)
class EmulatedRun:
    """Something on a server, and what has taken its place there since."""

    lab: Any
    thing: Any
    configured: bool = False

    @property
    def attempt(self) -> int:
        return 1 + int(self.lab.starts(self.thing))

    @property
    def running(self) -> bool:
        return self._state() is State.RUNNING

    @property
    def going(self) -> bool:
        return self._state() in _GOING

    @property
    def stopped(self) -> bool:
        return self._state() is State.STOPPED

    def report(self, *, configured: bool) -> None:
        self.configured = configured

    def end(self) -> None:
        if self.configured:
            self.lab.end(self.newest)
        else:
            fail(self.lab, self.newest)

    def held_back(self) -> None:
        """End at a closed gate step: a warning that skips the rest, on GitLab a job that has failed."""
        if self.lab.provider == "gitlab":
            fail(self.lab, self.newest)
        else:
            self.lab.end(self.newest)

    @property
    def newest(self) -> Any:
        """What runs in its place now."""
        match self.lab.provider:
            case "gitlab":
                jobs = self.thing.pipeline.jobs
                return max((job for job in jobs if job.spec is self.thing.spec), key=lambda job: job.id)
            case "jenkins":
                builds = self.thing.item.builds.values()
                same = (build for build in builds if build.parameters == self.thing.parameters)
                return max(same, key=lambda build: build.number)
        return self.thing

    def _state(self) -> State:
        self.lab.state(self.thing)  # lets everything happen that was due
        return State(self.lab.state(self.newest))


class Servers:
    """`tests.unit.fleet.loop.Outside` over HTTP.

    Args:
        chance: decides what begins where, and where a gate step can write.
        labs: GitHub, GitLab and Jenkins, served, in one time.
        focus: the Focus server, served.
        ledger: where all that gate does is kept.
    """

    def __init__(
        self, chance: random.Random, labs: Sequence[Lab], focus: FocusServer, ledger: Ledger
    ) -> None:
        self.ledger = ledger
        self.labs = labs
        self.time = labs[0].time
        self.focus = focus
        self.turn(fibre=True)
        self._chance = chance
        self._lab = Environment(name=LAB, focus_server=focus.url)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time.now(), UTC)

    def pass_minute(self) -> None:
        self.time.sleep(60.0)

    def turn(self, *, fibre: bool) -> None:
        self.focus.state = FocusState.READY if fibre else FocusState.WAITING

    def read(self) -> Reading:
        return read_focus_server(self._lab)

    def configure(self) -> bool:
        return requests.post(f"{self.focus.url}/configure", json={}, timeout=10).ok

    def begin(self) -> Job | None:
        chance = self._chance
        lab: Any = chance.choice(self.labs)
        project = chance.randint(0, 1)
        # A GitLab project has one kind of pipeline.
        name = _NAMES[project] if lab.provider == "gitlab" else chance.choice(_NAMES)
        if is_off(lab, name, project):
            return None
        run = EmulatedRun(lab=lab, thing=lab.begin(name=name, project=project))
        return Job(run=run, work=(lab.provider, project, name))

    def hold_back(self, run: Run, said: Verdict, append: Callable[[Any], None]) -> None:
        assert isinstance(run, EmulatedRun)
        if self._chance.random() < 0.5:
            step = step_here(run.lab.provider, step_environ(run))
            assert step is not None
            hold = said.hold.id if said.hold else ""
            append(replace(step, environment=said.environment, code=said.code, hold=hold))
        else:
            hold_back(run.lab, run.newest, said.reason)
        run.held_back()

    def let_go(self, run: Run) -> None:
        assert isinstance(run, EmulatedRun)
        if run.lab.provider == "gitlab" and (run.thing.pipeline.name or "").startswith(START):
            run.thing.pipeline.name = "my own name"

    @contextmanager
    def posts(self) -> Iterator[Sequence[Post]]:
        posts = [Post(connection=lab.connect(), pool=Pool(2)) for lab in self.labs]
        try:
            yield posts
        finally:
            for post in posts:
                post.pool.close()
                post.connection.close()

    def tick(self, process: Callable[[], object]) -> None:
        process()

    def rest(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        self.time.sleep(seconds)


def left_over(labs: Sequence[Any]) -> list[str]:
    """Return what gate has changed at the servers and not put back: holds, and what it switched off."""
    github, gitlab, jenkins = labs
    found = [text for lab in labs for text in lab.hold_texts()]
    found += [
        flow.path for one in github.projects for flow in one.workflows.values() if flow.state != "active"
    ]
    schedules = (one for project in gitlab.projects for one in project.schedules.values())
    found += [one.description for one in schedules if not one.active]
    found += [
        item.full_name for folder in jenkins.folders for item in folder.children.values() if item.disabled
    ]
    return found


def is_off(lab: Any, name: str, project: int) -> bool:
    """Return whether a workflow, or job, is switched off; on GitLab a push begins a pipeline all the same."""
    match lab.provider:
        case "github":
            workflows = lab.projects[project].workflows.values()
            return any(one.name == name and one.state != "active" for one in workflows)
        case "jenkins":
            item = lab.folders[project].children.get(name)
            return item is not None and item.disabled
    return False


def step_environ(run: EmulatedRun) -> dict[str, str]:
    """Return what a CI system tells the gate step in a run."""
    environ: dict[str, str] = run.lab.own_target_environ(run.newest)
    member = run.lab.member
    match run.lab.provider:
        case "github":
            home = environ["GITHUB_REPOSITORY"]
            file = f"{home}/{run.thing.workflow.path}@refs/heads/{run.thing.branch}"
            return environ | {
                "GITHUB_API_URL": member.url,
                "GITHUB_RUN_ATTEMPT": str(run.thing.attempt),
                "GITHUB_WORKFLOW_REF": file,
                "GITHUB_REF_NAME": run.thing.branch,
                "GITHUB_SHA": run.thing.sha,
            }
        case "gitlab":
            pipeline = run.thing.pipeline
            return environ | {
                "CI_SERVER_URL": member.url,
                "CI_PROJECT_ID": str(pipeline.project.id),
                "CI_PIPELINE_ID": str(pipeline.id),
                "CI_JOB_NAME": run.newest.spec.name,
                "CI_COMMIT_REF_NAME": pipeline.ref,
                "CI_COMMIT_SHA": pipeline.sha,
            }
    return environ | {"JENKINS_URL": member.url}


@contextmanager
def story(seed: int, folder: Path, people: float = 0.0) -> Iterator[Loop]:
    """Begin a story with servers of its own; in every other one triggers are switched off as well."""
    time, chance = Time(), random.Random(seed)
    github = GitHubLab(time)
    github.world.timing = Timing(run=_LONG)
    labs: tuple[Lab, ...] = (github, GitLabLab(time), JenkinsLab(time))
    with ExitStack() as stack:
        for lab in labs:
            stack.enter_context(served(lab))
            lab.trigger()
        focus = stack.enter_context(serving(FocusServer()))
        url = f"sqlite:///{(folder / f'{seed}.db').as_posix()}"
        ledger = stack.enter_context(closing(open_state(url)))
        servers = Servers(chance, labs, focus, ledger)
        yield Loop(chance, servers, people=people, begins=BEGINS, suspends=seed % 2 == 1)
