"""Does the benchmark's least number of requests hold, and does a pause stay close to it?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.fleet_gate import Paused, pause, still_protected
from benchmarks.fleet_minimum import LEAST
from benchmarks.fleet_servers import Server, Size, serving

SMALL = Size(share=0.02)
AROUND = 6  # looks while things stop, and at the end; as many for any fleet


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, ...]]:
    """A fiftieth of the fleet, without limits, that answers at once."""
    with serving(SMALL, limits=False, latency=0) as started:
        yield started


@pytest.fixture(scope="module")
def paused(servers: tuple[Server, ...]) -> Paused:
    """The real command, run over all of them."""
    return pause(servers)


@pytest.mark.parametrize(
    ("provider", "place"), [("github", 0), ("gitlab", 1), ("jenkins", 2), ("jenkins", 3)]
)
def test_a_pause_takes_the_least_and_little_more(paused: Paused, provider: str, place: int) -> None:
    least = LEAST[provider](SMALL)
    few = least[place - 2] if provider == "jenkins" else least[0]
    assert few <= paused.total(place) <= few + AROUND


def test_everything_protected_is_stopped(servers: tuple[Server, ...], paused: Paused) -> None:
    counts = paused.receipt["counts"]
    assert paused.code == 0
    assert counts["matched"] == counts["stopped"] > 0
    assert still_protected(servers) == 0


def test_listing_a_controller_takes_as_many_requests_for_any_number_of_jobs(paused: Paused) -> None:
    assert paused.seen[2]["GET /api/json"] == 1
    assert paused.seen[2]["GET /computer/api/json"] <= 4
    assert paused.seen[2]["GET /queue/api/json"] <= 4


def test_the_first_hold_and_the_memory_are_told(paused: Paused) -> None:
    assert 0 < paused.first_hold < paused.seconds
    assert paused.megabytes is None or paused.megabytes > 20
