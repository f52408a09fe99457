"""Does a condition of a Jenkins stage hold the stage back while the gate is closed?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gate.wiring.jenkins.blocks import Statement, statements
from gate.wiring.jenkins.tokens import Kind, Scan

Tokens = tuple[int, int]  # indices, the second one excluded
_DEEPEST: Final = 50  # conditions in conditions; what lies deeper holds nothing back


class Held(IntEnum):
    """How surely; of several conditions that all have to be met, the highest counts."""

    NOT = 0
    BY_VARIABLE = 1  # by a comparison with env.GATE_OPEN, which a restart from this stage leaves unset
    BY_ASKING = 2  # by fiberGate.isOpen(), which asks where this build has no verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A condition that names the gate, whatever it makes of it.

    Attributes:
        at: the token that names it.
        turned: whether something else can meet the condition in its place, or it is negated.
    """

    at: int
    turned: bool


_VARIABLE: Final = r"""(?:(?:env\.)?GATE_OPEN|env\[['"]GATE_OPEN['"]\]|"\$\{?(?:env\.)?GATE_OPEN\}?")"""
_TRUE: Final = r"""(?:'true'|"true")"""
_COMPARED: Final = re.compile(
    rf"(?:{_VARIABLE}=={_TRUE}|{_TRUE}=={_VARIABLE}|{_VARIABLE}\??\.equals\({_TRUE}\)|{_TRUE}\.equals\({_VARIABLE}\)"
    rf"|{_VARIABLE}\??\.toBoolean\(\)|Boolean\.(?:valueOf|parseBoolean)\({_VARIABLE}\))"
)
_BARE: Final = re.compile(
    rf"(?:{_VARIABLE}|fiberGate(?:\.isOpen)?|fiberGate\.isOpen\(.*\)\.toString\(\)|\"\$\{{fiberGate\..*\}}\")"
)
_WORDS_OF_GATE: Final = re.compile(r"\bfiberGate\b|\bGATE_OPEN\b")
_TURNING: Final = frozenset({"||", "!", "!=", "?", "?:"})


def held_by(scan: Scan, block: Statement, depth: int = 0) -> Held:
    """Return how surely a ``when`` block, or one of its ``allOf``, holds the stage back."""
    if block.open < 0 or depth > _DEEPEST:
        return Held.NOT
    return max((_of_condition(scan, each, depth) for each in statements(scan, block.open)), default=Held.NOT)


def held_by_code(scan: Scan, span: Tokens, depth: int = 0) -> Held:
    """Return how surely code is false while the gate is closed, as Groovy takes it for true or false."""
    first, last = _without_brackets(scan, span)
    if first >= last or depth > _DEEPEST:
        return Held.NOT
    for sign, choose in (("?", None), ("?:", None), ("||", min), ("&&", max)):
        parts = list(_split(scan, (first, last), sign))
        if len(parts) > 1:
            return choose(held_by_code(scan, part, depth + 1) for part in parts) if choose else Held.NOT
    text = joined(scan, (first, last))
    if _asks(scan, first, last):
        return Held.BY_ASKING
    return Held.BY_VARIABLE if _COMPARED.fullmatch(text) else Held.NOT


def mentions(scan: Scan, block: Statement) -> Iterator[Mention]:
    """Yield the conditions of a ``when`` block that name the gate."""
    turned = 0
    for index in range(block.first, block.last):
        token = scan.tokens[index]
        if token.text in {"anyOf", "not"} and scan.is_sign(index + 1, "{"):
            turned = max(turned, scan.closing[index + 1])
        if names_gate(scan, index):
            start, end = _condition_around(scan, block, index)
            signs = {each.text for each in scan.tokens[start:end]}
            early = sum(each.text == "return" for each in scan.tokens[start:end]) > 1
            yield Mention(at=index, turned=index < turned or early or bool(signs & _TURNING))


def names_gate(scan: Scan, index: int) -> bool:
    """Whether a token names the gate or its verdict."""
    token = scan.tokens[index]
    return token.kind in {Kind.WORD, Kind.TEXT, Kind.PATTERN} and bool(_WORDS_OF_GATE.search(token.text))


def is_always_true(scan: Scan, span: Tokens) -> bool:
    """Whether code names the gate in a way that Groovy takes for true, whatever the gate says."""
    return bool(_BARE.fullmatch(joined(scan, _without_brackets(scan, span))))


def joined(scan: Scan, span: Tokens) -> str:
    """Return code as it stands, without blanks, comments and line ends."""
    return "".join(each.text for each in scan.tokens[span[0] : span[1]] if each.kind is not Kind.BREAK)


def _of_condition(scan: Scan, condition: Statement, depth: int) -> Held:
    match condition.word:
        case "allOf":
            return held_by(scan, condition, depth + 1)
        case "anyOf" if condition.open >= 0 and depth <= _DEEPEST:
            choices = statements(scan, condition.open)
            return min((_of_condition(scan, each, depth + 1) for each in choices), default=Held.NOT)
        case "expression" if condition.open >= 0:
            return _of_closure(scan, condition.open)
        case "environment" | "equals":
            return _of_named(scan, condition)
        case _:
            return Held.NOT


def _of_closure(scan: Scan, opening: int) -> Held:
    """The last statement of a closure is its value, unless one before it returns."""
    all_of_it = tuple(statements(scan, opening))
    if not all_of_it:
        return Held.NOT
    last = all_of_it[-1]
    if any(each.text == "return" for each in scan.tokens[opening : last.first]):
        return Held.NOT
    return held_by_code(scan, (last.first + (last.word == "return"), last.last))


def _of_named(scan: Scan, condition: Statement) -> Held:
    """Environment with name and value, or equals with expected and actual."""
    text = joined(scan, (condition.first, condition.last)).replace('"', "'")
    known = {
        "environmentname:'GATE_OPEN',value:'true'",
        "environmentvalue:'true',name:'GATE_OPEN'",
        "equalsexpected:'true',actual:env.GATE_OPEN",
        "equalsactual:env.GATE_OPEN,expected:'true'",
    }
    return Held.BY_VARIABLE if text.replace("(", "").replace(")", "") in known else Held.NOT


def _asks(scan: Scan, first: int, last: int) -> bool:
    """Whether code is ``fiberGate.isOpen(…)``, also compared with true."""
    if scan.is_sign(first, "true") and scan.is_sign(first + 1, "=="):
        first += 2
    if last - 2 > first and scan.is_sign(last - 1, "true") and scan.is_sign(last - 2, "=="):
        last -= 2
    called = [each.text for each in scan.tokens[first : first + 4]] == ["fiberGate", ".", "isOpen", "("]
    return called and scan.closing[first + 3] + 1 == last


def _without_brackets(scan: Scan, span: Tokens) -> Tokens:
    first, last = span
    while first < last and scan.is_kind(last - 1, Kind.BREAK):
        last -= 1
    while first < last and scan.is_sign(first, "(") and scan.closing[first] == last - 1:
        first, last = first + 1, last - 1
    return first, last


def _split(scan: Scan, span: Tokens, sign: str) -> Iterator[Tokens]:
    start = index = span[0]
    while index < span[1]:
        if scan.tokens[index].text == sign:
            yield start, index
            start = index + 1
        index = scan.closing.get(index, index) + 1
    yield start, span[1]


def _condition_around(scan: Scan, block: Statement, index: int) -> Tokens:
    """The innermost condition around a token, of those that `allOf` and its like hold."""
    around = block
    while around.open >= 0 and around.word in {"when", "allOf", "anyOf", "not"}:
        inner = next(
            (each for each in statements(scan, around.open) if each.first <= index < each.last), None
        )
        if inner is None:
            break
        around = inner
    return around.first, around.last
