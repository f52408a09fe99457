"""What does the text behind `if:` come to, and how is the gate's comparison put before it?

GitHub takes the text for an expression where no ``${{`` stands in it, and also where it is one
``${{ … }}`` from its first to its last character. Everything else is a text with values put in,
which is never empty and so always true, even where it is but a line end that follows (measured
in act 0.2.89; zizmor's unsound-condition, read 2026-11-24).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.wiring.edits import place_at
from gate.wiring.github.expression import (
    BadExpression,
    Expression,
    Path,
    end_of_expression,
    parse_expression,
)
from gate.wiring.records import Edit, Refused
from gate.wiring.yaml_text import Scalar

_CLOSED = ("false", "")  # what the output says when closed, and where the gate crashed
_BYPASSING = frozenset({"always", "cancelled", "failure"})


class Wrap(StrEnum):
    """How the expression stands in the text."""

    BARE = "bare"
    WHOLE = "whole"  # ${{ … }} and nothing else
    SPACED = "spaced"  # ${{ … }} with blanks or line ends around it: always true
    MIXED = "mixed"  # text and ${{ … }}: always true


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What stands behind `if:`.

    Attributes:
        inner: the expression without ``${{ }}``; of a mixed one, the whole text.
        wrap: how it stands there.
        expression: parsed; None where GitHub takes it for text, or would not take it at all.
    """

    inner: str
    wrap: Wrap
    expression: Expression | None

    @property
    def always_true(self) -> bool:
        """Whether GitHub takes it for a text, which is true whatever it says."""
        return self.wrap in (Wrap.SPACED, Wrap.MIXED)

    @property
    def bypassing(self) -> tuple[str, ...]:
        """The status functions in it that let the job run although what it needs did not succeed."""
        return tuple(sorted(_BYPASSING & self.expression.functions)) if self.expression else ()

    def holds_back(self, output: Path) -> bool:
        """Return whether the job cannot run unless a gate's output is open.

        Args:
            output: where it stands, such as ``("needs", "gate", "outputs", "open")``.
        """
        return all(self.truth(output, says) is False for says in _CLOSED)

    def never_opens(self, output: Path) -> bool:
        """Return whether it is false even when the gate is open, because of how it asks the gate."""
        if self.always_true or self.expression is None:
            return False
        unknown = self.expression.evaluate({}).truth
        return unknown is not False and self.truth(output, "true") is False

    def reads(self, output: Path) -> bool:
        """Return whether a gate's output stands in it."""
        return self.expression is not None and output in self.expression.paths

    def truth(self, output: Path, says: str) -> bool | None:
        """Return whether it is true where the gate's output says something; None if it depends."""
        if self.always_true:
            return True
        return self.expression.evaluate({output: says}).truth if self.expression else None


def parse_condition(text: str) -> Condition:
    """Return what stands behind `if:`, given as YAML hands it over."""
    stripped = text.strip()
    if "${{" not in text:
        return Condition(inner=stripped, wrap=Wrap.BARE, expression=_parsed(stripped))
    end = end_of_expression(stripped, 3) if stripped.startswith("${{") else -1
    if end < 0 or end + 2 != len(stripped):
        inner = _parsed_parts(text)
        return Condition(inner=stripped, wrap=Wrap.MIXED, expression=inner)
    inner_text = stripped[3:end].strip()
    wrap = Wrap.WHOLE if stripped == text else Wrap.SPACED
    return Condition(inner=inner_text, wrap=wrap, expression=_parsed(inner_text))


def merged_text(condition: Condition | None, comparison: str) -> str:
    """Return the expression that holds where `comparison` and the condition, if any, hold.

    The parentheses stand also where they are not needed, so that nothing has to be known of
    what is inside them.
    """
    return f"{comparison} && ({condition.inner})" if condition else comparison


def merge_edits(text: str, scalar: Scalar, condition: Condition, comparison: str) -> tuple[Edit, ...]:
    """Return the edits that put a comparison before the condition in a scalar.

    Args:
        text: the workflow file.
        scalar: what stands behind `if:`, not empty.
        condition: the same, parsed; not a mixed one.
        comparison: such as ``needs.gate.outputs.open == 'true'``.

    Raises:
        Refused: where the expression starts and ends cannot be found in the text.
    """
    said = comparison.replace("'", "''") if scalar.style == "'" else comparison
    first, last = _inside(text, scalar)
    if condition.wrap is Wrap.BARE:
        return (Edit(start=first, end=first, text=f"{said} && ("), Edit(start=last, end=last, text=")"))
    raw = text[first:last]
    if not (raw.startswith("${{") and raw.endswith("}}")):
        raise Refused(place_at(text, scalar.start), "write ${{ and }} of this condition without escapes")
    start = first + 3 + (len(raw[3:-2]) - len(raw[3:-2].lstrip()))
    end = first + 3 + len(raw[3:-2].rstrip())
    if condition.wrap is Wrap.WHOLE:
        return (Edit(start=start, end=start, text=f"{said} && ("), Edit(start=end, end=end, text=")"))
    return (Edit(start=first, end=start, text=f"{said} && ("), Edit(start=end, end=last, text=")"))


def _inside(text: str, scalar: Scalar) -> tuple[int, int]:
    """Return from where to where a scalar's own characters stand, blanks around them left out."""
    start, end = scalar.content, scalar.end
    if scalar.style in ("|", ">"):
        header = min(
            (found for found in (text.find(end, start) for end in "\r\n") if found >= 0), default=end
        )
        start = header
    elif scalar.style:
        start, end = start + 1, end - 1
    raw = text[start:end]
    return start + len(raw) - len(raw.lstrip()), start + len(raw.rstrip())


def _parsed(text: str) -> Expression | None:
    try:
        return parse_expression(text) if text else None
    except BadExpression:
        return None


def _parsed_parts(text: str) -> Expression | None:
    """Return what the text would be as one expression, for what it reads and calls."""
    return _parsed(text.replace("${{", "(").replace("}}", ")"))
