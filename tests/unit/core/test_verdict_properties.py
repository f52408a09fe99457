"""Whatever a lab sends: nothing raises, and only a ready lab opens. Over 100,000 bodies."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gate.core.model import Reading, State
from gate.core.reason import one_line
from gate.core.verdict import judge
from gate.sandbox import recorded

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
BODIES_A_SEED = 200
SEEDS = 600
BODIES = 5_000

_TEXTS = (
    "waiting for fiber",
    " Waiting for Fiber ",
    "10.4.1",
    "",
    "ממתין לסיב",
    "::error::x",
    "\ud800",
    "a\nb",
)
_NUMBERS = (0.0, -0.0, 0, 1, -1, 2000.0, 1e-320, 1.7e308, 10**400, -(10**30), math.nan, math.inf, -math.inf)
_OTHERS: tuple[object, ...] = (None, True, False, [], {}, [2000.0], {"prr": 2000.0}, "2000.0", "NaN")


def verdict_on(body: bytes, status: int = 200) -> State:
    reading = Reading(environment="staging", taken_at=NOW, status=status, body=body)
    verdict = judge(reading, (), NOW)
    assert verdict.reason == one_line(verdict.reason, len(verdict.reason))
    assert len(verdict.reason) < 600
    json.dumps(dict(verdict.evidence), allow_nan=False)
    return verdict.state


def may_open(body: bytes) -> bool:
    """Return whether a body allows `ready`, found without any code of gate."""
    try:
        fields = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    if not isinstance(fields, dict) or type(fields.get("prr")) not in (int, float):
        return False
    if not (fields["prr"] > 0 and fields["prr"] < 1.8e308):
        return False
    texts = [fields.get("sw_version"), fields.get("fiber_description")]
    return not any(isinstance(text, str) and text.strip().lower() == "waiting for fiber" for text in texts)


def made_body(chance: random.Random) -> bytes:
    """Return an answer as a lab, a proxy, or an enemy might send it."""
    fields: dict[str, object] = dict(chance.choice((recorded.READY, recorded.WAITING, {})))
    for key in ("prr", "sw_version", "fiber_description", "dx"):
        match chance.randrange(5):
            case 0:
                fields[key] = chance.choice(_NUMBERS)
            case 1:
                fields[key] = chance.choice(_TEXTS)
            case 2:
                fields[key] = chance.choice(_OTHERS)
            case 3:
                fields.pop(key, None)
    text = json.dumps(fields, ensure_ascii=chance.random() < 0.8)
    return damaged(text, chance)


def damaged(text: str, chance: random.Random) -> bytes:
    body = text.encode("utf-8", "surrogatepass")
    match chance.randrange(12):
        case 0:
            return body[: chance.randrange(len(body) + 1)]
        case 1:
            return text.encode("utf-16", "surrogatepass")
        case 2:
            return b"\xef\xbb\xbf" + body
        case 3:
            return recorded.HTML + body
        case 4:
            return body.replace(b"{", b'{"prr": 0.0, "prr": 2000.0, ', 1)
        case 5:
            at = chance.randrange(len(body))
            return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        case 6:
            return b"[" + body + b"]"
        case _:
            return body


def made_bodies(seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    return (made_body(chance) for _ in range(BODIES_A_SEED))


def check(body: bytes) -> State:
    state = verdict_on(body)
    assert state is not State.HELD
    if state is State.READY:
        assert may_open(body), body[:500]
    return state


@settings(max_examples=SEEDS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**63))
def test_of_120_000_damaged_answers_only_ready_ones_open(seed: int) -> None:
    for body in made_bodies(seed):
        check(body)


def test_the_damaged_answers_reach_every_outcome_that_a_body_can_have() -> None:
    """Without this, the property above could hold because nothing ever is ready."""
    seen: Counter[State] = Counter(check(body) for seed in range(20) for body in made_bodies(seed))
    assert min(seen[State.READY], seen[State.WAITING_FOR_FIBER], seen[State.UNKNOWN]) > 100


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(_TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_METADATA = st.fixed_dictionaries(
    {},
    optional={
        "prr": st.floats() | st.integers() | _JSON,
        "sw_version": st.sampled_from(_TEXTS) | _JSON,
        "fiber_description": st.sampled_from(_TEXTS) | _JSON,
    },
)


@settings(max_examples=BODIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=_METADATA | _JSON)
@example(document={"prr": 10**400})
def test_of_any_json_only_ready_opens(document: object) -> None:
    check(json.dumps(document).encode())


@settings(max_examples=BODIES, deadline=None)
@given(body=st.binary(max_size=200))
def test_of_any_bytes_only_ready_opens(body: bytes) -> None:
    check(body)


@settings(max_examples=500, deadline=None)
@given(status=st.integers(min_value=-1, max_value=1000).filter(lambda status: status != 200))
def test_no_status_but_200_opens(status: int) -> None:
    assert verdict_on(json.dumps(recorded.READY).encode(), status) is State.UNKNOWN


def test_bodies_of_ten_megabytes_neither_raise_nor_open_by_their_size() -> None:
    filler = "x" * (10 * 1024 * 1024)
    assert check(json.dumps({"prr": 0.0, "sw_version": filler}).encode()) is State.WAITING_FOR_FIBER
    assert check(json.dumps({"prr": 2000.0, "sw_version": filler}).encode()) is State.READY
    assert check(filler.encode()) is State.UNKNOWN
    assert check(b"[" * len(filler)) is State.UNKNOWN
    assert check(b'{"prr": ' + b"9" * len(filler) + b"}") is State.UNKNOWN
