"""How does the closed loop do over 1,000 stories of a lab in accelerated time?

`tests/unit/fleet/loop.py` tells them: the fibre is lost at a random moment, gone for a random time,
flaps perhaps, and comes back, while pipelines go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.rows import Row
from gate.core.steadiness import Steadiness
from tests.unit.fleet.loop import Counts, Loop

STORIES: Final = 1000
_POLICY: Final = Steadiness()


def measure(stories: int = STORIES) -> list[Row]:
    """Return the numbers of so many stories, each from its own seed, and of a quarter more with people."""
    told = [Loop(seed).run() for seed in range(stories)]
    peopled = [Loop(seed, people=0.04).run() for seed in range(stories // 4)]
    return rows(told, peopled)


def rows(told: Sequence[Counts], peopled: Sequence[Counts]) -> list[Row]:
    """Return the table's lines.

    Args:
        told: what was seen in stories without people, to which the bounds of the readings apply.
        peopled: what was seen in stories in which a person pauses and resumes as well.
    """
    every = [*told, *peopled]
    losses = [reading for counts in told for reading in counts.to_hold]
    returns = [reading for counts in told for reading in counts.to_open]
    again = sum(counts.closed_again for counts in every)
    return [
        Row(
            what="recheck: readings from loss to hold, at most",
            measured=max(losses),
            bound=_POLICY.close_after + 1,
            unit="",
            note=f"{len(losses)} losses in {len(told)} stories, {sum(losses) / len(losses):.2f} on average",
        ),
        Row(
            what="recheck: readings from return to open, at most",
            measured=max(returns),
            bound=_POLICY.open_after + 1,
            unit="",
            note=f"{len(returns)} returns, {sum(returns) / len(returns):.2f} on average; not while it flaps",
        ),
        Row(
            what="recheck: configure requests in the dark, held",
            measured=sum(counts.dark_requests for counts in every),
            bound=0,
            unit="",
            note="after the hold, of runs that were under way or began",
        ),
        Row(
            what="recheck: false opens",
            measured=sum(counts.false_opens for counts in every),
            bound=0,
            unit="",
            note=f"the lab was dark when it opened; a first run had it closed again {again} times",
        ),
        Row(
            what="recheck: runs started again twice",
            measured=sum(counts.reruns_twice for counts in every),
            bound=0,
            unit="",
            note=f"of {sum(counts.reruns for counts in every)} that were started again",
        ),
        Row(
            what="recheck: a person's hold overridden",
            measured=sum(counts.overridden for counts in every),
            bound=0,
            unit="",
            note=f"in {len(peopled)} stories in which a person pauses and resumes as well",
        ),
    ]
