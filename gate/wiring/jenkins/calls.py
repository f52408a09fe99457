"""What is called in a Jenkinsfile's code, with which arguments, and inside which blocks?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gate.wiring.jenkins.condition import Tokens, joined
from gate.wiring.jenkins.tokens import Kind, Scan

_DEEPEST: Final = 100  # blocks around a call; what stands further out is not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code.

    Attributes:
        word: what is called with it, such as ``retry`` in ``retry(3) {``.
        arguments: what else it is called with, by indices of tokens.
        close: the bracket that ends it.
    """

    word: str
    arguments: Tokens
    close: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of ``fiberGate``.

    Attributes:
        at: the token.
        arguments: its arguments, by indices of tokens.
    """

    at: int
    arguments: Tokens


def gate_calls(scan: Scan) -> tuple[Call, ...]:
    """Return the calls of the gate step, not those of its predicate."""
    return tuple(
        Call(at=index, arguments=arguments_of(scan, index))
        for index, token in enumerate(scan.tokens)
        if token.text == "fiberGate"
        and not scan.is_sign(index - 1, ".")
        and not scan.is_sign(index + 1, ".", "?.", "=", "==")
        and not scan.is_kind(index - 1, Kind.WORD)
    )


def arguments_of(scan: Scan, at: int) -> Tokens:
    """Return the arguments of a call, with brackets or without, up to the end of the statement."""
    if scan.is_sign(at + 1, "("):
        return at + 2, scan.closing[at + 1]
    index = at + 1
    while index < len(scan.tokens):
        ends = scan.is_kind(index, Kind.CLOSE) or scan.is_sign(index, ";")
        if ends or (scan.is_kind(index, Kind.BREAK) and not scan.is_sign(index - 1, ",", ":")):
            break
        index = scan.closing.get(index, index) + 1
    return at + 1, index


def split_arguments(scan: Scan, span: Tokens) -> Iterator[Tokens]:
    """Yield the arguments of a call, which commas separate."""
    start = index = span[0]
    while index < span[1]:
        if scan.is_kind(start, Kind.BREAK):
            start += 1
        if scan.is_sign(index, ","):
            yield start, index
            start = index + 1
        index = scan.closing.get(index, index) + 1
    if start < span[1]:
        yield start, span[1]


def option_texts(scan: Scan, span: Tokens) -> dict[str, tuple[str, bool]]:
    """Return the named arguments of a call as they stand, and whether each says the same everywhere."""
    found: dict[str, tuple[str, bool]] = {}
    for first, last in split_arguments(scan, span):
        if scan.is_kind(first, Kind.WORD) and scan.is_sign(first + 1, ":"):
            value = first + 2, last
            found[scan.tokens[first].text] = (joined(scan, value), _is_fixed(scan, value))
    return found


def blocks_around(scan: Scan, index: int) -> Iterator[Block]:
    """Yield the blocks that a token stands in, the innermost first."""
    number = bisect_right(scan.openings, index) - 1
    opening = scan.openings[number] if number >= 0 else -1
    for _ in range(_DEEPEST):
        if opening < 0:
            break
        if scan.closing[opening] > index and scan.is_sign(opening, "{"):
            yield _block(scan, opening)
        opening = scan.outer[opening]


def _is_fixed(scan: Scan, value: Tokens) -> bool:
    """Whether code is a text, true, false, or a parameter of the build."""
    first, last = value
    if last - first == 1:
        return scan.is_kind(first, Kind.TEXT) or scan.is_sign(first, "true", "false")
    of_build = scan.is_sign(first, "params", "env") and scan.is_sign(first + 1, ".")
    return of_build and last - first == 3 and scan.is_kind(first + 2, Kind.WORD)


def _block(scan: Scan, opening: int) -> Block:
    index, close = opening - 1, scan.closing[opening]
    while scan.is_kind(index, Kind.BREAK):
        index -= 1
    if not scan.is_sign(index, ")"):
        word = scan.tokens[index].text if index >= 0 else ""
        return Block(word=word, arguments=(opening, opening), close=close)
    end = index
    while index >= 0 and scan.closing.get(index) != end:
        index -= 1
    word = scan.tokens[index - 1].text if index > 0 else ""
    return Block(word=word, arguments=(index + 1, end), close=close)
