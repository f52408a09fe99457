"""Objects of the API become records, whatever is missing or of another kind in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.diagnose.cluster import LogLine
from gate.diagnose.objects import (
    moment,
    parse_event,
    parse_ingress,
    parse_log,
    parse_node,
    parse_pod,
    quantity,
    variables,
)
from gate.diagnose.roles import Role
from tests.unit.diagnose import shapes


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("394Mi", 394 * 2**20),
        ("3m", 0.003),
        ("2", 2.0),
        ("1500n", 1.5e-6),
        ("1e3", 1000.0),
        (7, 7.0),
        *((text, None) for text in ("", "many", "1.2.3", None, True, "5Xi")),
    ],
)
def test_a_quantity_is_read_as_kubernetes_writes_it(text: object, amount: float | None) -> None:
    assert quantity(text) == (pytest.approx(amount) if amount is not None else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-08T13:20:00Z", datetime(2025, 11, 8, 13, 20, tzinfo=UTC)),
        ("2025-11-08T13:20:00.123456789Z", datetime(2025, 11, 8, 13, 20, 0, 123456, tzinfo=UTC)),
        ("2025-11-08T15:20:00+02:00", datetime(2025, 11, 8, 13, 20, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_a_time_is_read_with_up_to_nine_decimals(text: object, expected: datetime | None) -> None:
    assert moment(text) == expected


def test_a_log_has_its_times_where_they_are_given() -> None:
    lines = parse_log("2025-11-08T13:20:00.123456789Z hello\x1b[31m\nno time here\n")
    assert lines == (
        LogLine(text="hello[31m", at=datetime(2025, 11, 8, 13, 20, 0, 123456, tzinfo=UTC)),
        LogLine(text="no time here"),
    )


def test_an_event_that_is_a_series_is_counted_as_one() -> None:
    found = parse_event(
        {
            "involvedObject": {"kind": "Pod", "name": "p"},
            "reason": "Unhealthy",
            "eventTime": "2025-11-08T13:00:00.000000Z",
            "series": {"count": 12, "lastObservedTime": "2025-11-08T13:20:00.000000Z"},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "metadata": {"creationTimestamp": "2025-11-08T12:00:00Z"},
        }
    )
    assert (found.count, found.first, found.last) == (
        12,
        datetime(2025, 11, 8, 13, 0, tzinfo=UTC),
        datetime(2025, 11, 8, 13, 20, tzinfo=UTC),
    )


def test_no_variable_and_no_annotation_comes_into_a_record() -> None:
    pod = shapes.pod(
        env=[{"name": "PASSWORD", "value": "geheim-1"}],
        metadata={"annotations": {"note": "geheim-2"}},
        spec={"volumes": [{"name": "geheim-3"}]},
    )
    assert "geheim" not in repr(parse_pod(pod, Role.FOCUS_SERVER, {}))
    assert variables(pod) == {"PASSWORD": "geheim-1"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def broken(value: Any, draw: Any) -> Any:
    """Return an object of the API in which some values are of any other kind."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {key: broken(item, draw) for key, item in value.items()}
    if isinstance(value, list):
        return [broken(item, draw) for item in value]
    return value


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_answer_of_a_cluster_breaks_the_reading_of_it(data: st.DataObject) -> None:
    last = shapes.terminated("Error", 1)
    pod = shapes.pod(last=last, init=[("wait", shapes.init_status(shapes.running()))], limit="1Gi")
    for parse, given_object in (
        (lambda item: parse_pod(item, Role.MONGODB, item), pod),
        (parse_event, shapes.event("p", "BackOff", "x")),
        (parse_node, shapes.node(MemoryPressure="True")),
        (parse_ingress, shapes.ingress("s")),
    ):
        item = broken(given_object, data.draw)
        repr(parse(item if isinstance(item, dict) else {}))
        variables(item if isinstance(item, dict) else {})
