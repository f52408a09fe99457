"""A recheck that is missing shows, and a clock that is wrong hides nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.heartbeat import is_overdue, last_seen, overdue_words
from tests.unit.core.ledgers import NOW

PERIOD = 300.0


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "last recheck 0 s ago"),
        (59, "last recheck 59 s ago"),
        (60, "last recheck 1 min ago"),
        (250, "last recheck 4 min ago"),
        (7199, "last recheck 119 min ago"),
        (7200, "last recheck 2 h ago"),
        (200000, "last recheck 2 d ago"),
        (-1, "last recheck 0 s ago"),
        (-600, "last recheck at 13:30Z, by a clock that is ahead of this one"),
    ],
)
def test_it_is_told_how_long_ago_the_recheck_was_here(ago: int, words: str) -> None:
    assert last_seen(NOW - timedelta(seconds=ago), NOW) == words


def test_a_recheck_that_never_was_here_is_overdue_and_no_warning() -> None:
    assert last_seen(None, NOW) == "last recheck: never"
    assert is_overdue(None, NOW, PERIOD)
    assert overdue_words(None, NOW, PERIOD) == ""


@pytest.mark.parametrize(
    ("ago", "late"), [(0, False), (599, False), (600, False), (601, True), (-601, True), (-599, False)]
)
def test_it_is_overdue_at_twice_the_period_by_a_clock_that_may_be_wrong_either_way(
    ago: int, late: bool
) -> None:
    last = NOW - timedelta(seconds=ago)
    assert is_overdue(last, NOW, PERIOD) is late
    words = overdue_words(last, NOW, PERIOD)
    assert bool(words) is late
    if late:
        assert words.startswith(f"warning: {last_seen(last, NOW)}, and it should be here every 5m00s: ")
