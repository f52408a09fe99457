"""What an entry's line holds, and that no change to a ledger stays hidden."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry import (
    Entry,
    Head,
    Note,
    canonical,
    chain,
    encode_entry,
    expected_hash,
    parse_entry,
)
from gate.core.event import Event, HoldRaised, Intended, Kind, Ownership, Rechecked, StepClosed
from gate.core.event_codec import note, parse_event
from gate.core.ledger import replay, verify
from gate.core.model import Hold, Scope
from tests.unit.core.ledgers import EVENTS, NOTES, NOW, chains, ledger, target

EDITS = st.sampled_from(["seq", "at", "kind", "by", "body", "previous", "hash"])


def entry_with(kind: str, **fields: object) -> Entry:
    return chain([Note(at=NOW, by="dana", kind=kind, body=canonical(fields))], Head())[0]


def test_the_line_of_an_entry_is_a_contract_and_its_hash_is_that_of_the_rest() -> None:
    event = HoldRaised(hold=Hold(id="H1", reason="ממתין", by="dana"))
    start = '{"at":"2025-11-08T13:20:00Z","by":"dana",'
    rest = (
        '"hold":{"by":"dana","category":"","id":"H1","reason":"\\u05de\\u05de\\u05ea\\u05d9\\u05df",'
        '"scope":{"environments":[],"projects":[],"providers":[]},"until":null},'
        '"kind":"hold_raised","ownership":"manual","previous":"' + "0" * 64 + '","seq":1}'
    )
    hashed = hashlib.sha256((start + rest).encode()).hexdigest()
    assert encode_entry(ledger(event)[0]) == f'{start}"hash":"{hashed}",{rest}'


@given(chains())
def test_an_entry_survives_being_written_and_read(entries: Sequence[Entry]) -> None:
    for entry in entries:
        line = encode_entry(entry)
        assert line.isascii()
        assert "\n" not in line
        assert parse_entry(line, "entry") == entry


@given(EVENTS)
def test_an_event_survives_being_written_and_read(event: Event) -> None:
    assert parse_event(ledger(event)[0]) == event


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "entry 7: expected JSON"),
        ("{", "entry 7: expected JSON"),
        ("[1]", "entry 7: expected a JSON object"),
        ("[" * 100_000, "entry 7: expected JSON"),
        ('{"seq":NaN}', "entry 7: expected JSON"),
        ("{}", "entry 7: seq: expected a whole number"),
        ('{"seq":true}', "entry 7: seq: expected a whole number"),
        ('{"seq":1,"at":"yesterday"}', "entry 7: at: expected a time"),
        ('{"seq":1,"at":"2025-11-08T13:20:00"}', "entry 7: at: expected a time"),
        ('{"seq":1,"at":"0001-01-01T00:00:00+14:00"}', "entry 7: at: expected a time"),
        ('{"seq":1,"at":"2025-11-08T13:20:00Z","by":7}', "entry 7: by: expected text"),
        ('{"seq":1,"at":"2025-11-08T13:20:00Z","by":"a"}', "entry 7: kind: expected text"),
    ],
)
def test_a_line_that_is_no_entry_is_named_with_its_place(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_entry(line, "entry 7")


def test_a_line_with_the_same_meaning_in_another_form_was_edited() -> None:
    line = encode_entry(ledger(Rechecked())[0])
    twice = line.replace('"kind":"rechecked"', '"kind":"x","kind":"rechecked"')
    for edited in (line + " ", line.replace(":", ": ", 1), twice):
        assert json.loads(edited) == json.loads(line)
        with pytest.raises(ValueError, match="was edited"):
            parse_entry(edited, "entry 1")


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        (Kind.HOLD_RAISED, {}, "entry 1: hold: expected an object"),
        (Kind.HOLD_RAISED, {"hold": {"reason": "x"}}, "entry 1: hold: id: expected text"),
        (Kind.HOLD_RAISED, {"hold": {"id": "H", "until": 7}}, "entry 1: hold .*until: expected a time"),
        (Kind.HOLD_LIFTED, {"hold": 7}, "entry 1: hold: expected text"),
        (Kind.INTENT, {"action": "cancel"}, "entry 1: target: expected an object"),
        (Kind.INTENT, {"action": "cancel", "target": {"provider": "github", "kind": "run"}}, "target: id:"),
        (Kind.OUTCOME, {"intent": "1", "outcome": "stopped"}, "entry 1: intent: expected a whole number"),
        (Kind.OUTCOME, {"intent": 1}, "entry 1: outcome: expected text, found nothing"),
        (Kind.READING_CHANGED, {"environment": "a", "state": "b", "code": "c"}, "entry 1: taken_at:"),
        (Kind.STEP_CLOSED, {"environment": "a"}, "entry 1: code: expected text"),
    ],
)
def test_a_field_that_is_not_as_expected_is_named_with_its_place(
    kind: Kind, fields: dict[str, object], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        replay([entry_with(kind, **fields)])


def test_another_versions_kind_changes_nothing_and_stays() -> None:
    entry = entry_with("tide_changed", moon="full")
    assert parse_event(entry) is None
    assert parse_entry(encode_entry(entry), "entry 1").fields == {"moon": "full"}
    assert replay([entry]) == replace(replay([]), head=entry.head)


def test_another_versions_fields_are_passed_over_and_stay() -> None:
    fields = {"hold": {"id": "H1", "reason": "x", "colour": "red", "scope": {"labs": ["a"]}}, "ticket": 7}
    entry = entry_with(Kind.HOLD_RAISED, **fields)
    assert parse_event(entry) == HoldRaised(hold=Hold(id="H1", reason="x", scope=Scope()))
    assert entry.fields == fields


def test_a_word_of_ownership_that_is_not_known_is_a_persons() -> None:
    event = parse_event(entry_with(Kind.HOLD_LIFTED, hold="H1", ownership="committee"))
    assert event is not None
    assert getattr(event, "ownership", None) is Ownership.MANUAL


def test_a_field_cannot_take_the_name_of_what_every_entry_has() -> None:
    with pytest.raises(ValueError, match="a field cannot be named 'hash'"):
        entry_with("x", hash="0")


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        chain([note(Rechecked(), datetime(2025, 11, 8), "dana")], Head())


def test_times_are_kept_in_utc_to_the_microsecond() -> None:
    moment = datetime(2025, 11, 8, 15, 20, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    entry = chain([note(Rechecked(), moment, "dana")], Head())[0]
    assert entry.at == datetime(2025, 11, 8, 13, 20, 0, 7, tzinfo=UTC)
    assert parse_entry(encode_entry(entry), "entry 1").at == moment


def test_empty_text_takes_no_room() -> None:
    step = StepClosed(environment="staging", code="held", provider="github", project="a/b", run="7")
    assert set(ledger(step)[0].fields) == {"environment", "code", "provider", "project", "run"}


@given(chains())
def test_a_ledger_that_was_only_appended_to_is_whole(entries: Sequence[Entry]) -> None:
    head = entries[-1].head if entries else Head()
    assert verify(entries) is None
    assert verify(entries, head=head) is None


@given(chains(least=1), st.data())
def test_any_edit_of_an_entry_is_found_where_it_is(entries: Sequence[Entry], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    edited = list(entries)
    edited[at] = edit(entries[at], data.draw(EDITS))
    broken = verify(edited, head=entries[-1].head)
    assert broken is not None
    assert broken.seq == at + 1


@given(chains(least=2), st.data())
def test_an_edit_with_its_own_hash_made_right_is_found_at_the_next_entry(
    entries: Sequence[Entry], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(entries) - 1))
    edited = list(entries)
    changed = replace(entries[at], by=entries[at].by + "!")
    edited[at] = replace(changed, hash=expected_hash(changed))
    broken = verify(edited, head=entries[-1].head)
    assert broken is not None
    assert broken.seq == min(at + 2, len(entries))


@given(chains(least=1), st.data())
def test_any_removed_entry_is_found_the_last_ones_included(
    entries: Sequence[Entry], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(entries) - 1))
    last = data.draw(st.integers(first + 1, len(entries)))
    broken = verify([*entries[:first], *entries[last:]], head=entries[-1].head)
    assert broken is not None
    assert broken.seq == first + 1


@given(chains(least=2), st.data())
def test_any_new_order_is_found(entries: Sequence[Entry], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(entries).filter(lambda order: list(order) != list(entries)))
    broken = verify(mixed, head=entries[-1].head)
    assert broken is not None
    assert broken.seq == next(i for i, (a, b) in enumerate(zip(mixed, entries, strict=True), 1) if a != b)


@given(chains(least=1), NOTES, st.data())
def test_any_entry_that_was_put_in_is_found_however_well_it_is_chained(
    entries: Sequence[Entry], forged: Note, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(entries)))
    behind = entries[at - 1].head if at else Head()
    broken = verify([*entries[:at], *chain([forged], behind), *entries[at:]], head=entries[-1].head)
    assert broken is not None
    assert broken.seq in (at + 1, at + 2)


def test_what_follows_can_be_verified_without_what_was_before() -> None:
    entries = ledger(Rechecked(), Rechecked(), Rechecked())
    assert verify(entries[2:], after=entries[1].head, head=entries[2].head) is None
    broken = verify(entries[2:], after=Head(seq=2, hash="0" * 64))
    assert broken is not None
    assert broken.seq == 3


def test_an_intent_says_what_it_was_before_and_will_be() -> None:
    event = Intended(action="suspend", target=target(), before="active", after="disabled_manually")
    assert ledger(event)[0].fields["after"] == "disabled_manually"


def edit(entry: Entry, part: str) -> Entry:
    match part:
        case "seq":
            return replace(entry, seq=entry.seq + 1)
        case "at":
            return replace(entry, at=entry.at + timedelta(microseconds=1))
        case "body":
            return replace(entry, body=canonical({**entry.fields, "xx": 1}))
        case "previous":
            return replace(entry, previous=other(entry.previous))
        case "hash":
            return replace(entry, hash=other(entry.hash))
        case "kind":
            return replace(entry, kind=entry.kind + "!")
        case _:
            return replace(entry, by=entry.by + "!")


def other(hash_: str) -> str:
    return ("1" if hash_[0] != "1" else "2") + hash_[1:]
