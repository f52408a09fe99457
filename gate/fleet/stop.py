"""How is work in flight stopped, and proven to have stopped?

A cancel is a request. Each target is observed until it is over, asked harder where it is not
over after a third of the time that it is given, and named as a survivor where it never is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event

from gate.core.event import Act, Target
from gate.core.receipt import Row
from gate.core.work import Asked, Outcome, Seen, Status
from gate.fleet.members import Post
from gate.providers.protocol import Key

FIRST_LOOK = 0.5
LONGEST_PAUSE = 10.0
ROUNDS = 5  # of looking for more when all is over
CHUNK = 8  # cancels for each thread before it is seen whether anything must be asked harder

More = Callable[[], Sequence[Target]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """How much force is allowed.

    Attributes:
        timeout: seconds in which each target must be over.
        harder: whether a target is asked harder after a third of that, and again after two.
        kill: whether the last step is allowed, which leaves things behind.
    """

    timeout: float = 120.0
    harder: bool = True
    kill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """A target that was asked to stop.

    Attributes:
        target: what.
        since: when it was asked first.
        steps: how often it was time to ask harder.
        asked_harder: how often that was accepted.
        refused: why it was not.
        said: what the last answer said that proved nothing.
        seen: where it was last, in the provider's own word.
    """

    target: Target
    since: float
    steps: int = 0
    asked_harder: int = 0
    refused: str = ""
    said: str = ""
    seen: str = ""


class Stopper:
    """Stops targets of one member of the fleet.

    Args:
        post: the member.
        force: how much is allowed.
        ended: told of each target once it is done with.
        halt: once it is set, nothing more is asked, and what is not over has no row.
    """

    def __init__(
        self,
        post: Post,
        force: Force,
        ended: Callable[[Row], object],
        halt: Event | None = None,
    ) -> None:
        self._post = post
        self._force = force
        self._ended = ended
        self._halt = halt or Event()
        self._clock = post.connection.pace.now
        self._asking: dict[Key, _Asking] = {}
        self._rows: list[Row] = []
        self._looked = self._clock()

    def stop(
        self, targets: Sequence[Target], stopping: Sequence[Target] = (), more: More = tuple
    ) -> tuple[Row, ...]:
        """Return what became of each target.

        Args:
            targets: what is told to stop.
            stopping: what somebody else has told to, and only is observed.
            more: returns what has come into flight since; asked with each look, and when all is over.
        """
        now = self._clock()
        self._asking = {target.key: _Asking(target=target, since=now) for target in stopping}
        self._rows = []
        self._ask_all(targets)
        self._observe(more)
        for _ in range(ROUNDS):
            new = () if self._halt.is_set() else more()
            if not new:
                break
            self._ask_all(new)
            self._observe(more)
        return tuple(self._rows)

    def _ask_all(self, targets: Sequence[Target]) -> None:
        """Ask in parts, since sending them all may take longer than each of them is given."""
        chunk = CHUNK * self._post.connection.pace.at_once
        for start in range(0, len(targets), chunk):
            if self._halt.is_set():
                break
            self._ask(targets[start : start + chunk])
            if self._clock() - self._looked >= self._force.timeout / 3:
                self._look()

    def _observe(self, more: More) -> None:
        pause = min(FIRST_LOOK, self._force.timeout / 6)
        while self._asking and not self._post.connection.pace.wait(self._halt, pause):
            self._look()
            if self._asking:
                self._ask_all(more())
            pause = min(2 * pause, LONGEST_PAUSE, max(FIRST_LOOK, self._force.timeout / 6))

    def _ask(self, targets: Sequence[Target]) -> None:
        for target, (asked, at) in zip(targets, self._post.pool.each(self._cancel, targets), strict=True):
            if asked.outcome is None:
                self._asking[target.key] = _Asking(target=target, since=at, said=asked.detail)
            else:
                self._end(target, asked.outcome, asked.detail, 0.0)

    def _cancel(self, target: Target) -> tuple[Asked, float]:
        asked = self._post.connection.cancel(target)
        return asked, self._clock()

    def _look(self) -> None:
        asking = tuple(self._asking.values())
        seen = self._post.connection.observe([one.target for one in asking], self._post.pool.each)
        self._looked = self._clock()
        for one in asking:
            self._judge(one, seen.get(one.target.key))
        late = [one for one in self._asking.values() if self._is_late(one)]
        for one, asked in zip(late, self._post.pool.each(self._harder, late), strict=True):
            refused = asked is not None and asked.outcome in (Outcome.REFUSED, Outcome.FAILED)
            self._asking[one.target.key] = replace(
                one,
                steps=one.steps + 1,
                asked_harder=one.asked_harder + (asked is not None and not refused),
                refused=asked.detail if asked is not None and refused else one.refused,
                said=asked.detail if asked is not None and not refused else one.said,
            )

    def _judge(self, one: _Asking, now: Seen | None) -> None:
        took = self._looked - one.since
        if now is not None and now.status is Status.FINISHED:
            outcome = Outcome.STOPPED if now.stopped else Outcome.ALREADY_FINISHED
            self._end(one.target, outcome, "" if now.stopped else f"it ended as {now.word}", took)
            return
        one = replace(one, seen=now.word if now else one.seen)
        if took >= self._force.timeout:
            self._end(one.target, Outcome.SURVIVED, self._survival(one), took)
        else:
            self._asking[one.target.key] = one

    def _is_late(self, one: _Asking) -> bool:
        due = self._force.timeout / 3 * (one.steps + 1)
        return self._force.harder and self._looked - one.since >= due

    def _harder(self, one: _Asking) -> Asked | None:
        return self._post.connection.escalate(one.target, one.steps + 1, kill=self._force.kill)

    def _survival(self, one: _Asking) -> str:
        seen = f"it still is {one.seen}" if one.seen else "it could not be seen"
        harder = ", though it was asked harder" if one.asked_harder else ""
        refused = f"; asking harder was refused: {one.refused}" if one.refused else ""
        new = one.said and not (one.seen and one.seen in one.said)
        said = f" ({one.said})" if new else ""
        return f"{seen} after {self._force.timeout:.0f} s{harder}{said}{refused}"

    def _end(self, target: Target, outcome: Outcome, detail: str, seconds: float) -> None:
        self._asking.pop(target.key, None)
        row = Row(act=Act.CANCEL, target=target, outcome=outcome, detail=detail, seconds=round(seconds, 3))
        self._rows.append(row)
        self._ended(row)
