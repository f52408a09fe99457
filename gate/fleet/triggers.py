"""How is a trigger switched off, and later brought back to what it was? By compare-and-swap."""

from __future__ import annotations

from gate.core.event import Act, Target
from gate.core.plan import Action
from gate.core.receipt import Row
from gate.core.work import Outcome
from gate.fleet.members import Post
from gate.providers.protocol import NotDone


def suspend(post: Post, action: Action) -> Row:
    """Switch a trigger off, and read that it is off."""
    return _write(post, Act.SUSPEND, action.target, action.after, Outcome.SUSPENDED)


def restore(post: Post, action: Action) -> Row:
    """Bring a trigger back to how it was before us, only where it still is as we left it."""
    target = action.target
    try:
        now = post.connection.read_trigger(target)
    except NotDone as error:
        return Row(act=Act.RESTORE, target=target, outcome=error.outcome, detail=error.detail)
    if now is None:
        return Row(act=Act.RESTORE, target=target, outcome=Outcome.CHANGED_SINCE, detail="it is gone")
    if now == action.after:
        detail = "somebody had brought it back already"
        return Row(act=Act.RESTORE, target=target, outcome=Outcome.RESTORED, detail=detail)
    if now not in action.ours:
        detail = f"left alone, since somebody has changed it: it is {now} now"
        return Row(act=Act.RESTORE, target=target, outcome=Outcome.CHANGED_SINCE, detail=detail, after=now)
    return _write(post, Act.RESTORE, target, action.after, Outcome.RESTORED)


def _write(post: Post, act: Act, target: Target, form: str, done: Outcome) -> Row:
    """Bring a trigger into a form, and read it back: neither an answer nor a missing one proves anything."""
    asked = post.connection.write_trigger(target, form)
    if asked.outcome is Outcome.REFUSED:
        return Row(act=act, target=target, outcome=asked.outcome, detail=asked.detail)
    said = asked.detail or "the request was accepted"
    try:
        now = post.connection.read_trigger(target)
    except NotDone as error:
        detail = f"{said}; what came of it cannot be read: {error.detail}"
        return Row(act=act, target=target, outcome=Outcome.FAILED, detail=detail)
    if now != form:
        return Row(
            act=act, target=target, outcome=Outcome.FAILED, detail=f"{said}; it is {now or 'gone'} now"
        )
    return Row(act=act, target=target, outcome=done)
