"""When a hold ends is said in a person's words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.core.when import parse_when

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", datetime(2025, 11, 8, 15, 20, tzinfo=UTC)),
        ("1h30m", datetime(2025, 11, 8, 14, 50, tzinfo=UTC)),
        ("14:00Z", datetime(2025, 11, 8, 14, 0, tzinfo=UTC)),
        ("06:30Z", datetime(2025, 11, 9, 6, 30, tzinfo=UTC)),
        ("6:30Z", datetime(2025, 11, 9, 6, 30, tzinfo=UTC)),
        ("15:00+02:00", datetime(2025, 11, 9, 13, 0, tzinfo=UTC)),
        ("15:30+02:00", datetime(2025, 11, 8, 13, 30, tzinfo=UTC)),
        ("2025-11-09T06:30:00Z", datetime(2025, 11, 9, 6, 30, tzinfo=UTC)),
        ("2025-11-09T08:30+02:00", datetime(2025, 11, 9, 6, 30, tzinfo=UTC)),
        (" 2h ", datetime(2025, 11, 8, 15, 20, tzinfo=UTC)),
    ],
)
def test_a_moment_is_understood(text: str, expected: datetime) -> None:
    assert parse_when(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "14:00", "2025-11-09T06:30:00", "25:00Z", "-2h", "999999999d", "2025-13-01T00:00Z", "1"],
)
def test_what_is_no_moment_is_answered_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 2h, or a time with its zone"):
        parse_when(text, NOW)


@pytest.mark.parametrize("text", ["2025-11-08T13:20:00Z", "2020-01-01T00:00Z", "0s"])
def test_a_moment_that_is_over_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is over"):
        parse_when(text, NOW)
