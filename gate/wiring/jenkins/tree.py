"""Which stages does a declarative pipeline have, and what stands in each?

What can be told of a file that was not run: the blocks of the declarative form. Code in `script`
blocks is looked through for stages by `gate.wiring.jenkins.code`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gate.wiring.jenkins.blocks import Statement, behind_break, read_parts, statements
from gate.wiring.jenkins.names import value_of
from gate.wiring.jenkins.tokens import Kind, Scan

_DEEPEST: Final = 50  # stages in stages; Jenkins itself gives up long before


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the declarative form, by indices of tokens.

    Attributes:
        name: as it is shown.
        at: the word ``stage``.
        open: the bracket of its block.
        close: the bracket that ends it.
        parts: its directives, such as ``when``, by name.
        matrix: the directives of its matrix, if it has one.
        inner: its own stages, whether one after the other, parallel, or of a matrix.
        in_parallel: whether it runs beside other stages.
    """

    name: str
    at: int
    open: int
    close: int
    parts: Mapping[str, Statement]
    matrix: Mapping[str, Statement]
    inner: tuple[Stage, ...]
    in_parallel: bool

    @property
    def whens(self) -> tuple[Statement, ...]:
        """Its conditions: its own, and that of its matrix, which holds for each stage in there."""
        return tuple(part["when"] for part in (self.parts, self.matrix) if "when" in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The declarative pipeline of a file.

    Attributes:
        at: the word ``pipeline``.
        open: the bracket of its block.
        close: the bracket that ends it.
        parts: its directives by name.
        stages: the stages of its ``stages`` block.
    """

    at: int
    open: int
    close: int
    parts: Mapping[str, Statement]
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A stage and the stages that it stands in, the outermost first."""

    stage: Stage
    around: tuple[Stage, ...]


def find_pipelines(scan: Scan) -> list[int]:
    """Return where a ``pipeline { }`` begins, whether it can be run or not."""
    return [
        index
        for index, token in enumerate(scan.tokens)
        if token.text == "pipeline"
        and token.kind is Kind.WORD
        and not scan.is_sign(index - 1, ".", "?.")
        and scan.is_sign(behind_break(scan, index + 1), "{")
    ]


def read_pipeline(scan: Scan, at: int) -> Pipeline:
    """Return the pipeline that begins at a token.

    Raises:
        Refused: it stands where Jenkins does not look for it, or its stages are not written out.
    """
    if not _is_where_jenkins_looks(scan, at):
        raise scan.refused(at, "this pipeline { } stands inside other code, where Jenkins does not run it")
    start = behind_break(scan, at + 1)
    parts = read_parts(scan, start, "pipeline")
    if "stages" not in parts or parts["stages"].open < 0:
        raise scan.refused(at, "this pipeline { } has no stages { }")
    return Pipeline(
        at=at,
        open=start,
        close=scan.closing[start],
        parts=parts,
        stages=_read_stages(scan, parts["stages"].open, 0, parallel=False),
    )


def walk(stages: tuple[Stage, ...], around: tuple[Stage, ...] = ()) -> Iterator[Path]:
    """Yield every stage with those that it stands in, in the order of the text."""
    for stage in stages:
        yield Path(stage=stage, around=around)
        yield from walk(stage.inner, (*around, stage))


def _read_stages(scan: Scan, opening: int, depth: int, *, parallel: bool) -> tuple[Stage, ...]:
    if depth > _DEEPEST:
        raise scan.refused(opening, f"stages stand more than {_DEEPEST} deep in each other")
    return tuple(_read_stage(scan, each, depth, parallel=parallel) for each in statements(scan, opening))


def _read_stage(scan: Scan, statement: Statement, depth: int, *, parallel: bool) -> Stage:
    at = statement.first
    if statement.word != "stage":
        raise scan.refused(
            at, "only stage('NAME') { } can stand here; stages made by code are not looked through"
        )
    name = value_of(scan.tokens[at + 2]) if scan.is_sign(at + 1, "(") else None
    if name is None or not scan.is_sign(at + 3, ")"):
        raise scan.refused(at, "the name of this stage is not written out as a text")
    opening = behind_break(scan, at + 4)
    if not scan.is_sign(opening, "{") or scan.closing[opening] + 1 != statement.last:
        raise scan.refused(
            at, "stage('NAME') has to be followed by one block, and that by a line end or a semicolon"
        )
    parts = read_parts(scan, opening, "stage")
    matrix = _parts_of(scan, parts, "matrix")
    inner: list[Stage] = []
    for holder, word in ((parts, "stages"), (parts, "parallel"), (matrix, "stages")):
        if word in holder:
            if holder[word].open < 0:
                raise scan.refused(holder[word].first, f"{word} without a block")
            beside = word == "parallel" or holder is matrix or parallel
            inner += _read_stages(scan, holder[word].open, depth + 1, parallel=beside)
    return Stage(
        name=name,
        at=at,
        open=opening,
        close=scan.closing[opening],
        parts=parts,
        matrix=matrix,
        inner=tuple(inner),
        in_parallel=parallel,
    )


def _parts_of(scan: Scan, parts: Mapping[str, Statement], name: str) -> Mapping[str, Statement]:
    return read_parts(scan, parts[name].open, name) if name in parts and parts[name].open >= 0 else {}


def _is_where_jenkins_looks(scan: Scan, at: int) -> bool:
    """At the top of a Jenkinsfile, or of the method ``call`` of a library's variable."""
    if at and not (scan.is_kind(at - 1, Kind.BREAK) or scan.is_sign(at - 1, "{")):
        return False
    index = 0
    while index < at:
        closing = scan.closing.get(index, -1)
        if closing > at:
            return _opens_call(scan, index) and all(
                not (opening < at < close) for opening, close in _blocks_in(scan, index)
            )
        index = max(closing, index) + 1
    return True


def _blocks_in(scan: Scan, opening: int) -> Iterator[tuple[int, int]]:
    index = opening + 1
    while index < scan.closing[opening]:
        closing = scan.closing.get(index, -1)
        if closing > 0:
            yield index, closing
        index = max(closing, index) + 1


def _opens_call(scan: Scan, opening: int) -> bool:
    """Whether a block is the one of ``def call(…) {``."""
    index = opening - 1
    while index >= 0 and scan.is_kind(index, Kind.BREAK):
        index -= 1
    end = index
    while index >= 0 and scan.closing.get(index) != end:
        index -= 1
    return scan.is_sign(index - 1, "call") and scan.is_kind(index - 2, Kind.WORD)
