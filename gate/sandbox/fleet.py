"""What does a fleet of any size look like? Seeded, the same for every provider.

Same specification, same fleet: names, jobs, which of them a lab's `protect:` patterns match,
and runs in given states. An emulator turns it into its own repositories, projects or jobs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    """Where a run is. The first five are in flight."""

    RUNNING = "running"
    QUEUED = "queued"
    PENDING = "pending"
    WAITING = "waiting"
    CREATED = "created"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def in_flight(self) -> bool:
        """Whether the run is not finished."""
        return self not in {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}


class Behaviour(StrEnum):
    """What a run does when it is told to stop.

    `OBEYS` stops, `NEEDS_FORCE` stops only when forced, `STUCK` never stops.
    """

    OBEYS = "obeys"
    NEEDS_FORCE = "needs_force"
    STUCK = "stuck"


class Match(StrEnum):
    """By which of its names a pipeline is protected; `NOTHING` means that it is not."""

    NAME = "name"
    FILE = "file"
    JOB = "job"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSpec:
    """What a fleet is made from.

    Attributes:
        owner: organisation, group or folder.
        projects: how many.
        pipelines: how many each project has, at least two: one protected, one not.
        runs: runs in flight over the whole fleet.
        finished: finished runs for each pipeline.
        seed: the same number gives the same fleet.
        protected_share: the part of the runs in flight that a lab's patterns match.
        states: which states runs in flight have, by weight.
        needs_force: the part of them that stops only when forced.
        stuck: the part that never stops.
        odd_names: the part of the pipelines whose names hold spaces, slashes, per cent
            signs and letters beyond ASCII.
        protect: shell patterns that protected names are made from; empty for a lab's usual ones.
        named: shell patterns that project names are made from, in turn; empty for made-up names.
    """

    owner: str = "acme"
    projects: int = 300
    pipelines: int = 3
    runs: int = 1000
    finished: int = 2
    seed: int = 7
    protected_share: float = 1 / 3
    states: tuple[tuple[RunState, float], ...] = (
        (RunState.RUNNING, 0.6),
        (RunState.QUEUED, 0.25),
        (RunState.WAITING, 0.07),
        (RunState.PENDING, 0.05),
        (RunState.CREATED, 0.03),
    )
    needs_force: float = 0.0
    stuck: float = 0.0
    odd_names: float = 0.05
    protect: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededPipeline:
    """One definition that runs come from: a workflow, a pipeline file, a job.

    Attributes:
        name: as its author wrote it.
        stem: the name of its file without ending.
        jobs: names of its jobs or stages in their order; where `match` is `JOB`, the last one matches.
        match: by which name the default patterns match it.
    """

    name: str
    stem: str
    jobs: tuple[str, ...]
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededRun:
    """One run.

    Attributes:
        pipeline: its place in `SeededProject.pipelines`.
        number: counts the pipeline's runs, from 1.
        state: where it is.
        behaviour: what it does when told to stop.
        branch: may hold slashes and letters beyond ASCII.
        title: the first line of its commit.
        actor: who started it.
        age: seconds since it was started.
        done_jobs: how many of the pipeline's jobs are finished; never all of one in flight.
    """

    pipeline: int
    number: int
    state: RunState
    behaviour: Behaviour
    branch: str
    title: str
    actor: str
    age: float
    done_jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededProject:
    """One project with its pipelines and its runs, oldest first."""

    name: str
    pipelines: tuple[SeededPipeline, ...]
    runs: tuple[SeededRun, ...]


_PARTS = ("panda", "fibre", "prism", "optics", "sensor", "cable", "tunnel", "rail", "quake", "perimeter")
_KINDS = ("api", "ui", "tests", "core", "agent", "deploy", "tools", "data")
_BRANCHES = ("main", "main", "develop", "release/10.4", "feature/größe-50%", "fix/loss of light")
_TITLES = ("Raise the pulse rate", "Fix gain drift", "Größe prüfen, 50 % weniger", "Merge <main> & tidy")
_PEOPLE = ("noa", "eitan", "dana", "release-bot")
_PLAIN = (("Unit tests", "unit"), ("Lint", "lint"), ("Build image", "build"), ("Documentation", "docs"))
_ODD = ("Täglich / 100 %", "nightly %2F build", "проверка кода", "release → stage")
_PROTECTED = {
    Match.NAME: (("load-live", "nightly"), ("Configure lab", "lab"), ("LOAD soak 24h", "soak")),
    Match.FILE: (("Live system", "load-live"), ("Lab set-up", "configure-lab")),
    Match.JOB: (("Integration", "integration"), ("Release check", "release")),
}
_PROTECTED_JOBS = ("configure-lab", "load-live-job", "Configure / größe 100%")
_DAY = 86400.0


def seed_fleet(spec: FleetSpec) -> tuple[SeededProject, ...]:
    """Return the fleet that a specification describes."""
    rng = random.Random(spec.seed)
    names = [_project_name(rng, spec, index) for index in range(spec.projects)]
    pipelines = [_pipelines(rng, spec) for _ in names]
    placed: list[list[tuple[int, bool]]] = [[] for _ in names]
    protected_runs = round(spec.runs * spec.protected_share)
    for index in range(spec.runs if names else 0):
        # In turn, so that no project stays empty, and then shuffled over the pipelines.
        protected = index < protected_runs
        project = index % spec.projects if protected else rng.randrange(spec.projects)
        placed[project].append((_pick(rng, pipelines[project], protected), True))
    for project, own in enumerate(pipelines):
        placed[project] += [(place, False) for place in range(len(own)) for _ in range(spec.finished)]
    return tuple(
        SeededProject(name=name, pipelines=own, runs=_runs(rng, spec, own, where))
        for name, own, where in zip(names, pipelines, placed, strict=True)
    )


def _project_name(rng: random.Random, spec: FleetSpec, index: int) -> str:
    made_up = f"{rng.choice(_PARTS)}-{rng.choice(_KINDS)}-{index + 1:03}"
    if not spec.named:
        return made_up
    pattern = spec.named[index % len(spec.named)].rpartition("/")[2]
    name = _from_pattern(pattern, made_up)
    # A pattern without a star names one project; further ones would be that project again.
    return name if "*" in pattern or index < len(spec.named) else made_up


def _from_pattern(pattern: str, filling: str) -> str:
    """Return a name that a shell pattern matches: ``load*`` is ``load-live`` with ``-live``."""
    return re.sub(r"\[!?(.)[^]]*\]|\?", lambda found: found[1] or "x", pattern).replace("*", filling)


def _pipelines(rng: random.Random, spec: FleetSpec) -> tuple[SeededPipeline, ...]:
    """Return the pipelines of one project: about a third protected, never all and never none."""
    count = max(2, spec.pipelines)
    protected = max(1, count // 3)
    ways = [rng.choice((Match.NAME, Match.NAME, Match.FILE, Match.JOB)) for _ in range(protected)]
    made = [_protected(rng, spec, way, place) for place, way in enumerate(ways)]
    for place in range(count - protected):
        name, stem = _PLAIN[place % len(_PLAIN)]
        if rng.random() < spec.odd_names:
            name = rng.choice(_ODD)
        jobs = ("checkout", stem, "report")
        made.append(SeededPipeline(name=name, stem=_numbered(stem, place), jobs=jobs, match=Match.NOTHING))
    return tuple(made)


def _protected(rng: random.Random, spec: FleetSpec, way: Match, place: int) -> SeededPipeline:
    name, stem = rng.choice(_PROTECTED[way])
    last = rng.choice(_PROTECTED_JOBS) if way is Match.JOB else "live"
    if spec.protect:
        own = _from_pattern(rng.choice(spec.protect), "-live")
        match way:
            case Match.NAME:
                name = own
            case Match.FILE:
                stem = own
            case _:
                last = own
    # Behind the stem, not before it: the pattern is load*.
    return SeededPipeline(
        name=name, stem=_numbered(stem, place * len(_PLAIN)), jobs=("build", "unit", last), match=way
    )


def _numbered(stem: str, place: int) -> str:
    round_ = place // len(_PLAIN)
    return f"{stem}-{round_ + 1}" if round_ else stem


def _pick(rng: random.Random, pipelines: Sequence[SeededPipeline], protected: bool) -> int:
    places = [i for i, p in enumerate(pipelines) if (p.match is not Match.NOTHING) is protected]
    return rng.choice(places)


def _runs(
    rng: random.Random,
    spec: FleetSpec,
    pipelines: Sequence[SeededPipeline],
    where: Sequence[tuple[int, bool]],
) -> tuple[SeededRun, ...]:
    numbers = [0] * len(pipelines)
    runs = []
    for place, in_flight in sorted(where, key=lambda item: item[1]):
        numbers[place] += 1
        runs.append(_run(rng, spec, place, len(pipelines[place].jobs), in_flight, numbers[place]))
    return tuple(runs)


def _run(
    rng: random.Random, spec: FleetSpec, place: int, jobs: int, in_flight: bool, number: int
) -> SeededRun:
    state = rng.choices(*zip(*spec.states, strict=True))[0] if in_flight else _ended(rng)
    done = jobs if not in_flight else rng.randrange(jobs) if state is RunState.RUNNING else 0
    return SeededRun(
        pipeline=place,
        number=number,
        state=state,
        behaviour=_behaviour(rng.random(), spec) if in_flight else Behaviour.OBEYS,
        branch=rng.choice(_BRANCHES),
        title=rng.choice(_TITLES),
        actor=rng.choice(_PEOPLE),
        age=rng.uniform(30, 3600) if in_flight else rng.uniform(2, 20) * _DAY,
        done_jobs=done,
    )


def _ended(rng: random.Random) -> RunState:
    return rng.choices((RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED), (8, 2, 1))[0]


def _behaviour(drawn: float, spec: FleetSpec) -> Behaviour:
    if drawn < spec.stuck:
        return Behaviour.STUCK
    return Behaviour.NEEDS_FORCE if drawn < spec.stuck + spec.needs_force else Behaviour.OBEYS
