"""Do marks give back every byte, and nothing where a person has been since?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.wiring.edits import apply_edits
from gate.wiring.marks import find_marks, marked, unmarked
from gate.wiring.records import Edit, Refused, Source

_LINES = st.lists(
    st.tuples(
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    max_size=12,
).map(lambda lines: "".join(text + end for text, end in lines))


@st.composite
def _changes(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(_LINES) + draw(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=5))
    places = [cut for cut in range(len(text) + 1) if text[cut - 1 : cut + 1] != "\r\n"]
    cuts = sorted(draw(st.lists(st.sampled_from(places), max_size=8)))
    edits: list[Edit] = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        new = draw(st.sampled_from(["", "x", "needs: gate", "a\n", "a\nb\n", "# c\n", "\n"]))
        if not edits or start > edits[-1].end:
            edits.append(Edit(start=start, end=end, text=new.replace("\n", _source(text).newline)))
    return text, edits


def _source(text: str) -> Source:
    return Source(name="f.yml", text=text)


def _wired(text: str, edits: list[Edit], leader: str = "#") -> str:
    return apply_edits(text, marked(_source(text), edits, leader))


def _undone(text: str, leader: str = "#") -> str:
    return apply_edits(text, unmarked(_source(text), leader))


def test_a_mark_tells_the_lines_below_it_and_what_they_were() -> None:
    text = "  configure:\r\n    needs: unit # שלום\r\n    if: x\r\n"
    wired = _wired(text, [Edit(start=text.index("unit"), end=text.index(" # "), text="[gate, unit]")])

    assert wired == (
        '  configure:\r\n    # fiber-gate: 1 line 9585bb85, was "    needs: unit # שלום\\n"\r\n'
        "    needs: [gate, unit] # שלום\r\n    if: x\r\n"
    )


@given(_changes(), st.sampled_from(["#", "//"]))
def test_what_was_marked_is_given_back_to_the_byte(change: tuple[str, list[Edit]], leader: str) -> None:
    text, edits = change

    assert _undone(_wired(text, edits, leader), leader) == text


@given(_changes(), _changes())
def test_marks_over_marks_are_undone_with_them(
    first: tuple[str, list[Edit]], second: tuple[str, list[Edit]]
) -> None:
    text, edits = first
    once = _wired(text, edits)
    again = [
        Edit(
            start=edit.start,
            end=edit.end,
            text=edit.text.replace("\r", "").replace("\n", _source(once).newline),
        )
        for edit in second[1]
        if edit.end <= len(once)
        and not {once[edit.start - 1 : edit.start + 1], once[edit.end - 1 : edit.end + 1]} & {"\r\n"}
    ]

    assert _undone(_wired(once, again)) == text


@given(_changes())
def test_without_the_marks_the_text_is_as_the_edits_say(change: tuple[str, list[Edit]]) -> None:
    text, edits = change
    wired = _wired(text, edits)
    marks = list(find_marks(_source(wired), "#"))
    lines = wired.splitlines(keepends=True)

    assert len(marks) <= len(edits)
    if "\r" not in wired and len(lines) == wired.count("\n") + (not wired.endswith("\n")):
        kept = "".join(line for line in lines if "fiber-gate: " not in line)
        assert kept == apply_edits(text, edits)


def test_a_checkout_with_other_line_ends_is_undone_with_its_own() -> None:
    text = "a: 1\r\nb: 2\r\nc: 3\r\n"
    wired = _wired(text, [Edit(start=6, end=10, text="b: 4\r\nd: 5")])

    assert _undone(wired.replace("\r\n", "\n")) == text.replace("\r\n", "\n")


def test_an_editor_that_ends_the_last_line_does_no_harm() -> None:
    wired = _wired("a: 1\nb: 2", [Edit(start=8, end=9, text="3")])

    assert _undone(wired + "\n") == "a: 1\nb: 2\n"


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(lambda wired: wired.replace("b: 3", "b: 33"), id="another value"),
        pytest.param(lambda wired: wired.replace("b: 3", "b: 3 # why"), id="a comment behind it"),
        pytest.param(lambda wired: wired.replace("b: 3\n", ""), id="the line is gone"),
    ],
)
def test_lines_that_were_edited_since_are_not_undone(edited: object) -> None:
    wired = _wired("a: 1\nb: 2\nc: 3\n", [Edit(start=8, end=9, text="3")])

    with pytest.raises(Refused, match=r"line 2, column 1: .*edited since"):
        _undone(edited(wired))  # type: ignore[operator]


def test_edits_elsewhere_are_kept() -> None:
    wired = _wired("a: 1\nb: 2\nc: 3\n", [Edit(start=8, end=9, text="3")])

    assert _undone("# new\n" + wired.replace("c: 3", "c: 4")) == "# new\na: 1\nb: 2\nc: 4\n"


@pytest.mark.parametrize(
    "line",
    [
        "# fiber-gate: 1 line 8ad6ac97, was nothing\n",
        "# fiber-gate: see the README\n",
        'echo "# fiber-gate: 1 line 8ad6ac97, was \\"\\""\n',
        '# fiber-gate: 1 line 8ad6ac97, was "\n',
        '# fiber-gate: 1 line 8ad6ac97, was "\\x"\n',
    ],
)
def test_what_only_looks_like_a_mark_is_none(line: str) -> None:
    assert not list(find_marks(_source(line + "a\n"), "#"))


def test_a_mark_inside_a_scalar_is_text() -> None:
    wired = _wired("b: 2\n", [Edit(start=3, end=4, text="3")])
    text = "run: |\n  " + wired.replace("\n", "\n  ")

    assert not list(find_marks(_source(text), "#", [(5, len(text))]))
    assert list(find_marks(_source(text), "#"))


def test_no_mark_is_set_inside_a_scalar() -> None:
    text = "if: >-\n  a &&\n  b\nc: 1\n"
    start = text.index("b")
    wired = apply_edits(
        text, marked(_source(text), [Edit(start=start, end=start + 1, text="d")], "#", [(4, start + 1)])
    )

    assert wired.startswith("# fiber-gate: 3 lines ")
    assert _undone(wired) == text


def test_no_mark_is_set_inside_a_scalar_that_ends_where_another_starts() -> None:
    text = "['a\n b', 'c\n d']\n"
    spans = [(1, 7), (9, 15)]
    wired = apply_edits(text, marked(_source(text), [Edit(start=13, end=14, text="e")], "#", spans))

    assert wired.startswith("# fiber-gate: 3 lines ")
    assert wired.endswith("\n['a\n b', 'c\n e']\n")


def test_lines_that_were_edited_since_can_be_wired_again_and_are_given_back_as_edited() -> None:
    edited = _wired("a: 1\nb: 2\nc: 3\n", [Edit(start=8, end=9, text="3")]).replace("b: 3", "b: 33")
    start = edited.index("33")

    assert _undone(_wired(edited, [Edit(start=start, end=start + 2, text="4")])) == edited
