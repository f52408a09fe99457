"""What does a person in front of a terminal or a plain log see?"""

from __future__ import annotations

from gate.core.model import State, Verdict
from gate.report import Report, Scene

_COLOURS = {State.READY: "32", State.WAITING_FOR_FIBER: "33", State.HELD: "35", State.UNKNOWN: "31"}


def render(verdict: Verdict, scene: Scene) -> Report:
    """Return one line: whether the gate is open, and the reason."""
    word = "OPEN" if verdict.open else "CLOSED"
    if scene.colour:
        word = f"\x1b[1;{_COLOURS[verdict.state]}m{word}\x1b[0m"
    return Report(stdout=f"{word}  {verdict.reason}\n")
