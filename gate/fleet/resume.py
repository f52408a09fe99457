"""`gate resume-all` without its command line: lift holds, put back what was changed, start again.

What a killed process left open is looked at first. Nothing is put back that is not as we left it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from gate.core.event import Act, HoldLifted, Ownership, Target
from gate.core.ledger_state import Change, LedgerState, Standing
from gate.core.plan import Action, decide_resume, stopped_under, undoing
from gate.core.receipt import Receipt, Row
from gate.core.work import Outcome
from gate.fleet import rerun, triggers
from gate.fleet.at_once import over
from gate.fleet.holds import carry_out_if_ours, lowering
from gate.fleet.journal import Intent, Journal
from gate.fleet.members import Post, over_posts, post_for, requests_by_provider
from gate.fleet.settle import PATIENCE, Settled, settle
from gate.fleet.tally import Tally
from gate.fleet.watcher import Watcher

Gate = Callable[[str], str]  # from an environment to why its gate is closed; empty where it is open
_OTHERS = frozenset(map(str, (Act.CANCEL, Act.RERUN, Act.RESTORE, Act.LIFT)))
_UNPROVEN = (Outcome.SURVIVED, Outcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOrder:
    """All that a resume is told.

    Attributes:
        holds: ids of what is lifted.
        rerun: ``none``, ``newest`` or ``all``.
        closed: from an environment to why its gate is closed; reruns need an open one.
        ownership: who lifts.
        reason: why, for the ledger.
        patience: seconds to look at what a pause that was cut off told to stop.
        grace: seconds for which what others have begun is left to them: they may still be at it.
        insists: whether what was refused before is tried again.
    """

    holds: tuple[str, ...]
    rerun: str = "none"
    closed: Gate = lambda _: ""
    ownership: Ownership = Ownership.MANUAL
    reason: str = ""
    patience: float = PATIENCE
    grace: float = 0.0
    insists: bool = True


class Resume:
    """One resume of a fleet.

    Args:
        posts: all members.
        journal: the ledger.
        order: what to do.
        watcher: shows how far it is.
    """

    def __init__(self, posts: Sequence[Post], journal: Journal, order: ResumeOrder, watcher: Watcher) -> None:
        self._posts = posts
        self._journal = journal
        self._order = order
        self._tally = Tally(watcher)
        self._halt = Event()
        self._began = time.monotonic()
        self._lifted: tuple[Standing, ...] = ()

    def settle(self) -> None:
        """Write to the ledger what came of intents without outcome, and of stops that were not proven."""
        changes = [one for one in _open(self._journal.state, self._order.holds) if not self._is_young(one)]
        by_post = self._by_post(changes)
        settled = [one for some in over(list(by_post.items()), self._settled) for one in some]
        self._journal.observe((one.change.seq, one.row) for one in settled if one.seen and _is_news(one))
        unseen = [one for one in settled if not one.seen]
        for one in unseen:
            self._tally.add(one.row)
        cut_off = [one for one in settled if one.change.unfinished and one.change.action == Act.CANCEL]
        on = sum(one.row.outcome is Outcome.SURVIVED for one in cut_off)
        if on:
            self._tally.note([f"{on} targets of a pause that was cut off were not stopped, and go on"])

    def carry_out(self) -> Receipt:
        """Lift, restore and start again; return what came of it."""
        interrupted = False
        try:
            try:
                self._put_back()
                self._start_again()
            finally:
                self._tally.write(self._journal)
        except KeyboardInterrupt:
            interrupted = True
        return self._receipt(interrupted=interrupted)

    def planned(self) -> Receipt:
        """Return what a resume would do; nothing is done, and no open intent is looked at."""
        state = self._journal.state
        plan = decide_resume(state, self._order.holds, self._order.rerun)
        self._lifted = _named(state, self._order.holds)
        histories = state.histories()
        for change in state.to_undo(Act.HOLD):
            action = lowering(change, state, histories[change.target.key], self._order.holds)
            if action.after != action.before:
                self._tally.add(Row(act=action.act, target=action.target, outcome=Outcome.PLANNED))
        for act, changes in ((Act.RESTORE, plan.restore), (Act.RERUN, plan.rerun)):
            for change in changes:
                self._tally.add(Row(act=act, target=change.target, outcome=Outcome.PLANNED))
        if state.unfinished:
            self._tally.note(
                [f"{len(state.unfinished)} intents have no outcome; resume-all looks at them first"]
            )
        return self._receipt(planned=True)

    def _settled(self, item: tuple[Post, list[Change]]) -> tuple[Settled, ...]:
        return settle(*item, patience=self._order.patience)

    def _put_back(self) -> None:
        lifted: list[Standing] = []

        def lift(state: LedgerState) -> list[HoldLifted]:
            lifted[:] = _named(state, self._order.holds)
            return [
                HoldLifted(hold=one.hold.id, ownership=self._order.ownership, reason=self._order.reason)
                for one in lifted
            ]

        intents = self._journal.intend(self._put_back_actions, ",".join(self._order.holds), events=lift)
        self._lifted = tuple(lifted)
        wanted = []
        for intent in intents:
            post = post_for(self._posts, intent.action.target)
            if post is None:
                self._tally.add(lost(intent.action.act, intent.action.target), intent)
            else:
                wanted.append((post, intent))
        over_posts(wanted, self._put_back_one, self._halt)

    def _put_back_actions(self, state: LedgerState) -> list[Action]:
        plan = decide_resume(state, self._order.holds, "none")
        histories = state.histories()

        def due(changes: Sequence[Change]) -> list[tuple[Change, Sequence[Change]]]:
            known = ((change, histories[change.target.key]) for change in changes)
            return [(change, history) for change, history in known if not self._is_left(change, history)]

        places = [
            lowering(change, state, history, self._order.holds)
            for change, history in due(state.to_undo(Act.HOLD))
        ]
        restores = [
            undoing(Act.RESTORE, change, history, change.before) for change, history in due(plan.restore)
        ]
        return [*(action for action in places if action.after != action.before), *restores]

    def _is_young(self, change: Change) -> bool:
        return abs((self._journal.clock() - change.at).total_seconds()) < self._order.grace

    def _is_left(self, change: Change, history: Sequence[Change]) -> bool:
        """Return whether a change is not to be undone now: somebody is at it, or it was refused."""
        undoing_it = [one for one in history if one.seq >= change.seq and one.action != Act.CANCEL]
        if any(one.unfinished and self._is_young(one) for one in undoing_it):
            return True
        refused = bool(undoing_it) and undoing_it[-1].outcome == Outcome.REFUSED
        return refused and not self._order.insists

    def _put_back_one(self, post: Post, intent: Intent) -> None:
        put_back = triggers.restore if intent.action.act is Act.RESTORE else carry_out_if_ours
        self._tally.add(put_back(post, intent.action), intent)

    def _start_again(self) -> None:
        if self._order.rerun == "none":
            return
        plan = decide_resume(self._journal.state, self._order.holds, self._order.rerun)
        if plan.left:
            self._tally.note([f"{len(plan.left)} that were stopped are not started again: a newer one is"])
        by_post = self._by_post(plan.rerun)
        closed = {name: self._order.closed(name) for name in {post.member.environment for post in by_post}}
        for post in [post for post in by_post if closed[post.member.environment]]:
            for change in by_post.pop(post):
                detail = f"not started: {closed[post.member.environment]}"
                self._tally.add(
                    Row(act=Act.RERUN, target=change.target, outcome=Outcome.REFUSED, detail=detail)
                )
        changes = [change for some in by_post.values() for change in some]
        self._tally.write(self._journal)
        intents = self._journal.intend(lambda _: [_again(change) for change in changes], "")
        numbers = {intent.action.target.key: intent for intent in intents}
        for rows in over(list(by_post.items()), lambda item: rerun.rerun_all(item[0], item[1]), self._halt):
            for row in rows:
                self._tally.add(row, numbers[row.target.key])

    def _by_post(self, changes: Sequence[Change]) -> dict[Post, list[Change]]:
        """Return the changes of each member; those of a member that is named no more become rows."""
        by_post: dict[Post, list[Change]] = {}
        for change in changes:
            post = post_for(self._posts, change.target)
            if post is None:
                self._tally.add(lost(Act(change.action), change.target))
            else:
                by_post.setdefault(post, []).append(change)
        return by_post

    def _receipt(self, *, planned: bool = False, interrupted: bool = False) -> Receipt:
        return Receipt(
            action="resume",
            holds=tuple(one.hold for one in self._lifted),
            rows=self._tally.rows,
            seconds=round(time.monotonic() - self._began, 1),
            requests=requests_by_provider(self._posts),
            notes=self._tally.notes,
            planned=planned,
            interrupted=interrupted,
        )


def lost(act: Act, target: Target) -> Row:
    """Return what comes of something at a server that the configuration names no more."""
    detail = f"the configuration names no {target.provider} at {target.instance} any more"
    return Row(act=act, target=target, outcome=Outcome.FAILED, detail=detail)


def _open(state: LedgerState, holds: Sequence[str]) -> list[Change]:
    """Return intents whose end nobody has seen: without outcome, or with one that proves nothing."""
    stops = [change for change in stopped_under(state, holds) if change.outcome in _UNPROVEN]
    undone = [change for change in state.unfinished if change.action in _OTHERS]
    # Of several writes to one thing only the last can be told from how it is.
    writes = [change for act in (Act.SUSPEND, Act.HOLD) for change in state.to_undo(act)]
    return [*undone, *stops, *(change for change in writes if change.unfinished or change.doubtful)]


def _is_news(one: Settled) -> bool:
    return one.row.outcome != one.change.outcome


def _named(state: LedgerState, holds: Sequence[str]) -> tuple[Standing, ...]:
    return tuple(one for one in state.holds if one.hold.id in holds)


def _again(change: Change) -> Action:
    return Action(act=Act.RERUN, target=change.target, before=change.before)
