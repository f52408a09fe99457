"""Durations as people write them."""

from __future__ import annotations

import pytest

from gate.core.duration import parse_duration, shown_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("5s", 5), ("500ms", 0.5), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172_800)],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5x", "1e3s", "5s\n", "١s", "9" * 20 + "s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 5s, 10m or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (-3, "0s"), (59.4, "59s"), (590, "9m50s"), (7500, "2h05m")]
)
def test_seconds_are_shown_as_people_say_them(seconds: float, text: str) -> None:
    assert shown_duration(seconds) == text
