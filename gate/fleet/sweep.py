"""How is everything that is protected and in flight stopped, over all servers at once?

The ledger is written before anything leaves: the intents to stop what was found in one append,
and what came of them in another, whatever their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event

from gate.core.event import Act, Target
from gate.core.plan import Action, PausePlan, PauseRequest, decide_pause
from gate.core.reason import one_line
from gate.core.receipt import Row
from gate.core.work import Found, Outcome, Problem, Work
from gate.fleet import triggers
from gate.fleet.at_once import over
from gate.fleet.journal import Intent, Journal
from gate.fleet.members import Post
from gate.fleet.stop import Force, Stopper
from gate.fleet.tally import Tally
from gate.providers.protocol import Key

Intents = Mapping[tuple[Key, Act], Intent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found at one member, and what is to be done about it."""

    post: Post
    found: Found
    plan: PausePlan


def survey(posts: Sequence[Post], request: PauseRequest) -> tuple[Survey, ...]:
    """Return what is in flight and protected, and how it is to be stopped; sends only reads."""
    return over(posts, lambda post: _survey(post, request))


def refusals(plan: PausePlan) -> list[Row]:
    """Return a row for each thing that cannot be done, or could not be looked at."""
    return [
        Row(act=one.act, target=one.target, outcome=one.outcome, detail=one_line(one.detail, 300))
        for one in plan.refusals
    ]


class _Swept:
    """One member while it is swept.

    Args:
        post: the member.
        work: what was found there.
        intents: those that stand in the ledger, of other members as well.

    Attributes:
        works: everything that was found until now, by its key.
        unseen: what the last look could not see; it sees what those before it missed.
    """

    def __init__(self, post: Post, work: Iterable[Work], intents: Intents) -> None:
        self.post = post
        self.works = {one.target.key: one for one in work}
        self.intents = dict(intents)
        self.unseen: tuple[Problem, ...] = ()


class Sweep:
    """Carries plans out.

    Args:
        journal: where intents and outcomes are kept.
        tally: where rows are gathered.
        request: what is protected.
        hold: the id of the hold for whose sake.
        reason: from an environment to the sentence that is posted on what was stopped.
        force: how much force is allowed.
    """

    def __init__(
        self,
        journal: Journal,
        tally: Tally,
        request: PauseRequest,
        hold: str,
        reason: Callable[[str], str],
        force: Force,
    ) -> None:
        self._journal = journal
        self._tally = tally
        self._request = request
        self._hold = hold
        self._reason = reason
        self._force = force
        self._halt = Event()

    def carry_out(self, surveys: Sequence[Survey]) -> None:
        """Stop what was found, and what comes into flight meanwhile, and prove it.

        A KeyboardInterrupt ends it; what is known by then is written to the ledger.
        """
        try:
            intents = self._intend(action for one in surveys for action in one.plan.actions)
            over(surveys, lambda one: self._sweep(one, intents), self._halt)
        finally:
            self._tally.write(self._journal)

    def _sweep(self, one: Survey, intents: Intents) -> None:
        post, plan = one.post, one.plan
        here = _Swept(post, one.found.work, intents)
        self._tally.begin(post.member.provider, len(plan.actions))
        self._tally.note(f"{post.shown}: {note}" for note in plan.notes)
        self._refuse(plan)
        more = partial(self._more, here)
        stopper = Stopper(post, self._force, lambda row: self._end(row, here.intents), self._halt)
        rows = stopper.stop(_targets(plan.cancel), _targets(plan.already_stopping), more)
        if plan.suspend and not self._halt.is_set():
            # Not before: Jenkins drops the queue items of a job that is disabled, and nobody would
            # know of them. The hold keeps what a trigger starts until then closed.
            for row in post.pool.each(lambda action: triggers.suspend(post, action), plan.suspend):
                self._end(row, here.intents)
            rows += stopper.stop((), more=more)
        self._refuse(decide_pause([Found(problems=here.unseen)], self._request))
        stopped = {row.target.key for row in rows if row.outcome is Outcome.STOPPED}
        if not self._halt.is_set():
            self._annotate(post, [work for key, work in here.works.items() if key in stopped])

    def _more(self, here: _Swept) -> tuple[Target, ...]:
        """Return what has come into flight since, its intents in the ledger."""
        found = here.post.connection.find_again(self._request.protects, here.post.pool.each)
        self._tally.note(f"{here.post.shown}: {note}" for note in found.notes)
        new = tuple(work for work in found.work if work.target.key not in here.works)
        here.works.update((work.target.key, work) for work in new)
        here.unseen = found.problems
        plan = decide_pause([Found(work=new)], self._request)
        if plan.actions:
            self._tally.begin(here.post.member.provider, len(plan.actions))
            here.intents.update(self._intend(plan.actions))
        return _targets((*plan.cancel, *plan.already_stopping))

    def _refuse(self, plan: PausePlan) -> None:
        for row in refusals(plan):
            self._tally.add(row)

    def _annotate(self, post: Post, stopped: Sequence[Work]) -> None:
        reason = self._reason(post.member.environment)
        asked = tuple(post.pool.each(lambda work: post.connection.annotate(work, reason), stopped))
        problems = Counter(one.detail for one in asked if one.detail)
        self._tally.note(
            f"{post.shown}: the reason could not be posted in full on {count} of {len(stopped)}: {why}"
            for why, count in problems.items()
        )

    def _intend(self, actions: Iterable[Action]) -> Intents:
        once = {(action.target.key, action.act): action for action in actions}
        intents = self._journal.intend(lambda _: list(once.values()), self._hold)
        return {(intent.action.target.key, intent.action.act): intent for intent in intents}

    def _end(self, row: Row, intents: Intents) -> None:
        self._tally.add(row, intents[row.target.key, row.act])


def _survey(post: Post, request: PauseRequest) -> Survey:
    found = post.connection.find(request.protects, post.pool.each, triggers=request.suspend_triggers)
    return Survey(post=post, found=found, plan=decide_pause([found], request))


def _targets(actions: Sequence[Action]) -> tuple[Target, ...]:
    return tuple(action.target for action in actions)
