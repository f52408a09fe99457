"""Where does the code of a Jenkinsfile make stages, ask the gate itself, or change what it said?

Code is not run here: it is looked through for a few words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gate.wiring.jenkins.calls import arguments_of, split_arguments
from gate.wiring.jenkins.condition import Held, Tokens, held_by_code
from gate.wiring.jenkins.names import UNKNOWN, Parts, joined_parts, known_parts
from gate.wiring.jenkins.tokens import Kind, Scan, Token

_VERDICT: Final = frozenset({"GATE_OPEN", "GATE_BUILD"})
_NO_TYPES: Final = frozenset({"return", "else", "do", "try", "finally", "in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeStage:
    """A stage that code makes, or a branch of a ``parallel`` step.

    Attributes:
        at: the token that it begins with.
        name: what is known of its name.
    """

    at: int
    name: Parts


def code_stages(scan: Scan, declared: frozenset[int]) -> Iterator[CodeStage]:
    """Yield the stages that code makes; `declared` are the words ``stage`` of the declarative form."""
    for index, token in enumerate(scan.tokens):
        if token.kind is not Kind.WORD or index in declared or scan.is_sign(index - 1, ".", "?.", ".&"):
            continue
        if token.text == "stage":
            name = _name_of_stage(scan, index)
            if name is not None:
                yield CodeStage(at=index, name=name)
        elif token.text == "parallel":
            yield from _branches(scan, index)


def guarded(scan: Scan) -> tuple[Tokens, ...]:
    """Return the blocks of ``if (fiberGate.isOpen()) { }``."""
    return tuple(
        (block, scan.closing[block])
        for _, condition, block in conditions(scan)
        if scan.is_sign(block, "{") and held_by_code(scan, condition) is Held.BY_ASKING
    )


def conditions(scan: Scan) -> Iterator[tuple[int, Tokens, int]]:
    """Yield each ``if (…)``: its word, its condition, and what comes behind it."""
    for index, token in enumerate(scan.tokens):
        if token.text == "if" and scan.is_sign(index + 1, "("):
            end = scan.closing[index + 1]
            behind = end + 1
            while scan.is_kind(behind, Kind.BREAK):
                behind += 1
            yield index, (index + 2, end), behind


class Spans:
    """Blocks, by indices of tokens; of those in each other only the outermost is kept."""

    def __init__(self, spans: Iterable[Tokens]) -> None:
        self.spans: list[Tokens] = []
        for first, last in sorted(spans):
            if not self.spans or first > self.spans[-1][1]:
                self.spans.append((first, last))

    def __contains__(self, index: int) -> bool:
        number = bisect_right(self.spans, (index, index)) - 1
        return number >= 0 and index < self.spans[number][1]


def set_by_hand(scan: Scan) -> Iterator[int]:
    """Yield the tokens that write GATE_OPEN, or the build that its verdict is for."""
    for index, token in enumerate(scan.tokens):
        word = token.text.strip("'\"")
        if word in _VERDICT:
            key = scan.is_sign(index + 1, "]") and scan.is_sign(index + 2, "=")
            is_name = token.kind is Kind.WORD or scan.is_sign(index - 1, ".")
            if key or (is_name and scan.is_sign(index + 1, "=")):
                yield index
        elif word.partition("=")[0] in _VERDICT and "=" in word and _in_list(scan, index):
            yield index


def _name_of_stage(scan: Scan, at: int) -> Parts | None:
    """What is known of the name; None where the word ``stage`` makes no stage."""
    before = scan.tokens[at - 1] if at else None
    if before and before.kind is Kind.WORD and before.text not in _NO_TYPES:
        return None  # def stage(String name)
    if scan.is_sign(at + 1, "(") or scan.is_kind(at + 1, Kind.TEXT, Kind.PATTERN):
        first = next(split_arguments(scan, arguments_of(scan, at)), None)
        return _name_in(scan, first) if first else None
    if scan.is_kind(at + 1, Kind.WORD):
        named = scan.is_sign(at + 1, "name") and scan.is_sign(at + 2, ":")
        if named or scan.is_sign(at + 2, ",", "+") or scan.is_kind(at + 2, Kind.BREAK):
            return _name_in(scan, next(split_arguments(scan, arguments_of(scan, at))))
    return None


def _name_in(scan: Scan, span: Tokens) -> Parts:
    """What is known of an argument's value: a text, or a sum that has texts in it."""
    first, last = span
    if scan.is_kind(first, Kind.WORD) and scan.is_sign(first + 1, ":"):
        if not scan.is_sign(first, "name"):
            return UNKNOWN
        first += 2
    items: list[list[Token]] = [[]]
    index = first
    while index < last:
        token = scan.tokens[index]
        if token.text == "+":
            items.append([])
        elif token.kind is Kind.SIGN and token.text not in {".", "?."}:
            return UNKNOWN  # a choice, a comparison: what comes out may be anything
        elif token.kind is not Kind.BREAK:
            items[-1].append(token)
        index = scan.closing.get(index, index) + 1
    return joined_parts(items) if all(items) else UNKNOWN


def _branches(scan: Scan, at: int) -> Iterator[CodeStage]:
    """The branches of a ``parallel`` step that are written out: ``parallel(load: { … })``."""
    if not (scan.is_sign(at + 1, "(", "[") or scan.is_kind(at + 1, Kind.WORD, Kind.TEXT, Kind.PATTERN)):
        return
    for argument in split_arguments(scan, arguments_of(scan, at)):
        is_map = scan.is_sign(argument[0], "[")
        branches = (argument[0] + 1, scan.closing[argument[0]]) if is_map else argument
        for begin, _ in split_arguments(scan, branches):
            key = scan.tokens[begin]
            if scan.is_sign(begin + 1, ":") and key.text != "failFast":
                is_text = key.kind in {Kind.TEXT, Kind.PATTERN}
                yield CodeStage(at=begin, name=known_parts(key) if is_text else (key.text,))


def _in_list(scan: Scan, index: int) -> bool:
    return scan.is_sign(index - 1, "[", ",") or scan.is_sign(index + 1, "]", ",")
