"""What in a Jenkinsfile is protected, and what holds it back?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gate.wiring.jenkins.blocks import statements
from gate.wiring.jenkins.calls import Call, gate_calls, option_texts
from gate.wiring.jenkins.code import CodeStage, Spans, code_stages, guarded
from gate.wiring.jenkins.condition import Held, held_by
from gate.wiring.jenkins.names import is_protected, may_be_protected
from gate.wiring.jenkins.tokens import Scan
from gate.wiring.jenkins.tree import Path, Pipeline, Stage, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A Jenkinsfile as the gate sees it.

    Attributes:
        scan: its tokens.
        pipeline: its declarative pipeline; None where it is all code.
        protect: the shell patterns.
        paths: every stage of the pipeline.
        protected: the protected ones; of those in each other, only the outermost.
        calls: the calls of the gate step.
        stop: the outermost stage whose gate fails the build while it is closed.
        code: the stages made by code that are or may be protected and that nothing holds back.
    """

    scan: Scan
    pipeline: Pipeline | None
    protect: tuple[str, ...]
    paths: tuple[Path, ...]
    protected: tuple[Path, ...]
    calls: tuple[Call, ...]
    stop: Stage | None
    code: tuple[CodeStage, ...] = ()

    def held(self, path: Path) -> Held:
        """Return how surely the conditions of a stage, and of those around it, hold it back."""
        return max(
            (held_by(self.scan, when) for stage in (*path.around, path.stage) for when in stage.whens),
            default=Held.NOT,
        )

    def has_option(self, name: str) -> bool:
        """Whether the pipeline has an option, such as ``disableRestartFromStage``."""
        options = self.pipeline.parts.get("options") if self.pipeline else None
        block = options.open if options else -1
        return block >= 0 and any(each.word == name for each in statements(self.scan, block))

    def is_held(self, path: Path) -> bool:
        """Whether a stage does not run while the gate is closed, whichever stage the build starts from."""
        held = self.held(path)
        if held is Held.NOT and not self.is_behind_stop(path):
            return False
        return held is Held.BY_ASKING or self.has_option("disableRestartFromStage")

    def is_behind_stop(self, path: Path) -> bool:
        """Whether a gate that fails the build comes before a stage."""
        return self.stop is not None and self.stop.close < path.stage.at


def take_survey(scan: Scan, pipeline: Pipeline | None, protect: Sequence[str]) -> Survey:
    """Return what a Jenkinsfile protects; `pipeline` is None where it is all code."""
    paths = tuple(walk(pipeline.stages)) if pipeline else ()
    calls = gate_calls(scan)
    whole = Survey(
        scan=scan,
        pipeline=pipeline,
        protect=tuple(protect),
        paths=paths,
        protected=tuple(_protected(paths, calls, protect)),
        calls=calls,
        stop=_stopping_stage(scan, pipeline.stages if pipeline else (), calls),
    )
    return replace(whole, code=_loose_code(whole))


def stops_build(scan: Scan, call: Call) -> bool:
    """Whether a closed gate fails the build."""
    value, _ = option_texts(scan, call.arguments).get("onClosed", ("", False))
    return value.strip("'\"") == "fail"


def _protected(paths: Iterable[Path], calls: Sequence[Call], protect: Sequence[str]) -> Iterable[Path]:
    for path in paths:
        around = any(is_protected(stage.name, protect) for stage in path.around)
        if not around and is_protected(path.stage.name, protect) and not _calls_itself(path.stage, calls):
            yield path


def _calls_itself(stage: Stage, calls: Sequence[Call]) -> bool:
    """Whether the gate step is called in a stage, and not only in the stages in it."""
    inside = _count(stage, calls)
    return inside > 0 and inside > sum(_count(each, calls) for each in stage.inner)


def _count(stage: Stage, calls: Sequence[Call]) -> int:
    return bisect_right(calls, stage.close, key=lambda call: call.at) - bisect_right(
        calls, stage.open, key=lambda call: call.at
    )


def _stopping_stage(scan: Scan, stages: Iterable[Stage], calls: Sequence[Call]) -> Stage | None:
    stops = [call for call in calls if stops_build(scan, call)]
    for stage in stages if stops else ():
        words = {each.text for each in scan.tokens[stage.open : stage.close]}
        if _count(stage, stops) and not words & {"catchError", "warnError", "try"}:
            return stage
    return None


def _loose_code(survey: Survey) -> tuple[CodeStage, ...]:
    covered = [*guarded(survey.scan)]
    for path in survey.paths:
        if is_protected(path.stage.name, survey.protect) or survey.is_held(path):
            covered.append((path.stage.open, path.stage.close))
    spans = Spans(covered)
    return tuple(
        stage
        for stage in code_stages(survey.scan, frozenset(path.stage.at for path in survey.paths))
        if may_be_protected(stage.name, survey.protect) and stage.at not in spans
    )
