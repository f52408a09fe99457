"""In which stage is a pipeline, and which are still to come?

Four plugins show stages, each in its own place, and an installation has one of them or none: the newest
pipeline-graph-view, its two older forms, and pipeline-rest-api of the stage view (read from source,
2026-11-24). Stages show only once they were started, so that those to come are known from the job's last
build that went through.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gate.core.reason import one_line
from gate.core.work import Outcome
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.names import below_root, full_name, parent_of, short, shown, split_build
from gate.providers.protocol import NotDone

_OVER: Final = frozenset({"success", "unstable", "failure", "skipped", "not_built", "aborted", "finished"})
_CURRENT_WFAPI: Final = frozenset({"IN_PROGRESS", "PAUSED_PENDING_INPUT"})
_PROBES: Final = 3
_BRANCHES: Final = 100
_USUAL: Final = ("main", "master", "trunk", "develop")


class StageApi(StrEnum):
    """Where stages show, below a build; the first that answers is taken."""

    TREE = "stages/tree"
    OVERVIEW = "pipeline-overview/tree"
    GRAPH = "pipeline-graph/tree"
    WFAPI = "wfapi/describe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage that was started, or skipped.

    Attributes:
        name: as its author wrote it.
        over: it is not in progress any more.
        above: names of the stages that it is in, outermost first.
        word: how it is or has ended, in lower case: ``success``, ``failure`` or ``failed`` …
    """

    name: str
    over: bool
    above: tuple[str, ...] = ()
    word: str = ""


class Stages:
    """The stages of one controller's pipelines; may be asked from several threads at once.

    Attributes:
        api: where they show; None while that is not known.
        missing: no plugin shows any.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._lock = threading.Lock()
        self._before: dict[str, tuple[str, ...]] = {}
        self.api: StageApi | None = None
        self.missing = False

    def look_for_api(self, builds: Iterable[str]) -> None:
        """Find out where stages show, by builds that are there.

        Raises:
            NotDone: the controller does not say.
        """
        with self._lock:
            for probe, build in enumerate(builds):
                if self.api is not None or self.missing or probe == _PROBES:
                    return
                self.api = self._answering(build)
                if self.api is None:
                    found = self._controller.find(build, "building", _what(build))
                    self.missing = found is not None

    def of(self, build: str) -> tuple[Stage, ...] | None:
        """Return the stages of a build in their order, None where the build is gone or shows none.

        Raises:
            NotDone: they cannot be seen.
        """
        if self.api is None:
            self.look_for_api([build])
        if self.api is None:
            return None
        answer = self._controller.ask("GET", f"{build}{self.api}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._controller.teller.not_done(answer, _what(build))
        document = self._controller.parse(answer, _what(build))
        try:
            return tuple(_parse(document, self.api))
        except (ValueError, RecursionError) as error:
            words = f"the stages of {_what(build)} cannot be read: {one_line(str(error), 120)}"
            raise NotDone(Outcome.FAILED, words) from None

    def before(self, job: str) -> tuple[str, ...] | None:
        """Return the names of the stages that a job goes through, None where no build tells.

        Raises:
            NotDone: they cannot be seen.
        """
        return self.successful(job) or self.of_branches(parent_of(job)) or self.completed(job)

    def successful(self, job: str) -> tuple[str, ...] | None:
        """Return the names of the stages that a job's last successful build had, None where there is none.

        Raises:
            NotDone: they cannot be seen.
        """
        return self._names(job, f"{job}lastSuccessfulBuild/")

    def completed(self, job: str) -> tuple[str, ...] | None:
        """Return the names of the stages that a job's last build had, which shows only how far it came.

        Raises:
            NotDone: they cannot be seen.
        """
        return self._names(job, f"{job}lastCompletedBuild/")

    def of_branches(self, above: str) -> tuple[str, ...] | None:
        """Return the names of the stages that branches of one project go through, None where that is none.

        The first build of a new branch has nothing else to go by.

        Args:
            above: the path of what a job is in; empty for the root.

        Raises:
            NotDone: they cannot be seen.
        """
        tree = f"jobs[url,lastSuccessfulBuild[number],lastCompletedBuild[number]]{{0,{_BRANCHES}}}"
        document = (self._controller.find(above, tree, shown(full_name(above))) if above else None) or {}
        if not str(document.get("_class", "")).endswith("MultiBranchProject"):
            return None
        branches = [build for one in document.get("jobs") or () if (build := _last_build(one))]
        usual = [build for build in branches if short(full_name(_job_of(build))) in _USUAL]
        return self._names(above, (usual or branches)[0]) if branches else None

    def known(self, job: str) -> tuple[str, ...]:
        """Return the stages that a job was found to go through, without asking."""
        return self._before.get(job) or self._before.get(parent_of(job)) or ()

    def _names(self, of: str, build: str) -> tuple[str, ...] | None:
        """Return the names of a build's stages, and remember them as those of a job or its branches."""
        if of not in self._before:
            stages = self.of(build)
            if stages is None:
                return None
            self._before[of] = tuple(dict.fromkeys(stage.name for stage in stages))
        return self._before[of]

    def _answering(self, build: str) -> StageApi | None:
        for api in StageApi:
            answer = self._controller.ask("GET", f"{build}{api}")
            if answer.status == 200:
                self._controller.parse(answer, _what(build))
                return api
            if answer.status != 404:
                raise self._controller.teller.not_done(answer, _what(build))
        return None


def still_to_come(before: Iterable[str], stages: Iterable[Stage]) -> tuple[str, ...]:
    """Return the stages of an earlier build that this one has not come to."""
    reached = {stage.name for stage in stages}
    return tuple(name for name in before if name not in reached)


def _parse(document: Mapping[str, Any], api: StageApi) -> Iterator[Stage]:
    if api is StageApi.WFAPI:
        for one in _listed(document):
            status = one.get("status")
            over = status not in _CURRENT_WFAPI
            yield Stage(name=str(one.get("name", "")), over=over, word=str(status).lower())
        return
    data = document.get("data")
    if not isinstance(data, dict):
        raise ValueError("data: expected an object")
    yield from _graph(_listed(data), ())


def _graph(stages: Iterable[Mapping[str, Any]], above: tuple[str, ...]) -> Iterator[Stage]:
    for one in stages:
        name = str(one.get("name", ""))
        hidden = one.get("placeholder") is True or one.get("synthetic") is True
        if not hidden:
            state = str(one.get("state", "")).lower()
            yield Stage(name=name, over=state in _OVER, above=above, word=state)
        children = one.get("children")
        inside = above if hidden else (*above, name)
        yield from _graph(
            [c for c in children if isinstance(c, dict)] if isinstance(children, list) else [], inside
        )


def _last_build(branch: object) -> str | None:
    """Return the path of a branch's last build, a successful one where there is one."""
    match branch:
        case {"url": str(url), "lastSuccessfulBuild": {"number": int(number)}} | {
            "url": str(url),
            "lastCompletedBuild": {"number": int(number)},
        }:
            path = below_root(url)
            return f"{path}{number}/" if path else None
    return None


def _listed(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    stages = document.get("stages")
    if not isinstance(stages, list):
        raise ValueError("stages: expected a list")
    return [stage for stage in stages if isinstance(stage, dict)]


def _job_of(build: str) -> str:
    found = split_build(build)
    return found[0] if found else build


def _what(build: str) -> str:
    found = split_build(build)
    return f"{shown(full_name(found[0]))} #{found[1]}" if found else shown(full_name(build))
