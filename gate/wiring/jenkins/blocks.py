"""Which statements does a block of the declarative form hold?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.wiring.jenkins.tokens import Kind, Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a block, by indices of tokens.

    Attributes:
        word: what it begins with.
        first: its first token.
        last: behind its last token.
        open: the bracket of the block that it ends with; -1 where it ends with none.
    """

    word: str
    first: int
    last: int
    open: int


def statements(scan: Scan, opening: int) -> Iterator[Statement]:
    """Yield the statements of a block that begins at a bracket."""
    end = scan.closing[opening]
    index = opening + 1
    while index < end:
        if scan.tokens[index].kind is Kind.BREAK:
            index += 1
            continue
        last, block = _statement_end(scan, index, end)
        yield Statement(word=scan.tokens[index].text, first=index, last=last, open=block)
        index = last


def read_parts(scan: Scan, opening: int, name: str) -> Mapping[str, Statement]:
    """Return the directives of a block by name.

    Raises:
        Refused: one of those that matter stands there twice, or two of them in one statement.
    """
    parts: dict[str, Statement] = {}
    for statement in statements(scan, opening):
        if statement.word in parts and statement.word in {"stages", "when", "parallel", "matrix"}:
            raise scan.refused(statement.first, f"this {name} has {statement.word} twice")
        if _goes_on(scan, statement):
            raise scan.refused(statement.first, "something stands behind the block here, in the same line")
        parts.setdefault(statement.word, statement)
    return parts


def behind_break(scan: Scan, index: int) -> int:
    """Return the first token from an index that is no line end."""
    while scan.is_kind(index, Kind.BREAK):
        index += 1
    return index


def _goes_on(scan: Scan, statement: Statement) -> bool:
    """Whether a statement goes on behind its first block: Groovy reads ``when { } steps { }`` as one."""
    index = statement.first
    while index < statement.last:
        closing = scan.closing.get(index, index)
        if scan.is_sign(index, "{"):
            return closing + 1 != statement.last
        index = closing + 1
    return False


def _statement_end(scan: Scan, first: int, end: int) -> tuple[int, int]:
    """Return the index behind a statement, and the bracket of the block that it ends with, or -1."""
    index, block = first, -1
    while index < end:
        token = scan.tokens[index]
        if token.kind is Kind.BREAK:
            behind = behind_break(scan, index)
            goes_on = behind < end and (
                scan.is_sign(behind, ".", "?.")
                or (scan.is_sign(behind, "{") and block < 0 and ";" not in token.text)
                or (scan.tokens[index - 1].kind is Kind.SIGN and token.text != ";")
            )
            if not goes_on:
                return index, block
            index = behind
        elif token.kind is Kind.OPEN:
            block = index if token.text == "{" else -1
            index = scan.closing[index] + 1
        else:
            block = -1
            index += 1
    return end, block
