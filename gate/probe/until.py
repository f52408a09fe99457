"""When have conditions held long enough, and when is one looked at again?

All must hold in the same look, and in every look for as long as is asked: one that has come
up while another went down is no moment to start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Looks = Mapping[str, str | None]
"""By a condition's name: why it does not hold, or None where it does."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
STEADY_PAUSE: Final = 1.0
LONGEST_LOOK: Final = 16.0  # a reading of the lab takes 15 s at most, retries included
_SHORTEST_LOOK: Final = 1.0
_SHORTEST_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, in seconds: `steady` is what all must hold for, `timeout` what is waited for that."""

    steady: float
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What waiting needs of the world.

    Attributes:
        clock: gives seconds that never go back.
        sleep: waits so many seconds.
        random: gives numbers from 0 to 1.
        tell: takes a line.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], object]
    random: Callable[[], float]
    tell: Callable[[str], object]


def wait_until(look: Callable[[float], Looks], patience: Patience, world: World) -> Looks | None:
    """Look until all hold for long enough, and tell of each change.

    Args:
        look: looks at all at once, within the seconds that it is given.
        patience: how long.
        world: what is needed of the world.

    Returns:
        None where all have held; the last look where the time is over.
    """
    began = world.clock()
    told: Looks = {}
    since: float | None = None
    failures = 0
    while True:
        started = world.clock()
        left = patience.timeout - (started - began)
        looks = look(min(LONGEST_LOOK, max(left, _SHORTEST_LOOK)))
        _tell_changes(told, looks, world.tell)
        told, now = looks, world.clock()
        holds = not any(looks.values())
        failures = 0 if holds else failures + 1
        since = (now if since is None else since) if holds else None
        # From the end of the first good look to the start of this one, it held for certain.
        if since is not None and (patience.steady == 0 or started - since >= patience.steady):
            return None
        left = patience.timeout - (now - began)
        if left <= 0:
            return looks
        steady_left = None if since is None else patience.steady - (now - since)
        world.sleep(next_pause(failures, steady_left, left, world.random))


def next_pause(failures: int, steady_left: float | None, left: float, random: Callable[[], float]) -> float:
    """Return the seconds until the next look.

    Pauses grow by half with each look in which something did not hold, and carry up to a quarter
    of jitter, so that many that started together do not stay together.

    Args:
        failures: how many such looks there were in a row.
        steady_left: for how long all must go on holding; None where something does not hold.
        left: seconds until the waiting is over.
        random: gives numbers from 0 to 1.
    """
    if steady_left is None:
        grown = min(FIRST_PAUSE * 1.5 ** min(failures - 1, 20), LONGEST_PAUSE)
        pause = grown * (1 + random() / 4)
    else:
        pause = min(STEADY_PAUSE, max(steady_left, _SHORTEST_PAUSE))
    return min(pause, left)


def _tell_changes(before: Looks, now: Looks, tell: Callable[[str], object]) -> None:
    for name, cause in now.items():
        if name not in before or before[name] != cause:
            tell(f"{name}: {cause or 'holds'}")
