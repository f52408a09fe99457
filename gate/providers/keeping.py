"""How is what the single projects keep of closed gate steps put together?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gate.core.kept import Kept, KeptStep
from gate.providers.protocol import NotDone


def together(found: Iterable[tuple[KeptStep, ...] | NotDone], notes: Iterable[str] = ()) -> Kept:
    """Return the answers of several projects as one.

    Args:
        found: what each keeps, or why it cannot be looked at.
        notes: what else could not be looked at.
    """
    steps: list[KeptStep] = []
    said = [*notes]
    for one in found:
        if isinstance(one, NotDone):
            said.append(one.detail)
        else:
            steps += one
    return Kept(steps=tuple(steps), notes=tuple(dict.fromkeys(said)))


def moment(text: str) -> datetime | None:
    """Return a time as servers write it (ISO 8601), None where it is none or has no offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
