"""Where is a hold raised, so that every gate step in the fleet reads it?

In the ledger first. Then where the provider keeps variables: in the one place that reaches
every project, or where that is refused, in each project. What stood there before stays in
force, and is put back to the letter when the last hold is lifted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.entry import canonical
from gate.core.event import Act, Target
from gate.core.hold import encode_holds, parse_holds
from gate.core.ledger_state import Change, LedgerState
from gate.core.model import Hold
from gate.core.plan import Action, undoing
from gate.core.receipt import Row
from gate.core.work import Outcome
from gate.fleet.members import Post
from gate.providers.protocol import Member, NotDone


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What stands in a place before it is written: its text, or why it cannot be read."""

    place: Target
    text: str | None = None
    problem: NotDone | None = None


def read_shared(post: Post) -> Read | None:
    """Return what stands where a hold reaches a whole member; None where there is no such place."""
    place = post.connection.shared_hold()
    return None if place is None else read_place(post, place)


def read_projects(post: Post) -> tuple[Read, ...]:
    """Return what stands in each project's own place; a list that is refused is one problem."""
    try:
        places = post.connection.project_holds(post.pool.each)
    except NotDone as error:
        return (Read(place=everywhere(post.member), problem=error),)
    return tuple(post.pool.each(lambda place: read_place(post, place), places))


def raising(read: Read, state: LedgerState, history: Sequence[Change], new: Hold | None = None) -> Action:
    """Return how a place has to be written so that it states every hold raised there, and `new`.

    Args:
        read: what stands there now.
        state: what the ledger says stands.
        history: all that was done to the place.
        new: a hold that is about to stand.
    """
    now, ours = encode_text(read.text), _ours(history)
    written = next((change for change in ours if change.after == now), None)
    base = read.text if written is None else decode_text(written.before)
    holds = _raised_by(ours, state)
    if new is not None and new.id not in {hold.id for hold in holds}:
        holds.append(new)
    return Action(
        act=Act.HOLD, target=read.place, before=now, after=encode_text(text_for(base, holds, read.place.id))
    )


def lowering(change: Change, state: LedgerState, history: Sequence[Change], lifted: Sequence[str]) -> Action:
    """Return how a place has to be written when the holds `lifted` stand no more.

    As it was before us, where no other hold was raised there.

    Args:
        change: our last change of the place.
        state: what the ledger says stands.
        history: all that was done to the place.
        lifted: ids of holds.
    """
    holds = [hold for hold in _raised_by(_ours(history), state) if hold.id not in lifted]
    after = encode_text(text_for(decode_text(change.before), holds, change.target.id))
    return undoing(Act.HOLD if holds else Act.LIFT, change, history, after)


def carry_out(post: Post, action: Action) -> Row:
    """Write a place that is as the action expects it; return what was read back."""
    asked = post.connection.write_hold(action.target, decode_text(action.after))
    done = Outcome.LIFTED if action.act is Act.LIFT else Outcome.HELD
    outcome, detail = asked.outcome, asked.detail
    if outcome in (None, Outcome.HELD, Outcome.LIFTED):
        outcome, detail = done, ""
    elif outcome is Outcome.FAILED:
        read = read_place(post, action.target)
        if read.problem is None and encode_text(read.text) == action.after:
            outcome, detail = done, ""  # the answer alone was lost
    return Row(act=action.act, target=action.target, outcome=outcome, detail=detail)


def carry_out_if_ours(post: Post, action: Action) -> Row:
    """Write a place only where it still is as the action expects it, which is as we left it."""
    connection, target = post.connection, action.target
    try:
        now = encode_text(connection.read_hold(target))
    except NotDone as error:
        return Row(act=action.act, target=target, outcome=error.outcome, detail=error.detail)
    done = Outcome.LIFTED if action.act is Act.LIFT else Outcome.HELD
    if now == action.after:
        return Row(act=action.act, target=target, outcome=done)
    if now not in action.ours:
        detail = f"somebody has changed it: {decode_text(now) or 'it is gone'}"
        return Row(act=action.act, target=target, outcome=Outcome.CHANGED_SINCE, detail=detail, after=now)
    return carry_out(post, action)


def text_for(base: str | None, holds: Sequence[Hold], source: str = "GATE_HOLD") -> str | None:
    """Return what a place must say: what somebody else wrote there, and `holds`."""
    return encode_holds([*parse_holds(base or "", source), *holds]) if holds else base


def encode_text(text: str | None) -> str:
    """Return a place's text as the ledger keeps it; None is a place that does not exist."""
    return canonical({"value": text})


def decode_text(form: str) -> str | None:
    """Return what `encode_text` was given."""
    value = json.loads(form).get("value") if form else None
    return value if isinstance(value, str) else None


def everywhere(member: Member) -> Target:
    """Return what stands for all of a member, for where single things are not known."""
    return Target(
        provider=member.provider,
        instance=member.url,
        project=member.root or "*",
        kind="hold",
        id="*",
        name="GATE_HOLD",
    )


def read_place(post: Post, place: Target) -> Read:
    """Return what stands in a place."""
    try:
        return Read(place=place, text=post.connection.read_hold(place))
    except NotDone as error:
        return Read(place=place, problem=error)


def unreadable(read: Read) -> Row:
    """Return what came of a place that could not be read."""
    assert read.problem is not None
    return Row(act=Act.HOLD, target=read.place, outcome=read.problem.outcome, detail=read.problem.detail)


def _ours(history: Sequence[Change]) -> list[Change]:
    """Return our changes of a place that it may show, the last one first."""
    return [change for change in reversed(history) if change.action == Act.HOLD and change.may_show]


def _raised_by(ours: Sequence[Change], state: LedgerState) -> list[Hold]:
    """Return the holds that stand, and that we have written down or meant to write down by these changes."""
    ids = {hold.id for change in ours for hold in parse_holds(decode_text(change.after) or "")}
    return [standing.hold for standing in state.holds if standing.hold.id in ids]
