"""How is a hold raised over a whole fleet? In the ledger, then where gate steps read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.event import HoldRaised, Ownership
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold
from gate.core.plan import Action
from gate.core.receipt import Row
from gate.core.work import Outcome
from gate.fleet.at_once import over
from gate.fleet.holds import (
    Read,
    carry_out,
    decode_text,
    raising,
    read_place,
    read_projects,
    read_shared,
    unreadable,
)
from gate.fleet.journal import Intent, Journal
from gate.fleet.members import Post, over_posts
from gate.fleet.tally import Tally

ATTEMPTS = 5  # two pauses at once may write one place in turn
_SAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place of a member, and what stands there."""

    post: Post
    read: Read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missed:
    """A place where the hold does not stand, and why."""

    post: Post
    row: Row
    intent: Intent | None = None


def raise_hold(
    posts: Sequence[Post],
    journal: Journal,
    hold: Hold,
    tally: Tally,
    ownership: Ownership = Ownership.MANUAL,
    *,
    stands: bool = False,
) -> None:
    """Raise a hold; where one place for all projects is refused, it is raised in each project.

    Args:
        posts: the members that are meant.
        journal: the ledger.
        hold: what is raised.
        tally: where rows are gathered.
        ownership: whose hold it is.
        stands: whether it stands in the ledger already.
    """
    reads = over(posts, read_shared)
    shared = [Spot(post=post, read=read) for post, read in zip(posts, reads, strict=True) if read]
    tally.note(f"{post.shown}: {post.connection.no_hold}" for post in posts if post.connection.no_hold)
    first = None if stands else HoldRaised(hold=hold, ownership=ownership)
    missed = _write(shared, journal, hold, tally, first)
    for one in missed:
        words = f"{one.post.shown}: {one.row.detail}; the hold is raised in each project instead"
        tally.say(words)
        tally.note([words])
        if one.intent:
            tally.only_write(one.row, one.intent)
    own = over([one.post for one in missed], read_projects)
    spots = [Spot(post=one.post, read=read) for one, some in zip(missed, own, strict=True) for read in some]
    for one in _write(spots, journal, hold, tally):
        tally.add(one.row, one.intent)


def _write(
    spots: Sequence[Spot], journal: Journal, hold: Hold, tally: Tally, first: HoldRaised | None = None
) -> list[_Missed]:
    """Write the places that can be read, and return those where the hold does not stand then.

    Another pause may write the same place at the same moment, and so take our hold out of it. Since
    each appends to the ledger before it writes, the last one to write sees the other's hold there.
    """
    missed: list[_Missed] = []
    todo, event = list({spot.read.place.key: spot for spot in spots}.values()), first
    for _ in range(ATTEMPTS):
        missed += [_Missed(post=spot.post, row=unreadable(spot.read)) for spot in todo if spot.read.problem]
        todo = [spot for spot in todo if not spot.read.problem]
        if not todo and event is None:
            break
        intents = _intend(todo, journal, hold, event)
        event = None
        wanted = [(spot.post, intent.action) for spot, intent in zip(todo, intents, strict=True)]
        done = list(zip(todo, intents, over_posts(wanted, carry_out), strict=True))
        for spot, intent, row in done:
            if row.outcome is Outcome.HELD:
                _tell(tally, hold, row)
                tally.add(row, intent)
            else:
                missed.append(_Missed(post=spot.post, row=row, intent=intent))
        held = [(spot, intent) for spot, intent, row in done if row.outcome is Outcome.HELD]
        todo = _outdated(held, journal)
    return missed


def _intend(
    spots: Sequence[Spot], journal: Journal, hold: Hold, first: HoldRaised | None
) -> tuple[Intent, ...]:

    def decide(state: LedgerState) -> list[Action]:
        histories = state.histories()
        return [raising(one.read, state, histories.get(one.read.place.key, ()), hold) for one in spots]

    return journal.intend(decide, hold.id, events=(lambda _: [first]) if first else None)


def _outdated(held: Sequence[tuple[Spot, Intent]], journal: Journal) -> list[Spot]:
    """Return the places that should state more than we wrote, since a hold was raised meanwhile."""
    state = journal.refresh()
    histories = state.histories()
    late = []
    for spot, intent in held:
        place, after = intent.action.target, intent.action.after
        now = Read(place=place, text=decode_text(after))
        if raising(now, state, histories[place.key]).after != after:
            late.append(Spot(post=spot.post, read=read_place(spot.post, place)))
    return late


def _tell(tally: Tally, hold: Hold, row: Row) -> None:
    if sum(one.outcome is Outcome.HELD for one in tally.rows) < _SAID:
        tally.say(f"hold {hold.id} stands at {row.target.provider} {row.target.project}")
