"""What came of intents that a killed process left without outcome? Look before acting.

Nothing is asked of a provider here but how things are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gate.core.event import Act
from gate.core.ledger_state import Change
from gate.core.plan import origin_of
from gate.core.receipt import Row
from gate.core.work import Outcome, Seen, Status
from gate.fleet.holds import encode_text
from gate.fleet.members import Post
from gate.providers.protocol import Key, NotDone

PATIENCE = 20.0  # seconds: a cancel that was asked for just before the process died takes its time
PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A change, and what was seen of it; `seen` is False where that could not be read."""

    change: Change
    row: Row
    seen: bool = True


def settle(post: Post, changes: Sequence[Change], patience: float = PATIENCE) -> tuple[Settled, ...]:
    """Return what came of each change of one member, as its provider shows it now.

    Args:
        post: the member.
        changes: what nobody knows the end of.
        patience: seconds to look at what was told to stop and is not over.
    """
    cancels = [change for change in changes if change.action == Act.CANCEL]
    others = [change for change in changes if change.action != Act.CANCEL]
    return (
        *_settle_cancels(post, cancels, patience),
        *post.pool.each(lambda change: _settle_one(post, change), others),
    )


def _settle_cancels(post: Post, changes: Sequence[Change], patience: float) -> list[Settled]:
    """Look until all are over, or long enough: whether the request had left, nobody knows."""
    targets = {change.target.key: change.target for change in changes}
    give_up = time.monotonic() + patience * any(change.unfinished for change in changes)
    seen: dict[Key, Seen] = {}
    while targets:
        open_ = [target for key, target in targets.items() if not _is_over(seen.get(key))]
        seen.update(post.connection.observe(open_, post.pool.each))
        if time.monotonic() >= give_up or all(_is_over(seen.get(key)) for key in targets):
            break
        time.sleep(min(PAUSE, patience / 10))
    return [_cancelled(change, seen) for change in changes]


def _cancelled(change: Change, seen: Mapping[Key, Seen]) -> Settled:
    now = seen.get(change.target.key)
    if now is None:
        detail = "it could not be seen"
        return _settled(change, Outcome.FAILED, detail, seen=False)
    if not _is_over(now):
        return _settled(change, Outcome.SURVIVED, f"it goes on, and is {now.word}")
    if now.stopped:
        return _settled(change, Outcome.STOPPED)
    return _settled(change, Outcome.ALREADY_FINISHED, f"it ended as {now.word}")


def _settle_one(post: Post, change: Change) -> Settled:
    try:
        match change.action:
            case Act.SUSPEND:
                now = post.connection.read_trigger(change.target)
                return _compared(change, now, Outcome.SUSPENDED, "it was never switched off")
            case Act.RESTORE:
                now = post.connection.read_trigger(change.target)
                return _compared(change, now, Outcome.RESTORED, "it was not brought back yet")
            case Act.HOLD:
                now = encode_text(post.connection.read_hold(change.target))
                return _compared(change, now, Outcome.HELD, "it was never written")
            case Act.LIFT:
                now = encode_text(post.connection.read_hold(change.target))
                return _compared(change, now, Outcome.LIFTED, "it was not lifted yet")
            case Act.RERUN:
                became = post.connection.rerun_seen(change.target, origin_of(change).own)
                outcome = Outcome.SURVIVED if became is None else Outcome.RERUN
                return _settled(change, outcome, "it was never started" * (became is None), became or "")
            case _:
                return _settled(change, Outcome.FAILED, "another version's action", seen=False)
    except NotDone as error:
        return _settled(change, error.outcome, error.detail, seen=False)


def _compared(change: Change, now: str | None, done: Outcome, not_done: str) -> Settled:
    if now == change.after:
        return _settled(change, done)
    if now == change.before:
        return _settled(change, Outcome.SURVIVED, not_done)
    return _settled(change, Outcome.CHANGED_SINCE, f"it is {now or 'gone'} now")


def _is_over(seen: Seen | None) -> bool:
    return seen is not None and seen.status is Status.FINISHED


def _settled(
    change: Change, outcome: Outcome, detail: str = "", became: str = "", *, seen: bool = True
) -> Settled:
    row = Row(act=Act(change.action), target=change.target, outcome=outcome, detail=detail, became=became)
    return Settled(change=change, row=row, seen=seen)
