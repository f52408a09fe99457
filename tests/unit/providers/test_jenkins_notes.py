"""Does a description say why, without markup and without losing what it said before?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.providers.jenkins import notes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "why"),
        ("  ", "why"),
        ("release", "release | why"),
        ("a\nb<br>", "a\nb<br> | why"),
        ("release | why", "release | why"),
    ],
)
def test_the_reason_comes_behind_what_was_there_and_not_twice(before: str, after: str) -> None:
    assert notes.add(before, "why") == after


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_was_there_stays(before: str, reason: str) -> None:
    after = notes.add(before, reason)
    assert after.startswith(before) or not before.strip()
    assert notes.add(after, reason) == after
