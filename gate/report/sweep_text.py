"""What does a person read of a plan, and of what came of it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gate.core.duration import shown_duration
from gate.core.event import Act, Target
from gate.core.plan import Action, PlanPart
from gate.core.reason import one_line
from gate.core.receipt import GOOD, Receipt, Row
from gate.core.work import Outcome

MOST_PROJECTS: Final = 12  # of one server, in a plan
MOST_NAMES: Final = 3  # of one project
MOST_ROWS: Final = 40  # of what is not proven; all of them stand in --format json

_KINDS: Final = {
    "run": ("run", "runs"),
    "job": ("job", "jobs"),
    "queue_item": ("queue item", "queue items"),
    "trigger": ("trigger", "triggers"),
    "hold": ("hold", "holds"),
}
_SENTENCES: Final = (
    (Outcome.STOPPED, "stopped"),
    (Outcome.ALREADY_FINISHED, "had already finished"),
    (Outcome.SUSPENDED, "suspended"),
    (Outcome.RESTORED, "restored"),
    (Outcome.RERUN, "started again"),
    (Outcome.HELD, "held"),
    (Outcome.LIFTED, "lifted"),
    (Outcome.PLANNED, "planned"),
    (Outcome.SURVIVED, "SURVIVED"),
    (Outcome.REFUSED, "REFUSED"),
    (Outcome.FAILED, "FAILED"),
    (Outcome.CHANGED_SINCE, "CHANGED SINCE, and left alone"),
)


def render_plan(parts: Sequence[PlanPart]) -> str:
    """Return what a pause is going to stop, by server and project, and what it will cost."""
    lines: list[str] = []
    for part in parts:
        actions = part.plan.actions
        found = f"{_counted(action.target for action in actions)} of {part.looked_at} in flight"
        lines.append(
            f"{part.title}: {found if actions else f'nothing protected among {part.looked_at} in flight'}"
        )
        lines += _projects(actions)
        lines += [f"  cannot: {_named(one.target)}: {one_line(one.detail)}" for one in part.plan.refusals]
        lines += [f"  note: {one_line(note, 300)}" for note in part.plan.notes]
    requests = sum(part.plan.reads + part.plan.writes for part in parts)
    seconds = max((part.seconds for part in parts), default=0.0)
    if requests:
        lines.append(f"about {requests} requests, {shown_duration(max(1.0, seconds))} or more")
    return "".join(f"{line}\n" for line in lines)


def render_receipt(receipt: Receipt) -> str:
    """Return what came of a sweep: counts, the slowest stop, and everything that is not proven."""
    lines = [_headline(receipt)]
    lines += [f"  hold {hold.id}: {one_line(hold.reason)}" for hold in receipt.holds]
    counts = Counter(row.outcome for row in receipt.rows)
    for outcome, words in _SENTENCES:
        rows = [row for row in receipt.rows if row.outcome is outcome]
        if counts[outcome]:
            lines.append(f"  {words}: {_counted(row.target for row in rows)}")
    if receipt.slowest and receipt.slowest.seconds:
        lines.append(f"  slowest stop: {receipt.slowest.seconds:.1f} s, {_named(receipt.slowest.target)}")
    lines += _unproven(receipt.unproven)
    lines += [f"  note: {one_line(note, 300)}" for note in receipt.notes]
    asked = ", ".join(f"{name} {number}" for name, number in receipt.requests)
    lines.append(f"  {shown_duration(receipt.seconds)}; requests: {asked or 'none'}")
    return "".join(f"{line}\n" for line in lines)


def render_row(row: Row) -> str:
    """Return what came of one target as one line."""
    words = dict(_SENTENCES).get(row.outcome, str(row.outcome))
    detail = f": {one_line(row.detail, 300)}" if row.detail else ""
    return f"{words}: {_named(row.target)}{detail}"


def _headline(receipt: Receipt) -> str:
    if receipt.planned:
        return f"{receipt.action}: a dry run, nothing was changed"
    if receipt.interrupted:
        return f"{receipt.action}: INTERRUPTED; what is not listed here is not known to have stopped"
    if receipt.complete:
        return f"{receipt.action}: done, and proven"
    bad = sum(row.outcome not in GOOD for row in receipt.rows)
    return f"{receipt.action}: DONE IN PART, {bad} not done or not proven"


def _projects(actions: Sequence[Action]) -> Iterator[str]:
    by_project: dict[str, list[Action]] = {}
    for action in actions:
        by_project.setdefault(action.target.project, []).append(action)
    for project, own in list(by_project.items())[:MOST_PROJECTS]:
        acts = Counter(action.act for action in own)
        verbs = [f"suspend {acts[Act.SUSPEND]}"] if acts[Act.SUSPEND] else []
        verbs += [f"stop {acts[Act.CANCEL]}"] if acts[Act.CANCEL] else []
        names = list(dict.fromkeys(one_line(action.why or action.target.name, 50) for action in own))
        more = f", and {len(names) - MOST_NAMES} more names" if len(names) > MOST_NAMES else ""
        yield f"  {one_line(project, 80)}: {', '.join(verbs)} ({', '.join(names[:MOST_NAMES])}{more})"
    rest = list(by_project.values())[MOST_PROJECTS:]
    if rest:
        yield f"  and {sum(map(len, rest))} more in {len(rest)} projects; --format json lists all"


def _unproven(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows[:MOST_ROWS]:
        yield f"  {render_row(row)}"
    if len(rows) > MOST_ROWS:
        yield f"  and {len(rows) - MOST_ROWS} more; --format json lists all"


def _counted(targets: Iterable[Target]) -> str:
    kinds = Counter(target.kind for target in targets)
    words = [f"{n} {_KINDS.get(kind, (kind, kind))[n != 1]}" for kind, n in kinds.items()]
    return ", ".join(words)


def _named(target: Target) -> str:
    if target.id == "*":
        return f"{target.provider} {one_line(target.project, 80)}"
    name = f" {one_line(target.name, 60)}" if target.name else ""
    kind = _KINDS.get(target.kind, (target.kind,))[0]
    return f"{target.provider} {one_line(target.project, 80)}{name} ({kind} {one_line(target.id, 40)})"
