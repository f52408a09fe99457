"""How does the closed loop do over many stories of a lab and its fleet, in accelerated time?

`tests/emulated/loop.py` tells them over an emulated GitHub, GitLab and Jenkins and a Focus server: the
fibre is lost at a random moment, gone for a random time, flaps perhaps, and comes back, while pipelines
go on. ``python -m benchmarks.recheck --whole`` tells 1,000, and takes some 25 minutes on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmarks.rows import Row, table
from gate.core.steadiness import Steadiness
from tests.emulated.loop import story
from tests.unit.fleet.loop import Counts

STORIES: Final = 60
WHOLE: Final = 1000
MINUTES: Final = 60
_PEOPLED: Final = 100_000  # the first seed of the stories with people
_POLICY: Final = Steadiness()


def measure(stories: int = STORIES) -> list[Row]:
    """Return the numbers of so many stories, each from its own seed, and of a quarter more with people."""
    # A new process each, since threads of this one may be at work.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        told = list(pool.map(tell, range(stories), chunksize=5))
        peopled = list(pool.map(tell, range(_PEOPLED, _PEOPLED + stories // 4), chunksize=5))
    return rows(told, peopled)


def tell(seed: int) -> Counts:
    """Tell one story to its end, and return what was seen."""
    people = 0.04 if seed >= _PEOPLED else 0.0
    with tempfile.TemporaryDirectory() as folder, story(seed, Path(folder), people=people) as told:
        counts = told.run(MINUTES)
        if not told.at_rest or not told.is_whole():
            raise AssertionError(f"story {seed} did not come to rest, or its ledger is not whole")
        return counts


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
        _none(
            "configure requests in the dark, held",
            sum(counts.dark_requests for counts in every),
            f"after the hold; it took {sum(counts.requests for counts in every)} while it was ready",
        ),
        _none(
            "false opens",
            sum(counts.false_opens for counts in every),
            f"the lab was dark when it opened; a first run had it closed again {again} times",
        ),
        _none(
            "runs started again twice",
            sum(counts.reruns_twice for counts in every),
            f"of {sum(counts.reruns for counts in every)} that were started again",
        ),
        _none(
            "newest runs left behind",
            sum(counts.left_behind for counts in told),
            f"runs were held back {sum(counts.held_back for counts in told)} times",
        ),
        _none(
            "a person's hold overridden",
            sum(counts.overridden for counts in every),
            f"in {len(peopled)} stories in which a person pauses and resumes as well",
        ),
    ]


def _none(what: str, measured: int, note: str) -> Row:
    return Row(what=f"recheck: {what}", measured=measured, bound=0, unit="", note=note)


if __name__ == "__main__":
    measured = measure(WHOLE if sys.argv[1:] == ["--whole"] else STORIES)
    print(table(measured))
    sys.exit(0 if all(row.holds for row in measured) else 1)
