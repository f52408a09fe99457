"""Whether `-k` and `-m` choose a test, held against pytest's own reading."""

from __future__ import annotations

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given
from hypothesis import strategies as st

from gate.guards.stopping.expression import chooses

NAMES = ("load", "smoke", "slow")
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not {text}"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)


@given(expression=EXPRESSIONS, names=st.sets(st.sampled_from(NAMES)))
def test_an_expression_means_what_it_means_to_pytest(expression: str, names: set[str]) -> None:
    def has(name: str, /, **_: str | int | bool | None) -> bool:
        return name in names

    assert chooses(expression, has) == Expression.compile(expression).evaluate(has)


@pytest.mark.parametrize(
    "expression", ["", "  ", "and", "(load", "load)", "not", "load or", "a b", "(" * 5000]
)
def test_what_cannot_be_read_chooses_everything(expression: str) -> None:
    assert chooses(expression, lambda _: False)


def test_a_marker_with_arguments_counts_by_its_name() -> None:
    assert chooses('device(serial="1") and not load', lambda name: name == "device")
