"""Is a stage's name read as Jenkins shows it, and a computed one taken for what it could be?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.wiring.jenkins.names import is_protected, known_parts, may_be_protected, value_of
from gate.wiring.jenkins.scan import scan
from tests.unit.wiring.corpora import PROTECT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'load'", "load"),
        ('"load"', "load"),
        ("'''load'''", "load"),
        ('"""load"""', "load"),
        ("/lo\\/ad/", "lo/ad"),
        ("$/lo$/ad $$/$", "lo/ad $"),
        ("'lo\\u0061d'", "load"),
        ("'lo\\141d'", "load"),
        ("'don\\'t\\tload\\\\'", "don't\tload\\"),
        ("'lo\\\nad'", "load"),
        ('"\\$load"', "$load"),
        ('"$load"', None),
        ('"load ${lab}"', None),
    ],
)
def test_what_a_text_says(text: str, value: str | None) -> None:
    assert value_of(scan(text).tokens[0]) == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"load ${lab}"', ("load ", "")),
        ('"$lab.name load"', ("", " load")),
        ('"a ${b} c $d e"', ("a ", " c ", " e")),
        ('"""${a}${b}"""', ("", "", "")),
        ("/a\\/${b}\\//", ("a/", "/")),
        ('"\\${a} ${b}"', ("${a} ", "")),
    ],
)
def test_what_is_known_of_a_computed_text(text: str, parts: tuple[str, ...]) -> None:
    assert known_parts(scan(text).tokens[0]) == parts


@pytest.mark.parametrize(
    "name", ["load", "LOAD", "Load tests", " load", "configure", "Configure-Lab", "loads"]
)
def test_a_protected_name_is_one_in_any_case(name: str) -> None:
    assert is_protected(name, PROTECT)


@pytest.mark.parametrize("name", ["reload", "unit", "un load", "conf", ""])
def test_another_name_is_not(name: str) -> None:
    assert not is_protected(name, PROTECT)


@pytest.mark.parametrize(
    ("parts", "protect", "possible"),
    [
        (("load ", ""), PROTECT, True),
        (("", ""), PROTECT, True),
        (("", " load"), PROTECT, True),
        (("lo", ""), PROTECT, True),
        (("L", "D test"), PROTECT, True),
        (("test ", ""), PROTECT, False),
        (("reload ", ""), PROTECT, False),
        (("test ", ""), ("*load*",), True),
        (("test ", ""), ("[s-u]est ?*",), True),
        (("best ", ""), ("[s-u]est ?*",), False),
        (("a", "b", "c"), ("a?b?c",), True),
        (("a", "bb", "c"), ("a?b",), False),
        (("x" * 5000, ""), PROTECT, False),
        (("", "x" * 5000), ("*y",), True),
    ],
)
def test_whether_a_computed_name_could_be_a_protected_one(
    parts: tuple[str, ...], protect: tuple[str, ...], possible: bool
) -> None:
    assert may_be_protected(parts, protect) is possible


WORDS = st.text("loadcnfigure* ?", max_size=6)


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=4), st.data())
def test_a_name_that_comes_out_protected_was_taken_for_one_that_could(
    parts: list[str], data: st.DataObject
) -> None:
    gaps = [data.draw(WORDS) for _ in parts[1:]] + [""]
    name = "".join(part + gap for part, gap in zip(parts, gaps, strict=True))
    pattern = data.draw(st.text("load*?[]!", max_size=6))
    if is_protected(name, [pattern]):
        assert may_be_protected(tuple(parts), [pattern])
