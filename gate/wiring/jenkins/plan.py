"""What has to be written into a declarative Jenkinsfile to gate it?

The published form (pipelines/jenkins/README.md): the library, a first stage that asks, and in each
protected stage a condition. In Jenkins all conditions of a ``when`` have to be met, so that the
gate's stands beside those that are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gate import __version__
from gate.core.reason import one_line, quoted
from gate.wiring.edits import line_start, place_at
from gate.wiring.jenkins.blocks import statements
from gate.wiring.jenkins.calls import Call, option_texts
from gate.wiring.jenkins.names import is_protected, value_of
from gate.wiring.jenkins.notes import is_free, notes_on_gate, notes_on_when, nothing_protected
from gate.wiring.jenkins.survey import Survey, take_survey
from gate.wiring.jenkins.tokens import Kind, Scan
from gate.wiring.jenkins.tree import Path, Pipeline, find_pipelines, read_pipeline
from gate.wiring.jenkins.writing import first_in
from gate.wiring.records import Edit, Note, Refused, Source, Wiring

LIBRARY: Final = (
    f"library identifier: 'fiber-gate@v{__version__}', retriever: modernSCM(",
    "    scm: [$class: 'GitSCMSource', remote: 'https://github.com/fiber-gate/fiber-gate.git'],",
    "    libraryPath: 'pipelines/jenkins/')",
)
_ASKING_OPTIONS: Final = ("environment", "focusServer", "verifyTls", "label")  # of fiberGate.isOpen


def plan_wiring(source: Source, scan: Scan, protect: Sequence[str]) -> Wiring:
    """Return the edits, and what a person should look at.

    Raises:
        Refused: the stages are made by code, or the gate would hold back what is not protected.
    """
    survey = take_survey(scan, _one_pipeline(scan), protect)
    if survey.pipeline is None:
        return _of_script(survey)
    _refuse_code(survey)
    missing = [path for path in survey.protected if not survey.is_held(path)]
    if not missing:
        return Wiring(notes=() if survey.protected else (nothing_protected(survey, survey.pipeline),))
    condition, newline = _condition(survey), source.newline
    notes: list[Note] = []
    edits: list[Edit] = []
    if not survey.calls:
        _refuse_skipping(survey)
        edits.append(_gate_stage(newline, survey, survey.pipeline))
        notes += notes_on_gate(survey, survey.pipeline)
    if not _has_library(scan):
        edits.append(_library(newline, scan, survey.pipeline))
    for path in missing:
        edits.append(_when(newline, scan, path, condition))
        notes += notes_on_when(scan, path)
    return Wiring(edits=tuple(edits), notes=tuple(notes))


def _one_pipeline(scan: Scan) -> Pipeline | None:
    found = find_pipelines(scan)
    if len(found) > 1:
        raise scan.refused(
            found[1], "there are several pipelines here, and which one runs is decided by code"
        )
    return read_pipeline(scan, found[0]) if found else None


def _of_script(survey: Survey) -> Wiring:
    """A scripted pipeline is code: it is wired if a person has done so, and else left alone."""
    scan = survey.scan
    if survey.calls and not survey.code:
        return Wiring()
    words = [index for index, each in enumerate(scan.tokens) if each.kind is not Kind.BREAK]
    if not words:
        raise Refused(place_at(scan.text, 0), "there is no pipeline { } in this file")
    first = next((each for each in words if scan.is_sign(each, "stage", "node", "podTemplate")), words[0])
    raise scan.refused(
        survey.code[0].at if survey.code else first,
        "this is no declarative pipeline { }: put the stages that need the lab into "
        "`if (fiberGate.isOpen()) { }` by hand, behind a stage that calls fiberGate()",
    )


def _refuse_code(survey: Survey) -> None:
    for stage in survey.code:
        shown = quoted("…".join(stage.name)) if any(stage.name) else "whose name is not known before it runs"
        raise survey.scan.refused(
            stage.at,
            f"code makes a stage {shown} here, which is or may be protected; put it into "
            "`if (fiberGate.isOpen()) { }` by hand",
        )


def _refuse_skipping(survey: Survey) -> None:
    options = survey.pipeline.parts.get("options") if survey.pipeline else None
    for each in statements(survey.scan, options.open) if options and options.open >= 0 else ():
        if each.word == "skipStagesAfterUnstable":
            raise survey.scan.refused(
                each.first,
                "a closed gate makes the build unstable, and this option then skips every other stage too",
            )


def _condition(survey: Survey) -> str:
    """The expression; it names the lab where the gate step does, so that it can ask after a restart."""
    options = [_lab_of(survey, call) for call in survey.calls]
    if len(set(options)) > 1:
        raise survey.scan.refused(
            survey.calls[1].at, "this build asks several labs; say in each stage which one it needs, by hand"
        )
    return f"expression {{ fiberGate.isOpen({options[0] if options else ''}) }}"


def _lab_of(survey: Survey, call: Call) -> str:
    given = option_texts(survey.scan, call.arguments)
    for name, (_, plain) in given.items():
        if name in _ASKING_OPTIONS and not plain:
            raise survey.scan.refused(
                call.at,
                f"the gate's {one_line(name)} is computed; say in each stage which lab it needs, by hand",
            )
    return ", ".join(f"{name}: {given[name][0]}" for name in _ASKING_OPTIONS if name in given)


def _has_library(scan: Scan) -> bool:
    """Whether the library is named, or its step is used, which only a library of the controller gives."""
    return any(
        each.text == "fiberGate"
        or (each.kind is Kind.TEXT and (value_of(each) or "").partition("@")[0] == "fiber-gate")
        for each in scan.tokens
    )


def _library(newline: str, scan: Scan, pipeline: Pipeline) -> Edit:
    """The library's lines, right before the pipeline: behind imports, annotations and comments."""
    at = scan.tokens[pipeline.at].start
    start = line_start(scan.text, at)
    blank = scan.text[start:at]
    if blank.strip():
        blank, start = "", at
    lines = [blank + line for line in LIBRARY]
    return Edit(start=start, end=start, text=newline.join([*lines, "", ""]))


def _gate_stage(newline: str, survey: Survey, pipeline: Pipeline) -> Edit:
    taken = {path.stage.name.strip().casefold() for path in survey.paths}
    names = ("gate", "fiber gate", *(f"fiber gate {number}" for number in range(2, len(taken) + 4)))
    free = [each for each in names if each not in taken]
    name = next((each for each in free if not is_protected(each, survey.protect)), free[0])
    lines = [f"stage('{name}') {{", ">steps {", ">>fiberGate()", ">}", "}"]
    return first_in(newline, survey.scan, pipeline.parts["stages"].open, lines)


def _when(newline: str, scan: Scan, path: Path, condition: str) -> Edit:
    stage = path.stage
    if "when" not in stage.parts:
        early = ["beforeInput true"] if "input" in stage.parts else []
        lines = ["when {", *(f">{line}" for line in (*early, "beforeAgent true", condition)), "}"]
        return first_in(newline, scan, stage.open, lines)
    when = stage.parts["when"]
    if when.open < 0:
        raise scan.refused(when.first, "this when has no block")
    words = {each.word for each in statements(scan, when.open)}
    free = is_free(scan, path)
    lines = [
        *(["beforeInput true"] if free and "input" in stage.parts and "beforeInput" not in words else []),
        *(["beforeAgent true"] if free and "beforeAgent" not in words else []),
        condition,
    ]
    return first_in(newline, scan, when.open, lines)
