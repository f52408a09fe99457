"""How is work that was stopped started again, without pushing out what runs?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from gate.core.event import Act
from gate.core.ledger_state import Change
from gate.core.plan import origin_of
from gate.core.receipt import Row
from gate.core.work import Outcome
from gate.fleet.members import Post
from gate.providers.protocol import NotDone


def rerun_all(post: Post, changes: Sequence[Change]) -> tuple[Row, ...]:
    """Start stopped targets again, in their order, one project after another at the same time.

    Within a project one waits for the other, so that what the first started is seen before the
    second could push it out.
    """
    projects = [list(own) for _, own in groupby(changes, key=lambda change: change.target.project)]
    done = post.pool.each(lambda own: [_rerun(post, change) for change in own], projects)
    return tuple(row for rows in done for row in rows)


def _rerun(post: Post, change: Change) -> Row:
    target, own = change.target, origin_of(change).own
    try:
        became = post.connection.rerun_seen(target, own)
        if became is not None:
            return _row(change, Outcome.RERUN, "somebody had started it again already", became)
        in_the_way = post.connection.busy(target, own)
    except NotDone as error:
        return _row(change, error.outcome, error.detail)
    if in_the_way:
        detail = (
            f"not started, since {in_the_way} is in its way: run gate resume-all again when that has ended"
        )
        return _row(change, Outcome.FAILED, detail)
    asked = post.connection.rerun(target, own)
    return _row(change, asked.outcome or Outcome.RERUN, asked.detail, asked.became)


def _row(change: Change, outcome: Outcome, detail: str = "", became: str = "") -> Row:
    return Row(act=Act.RERUN, target=change.target, outcome=outcome, detail=detail, became=became)
