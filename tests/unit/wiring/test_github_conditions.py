"""What do conditions come to while the gate is closed, and how are they merged?"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.wiring.github.condition import Condition, Wrap, merged_text, parse_condition
from gate.wiring.github.expression import BadExpression, Path, parse_expression

OUTPUT = ("needs", "gate", "outputs", "open")
OPEN = "needs.gate.outputs.open == 'true'"


@pytest.mark.parametrize(
    "text",
    [
        OPEN,
        f"${{{{ {OPEN} }}}}",
        f"{OPEN} && github.ref == 'x'",
        f"github.ref == 'x' && ({OPEN})",
        f"always() && {OPEN}",
        f"!({OPEN} == false)",
        "NEEDS.Gate.outputs.OPEN == 'TRUE'",
        "needs['gate'].outputs['open'] == 'true'",
        "'true' == needs.gate.outputs.open",
        "fromJSON(needs.gate.outputs.open)",
        "fromJSON(needs.gate.outputs.open) && success()",
        "startsWith(needs.gate.outputs.open, 'true')",
        "contains(needs.gate.outputs.open, 'tr')",
        "needs.gate.outputs.open != 'false' && needs.gate.outputs.open",
        "needs.gate.outputs.open == true",
        "false",
        "0",
        "null",
        "''",
    ],
)
def test_a_condition_that_holds_back(text: str) -> None:
    assert parse_condition(text).holds_back(OUTPUT)


@pytest.mark.parametrize(
    "text",
    [
        "needs.gate.outputs.open",
        "needs.gate.outputs.open != 'false'",
        "needs.gate.outputs.open == 'false'",
        "!needs.gate.outputs.open",
        f"{OPEN} || always()",
        f"github.ref == 'x' || {OPEN}",
        "always()",
        "success()",
        "true",
        "'false'",
        "needs.gate.result == 'success'",
        "needs.gate.outputs.state == 'ready'",
        "needs.other.outputs.open == 'true'",
        "needs.gate.outputs[inputs.which] == 'true'",
        "contains(needs.*.outputs.open, 'true')",
        "contains(needs.gate.outputs.open, '')",
        "toJSON(needs.gate.outputs.open) != ''",
        f"${{{{ {OPEN} }}}} ",
        f"${{{{ {OPEN} }}}}\n",
        f"${{{{ {OPEN} }}}} && true",
        f"{OPEN} &&",
        "needs.gate.outputs.open == false",
    ],
)
def test_a_condition_that_does_not_hold_back(text: str) -> None:
    assert not parse_condition(text).holds_back(OUTPUT)


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("needs.gate.outputs.open == true", True),
        ("needs.gate.outputs.open == 'yes'", True),
        ("always() && needs.gate.outputs.open == 'ready'", True),
        (OPEN, False),
        (f"{OPEN} && github.ref == 'x'", False),
        ("false", False),
        ("github.ref == 'x'", False),
    ],
)
def test_a_condition_that_never_opens_because_of_how_it_asks(text: str, never: bool) -> None:
    assert parse_condition(text).never_opens(OUTPUT) is never


@pytest.mark.parametrize(
    ("text", "wrap", "inner"),
    [
        ("a", Wrap.BARE, "a"),
        (" a\n", Wrap.BARE, "a"),
        ("${{ a }}", Wrap.WHOLE, "a"),
        ("${{a}}", Wrap.WHOLE, "a"),
        ("${{ '}}' == a }}", Wrap.WHOLE, "'}}' == a"),
        ("${{ 'it''s }}' == a }}", Wrap.WHOLE, "'it''s }}' == a"),
        ("${{ a }}\n", Wrap.SPACED, "a"),
        (" ${{ a }}", Wrap.SPACED, "a"),
        ("${{ a }} && b", Wrap.MIXED, "${{ a }} && b"),
        ("${{ a }} && ${{ b }}", Wrap.MIXED, "${{ a }} && ${{ b }}"),
        ("a == ${{ b }}", Wrap.MIXED, "a == ${{ b }}"),
        ("${{ 'a }}", Wrap.MIXED, "${{ 'a }}"),
    ],
)
def test_how_an_expression_stands_in_its_text(text: str, wrap: Wrap, inner: str) -> None:
    condition = parse_condition(text)

    assert (condition.wrap, condition.inner) == (wrap, inner)
    assert condition.always_true is (wrap in (Wrap.SPACED, Wrap.MIXED))


@pytest.mark.parametrize(
    ("text", "functions"),
    [
        ("always()", ("always",)),
        ("!cancelled() && Failure()", ("cancelled", "failure")),
        ("success()", ()),
        ("contains(github.ref, 'always()')", ()),
        ("${{ always() }} && x", ("always",)),
    ],
)
def test_the_functions_that_let_a_job_run_in_any_case(text: str, functions: tuple[str, ...]) -> None:
    assert parse_condition(text).bypassing == functions


@pytest.mark.parametrize(
    "text",
    [
        "a &&",
        "(a",
        "a)",
        "a b",
        "'a",
        'a == "b"',
        "a.",
        "f(a,)",
        "a[",
        "#",
        "&& a",
        "a == == b",
        "(" * 60 + "a" + ")" * 60,
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(BadExpression):
        parse_expression(text)


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "(" * 50_000, "a&&" * 20_000 + "a", "!" * 50_000 + "a", "'" * 49_999]
)
def test_a_long_expression_takes_no_time(text: str) -> None:
    started = time.process_time()
    parse_condition(text).holds_back(OUTPUT)

    assert time.process_time() - started < 2


_OPERANDS = st.sampled_from(
    [
        "github.ref == 'x'",
        "always()",
        "true",
        "false",
        "needs.gate.outputs.open",
        OPEN,
        "1",
        "''",
        "null",
        "inputs.a",
    ]
)
_EXPRESSIONS = st.recursive(
    _OPERANDS,
    lambda inner: (
        st.builds("{} && {}".format, inner, inner)
        | st.builds("{} || {}".format, inner, inner)
        | st.builds("({})".format, inner)
        | st.builds("!({})".format, inner)
        | st.builds("({}) == ({})".format, inner, inner)
    ),
    max_leaves=10,
)


@given(_EXPRESSIONS)
def test_whatever_is_merged_holds_back_and_opens_as_before(text: str) -> None:
    condition = parse_condition(text)
    merged = parse_condition(merged_text(condition, OPEN))

    assert merged.holds_back(OUTPUT)
    assert merged.truth(OUTPUT, "true") == condition.truth(OUTPUT, "true")


@given(
    _EXPRESSIONS,
    st.sampled_from(["true", "false", ""]),
    st.dictionaries(st.sampled_from(["ref", "a"]), st.sampled_from(["x", ""])),
)
def test_what_is_certain_stays_so_when_more_is_known(text: str, says: str, more: dict[str, str]) -> None:
    expression = parse_expression(text)
    known: dict[Path, str] = {OUTPUT: says}
    rest: dict[Path, str] = {("github", "ref"): more.get("ref", "y"), ("inputs", "a"): more.get("a", "z")}
    unsure, sure = expression.evaluate(known).truth, expression.evaluate({**known, **rest}).truth

    assert unsure is None or unsure == sure


@given(st.text(max_size=60))
def test_any_text_is_a_condition(text: str) -> None:
    condition = parse_condition(text)

    assert isinstance(condition, Condition)
    condition.holds_back(OUTPUT)
