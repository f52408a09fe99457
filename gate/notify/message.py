"""What does a message say? What the plan for such an incident asks for, and nothing secret.

State and `prr`, what is failing, restarts and their cause, what gate has stopped and for how
long, who owns the next step, links.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from gate.core.duration import shown_duration
from gate.core.event import LOCAL_STOP, Act, Ownership
from gate.core.heartbeat import last_seen
from gate.core.hold import covers, is_expired
from gate.core.ledger_state import Change, LedgerState, Standing
from gate.core.model import Code, Place, Verdict
from gate.core.notice import Notice, Topic, survivors
from gate.core.reason import listed, one_line

_DEVOPS: Final = "the lab's DevOps"
_OWNERS: Final = {
    Code.WAITING_FOR_FIBER: f"{_DEVOPS}: connect the fibre",
    Code.UNREACHABLE: f"{_DEVOPS}: see whether the Focus server runs and is reachable",
    Code.TIMEOUT: f"{_DEVOPS}: see the Focus server's load and the network on the way",
    Code.TLS_ERROR: "whoever keeps gate.yml: set verify_tls to the CA bundle of the lab",
    Code.UNAUTHORIZED: "whoever keeps gate.yml: give an address that may read live_metadata",
    Code.METADATA_UNAVAILABLE: f"{_DEVOPS}: the Focus server has no live metadata",
    Code.SERVER_ERROR: f"{_DEVOPS}: see the Focus server's log, and whether it has its MongoDB",
    Code.MALFORMED: f"{_DEVOPS}: the Focus server's answer cannot be used",
    Code.CONTRADICTORY: f"{_DEVOPS}: say which of the server's two statements is true",
    Code.DEPENDENCY_DOWN: f"{_DEVOPS}: bring the dependency back",
    Code.MISCONFIGURED: "whoever keeps gate.yml: correct what the state names",
}
_KINDS: Final = {
    "run": ("run", "runs"),
    "job": ("job", "jobs"),
    "queue_item": ("queue item", "queue items"),
    "process": ("local test process", "local test processes"),
}
_MOST = 5
_MENTION: Final = re.compile(r"<(?=[!@#])|@(?=everyone|here|channel|all)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent.

    Attributes:
        title: one line.
        body: lines of text.
        good: whether it says that something is over.
    """

    title: str
    body: str
    good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What messages are written from.

    Attributes:
        state: what the ledger says.
        verdicts: the labs' readings.
        now: the time (UTC).
        links: by lab, where to look at its state.
        cluster: restarts and their causes, a line each; empty where nothing is known.
    """

    state: LedgerState
    verdicts: Sequence[Verdict]
    now: datetime
    links: tuple[tuple[str, str], ...] = ()
    cluster: tuple[str, ...] = ()


def write_message(notice: Notice, facts: Facts) -> Message:
    """Return what people are told."""
    again = ", still" if notice.again else ""
    about = one_line(notice.about, 60)
    match notice.topic:
        case Topic.CLOSED:
            return _message(f"gate closed{again}: {about}", _of_a_dark_lab(notice, facts))
        case Topic.FLAPPING:
            return _message(
                f"gate closed, the lab is flapping{again}: {about}", _of_a_dark_lab(notice, facts)
            )
        case Topic.REOPENED:
            return _message(f"gate open again: {about}", _of_an_open_lab(notice, facts), good=True)
        case Topic.SURVIVORS:
            return _message(f"not stopped by the pause{again}: hold {about}", _of_survivors(notice, facts))
        case Topic.RECHECK_OVERDUE:
            return _message(f"gate recheck is overdue{again}", _of_the_recheck(facts))
        case Topic.RECHECK_BACK:
            return _message(
                "gate recheck is back", ["Holds that it raised are lifted by it again."], good=True
            )
        case _:
            assert_never(notice.topic)


def _message(title: str, lines: Sequence[str] | Iterator[str], *, good: bool = False) -> Message:
    return Message(title=_harmless(title), body="\n".join(map(_harmless, lines)), good=good)


def _harmless(line: str) -> str:
    """Return a line that calls nobody in a chat, whatever a lab or a person has put into it."""
    return _MENTION.sub(lambda found: found[0] + " ", line)


def _of_a_dark_lab(notice: Notice, facts: Facts) -> Iterator[str]:
    verdict = _verdict(notice, facts)
    holds = _holds(notice.about, facts)
    if verdict:
        yield f"state: {verdict.reason if not verdict.open else f'{verdict.state}, and held'}"
        evidence = dict(verdict.evidence)
        yield f"prr: {evidence['prr']}" if "prr" in evidence else "prr: not known"
        if not verdict.open:
            yield "failing: every POST /configure, until this is over"
    yield f"restarts: {facts.cluster[0] if facts.cluster else 'not known here; see gate diagnose'}"
    yield from (f"  {line}" for line in facts.cluster[1:_MOST])
    for standing in holds:
        since = shown_duration((facts.now - standing.at).total_seconds())
        yield f"held for {since} by {standing.hold.by or standing.by or 'somebody'}: {_words(standing)}"
    yield f"stopped: {_stopped(facts, holds)}"
    yield f"next step: {_owner(verdict, holds)}"
    yield from _links(notice, facts)


def _of_an_open_lab(notice: Notice, facts: Facts) -> Iterator[str]:
    verdict = _verdict(notice, facts)
    if verdict:
        yield f"state: {verdict.reason}"
    yield "next step: nobody's; configure and load stages run again"
    yield from _links(notice, facts)


def _of_survivors(notice: Notice, facts: Facts) -> Iterator[str]:
    standing = next((one for one in facts.state.holds if one.hold.id == notice.about), None)
    left = survivors(facts.state, notice.about)
    if standing:
        yield f"hold: {_words(standing)}"
    yield f"still at the lab, as far as gate knows: {_counted(left)}"
    for change in left[:_MOST]:
        target = change.target
        named = f"{target.provider} {target.project} {target.name or target.id}"
        detail = f": {change.detail}" if change.detail else ""
        what = one_line(f"{named} ({change.outcome}{detail})", 300)
        yield f"  {what} {one_line(target.url, 200)}".rstrip()
    if len(left) > _MOST:
        yield f"  and {len(left) - _MOST} more; gate status names all"
    who = (standing.hold.by or standing.by) if standing else ""
    yield f"next step: {who or 'whoever paused'}: stop them by hand, or run gate pause-all again"


def _of_the_recheck(facts: Facts) -> Iterator[str]:
    last = facts.state.rechecked_at
    if last:
        yield last_seen(last, facts.now)
    waiting = [one.hold.id for one in facts.state.holds if one.ownership is Ownership.AUTO]
    yield f"waits for it: {f'hold {listed(waiting)}' if waiting else 'nothing; none would close either'}"
    yield "next step: whoever keeps gate's schedule: see whether it is still switched on"


def _verdict(notice: Notice, facts: Facts) -> Verdict | None:
    return next((one for one in facts.verdicts if one.environment == notice.about), None)


def _holds(environment: str, facts: Facts) -> list[Standing]:
    place = Place(environment=environment)
    return [
        one
        for one in facts.state.holds
        if covers(one.hold.scope, place) and not is_expired(one.hold, facts.now)
    ]


def _words(standing: Standing) -> str:
    return f"{one_line(standing.hold.reason, 300)} (hold {one_line(standing.hold.id, 60)})"


def _stopped(facts: Facts, holds: Sequence[Standing]) -> str:
    """Return what gate has stopped for these holds, and on people's machines since the first of them."""
    state, ids = facts.state, {one.hold.id for one in holds}
    since = min((one.at for one in holds), default=None)
    stopped = [change for change in state.standing(Act.CANCEL) if change.hold in ids]
    local = [
        change
        for change in state.changes
        if (change.action, change.outcome) == (LOCAL_STOP, "stopped") and since and change.at >= since
    ]
    suspended = sum(change.hold in ids for change in state.standing(Act.SUSPEND))
    parts = [_counted([*stopped, *local])] if stopped or local else []
    parts += [f"{suspended} triggers suspended"] if suspended else []
    held_back = sum(1 for closed in state.closed_steps if since and closed.at >= since)
    parts += [f"{held_back} runs held back at their gate"] if held_back else []
    return ", ".join(parts) or "nothing; what comes is held back at its gate"


def _counted(changes: Sequence[Change]) -> str:
    kinds = Counter(change.target.kind for change in changes)
    return (
        ", ".join(f"{n} {_KINDS.get(kind, (kind, kind))[n != 1]}" for kind, n in kinds.items()) or "nothing"
    )


def _owner(verdict: Verdict | None, holds: Sequence[Standing]) -> str:
    """Return whose move it is: a dark lab comes before the person who holds it."""
    if verdict and verdict.code in _OWNERS:
        return _OWNERS[verdict.code]
    persons = next((one for one in holds if one.ownership is Ownership.MANUAL), None)
    if persons:
        return f"{one_line(persons.hold.by or persons.by, 60) or 'whoever raised the hold'}: gate resume-all"
    return "nobody's; the recheck opens once the lab has been ready for long enough"


def _links(notice: Notice, facts: Facts) -> Iterator[str]:
    link = dict(facts.links).get(notice.about)
    if link:
        yield f"links: {one_line(link, 300)}"
