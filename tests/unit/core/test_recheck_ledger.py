"""What a tick of the recheck has read survives in the ledger until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry import Head, Note, canonical, chain
from gate.core.event import Rechecked, Sample
from gate.core.event_codec import note, parse_event
from gate.core.ledger import replay
from gate.core.ledger_state import KEPT_SAMPLES, LedgerState
from tests.unit.core.ledgers import NOW, ledger
from tests.unit.core.rechecks import MINUTE, sample

SAMPLES = st.builds(
    Sample,
    environment=st.sampled_from(["staging", "kefar_saba"]),
    state=st.sampled_from(["ready", "unknown"]),
    code=st.just("timeout"),
    taken_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    known=st.integers(0, 10**9),
)
TICKS = st.builds(Rechecked, samples=st.lists(SAMPLES, max_size=3).map(tuple))


@given(TICKS)
def test_a_tick_survives_being_written_and_read(tick: Rechecked) -> None:
    assert parse_event(ledger(tick)[0]) == tick


@given(st.lists(TICKS, max_size=8), st.data())
def test_replay_is_a_fold_over_readings_too(ticks: Sequence[Rechecked], data: st.DataObject) -> None:
    entries = ledger(*ticks)
    cut = data.draw(st.integers(0, len(entries)))
    assert replay(entries[cut:], replay(entries[:cut])) == replay(entries)
    folded = LedgerState()
    for entry in entries:
        folded = replay([entry], folded)
    assert folded == replay(entries)


def test_the_last_readings_of_each_lab_are_kept_and_older_ones_are_not() -> None:
    ticks = [
        Rechecked(samples=(sample(True, NOW + n * MINUTE), sample(False, NOW + n * MINUTE, 0, "b")))
        for n in range(KEPT_SAMPLES + 20)
    ]
    kept = replay(ledger(*ticks)).samples
    assert len(kept) == 2 * KEPT_SAMPLES
    assert [one.taken_at for one in kept if one.environment == "b"] == [
        NOW + n * MINUTE for n in range(20, KEPT_SAMPLES + 20)
    ]


def test_a_tick_of_an_older_gate_has_read_nothing_that_is_known() -> None:
    (entry,) = chain([Note(at=NOW, by="cron", kind="rechecked")], Head())
    assert parse_event(entry) == Rechecked()
    assert replay([entry]).samples == ()
    assert chain([note(Rechecked(), NOW, "cron")], Head()) == (entry,)


@pytest.mark.parametrize(
    ("samples", "problem"),
    [
        (7, "entry 1: samples: expected a list of objects"),
        ([7], "entry 1: samples: expected a list of objects"),
        ([{}], r"entry 1: samples\[0\]: environment: expected text, found nothing"),
        (
            [{"environment": "a", "state": "b", "code": "c"}],
            r"entry 1: samples\[0\]: taken_at: expected a time",
        ),
        (
            [{"environment": "a", "state": "b", "code": "c", "taken_at": "2025-11-08T13:20:00Z"}],
            r"entry 1: samples\[0\]: known: expected a whole number",
        ),
    ],
)
def test_a_reading_that_is_not_as_expected_is_named_with_its_place(samples: object, problem: str) -> None:
    entries = chain([Note(at=NOW, by="cron", kind="rechecked", body=canonical({"samples": samples}))], Head())
    with pytest.raises(ValueError, match=problem):
        replay(entries)
