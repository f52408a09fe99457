"""Where in a Jenkinsfile could load get through although the gate is closed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.core.reason import quoted
from gate.wiring.edits import place_at
from gate.wiring.jenkins.calls import Call, blocks_around, option_texts
from gate.wiring.jenkins.code import CodeStage, conditions, set_by_hand
from gate.wiring.jenkins.condition import Held, is_always_true, mentions
from gate.wiring.jenkins.rules import (
    AFTER_UNSTABLE,
    BYPASSED,
    COMPUTED_NAME,
    LATE,
    OVERRIDDEN,
    RESTART,
    RETRIED,
    SWALLOWED,
    TRUTHINESS,
    UNGATED,
)
from gate.wiring.jenkins.scan import scan as scan_text
from gate.wiring.jenkins.survey import Survey, stops_build, take_survey
from gate.wiring.jenkins.tokens import Scan
from gate.wiring.jenkins.tree import Path, Pipeline, find_pipelines, read_pipeline
from gate.wiring.records import Finding, Refused, Rule, Source


def lint(source: Source, protect: Sequence[str]) -> tuple[Finding, ...]:
    """Return what would let load through, in the order of the text.

    A pipeline that Jenkins would not run as it stands is looked through as code.

    Raises:
        Unreadable: it is no Groovy.
    """
    scan = scan_text(source.text)
    found: list[Finding] = []
    surveys = [take_survey(scan, pipeline, protect) for pipeline in _pipelines(scan)]
    for survey in surveys:
        found += [*_stages(survey), *_gates(survey)]
    found += _code(surveys)
    return tuple(sorted(set(found), key=lambda each: (each.place.line, each.place.column, each.rule)))


def _pipelines(scan: Scan) -> Sequence[Pipeline | None]:
    """The pipelines that can be read; a single None where there are none."""
    read: list[Pipeline | None] = []
    for at in find_pipelines(scan):
        try:
            read.append(read_pipeline(scan, at))
        except Refused:  # what it holds is looked through as code
            continue
    return read or [None]


def _stages(survey: Survey) -> Iterator[Finding]:
    """Conditions that do not hold, and protected stages without any."""
    named: set[int] = set()
    for path in survey.paths:
        if survey.held(path) is Held.NOT:
            for when in path.stage.whens:
                for mention in mentions(survey.scan, when):
                    named.add(path.stage.at)
                    rule = BYPASSED if mention.turned else TRUTHINESS
                    yield _finding(survey.scan, rule, mention.at, f"stage {_name(path)}: {rule.title}")
                    break
    for path in survey.protected:
        if survey.is_held(path) or path.stage.at in named:
            continue
        rule = RESTART if survey.held(path) or survey.is_behind_stop(path) else UNGATED
        yield _finding(survey.scan, rule, path.stage.at, f"stage {_name(path)}: {rule.title}")


def _gates(survey: Survey) -> Iterator[Finding]:
    """Gate steps that stand in a wrong place."""
    scan = survey.scan
    for call in survey.calls:
        stops = stops_build(scan, call)
        for block in blocks_around(scan, call.at):
            if block.word in {"retry", "waitUntil"}:
                yield _finding(scan, RETRIED, call.at, f"{RETRIED.title}, by {block.word}")
            elif block.word in {"catchError", "warnError"}:
                lets_through = (
                    option_texts(scan, block.arguments).get("catchInterruptions", ("", True))[0] == "false"
                )
                if stops or not lets_through:
                    yield _finding(scan, SWALLOWED, call.at, f"{SWALLOWED.title}, by {block.word}")
            elif block.word == "try" and scan.is_sign(block.close + 1, "catch"):
                yield _finding(scan, SWALLOWED, call.at, f"{SWALLOWED.title}, by try")
        if survey.has_option("skipStagesAfterUnstable") and not stops:
            yield _finding(scan, AFTER_UNSTABLE, call.at, AFTER_UNSTABLE.title)
    yield from _late(survey)


def _late(survey: Survey) -> Iterator[Finding]:
    """At the first gate: which protected stage does not come behind it?"""
    for call in survey.calls[:1]:
        for path in survey.protected:
            if not _comes_behind(survey, call, path):
                yield _finding(survey.scan, LATE, call.at, f"stage {_name(path)} does not wait for this gate")
                return


def _comes_behind(survey: Survey, call: Call, path: Path) -> bool:
    line = (*path.around, path.stage)
    level = survey.pipeline.stages if survey.pipeline else ()
    for stage in line:
        gate = next((each for each in level if each.open < call.at < each.close), None)
        if gate is None:
            break
        if gate is not stage:
            return gate.at < stage.at and not stage.in_parallel
        level = stage.inner
    return call.at < path.stage.at


def _code(surveys: Sequence[Survey]) -> Iterator[Finding]:
    """What code does: stages, conditions, and verdicts written by hand."""
    scan = surveys[0].scan
    declared = {path.stage.at for survey in surveys for path in survey.paths}
    for stage in surveys[0].code if len(surveys) == 1 else _in_all(surveys):
        if stage.at in declared:
            continue
        known = len(stage.name) == 1
        shown = f"a stage {quoted('…'.join(stage.name))} that code makes"
        rule = UNGATED if known else COMPUTED_NAME
        yield _finding(scan, rule, stage.at, f"{shown}: {rule.title}")
    for word, condition, _ in conditions(scan):
        if is_always_true(scan, condition):
            yield _finding(scan, TRUTHINESS, word, f"if: {TRUTHINESS.title}")
    for at in set_by_hand(scan):
        yield _finding(scan, OVERRIDDEN, at, OVERRIDDEN.title)


def _in_all(surveys: Sequence[Survey]) -> Iterator[CodeStage]:
    """Of several pipelines each is code to the others: what all of them find is held by none."""
    others = [{stage.at for stage in survey.code} for survey in surveys[1:]]
    yield from (stage for stage in surveys[0].code if all(stage.at in other for other in others))


def _name(path: Path) -> str:
    return quoted(path.stage.name)


def _finding(scan: Scan, rule: Rule, at: int, message: str) -> Finding:
    return Finding(rule=rule.id, message=message, place=place_at(scan.text, scan.tokens[at].start))
