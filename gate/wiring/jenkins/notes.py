"""What should a person look at in a Jenkinsfile that was wired?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gate.core.reason import listed
from gate.wiring.edits import place_at
from gate.wiring.jenkins.blocks import Statement, statements
from gate.wiring.jenkins.survey import Survey
from gate.wiring.jenkins.tokens import Scan
from gate.wiring.jenkins.tree import Path, Pipeline
from gate.wiring.records import Note

# Conditions that need neither an agent's files nor what a person answers to an input.
_ANYWHERE: Final = frozenset(
    {
        "allOf",
        "anyOf",
        "not",
        "branch",
        "buildingTag",
        "changeRequest",
        "tag",
        "triggeredBy",
        "isRestartedRun",
    }
    | {"beforeAgent", "beforeInput", "beforeOptions"}
)


def notes_on_gate(survey: Survey, pipeline: Pipeline) -> Iterator[Note]:
    """Yield what the gate's stage needs that is not there to be seen."""
    if not any("GATE_FOCUS_SERVER" in each.text for each in survey.scan.tokens):
        yield _note(
            survey.scan,
            pipeline.at,
            "say which lab: set GATE_ENVIRONMENT and GATE_FOCUS_SERVER in the pipeline's environment block, "
            "or on the controller",
        )
    agent = pipeline.parts.get("agent")
    if agent and agent.open >= 0 and survey.scan.tokens[agent.open + 1 : agent.open + 3]:
        words = {each.word for each in statements(survey.scan, agent.open)} & {
            "docker",
            "dockerfile",
            "kubernetes",
        }
        if words:
            yield _note(
                survey.scan,
                agent.first,
                "the gate asks on this agent: it needs gate on PATH, or Python 3.11 and a package index",
            )


def notes_on_when(scan: Scan, path: Path) -> Iterator[Note]:
    """Yield what happens in a stage before its condition is looked at."""
    when, stage = path.stage.parts.get("when"), path.stage
    if when is None or is_free(scan, path):
        return
    words = {each.word for each in statements(scan, when.open)}
    if "agent" in stage.parts and "beforeAgent" not in words:
        yield _note(
            scan,
            when.first,
            "an agent is taken before this condition is looked at; add beforeAgent true if it needs none",
        )
    if "input" in stage.parts and "beforeInput" not in words:
        yield _note(
            scan,
            when.first,
            "a person is asked before this condition is looked at; add beforeInput true if that is no use",
        )


def nothing_protected(survey: Survey, pipeline: Pipeline) -> Note:
    """Return the note that a pipeline was left as it is."""
    return _note(
        survey.scan, pipeline.at, f"no stage matches {listed(survey.protect)}: there is nothing to hold back"
    )


def _note(scan: Scan, index: int, text: str) -> Note:
    return Note(place=place_at(scan.text, scan.tokens[index].start), text=text)


def is_free(scan: Scan, path: Path) -> bool:
    """Whether the conditions that are there can be looked at before an agent is taken."""
    when = path.stage.parts["when"]
    return all(
        each.word in _ANYWHERE and all(inner.word in _ANYWHERE for inner in _deep(scan, each.open))
        for each in statements(scan, when.open)
    )


def _deep(scan: Scan, opening: int) -> Iterator[Statement]:
    """The conditions in a condition, however deep."""
    waiting = [opening]
    while waiting:
        block = waiting.pop()
        for each in statements(scan, block) if block >= 0 else ():
            yield each
            waiting.append(each.open)
