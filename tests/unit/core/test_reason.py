"""Outside text cannot break out of the place where it is shown."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.reason import at_time, listed, one_line, quoted, without_credentials

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("waiting for fiber", "waiting for fiber"),
        ("a\r\nb\tc\u2028d\x85e\x0bf", "a b c d e f"),
        ("a\x00b\x1b[31mc\x7fd", "ab[31mcd"),
        ("::error::x", ": :error: :x"),
        ("::add-mask::1", ": :add-mask::1"),
        (":::error", ":: :error"),
        ("[::1]:8500", "[::1]:8500"),
        ("##[error]x", "## [error]x"),
        ("ממתין לסיב", "ממתין לסיב"),
        ("👩‍🔬 🧪 🫨", "👩‍🔬 🧪 🫨"),
        ("\u202eevil\u2066", "evil"),
        ("\ud800", "\ufffd"),
        ("\ufffe\ufdd0\U0001ffff", ""),
        ("zero\u200bwidth\ufeff", "zerowidth"),
    ],
)
def test_outside_text_becomes_one_harmless_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_long_text_ends_in_an_ellipsis() -> None:
    assert one_line("x" * 300, 10) == "xxxxxxxxx…"


@given(st.text() | st.text(alphabet=":#[\n\x1b\u202e a", max_size=30), st.integers(min_value=1, max_value=50))
def test_nothing_that_comes_out_can_command_or_hide(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not re.search("::[A-Za-z]", line)
    assert "##[" not in line
    assert line == line.strip()
    line.encode("utf-8")
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in line)


@given(st.text())
def test_a_line_that_is_harmless_stays_as_it_is(text: str) -> None:
    line = one_line(text, 1000)
    assert one_line(line, 1000) == line


@given(st.text())
def test_quoted_text_cannot_end_its_quotation(text: str) -> None:
    assert quoted(text)[1:-1].count('"') == 0


@pytest.mark.parametrize(
    ("names", "shown"),
    [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")],
)
def test_names_are_listed_as_a_person_does(names: tuple[str, ...], shown: str) -> None:
    assert listed(names) == shown


def test_a_time_has_its_date_only_where_it_is_far() -> None:
    assert at_time(NOW - timedelta(minutes=5), NOW) == "13:15Z"
    assert at_time(NOW - timedelta(days=2), NOW) == "2025-11-06 13:20Z"
    midnight = NOW.replace(hour=0, minute=10)
    assert at_time(midnight - timedelta(minutes=20), midnight) == "23:50Z"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://lab.example/focus-server", "https://lab.example/focus-server"),
        ("https://user:secret@lab.example:8443/x", "https://lab.example:8443/x"),
        ("https://user:se@cret@lab.example/x", "https://lab.example/x"),
        ("https://lab.example/x?token=secret#secret", "https://lab.example/x"),
        ("https://lab.example?token=secret", "https://lab.example"),
        ("user:secret@lab.example/x", "lab.example/x"),
        ("amqp://guest:secret@[::1]:5672", "amqp://[::1]:5672"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
