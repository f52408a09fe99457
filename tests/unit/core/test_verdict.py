"""The verdict's table, row by row, and what a hold does to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.hold import parse_hold
from gate.core.model import FAILURES, Code, Hold, Reading, Scope, State, Verdict
from gate.core.verdict import exit_code, judge, misconfigured
from gate.sandbox import recorded

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
WAITING = json.dumps(recorded.WAITING).encode()
READY = json.dumps(recorded.READY).encode()


def answer(body: bytes, status: int = 200, **fields: object) -> Reading:
    return Reading(environment="staging", taken_at=NOW, status=status, body=body, **fields)  # type: ignore[arg-type]


def no_answer(code: Code, detail: str = "") -> Reading:
    return Reading(environment="staging", taken_at=NOW, failure=code, detail=detail)


def verdict_on(reading: Reading, *holds: Hold) -> Verdict:
    return judge(reading, holds, NOW)


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_a_lab_that_does_not_answer_is_unknown(code: Code) -> None:
    verdict = verdict_on(no_answer(code, "10.10.10.100:443 is not there"))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, code)
    assert "10.10.10.100:443 is not there" in verdict.reason


@pytest.mark.parametrize("code", sorted(set(Code) - FAILURES))
def test_what_is_no_failure_cannot_be_read_as_one(code: Code) -> None:
    with pytest.raises(ValueError, match="no failure"):
        no_answer(code)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, Code.UNAUTHORIZED),
        (403, Code.UNAUTHORIZED),
        (404, Code.METADATA_UNAVAILABLE),
        (500, Code.SERVER_ERROR),
        (502, Code.SERVER_ERROR),
        (503, Code.SERVER_ERROR),
        (599, Code.SERVER_ERROR),
        (201, Code.SERVER_ERROR),
        (204, Code.SERVER_ERROR),
        (304, Code.SERVER_ERROR),
        (418, Code.SERVER_ERROR),
        (429, Code.SERVER_ERROR),
    ],
)
def test_any_status_but_200_is_unknown_even_with_a_ready_body(status: int, code: Code) -> None:
    verdict = verdict_on(answer(READY, status))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, code)
    assert str(status) in verdict.reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(recorded.HTML, id="html"),
        pytest.param(READY[:-1], id="truncated"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[2000.0]", id="a list"),
        pytest.param(b"2000.0", id="a number"),
        pytest.param(b'"ready"', id="text"),
        pytest.param(b"{}", id="prr missing"),
        pytest.param(b'{"dx": 1.02, "channel_description": "x"}', id="a build without prr"),
        pytest.param(b'{"prr": null}', id="prr null"),
        pytest.param(b'{"prr": "2000.0"}', id="prr text"),
        pytest.param(b'{"prr": true}', id="prr true"),
        pytest.param(b'{"prr": [2000.0]}', id="prr a list"),
        pytest.param(b'{"prr": {"value": 2000.0}}', id="prr an object"),
        pytest.param(b'{"prr": NaN}', id="prr NaN"),
        pytest.param(b'{"prr": Infinity}', id="prr Infinity"),
        pytest.param(b'{"prr": -Infinity}', id="prr -Infinity"),
        pytest.param(b'{"prr": 1e400}', id="prr overflows"),
        pytest.param(b'{"prr": 1' + b"0" * 400 + b"}", id="prr beyond a double"),
        pytest.param(b'{"prr": 1' + b"0" * 9000 + b"}", id="prr beyond what Python parses"),
        pytest.param(b'{"prr": 0.0, "prr": 2000.0}', id="prr twice"),
        pytest.param(
            b'{"prr": 2000.0, "sw_version": "waiting for fiber", "sw_version": "1"}', id="version twice"
        ),
        pytest.param(READY.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"prr": 2000.0, "sw_version": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
        pytest.param(b'{"prr": 2000.0, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep inside"),
        pytest.param(b'{"prr": 2000.0} trailing', id="trailing text"),
    ],
)
def test_an_answer_that_is_not_live_metadata_is_malformed(body: bytes) -> None:
    verdict = verdict_on(answer(body))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, Code.MALFORMED)
    assert len(verdict.reason) < 400


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(recorded.WAITING, id="as recorded"),
        pytest.param({"prr": 0.0, "sw_version": "10.4.1"}, id="prr 0.0"),
        pytest.param({"prr": 0}, id="prr 0"),
        pytest.param({"prr": -0.0}, id="prr -0.0"),
        pytest.param({"prr": -2000.0}, id="prr negative"),
        pytest.param({"prr": 2000.0, "sw_version": "waiting for fiber"}, id="version says so"),
        pytest.param({"prr": 2000.0, "sw_version": "  Waiting For  FIBER\n"}, id="any case, trimmed"),
    ],
)
def test_a_lab_without_fibre_waits(fields: dict[str, object]) -> None:
    verdict = verdict_on(answer(json.dumps(fields).encode()))
    assert (verdict.state, verdict.code) == (State.WAITING_FOR_FIBER, Code.WAITING_FOR_FIBER)


def test_a_null_prr_keeps_the_gate_closed_even_where_the_version_says_waiting() -> None:
    verdict = verdict_on(answer(b'{"prr": null, "sw_version": "waiting for fiber"}'))
    assert verdict.code is Code.MALFORMED


def test_two_fields_that_contradict_each_other_are_unknown() -> None:
    fields = {**recorded.READY, "fiber_description": " WAITING for fiber "}
    verdict = verdict_on(answer(json.dumps(fields).encode()))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, Code.CONTRADICTORY)
    assert dict(verdict.evidence)["fiber_description"] == "WAITING for fiber"


def test_a_dependency_that_is_down_closes_a_ready_lab() -> None:
    verdict = verdict_on(answer(READY, dependencies_down=("mongodb://mongodb:27017 (refused)",)))
    assert (verdict.state, verdict.code) == (State.UNKNOWN, Code.DEPENDENCY_DOWN)
    assert "mongodb" in verdict.reason


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(recorded.READY, id="as recorded"),
        pytest.param({"prr": 2000}, id="prr alone, whole"),
        pytest.param({"prr": 1e-300}, id="prr tiny"),
        pytest.param({"prr": 1.7e308}, id="prr huge"),
        pytest.param({"prr": 2000.0, "sw_version": None, "fiber_description": None}, id="texts null"),
        pytest.param({"prr": 2000.0, "sw_version": "not waiting for fiber"}, id="other text"),
    ],
)
def test_everything_else_is_ready(fields: dict[str, object]) -> None:
    verdict = verdict_on(answer(json.dumps(fields).encode()))
    assert (verdict.state, verdict.code, verdict.open) == (State.READY, Code.READY, True)


def test_a_byte_order_mark_does_not_hide_a_ready_lab() -> None:
    assert verdict_on(answer(b"\xef\xbb\xbf" + READY)).open


def test_a_hold_wins_over_ready() -> None:
    verdict = verdict_on(answer(READY), Hold(id="H1", reason="splicing", by="dana"))
    assert (verdict.state, verdict.code, verdict.open) == (State.HELD, Code.HELD, False)
    assert verdict.reason == "staging: held by dana: splicing (hold H1); configure* and load* are held back"


def test_a_hold_is_shown_beside_any_other_state() -> None:
    verdict = verdict_on(answer(WAITING), Hold(id="H1", reason="splicing"))
    assert (verdict.state, verdict.code) == (State.WAITING_FOR_FIBER, Code.WAITING_FOR_FIBER)
    assert verdict.hold is not None
    assert "waiting for fiber" in verdict.reason
    assert "splicing" in verdict.reason


def test_an_expired_hold_closes_nothing() -> None:
    over = Hold(id="H1", reason="splicing", until=NOW)
    assert verdict_on(answer(READY), over).open


def test_a_hold_of_another_lab_closes_nothing() -> None:
    elsewhere = Hold(id="H1", reason="splicing", scope=Scope(environments=("kefar_*",)))
    assert verdict_on(answer(READY), elsewhere).open


def test_of_several_holds_the_one_that_lasts_longest_is_shown() -> None:
    hours = [Hold(id=f"H{n}", reason="r", until=NOW + timedelta(hours=n)) for n in (1, 3, 2)]
    shown = verdict_on(answer(READY), *hours).hold
    assert shown is not None
    assert shown.id == "H3"
    shown = verdict_on(answer(READY), *hours, Hold(id="forever", reason="r")).hold
    assert shown is not None
    assert shown.id == "forever"


def test_the_sentence_for_the_recorded_lab_is_the_documented_one() -> None:
    since = NOW - timedelta(minutes=5)
    assert verdict_on(answer(WAITING, since=since)).reason == (
        'staging: waiting for fiber (prr 0.0, sw_version "waiting for fiber") since 13:15Z; '
        "configure* and load* are held back"
    )


def test_the_evidence_is_what_the_lab_said() -> None:
    assert dict(verdict_on(answer(WAITING)).evidence) == {"prr": 0.0, "sw_version": "waiting for fiber"}


def test_the_age_is_counted_from_the_reading_and_never_negative() -> None:
    assert judge(answer(READY), (), NOW + timedelta(seconds=4)).age_seconds == 4.0
    assert judge(answer(READY), (), NOW - timedelta(hours=1)).age_seconds == 0.0


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (verdict_on(answer(READY)), 0),
        (verdict_on(answer(WAITING)), 75),
        (verdict_on(answer(READY), Hold(id="H", reason="r")), 75),
        (verdict_on(answer(b"")), 69),
        (verdict_on(no_answer(Code.UNREACHABLE)), 69),
        (misconfigured("gate.yml: x", "staging", NOW), 78),
    ],
)
def test_only_ready_ends_with_0(verdict: Verdict, code: int) -> None:
    assert exit_code(verdict) == code


def test_same_inputs_give_an_equal_verdict() -> None:
    hold = parse_hold('{"id": "H1", "reason": "splicing"}')
    assert hold is not None
    assert verdict_on(answer(READY), hold) == verdict_on(answer(READY), hold)
