"""What do GitHub's operators and functions make of values, of which most are unknown?

Comparison and coercion are those of docs.github.com/actions/reference/workflows-and-actions/expressions
(read 2026-11-24): strings compare without case, ``'false'`` is true, ``''`` is false, and what is
compared with something of another type becomes a number first.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

Constant = str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is known of a value.

    Attributes:
        truth: whether it counts as true; None where that cannot be told.
        constant: the value itself, in a tuple of one; empty where it is not known.
        fails: evaluating ends in an error, so that the job does not run.
    """

    truth: bool | None = None
    constant: tuple[Constant, ...] = ()
    fails: bool = False


UNKNOWN: Final = Value()
_ERROR: Final = Value(truth=False, fails=True)


def constant(value: Constant) -> Value:
    """Return a value that is known."""
    truth = bool(value) and not (isinstance(value, float) and math.isnan(value))
    return Value(truth=truth, constant=(value,))


def either(values: list[Value]) -> Value:
    """Return what ``a || b || …`` comes to."""
    certain = True  # whether every value before is false for certain
    for value in values:
        if value.truth or value.fails:
            return value if certain else Value(truth=True if value.truth else None)
        certain = certain and value.truth is False
    return values[-1] if certain else UNKNOWN


def both(values: list[Value]) -> Value:
    """Return what ``a && b && …`` comes to."""
    certain = True  # whether every value before is true for certain
    for value in values:
        if value.truth is False:
            return value if certain else Value(truth=False)
        certain = certain and value.truth is True
    return values[-1] if certain else UNKNOWN


def negated(value: Value, times: int) -> Value:
    """Return what so many ``!`` before a value come to."""
    if value.fails or value.truth is None:
        return value
    return constant(value.truth if times % 2 == 0 else not value.truth)


def compared(sign: str, one: Value, other: Value) -> Value:
    """Return what a comparison comes to."""
    if one.fails or other.fails:
        return _ERROR
    if not (one.constant and other.constant):
        return UNKNOWN
    return constant(_holds(sign, one.constant[0], other.constant[0]))


def _holds(sign: str, left: Constant, right: Constant) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.upper(), right.upper()
        order = (left > right) - (left < right)
    elif type(left) is type(right) and not isinstance(left, float):
        order = (bool(left) > bool(right)) - (bool(left) < bool(right))
    else:
        one, other = _as_number(left), _as_number(right)
        if math.isnan(one) or math.isnan(other):
            return sign == "!="
        order = (one > other) - (one < other)
    match sign:
        case "==":
            return order == 0
        case "!=":
            return order != 0
        case "<":
            return order < 0
        case ">":
            return order > 0
        case "<=":
            return order <= 0
        case _:
            return order >= 0


def called(name: str, arguments: list[Value]) -> Value:
    """Return what a function comes to; of those that are not known here, nothing is."""
    if any(argument.fails for argument in arguments):
        return _ERROR
    constants = [argument.constant[0] for argument in arguments if argument.constant]
    texts = [value for value in constants if isinstance(value, str)]
    if not texts or len(texts) < len(arguments):
        return UNKNOWN
    match name, texts:
        case "fromjson", [text]:
            return _from_json(text)
        case "contains", [text, part]:
            return constant(part.lower() in text.lower())
        case "startswith", [text, part]:
            return constant(text.lower().startswith(part.lower()))
        case "endswith", [text, part]:
            return constant(text.lower().endswith(part.lower()))
        case _:
            return UNKNOWN


def _from_json(text: str) -> Value:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _ERROR
    if isinstance(value, bool | str) or value is None:
        return constant(value)
    return constant(float(value)) if isinstance(value, int | float) else Value(truth=True)


def _as_number(value: Constant) -> float:
    match value:
        case None:
            return 0.0
        case str():
            return number(value.strip() or "0")
        case _:
            return float(value)


def number(text: str) -> float:
    """Return a text as the number that GitHub takes it for; NaN where it is none."""
    try:
        return float(int(text, 16)) if text.lower().lstrip("+-").startswith("0x") else float(text)
    except ValueError:
        return math.nan
