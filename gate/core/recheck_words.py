"""In which words does a tick of the recheck say what it did, or what is missing?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.core.duration import shown_duration
from gate.core.evidence import Lab, covers_lab, row_under
from gate.core.ledger_state import Standing
from gate.core.model import Hold
from gate.core.reason import at_time
from gate.core.steadiness import Row, is_flapping, needed_seconds


def closed_words(lab: Lab) -> str:
    """Return why a lab is closed, as its hold says it."""
    row = lab.row
    readings = "1 reading" if row.count == 1 else f"{row.count} readings in a row"
    since = f" since {at_time(row.first, lab.now)}" if row.first else ""
    return f"{_flapping_words(lab)}not ready in {readings}{since} ({lab.sample.code})"


def opened_words(row: Row) -> str:
    """Return on what ground a hold is lifted."""
    readings = "1 ready reading" if row.count == 1 else f"{row.count} ready readings in a row"
    return f"{readings} over {shown_duration(row.seconds)}"


def why(lab: Lab, raised: Iterable[Hold], lifted: Sequence[Standing]) -> str:
    """Return what a tick did about a lab, or what is missing, in one sentence without its name."""
    closing = next((hold for hold in raised if covers_lab(hold.scope, lab)), None)
    if closing:
        return f"closed, {closing.reason}"
    if lab.persons_hold:
        return _persons_words(lab.persons_hold, lab)
    if not lab.holds:
        return "ready" if lab.sample.ready else _missing_to_close(lab)
    row = row_under(lab.holds[0], lab)
    if all(standing in lifted for standing in lab.holds):
        return f"opened, {opened_words(row)}"
    if not lab.sample.ready:
        return f"held, {_flapping_words(lab)}not ready ({lab.sample.code})"
    return f"held, {_flapping_words(lab)}{_missing_to_open(lab, row)}"


def _persons_words(standing: Standing, lab: Lab) -> str:
    hold = standing.hold
    until = f" until {at_time(hold.until, lab.now)}" if hold.until else ""
    who = hold.by or standing.by or "a person"
    return f"held by {who}{until} (hold {hold.id}), which the recheck does not touch"


def _missing_to_close(lab: Lab) -> str:
    count = 0 if lab.row.ready else lab.row.count
    return f"not ready ({lab.sample.code}) in {count} of {lab.policy.close_after} readings"


def _missing_to_open(lab: Lab, row: Row) -> str:
    count, seconds = (row.count, row.seconds) if row.ready else (0, 0.0)
    needed = needed_seconds(lab.policy, lab.row.changes)
    spans = f"{shown_duration(seconds)} of {shown_duration(needed)}"
    return f"{count} of {lab.policy.open_after} ready readings, {spans}"


def _flapping_words(lab: Lab) -> str:
    if not is_flapping(lab.row, lab.policy):
        return ""
    return f"flapping ({lab.row.changes} changes in {shown_duration(lab.policy.window)}), "
