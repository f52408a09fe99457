"""What is started again after the recheck has opened: one run first, and the rest when it passes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from gate.core.ledger_state import Change

STAGGER: Final = 20.0  # seconds between two starts, give or take half


class Rerun(StrEnum):
    """What the recheck starts again of what was stopped under its hold."""

    NONE = "none"
    CANARY = "canary"
    NEWEST = "newest"


class Canary(StrEnum):
    """How far the one run is that goes first. It passes with its configure stage."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A run that is started again, `after` so many seconds."""

    change: Change
    after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRuns:
    """What is to be done about what was stopped.

    Attributes:
        starts: what to start, soonest first.
        close: why to close again; empty where there is no reason to.
        why: one sentence.
    """

    starts: tuple[Start, ...] = ()
    close: str = ""
    why: str = ""


def decide_canary(
    policy: Rerun, stopped: Sequence[Change], canary: Canary, jitter: Callable[[], float]
) -> NextRuns:
    """Return what to start next.

    Args:
        policy: what the configuration asks for.
        stopped: the newest of each workflow and ref that was stopped under the hold, in the order
            of starting, as `gate.core.plan.decide_resume` returns it. What has been started again
            since counts no more, so that nothing is started twice.
        canary: how far the run is that went first.
        jitter: a number from 0 to 1, anew with each call.
    """
    waiting = [change for change in stopped if change.stands]
    match policy:
        case Rerun.NONE:
            return NextRuns(why=f"{len(waiting)} stay stopped, as rerun is none")
        case Rerun.NEWEST:
            return NextRuns(starts=_staggered(waiting, jitter), why=f"{len(waiting)} start again")
        case Rerun.CANARY:
            return _of_canary(waiting, canary, jitter)
        case _:
            assert_never(policy)


def _of_canary(waiting: Sequence[Change], canary: Canary, jitter: Callable[[], float]) -> NextRuns:
    match canary:
        case Canary.NOT_STARTED if waiting:
            first = max(waiting, key=lambda change: change.seq)
            return NextRuns(
                starts=(Start(change=first),), why=f"one goes first, {len(waiting) - 1} wait for it"
            )
        case Canary.NOT_STARTED:
            return NextRuns(why="nothing was stopped")
        case Canary.UNDER_WAY:
            return NextRuns(why=f"one has gone first, {len(waiting)} wait for it")
        case Canary.PASSED:
            starts = _staggered(waiting, jitter)
            return NextRuns(starts=starts, why=f"the first has passed, {len(waiting)} start again")
        case Canary.FAILED:
            words = f"the run that went first has failed to configure the lab; {len(waiting)} stay stopped"
            return NextRuns(close=words, why=words)
        case _:
            assert_never(canary)


def _staggered(changes: Sequence[Change], jitter: Callable[[], float]) -> tuple[Start, ...]:
    starts: list[Start] = []
    after = 0.0
    for change in changes:
        starts.append(Start(change=change, after=after))
        after += STAGGER * (0.5 + jitter())
    return tuple(starts)
