"""How is it held back what comes after a gate step, in its own build and in what that has started?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gate.core.event import Target
from gate.core.reason import listed
from gate.core.work import Asked, Origin, Outcome, Protects, Status, Work
from gate.providers.jenkins import names
from gate.providers.jenkins.actions import UPSTREAM, Cause, parse_causes
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.jenkins.downstream import Left, Rest, started_by, what_is_left
from gate.providers.jenkins.inflight import Running
from gate.providers.jenkins.kept_back import KEPT_BACK
from gate.providers.jenkins.matching import Matching
from gate.providers.jenkins.targets import Findings, newest_of, target_of, work_of
from gate.providers.jenkins.watching import result_of, stop_and_watch
from gate.providers.protocol import NotDone, Result


class Holding:
    """A build, connected.

    Args:
        connection: its controller.
        path: the build's, below the controller's root.
        name: of the build, for people.
        sleep: waits, given seconds.

    Raises:
        ValueError: the path is no build's.
    """

    def __init__(
        self, connection: JenkinsConnection, path: str, name: str, sleep: Callable[[float], object]
    ) -> None:
        build = names.split_build(path)
        if build is None:
            raise ValueError(path)
        self._connection = connection
        self._sleep = sleep
        self._path = path
        self._job, number = build
        self._target = target_of(
            connection.member, names.full_name(self._job), "run", str(number), name, path
        )

    def annotate(self, reason: str) -> Result:
        """Add the reason to the build's description."""
        origin = Origin(workflow=self._target.project)
        work = Work(target=self._target, matched="", status=Status.RUNNING, word="building", origin=origin)
        asked = self._connection.annotate(work, reason)
        return result_of(self._target, asked.outcome or Outcome.DONE, asked.detail)

    def stop_itself(self) -> Sequence[Result]:
        """Stop the build and watch it end."""
        return self._stop([self._target])

    def stop_elsewhere(self, protects: Protects, reason: str) -> Iterator[Result]:
        """Stop the protected builds and queue items that this build has started; first say why on them.

        Args:
            protects: what is protected.
            reason: why; empty says nothing.
        """
        findings = Findings(member=self._connection.member)
        listing = self._connection.search.in_flight(findings, causes=True)
        mine = Cause(project=self._target.project, number=int(self._target.id))

        def causes_of(cause: Cause) -> tuple[Cause, ...]:
            path = f"{names.job_path(cause.project)}{cause.number}/"
            tree = f"actions[{UPSTREAM}]"
            try:
                document = self._connection.controller.find(path, tree, cause.project)
            except NotDone as error:
                findings.trouble(f"{names.shown(cause.project)} #{cause.number}", error)
                return ()
            return parse_causes((document or {}).get("actions"))

        started = started_by(mine, listing.all, protects, causes_of)
        newest = newest_of(listing.builds, listing.items)
        matching = Matching(self._connection.controller, self._connection.stages)
        work = []
        for one, match in matching.protected(started, protects, map, findings):
            work.append(work_of(self._connection.member, one, match, newest))
            if isinstance(one, Running):
                self._connection.stopping.note(work[-1].target, one)
                asked = self._connection.annotate(work[-1], reason) if reason else Asked()
                if asked.outcome in (Outcome.REFUSED, Outcome.FAILED):
                    yield result_of(work[-1].target, asked.outcome, asked.detail)
        for problem in findings.problems:
            outcome = problem.asked.outcome or Outcome.FAILED
            yield result_of(problem.target, outcome, problem.asked.detail)
        yield from self._stop([one.target for one in work])

    def stop_where_all_is_protected(self, protects: Protects, stage: str) -> Sequence[Result]:
        """Stop the build where nothing is left of it that is not protected.

        Args:
            protects: what is protected.
            stage: the stage in which the gate step is.

        Raises:
            NotDone: what is left cannot be seen.
        """
        connection = self._connection
        document = connection.controller.read(self._path, "building", self._target.name)
        pipeline = str(document.get("_class", "")).endswith("WorkflowRun")
        own = Running(path=self._path, pipeline=pipeline)
        matching = Matching(connection.controller, connection.stages)
        if matching.name_of(own, protects, Findings(member=connection.member)):
            return self.stop_itself()
        if not pipeline:
            return self._would_start(protects)
        stages = connection.stages.of(self._path)
        before = None if stages is None else connection.stages.before(self._job)
        rest = what_is_left(stages or (), before, stage, protects)
        if rest.left is Left.PROTECTED:
            return self.stop_itself()
        return _left_alone(rest, no_plugin=connection.stages.missing)

    def _stop(self, targets: Sequence[Target]) -> Sequence[Result]:
        gone = Outcome.FAILED if targets == [self._target] else Outcome.ALREADY_FINISHED
        return stop_and_watch(self._connection, targets, self._sleep, gone)

    def _would_start(self, protects: Protects) -> Sequence[Result]:
        """Tell which protected jobs this build would start once it has succeeded, which it does not now."""
        document = self._connection.controller.read(
            self._job, "downstreamProjects[url]", names.shown(self._target.project)
        )
        found = document.get("downstreamProjects")
        paths = [names.below_root(str(one.get("url", ""))) for one in found or () if isinstance(one, dict)]
        projects = [names.full_name(path) for path in paths if path]
        detail = (
            "Jenkins starts it when this build has succeeded; the gate step's exit code fails it, "
            "and --cancel-run aborts it"
        )
        started = tuple(
            Result(target=f"job {names.shown(project)}", outcome=Outcome.REFUSED, detail=detail)
            for project in projects
            if names.matched(protects, project)
        )
        return started or _left_alone(Rest(left=Left.NOTHING), no_plugin=False)


def _left_alone(rest: Rest, *, no_plugin: bool) -> Sequence[Result]:
    """Say why the build itself goes on."""
    match rest.left:
        case Left.NOTHING:
            return (
                Result(
                    target="stages", outcome=Outcome.DONE, detail="nothing protected is left of this build"
                ),
            )
        case Left.MIXED:
            why = f"{listed(rest.names)} is left too and is not protected"
        case Left.UNKNOWN | Left.PROTECTED if no_plugin:
            why = "no plugin shows which are left; install pipeline-graph-view"
        case Left.UNKNOWN | Left.PROTECTED:
            why = "no build of this job has ended yet, so that what is left of it is not known"
    detail = f"Jenkins cannot abort one stage, and {why}; {KEPT_BACK}"
    return (Result(target="stages", outcome=Outcome.REFUSED, detail=detail),)
