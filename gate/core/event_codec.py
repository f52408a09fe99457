"""How does an event become the fields of a ledger's entry, and back?

Fields that this version does not know are passed over, and an unknown kind is None: what
another version wrote is no mistake, and stays in the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, assert_never, cast

from gate.core.entry import Entry, Note, canonical, encode_moment, parse_moment
from gate.core.event import (
    CarriedOut,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Kind,
    Notified,
    Observed,
    Ownership,
    ReadingChanged,
    Rechecked,
    Sample,
    StepClosed,
    StepOpened,
    Target,
)
from gate.core.hold import encode_hold, parse_hold
from gate.core.model import Hold

_HOLD_KEYS = tuple(encode_hold(Hold(id="", reason="")))
_SCOPE_KEYS = ("environments", "providers", "projects")


def note(event: Event, at: datetime, by: str) -> Note:
    """Return an event as a note: it happened at `at` (UTC), and `by` did it."""
    kind, fields = _encode(event)
    return Note(at=at, by=by, kind=kind, body=canonical(fields))


def parse_event(entry: Entry) -> Event | None:
    """Return what an entry says, or None where its kind is another version's.

    Raises:
        ValueError: a field of a known kind is not as expected; the message names it.
    """
    fields = _Fields(entry.fields, f"entry {entry.seq}")
    match entry.kind:
        case Kind.HOLD_RAISED:
            return HoldRaised(hold=fields.hold(), ownership=fields.ownership())
        case Kind.HOLD_LIFTED:
            return HoldLifted(
                hold=fields.needed("hold"), ownership=fields.ownership(), reason=fields.text("reason")
            )
        case Kind.INTENT:
            return Intended(
                action=fields.needed("action"),
                target=_parse_target(fields.below("target")),
                before=fields.text("before"),
                after=fields.text("after"),
                hold=fields.text("hold"),
            )
        case Kind.OUTCOME:
            return Observed(
                intent=fields.number("intent"),
                outcome=fields.needed("outcome"),
                after=fields.text("after"),
                detail=fields.text("detail"),
                became=fields.text("became"),
            )
        case Kind.READING_CHANGED:
            return ReadingChanged(
                environment=fields.needed("environment"),
                state=fields.needed("state"),
                code=fields.needed("code"),
                taken_at=fields.moment("taken_at"),
                reason=fields.text("reason"),
            )
        case Kind.STEP_CLOSED:
            return StepClosed(
                **_step_of(fields),
                code=fields.needed("code"),
                hold=fields.text("hold"),
                url=fields.text("url"),
                run_kind=fields.text("run_kind"),
            )
        case Kind.STEP_OPENED:
            return StepOpened(**_step_of(fields))
        case Kind.RECHECKED:
            return Rechecked(samples=tuple(map(_parse_sample, fields.each("samples"))))
        case Kind.NOTIFIED:
            return Notified(
                topic=fields.needed("topic"), about=fields.text("about"), sent=fields.flag("sent", True)
            )
        case Kind.CARRIED_OUT:
            return CarriedOut(hold=fields.needed("hold"))
        case _:
            return None


def _encode(event: Event) -> tuple[Kind, dict[str, object]]:
    match event:
        case HoldRaised():
            return Kind.HOLD_RAISED, {"hold": encode_hold(event.hold), "ownership": event.ownership}
        case HoldLifted():
            return Kind.HOLD_LIFTED, _texts(event)
        case Intended():
            return Kind.INTENT, {**_texts(event), "target": _texts(event.target)}
        case Observed():
            return Kind.OUTCOME, _texts(event)
        case ReadingChanged():
            return Kind.READING_CHANGED, {**_texts(event), "taken_at": encode_moment(event.taken_at)}
        case StepClosed():
            return Kind.STEP_CLOSED, _step_fields(event)
        case StepOpened():
            return Kind.STEP_OPENED, _step_fields(event)
        case CarriedOut():
            return Kind.CARRIED_OUT, _texts(event)
        case Rechecked():
            samples = [
                {**_texts(sample), "taken_at": encode_moment(sample.taken_at)} for sample in event.samples
            ]
            return Kind.RECHECKED, {"samples": samples} if samples else {}
        case Notified():
            return Kind.NOTIFIED, _texts(event)
        case _:
            assert_never(event)


def _step_fields(step: StepClosed | StepOpened) -> dict[str, object]:
    return {name: value for name, value in _texts(step).items() if value}


def _texts(record: Any) -> dict[str, object]:
    """Return a record's fields by their names; empty text is left out."""
    named = {name: getattr(record, name) for name in record.__slots__}
    return {name: value for name, value in named.items() if value != ""}


def _parse_target(fields: _Fields) -> Target:
    return Target(
        provider=fields.needed("provider"),
        instance=fields.text("instance"),
        project=fields.text("project"),
        kind=fields.needed("kind"),
        id=fields.needed("id"),
        name=fields.text("name"),
        url=fields.text("url"),
    )


def _parse_sample(fields: _Fields) -> Sample:
    return Sample(
        environment=fields.needed("environment"),
        state=fields.needed("state"),
        code=fields.needed("code"),
        taken_at=fields.moment("taken_at"),
        known=fields.number("known"),
    )


def _step_of(fields: _Fields) -> dict[str, Any]:
    """Return what every gate step says, whether it closed or opened."""
    texts = ("provider", "project", "run", "instance", "workflow", "ref", "commit", "own")
    return {
        "environment": fields.needed("environment"),
        "order": fields.number("order", 0),
        **{name: fields.text(name) for name in texts},
    }


class _Fields:
    """Fields of an entry, read with errors that name their place."""

    def __init__(self, fields: Mapping[str, object], where: str) -> None:
        self._fields = fields
        self._where = where

    def text(self, key: str) -> str:
        value = self._fields.get(key, "")
        if not isinstance(value, str):
            raise ValueError(f"{self._where}: {key}: expected text")
        return value

    def needed(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise ValueError(f"{self._where}: {key}: expected text, found nothing")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self._fields.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{self._where}: {key}: expected a whole number")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._fields.get(key, default)
        if not isinstance(value, bool):
            raise ValueError(f"{self._where}: {key}: expected true or false")
        return value

    def moment(self, key: str) -> datetime:
        return parse_moment(self._fields.get(key), f"{self._where}: {key}")

    def below(self, key: str) -> _Fields:
        value = self._fields.get(key)
        if not isinstance(value, dict):
            raise ValueError(f"{self._where}: {key}: expected an object")
        return _Fields(cast("dict[str, object]", value), f"{self._where}: {key}")

    def each(self, key: str) -> Iterator[_Fields]:
        """Return the objects of a list, none where there is no such key."""
        value = self._fields.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValueError(f"{self._where}: {key}: expected a list of objects")
        for index, item in enumerate(value):
            yield _Fields(cast("dict[str, object]", item), f"{self._where}: {key}[{index}]")

    def ownership(self) -> Ownership:
        """Return whose it is; in doubt a person's, which no recheck touches."""
        return Ownership.AUTO if self.text("ownership") == Ownership.AUTO else Ownership.MANUAL

    def hold(self) -> Hold:
        """Return the hold; a key that another version knows makes it no narrower here."""
        below = self.below("hold")
        below.needed("id")
        known = {key: value for key, value in below._fields.items() if key in _HOLD_KEYS}
        scope = known.get("scope")
        if isinstance(scope, dict):
            known["scope"] = {key: value for key, value in scope.items() if key in _SCOPE_KEYS}
        source = below._where
        hold = parse_hold(canonical(known), source)
        if hold is None or hold.id == source:
            raise ValueError(hold.reason if hold else f"{source}: expected a hold")
        return hold
