"""Where in a text is something, and what do edits make of it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.wiring.edits import apply_edits, indentation, line_end, line_start, place_at
from gate.wiring.records import Edit, Place, Source

TEXT = "ab\r\n  שלום 😀\rc\u2028d\n"


@pytest.mark.parametrize(
    ("offset", "line", "column"),
    [
        pytest.param(0, 1, 1, id="the start"),
        pytest.param(3, 1, 4, id="inside of a line end of two"),
        pytest.param(4, 2, 1, id="behind it"),
        pytest.param(11, 2, 8, id="an emoji is one character"),
        pytest.param(13, 3, 1, id="behind a carriage return alone"),
        pytest.param(15, 3, 3, id="a separator of Unicode starts no line"),
        pytest.param(len(TEXT), 4, 1, id="behind the last line end"),
    ],
)
def test_a_place_counts_lines_as_editors_do(offset: int, line: int, column: int) -> None:
    assert place_at(TEXT, offset) == Place(line=line, column=column)


def test_a_line_starts_and_ends_where_its_line_ends_stand() -> None:
    assert (line_start(TEXT, 6), line_end(TEXT, 6)) == (4, 13)
    assert line_end("a", 0) == 1
    assert indentation(TEXT, 8) == "  "


@given(st.text(), st.data())
def test_places_and_line_starts_agree(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    place = place_at(text, offset)

    assert line_start(text, offset) + place.column - 1 == offset
    assert line_start(text, offset) <= offset <= line_end(text, offset)


def test_edits_are_carried_out_in_the_order_of_the_text() -> None:
    edits = [Edit(start=3, end=4, text="X"), Edit(start=0, end=0, text="a"), Edit(start=0, end=0, text="b")]
    assert apply_edits("0123", edits) == "ab012X"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(start=0, end=2, text=""), Edit(start=1, end=3, text="")],
        [Edit(start=2, end=9, text="")],
        [Edit(start=2, end=1, text="")],
    ],
    ids=["overlapping", "outside", "backwards"],
)
def test_edits_that_cannot_be_carried_out_are_an_error(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps another or leaves the text"):
        apply_edits("0123", edits)


@pytest.mark.parametrize(
    ("text", "newline"),
    [
        ("", "\n"),
        ("a", "\n"),
        ("a\nb\n", "\n"),
        ("a\r\nb\r\nc\n", "\r\n"),
        ("a\rb\r", "\r"),
        ("a\nb\r\n", "\n"),
    ],
)
def test_the_prevailing_line_end_is_the_most_frequent(text: str, newline: str) -> None:
    assert Source(name="f", text=text).newline == newline
