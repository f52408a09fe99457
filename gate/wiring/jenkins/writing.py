"""How are lines put first into a block, so that they look as the block's own?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gate.wiring.edits import indentation
from gate.wiring.jenkins.blocks import statements
from gate.wiring.jenkins.tokens import Kind, Scan
from gate.wiring.records import Edit

_WIDEST_STEP: Final = 8


def first_in(newline: str, scan: Scan, opening: int, lines: Sequence[str]) -> Edit:
    """Put lines first into a block; `>` stands for one more step of indentation.

    Where the block goes on in its own line, they become one line.
    """
    token = scan.tokens[opening + 1]
    if token.kind is not Kind.BREAK or token.text == ";":
        at = scan.tokens[opening].end
        return Edit(start=at, end=at, text=f" {_in_one_line(lines)};")
    base, step = _indentation(scan, opening)
    written = [base + step * _depth(line) + line.lstrip(">") + newline for line in lines]
    return Edit(start=token.end, end=token.end, text="".join(written))


def _in_one_line(lines: Sequence[str]) -> str:
    words = [line.lstrip(">") for line in lines]
    text = words[0]
    for word in words[1:]:
        text += (" " if text.endswith("{") or word == "}" else "; ") + word
    return text


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(">"))


def _indentation(scan: Scan, opening: int) -> tuple[str, str]:
    """Return the indentation of what stands in a block, and one step of it."""
    head = opening
    while head > 0 and not scan.is_kind(head - 1, Kind.BREAK) and not scan.is_sign(head - 1, "{"):
        head -= 1
    outer = indentation(scan.text, scan.tokens[head].start)
    first = next(statements(scan, opening), None)
    inner = indentation(scan.text, scan.tokens[first.first].start) if first else ""
    step = inner.removeprefix(outer) if inner.startswith(outer) else ""
    usual = "\t" if outer.startswith("\t") else "    "
    if not step:
        return outer + usual, usual
    return inner, step if len(step) <= _WIDEST_STEP else usual
