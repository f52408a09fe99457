"""Which of what is in flight is protected: by its job's name, its current stage, or one that is to come?

Stages cost a request for each build, so they are read only where the job's name says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gate.core.work import Outcome, Protects
from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.inflight import Queued, Running
from gate.providers.jenkins.stages import Stage, Stages, still_to_come
from gate.providers.jenkins.targets import Findings, InFlight
from gate.providers.protocol import Each, NotDone

_BRANCHED = ("MultiBranchProject", "MatrixProject", "MavenModuleSet")

Match = tuple[InFlight, str]
Names = tuple[str, ...] | NotDone | None


class Matching:
    """Knows the names of one controller's jobs and stages; remembers what it has asked."""

    def __init__(self, controller: Controller, stages: Stages) -> None:
        self._controller = controller
        self._stages = stages
        self._branched: dict[str, bool] = {}

    def protected(
        self, flights: Sequence[InFlight], protects: Protects, each: Each, findings: Findings
    ) -> Iterator[Match]:
        """Yield what is protected with the name by which it is."""
        left: list[InFlight] = []
        by_name: dict[str, str | None] = {}
        for one in flights:
            if one.job not in by_name:
                by_name[one.job] = self.name_of(one, protects, findings)
            match = by_name[one.job]
            if match:
                yield one, match
            elif one.pipeline:
                left.append(one)
        if left:
            yield from self._by_stage(left, protects, each, findings)

    def name_of(self, one: InFlight, protects: Protects, findings: Findings) -> str | None:
        """Return the name that is protected: the job's, or of a branch the project's that it is in."""
        match = names.matched(protects, one.project)
        above = names.parent_of(one.job)
        if match or not above:
            return match
        match = names.matched(protects, names.full_name(above))
        return match if match and self._is_branched(above, findings) else None

    def known(self, one: InFlight, protects: Protects) -> str | None:
        """Return the name that is protected, by what was asked before: nothing is asked now."""
        match = names.matched(protects, one.project)
        above = names.parent_of(one.job)
        if match is None and self._branched.get(above):
            match = names.matched(protects, names.full_name(above))
        if match is None:
            stage = protects.matched(self._stages.known(one.job))
            match = names.shown(stage) if stage else None
        return match

    def _is_branched(self, path: str, findings: Findings) -> bool:
        """Return whether what is below a path are branches of one job, and no jobs of their own."""
        if path not in self._branched:
            what = f"the folder {names.shown(names.full_name(path))}"
            try:
                document = self._controller.read(path, "name", what)
            except NotDone as error:
                findings.trouble(what, error)
                document = {}
            self._branched[path] = str(document.get("_class", "")).endswith(_BRANCHED)
        return self._branched[path]

    def _by_stage(
        self, left: Sequence[InFlight], protects: Protects, each: Each, findings: Findings
    ) -> Iterator[Match]:
        builds = [one for one in left if isinstance(one, Running)]
        try:
            self._stages.look_for_api(build.path for build in builds)
        except NotDone as error:
            findings.trouble("the stages of its pipelines", error)
            return
        if self._stages.missing:
            findings.trouble("the stages of its pipelines", self._no_plugin(len(left)))
            return
        reached: dict[str, tuple[Stage, ...]] = {}
        undecided: list[InFlight] = [one for one in left if isinstance(one, Queued)]
        for build, stages in zip(builds, each(self._stages_of, builds), strict=True):
            if isinstance(stages, NotDone):
                findings.trouble_with(build, stages)
            elif stages is not None:
                match = protects.matched(stage.name for stage in stages if not stage.over)
                if match:
                    yield build, names.shown(match)
                else:
                    reached[build.path] = stages
                    undecided.append(build)
        yield from self._by_stage_to_come(undecided, reached, protects, each, findings)

    def _by_stage_to_come(
        self,
        undecided: Sequence[InFlight],
        reached: Mapping[str, tuple[Stage, ...]],
        protects: Protects,
        each: Each,
        findings: Findings,
    ) -> Iterator[Match]:
        known = self._stages_by_job(dict.fromkeys(one.job for one in undecided), each)
        first = 0
        for one in undecided:
            stages = known[one.job]
            if isinstance(stages, NotDone):
                findings.trouble_with(one, stages)
            elif stages is None:
                first += 1
            else:
                done = reached.get(one.path, ()) if isinstance(one, Running) else ()
                match = protects.matched(still_to_come(stages, done))
                if match:
                    yield one, names.shown(match)
        if first:
            findings.notes.append(
                f"{self._controller.teller.host}: {first} pipelines run for the first time, so that the "
                "stages they will come to are not known; they were left alone"
            )

    def _stages_by_job(self, jobs: Iterable[str], each: Each) -> Mapping[str, Names]:
        """Return what each job goes through: by its own last good build, by other branches, by any build."""
        known: dict[str, Names] = {}
        self._ask_all(known, self._stages.successful, jobs, each)
        left = [job for job, stages in known.items() if stages is None]
        beside: dict[str, Names] = {}
        self._ask_all(beside, self._stages.of_branches, dict.fromkeys(map(names.parent_of, left)), each)
        known.update((job, beside[names.parent_of(job)]) for job in left)
        self._ask_all(known, self._stages.completed, [job for job in left if known[job] is None], each)
        return known

    def _ask_all(
        self,
        known: dict[str, Names],
        call: Callable[[str], tuple[str, ...] | None],
        paths: Iterable[str],
        each: Each,
    ) -> None:
        def asked(path: str) -> Names:
            try:
                return call(path)
            except NotDone as error:
                return error

        paths = list(paths)
        known.update(zip(paths, each(asked, paths), strict=True))

    def _stages_of(self, build: Running) -> tuple[Stage, ...] | NotDone | None:
        try:
            return self._stages.of(build.path)
        except NotDone as error:
            return error

    def _no_plugin(self, pipelines: int) -> NotDone:
        return NotDone(
            Outcome.FAILED,
            f"{self._controller.teller.host}: no plugin shows the stages of {pipelines} pipelines; install "
            "pipeline-graph-view, or protect them by the names of their jobs",
        )
