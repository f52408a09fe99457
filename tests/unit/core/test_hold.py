"""What a hold's text says, and which runs it covers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.hold import active_hold, covers, encode_hold, is_expired, parse_hold
from gate.core.model import Hold, Place, Scope

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
HERE = Place(environment="staging", provider="github", project="acme/panda")


def test_blank_text_is_no_hold() -> None:
    assert parse_hold("") is None
    assert parse_hold(" \n") is None


def test_plain_text_is_the_reason() -> None:
    assert parse_hold(" fibre splice at km 12 \n") == Hold(id="GATE_HOLD", reason="fibre splice at km 12")


@pytest.mark.parametrize("text", ["false", "0", "no", "null"])
def test_words_that_sound_like_no_hold_close_all_the_same(text: str) -> None:
    hold = parse_hold(text)
    assert hold is not None
    assert hold.reason == text


def test_every_field_of_a_json_hold_is_read() -> None:
    text = json.dumps(
        {
            "id": "H7",
            "reason": "ממתין לסיב",
            "by": "dana",
            "category": "maintenance",
            "until": "2025-11-08T16:00:00+02:00",
            "scope": {"environments": ["stag*"], "providers": ["github"], "projects": ["acme/*"]},
        }
    )
    assert parse_hold(text) == Hold(
        id="H7",
        reason="ממתין לסיב",
        by="dana",
        category="maintenance",
        until=datetime(2025, 11, 8, 14, tzinfo=UTC),
        scope=Scope(environments=("stag*",), providers=("github",), projects=("acme/*",)),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"reason": "x"', "Expecting"),
        ("[1]", "expected a JSON object"),
        ('{"reason": 7}', "reason: expected text"),
        ('{"reason": "x", "untill": "2025-11-08T13:00:00Z"}', "unknown key 'untill'"),
        ('{"reason": "x", "until": "tomorrow"}', "until: expected a time with its zone"),
        ('{"reason": "x", "until": "2025-11-08T13:00:00"}', "until: expected a time with its zone"),
        ('{"reason": "x", "until": 1762606800}', "until: expected a time with its zone"),
        ('{"reason": "x", "until": "0001-01-01T00:00:00+14:00"}', "until: expected a time with its zone"),
        ('{"reason": "x", "scope": 7}', "scope: expected the lists"),
        ('{"reason": "x", "scope": {"labs": []}}', "scope: expected the lists"),
        ('{"reason": "x", "scope": {"environments": "staging"}}', "scope.environments: expected a list"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_an_unreadable_hold_covers_everything_for_ever_and_says_why(text: str, problem: str) -> None:
    hold = parse_hold(text)
    assert hold is not None
    assert problem in hold.reason
    assert hold.until is None
    assert hold.scope == Scope()
    assert active_hold([hold], HERE, NOW) is hold


def test_a_hold_without_a_reason_says_so() -> None:
    hold = parse_hold("{}")
    assert hold is not None
    assert hold.reason == "no reason given"


@pytest.mark.parametrize("scope", ["staging", ["staging"], {"environments": ["staging"]}])
def test_a_scope_may_be_written_short(scope: object) -> None:
    hold = parse_hold(json.dumps({"reason": "x", "scope": scope}))
    assert hold is not None
    assert hold.scope == Scope(environments=("staging",))


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope(environments=("staging",)), True),
        (Scope(environments=("STAG*",)), True),
        (Scope(environments=("kefar_saba",)), False),
        (Scope(environments=("kefar_saba", "staging")), True),
        (Scope(providers=("github",)), True),
        (Scope(providers=("gitlab",)), False),
        (Scope(projects=("acme/*",)), True),
        (Scope(projects=("other/*",)), False),
        (Scope(environments=("staging",), projects=("other/*",)), False),
    ],
)
def test_a_scope_covers_what_all_its_lists_match(scope: Scope, covered: bool) -> None:
    assert covers(scope, HERE) is covered


def test_what_is_not_known_of_a_place_is_covered() -> None:
    limited = Scope(providers=("gitlab",), projects=("acme/*",))
    assert covers(limited, Place(environment="staging"))


def test_a_hold_ends_at_its_time() -> None:
    hold = Hold(id="H", reason="r", until=NOW)
    assert is_expired(hold, NOW)
    assert not is_expired(hold, NOW.replace(minute=19))


_WORDS = st.text(alphabet="abc xyz", max_size=12).map(lambda text: " ".join(text.split()))
_PATTERNS = st.lists(st.text(alphabet="ab*?", min_size=1, max_size=4), max_size=3).map(tuple)
_HOLDS = st.builds(
    Hold,
    id=_WORDS.filter(bool),
    reason=_WORDS.filter(bool),
    by=_WORDS,
    category=_WORDS,
    until=st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
    scope=st.builds(Scope, environments=_PATTERNS, providers=_PATTERNS, projects=_PATTERNS),
)


@given(_HOLDS)
def test_a_hold_survives_being_written_and_read(hold: Hold) -> None:
    assert parse_hold(json.dumps(encode_hold(hold))) == hold


@given(st.text())
def test_any_text_that_is_not_blank_is_a_hold(text: str) -> None:
    assert (parse_hold(text) is None) == (text.strip() == "")
