"""What does a hold say, and does it cover this run now?

A hold reaches a gate step as text, by default in the variable ``GATE_HOLD``, where several
stand in a list. Text that cannot be read closes the gate as well: nobody sets it by accident.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import cast

from gate.core.model import Hold, Place, Scope
from gate.core.reason import iso, one_line

_KEYS = ("id", "reason", "by", "category", "until", "scope")
_SCOPE_KEYS = ("environments", "providers", "projects")


def parse_hold(text: str, source: str = "GATE_HOLD") -> Hold | None:
    """Return the hold that `text` states, or None where it is blank.

    Args:
        text: a JSON object with ``reason`` and optionally ``id``, ``by``, ``category``,
            ``until`` (ISO 8601 with a time zone) and ``scope``; or plain text, which is
            the reason. ``scope`` is an environment pattern, a list of them, or an object
            with lists ``environments``, ``providers`` and ``projects``.
        source: names the place that the text came from.

    Returns:
        The hold. JSON that cannot be read becomes a hold that covers everything and never
        expires, whose reason says what is wrong.
    """
    text = text.strip()
    if not text:
        return None
    if not text.startswith(("{", "[")):
        return Hold(id=source, reason=one_line(text, 300))
    try:
        return _parse_object(json.loads(text), source)
    except (ValueError, RecursionError) as error:
        problem = one_line(str(error), 120)
        return Hold(id=source, reason=f"{source} is not a readable hold: {problem}")


def parse_holds(text: str, source: str = "GATE_HOLD") -> tuple[Hold, ...]:
    """Return the holds that `text` states: one as `parse_hold` reads it, or a JSON list of such objects.

    A list that cannot be read is one hold that covers everything and never expires.
    """
    if not text.strip().startswith("["):
        hold = parse_hold(text, source)
        return (hold,) if hold else ()
    try:
        items = json.loads(text)
        if not items:
            raise ValueError("expected at least one hold in the list")
        return tuple(_parse_object(item, f"{source}[{index}]") for index, item in enumerate(items))
    except (ValueError, RecursionError) as error:
        problem = one_line(str(error), 120)
        return (Hold(id=source, reason=f"{source} is not a readable hold: {problem}"),)


def encode_holds(holds: Sequence[Hold]) -> str:
    """Return holds as the text that `parse_holds` reads; one alone is no list, so any gate reads it."""
    objects = [encode_hold(hold) for hold in holds]
    return json.dumps(objects[0] if len(objects) == 1 else objects, separators=(",", ":"))


def encode_hold(hold: Hold) -> dict[str, object]:
    """Return a hold as the JSON object that `parse_hold` reads."""
    return {
        "id": hold.id,
        "reason": hold.reason,
        "by": hold.by,
        "category": hold.category,
        "until": iso(hold.until) if hold.until else None,
        "scope": {key: list(getattr(hold.scope, key)) for key in _SCOPE_KEYS},
    }


def active_hold(holds: Iterable[Hold], place: Place, now: datetime) -> Hold | None:
    """Return the hold that keeps the gate closed at `place`: the one that lasts longest."""
    active = [hold for hold in holds if not is_expired(hold, now) and covers(hold.scope, place)]
    return max(active, key=lambda hold: (hold.until is None, hold.until or now), default=None)


def is_expired(hold: Hold, now: datetime) -> bool:
    """Return whether the hold has ended by itself."""
    return hold.until is not None and hold.until <= now


def covers(scope: Scope, place: Place) -> bool:
    """Return whether a scope reaches a place. What is not known of the place is covered."""
    return (
        _any_match(scope.environments, place.environment)
        and _any_match(scope.providers, place.provider)
        and _any_match(scope.projects, place.project)
    )


def _any_match(patterns: tuple[str, ...], name: str) -> bool:
    if not patterns or not name:
        return True
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _parse_object(fields: object, source: str) -> Hold:
    if not isinstance(fields, dict):
        raise ValueError("expected a JSON object or plain text")
    unknown = sorted(str(key) for key in fields if key not in _KEYS)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    return Hold(
        id=_text(fields, "id") or source,
        reason=_text(fields, "reason") or "no reason given",
        by=_text(fields, "by"),
        category=_text(fields, "category"),
        until=_parse_until(fields.get("until")),
        scope=_parse_scope(fields.get("scope")),
    )


def _text(fields: dict[str, object], key: str) -> str:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key}: expected text")
    return one_line(value or "", 300)


def _parse_until(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    expected = "until: expected a time with its zone, such as 2025-11-08T13:20:00Z"
    if not isinstance(value, str):
        raise ValueError(expected)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(expected)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(expected) from None


def _parse_scope(value: object) -> Scope:
    if value is None:
        return Scope()
    if isinstance(value, str):
        return Scope(environments=(value,) if value else ())
    if isinstance(value, list):
        return Scope(environments=_patterns(value, "scope"))
    if not isinstance(value, dict) or any(key not in _SCOPE_KEYS for key in value):
        raise ValueError(f"scope: expected the lists {', '.join(_SCOPE_KEYS)}")
    return Scope(**{key: _patterns(value.get(key) or [], f"scope.{key}") for key in _SCOPE_KEYS})


def _patterns(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{where}: expected a list of patterns")
    return tuple(cast("list[str]", value))
