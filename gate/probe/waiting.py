"""When does a waiting gate ask again?"""

from __future__ import annotations

from collections.abc import Callable

SHORTEST_PAUSE = 5.0
LONGEST_PAUSE = 30.0


def next_pause(asked: int, left: float, random: Callable[[], float]) -> float | None:
    """Return the seconds until the next question, or None where it would come too late.

    Pauses grow by half each time and carry up to a quarter of jitter, so that gates that
    started together do not stay together. None is shorter than `SHORTEST_PAUSE`.

    Args:
        asked: how often the lab has been asked, at least 1.
        left: seconds until the waiting is over.
        random: gives numbers from 0 to 1.
    """
    if left < SHORTEST_PAUSE:
        return None
    grown = min(SHORTEST_PAUSE * 1.5 ** min(asked - 1, 20), LONGEST_PAUSE)
    return min(grown * (1 + random() / 4), left)
