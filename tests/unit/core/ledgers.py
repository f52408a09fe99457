"""Entries to test with: events by hypothesis, and short ways to write a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from gate.core.entry import Entry, Head, Note, canonical, chain
from gate.core.event import (
    Act,
    CarriedOut,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Notified,
    Observed,
    Ownership,
    ReadingChanged,
    Rechecked,
    StepClosed,
    StepOpened,
    Target,
)
from gate.core.event_codec import note
from gate.core.ledger_state import DONE
from gate.core.model import Hold, Scope

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)


def ledger(*events: Event, by: str = "dana") -> tuple[Entry, ...]:
    """Return the entries of events, a minute apart."""
    notes = [note(event, NOW + timedelta(minutes=index), by) for index, event in enumerate(events)]
    return chain(notes, Head())


def target(name: str = "nightly", kind: str = "trigger") -> Target:
    return Target(
        provider="github", instance="https://api.github.com", project="acme/panda", kind=kind, id=name
    )


_WORDS = st.text(max_size=8)
_NAMES = st.sampled_from(["a", "b", "ממתין", "x y/%2F", "\x1b[31m"])
_HOLD_IDS = st.sampled_from(["H1", "H2", "H3"])
_MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)
_TARGETS = st.builds(
    Target,
    provider=st.sampled_from(["github", "gitlab"]),
    instance=st.just("https://127.0.0.1"),
    project=st.sampled_from(["acme/panda", "a/b"]),
    kind=st.sampled_from(["run", "trigger"]),
    id=_NAMES,
    name=_WORDS,
)
_HOLDS = st.builds(
    Hold,
    id=_HOLD_IDS,
    reason=st.sampled_from(["splice at km 12", "ממתין לסיב"]),
    until=st.none() | _MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    scope=st.builds(Scope, environments=st.sampled_from([(), ("staging",), ("kefar*", "b")])),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(HoldRaised, hold=_HOLDS, ownership=st.sampled_from(Ownership)),
    st.builds(HoldLifted, hold=_HOLD_IDS, ownership=st.sampled_from(Ownership), reason=_WORDS),
    st.builds(
        Intended,
        action=st.sampled_from([*map(str, Act), "annotate"]),
        target=_TARGETS,
        before=_WORDS,
        after=_WORDS,
        hold=_HOLD_IDS,
    ),
    st.builds(
        Observed,
        intent=st.integers(1, 20),
        outcome=st.sampled_from([*DONE.values(), "refused", "survived", "changed_since", "other"]),
        after=_WORDS,
        detail=_WORDS,
    ),
    st.builds(
        ReadingChanged,
        environment=_NAMES,
        state=st.just("ready"),
        code=st.just("ready"),
        taken_at=_MOMENTS,
        reason=_WORDS,
    ),
    st.builds(
        StepClosed,
        environment=_NAMES,
        code=st.just("held"),
        provider=st.just("github"),
        project=_NAMES,
        run=_NAMES,
        commit=_WORDS,
        run_kind=st.sampled_from(["", "job"]),
        order=st.integers(0, 9),
    ),
    st.builds(
        StepOpened, environment=_NAMES, provider=st.just("github"), project=_NAMES, run=_NAMES, commit=_WORDS
    ),
    st.just(Rechecked()),
    st.builds(
        Notified,
        topic=st.sampled_from(["closed", "reopened", "another version's"]),
        about=_NAMES,
        sent=st.booleans(),
    ),
    st.builds(CarriedOut, hold=_HOLD_IDS),
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_STRANGE = st.builds(
    Note,
    at=_MOMENTS,
    by=st.text(max_size=8),
    kind=st.text(max_size=8).map(lambda word: f"x-{word}"),
    body=st.dictionaries(st.text(max_size=6).map(lambda key: f"x{key}"), _JSON, max_size=3).map(canonical),
)
NOTES = st.builds(note, EVENTS, _MOMENTS, st.text(max_size=8)) | _STRANGE


def chains(least: int = 0) -> st.SearchStrategy[Sequence[Entry]]:
    """Return whole ledgers of any events, other versions' included."""
    return st.lists(NOTES, min_size=least, max_size=12).map(lambda notes: chain(notes, Head()))
