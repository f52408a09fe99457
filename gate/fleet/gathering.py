"""What have gate steps that reach no ledger left at their providers, over the whole fleet?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gate.core.kept import KeptStep
from gate.fleet.at_once import over
from gate.fleet.members import Post
from gate.fleet.tally import Tally


def gather(posts: Sequence[Post], since: datetime, tally: Tally) -> tuple[KeptStep, ...]:
    """Return what was held back since a moment, at all members at once; one list for each project.

    Args:
        posts: the members.
        since: what is older is left out.
        tally: takes a note on what could not be listed.
    """
    kept = over(posts, lambda post: post.connection.closed_steps(since, post.pool.each))
    for post, one in zip(posts, kept, strict=True):
        tally.note(f"{post.shown}: what was held back cannot be listed: {note}" for note in one.notes)
    return tuple(step for one in kept for step in one.steps)
