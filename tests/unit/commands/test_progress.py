"""A log shows what stands and what is not proven, and now and then how far it is."""

from __future__ import annotations

from gate.commands.progress import EVERY, PlainLines
from gate.core.event import Act, Target
from gate.core.receipt import Row
from gate.core.work import Outcome


def row(outcome: Outcome, kind: str = "run", detail: str = "") -> Row:
    target = Target(provider="github", instance="h", project="acme/panda", kind=kind, id="1", name="load")
    return Row(act=Act.CANCEL, target=target, outcome=outcome, detail=detail)


class Log:
    """Lines that were told, and a clock that a test moves."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        self.watcher = PlainLines(self.lines.append, lambda: self.now)


def test_what_is_proven_is_not_listed_one_by_one() -> None:
    log = Log()
    log.watcher.begin("github", 2)
    log.watcher.end(row(Outcome.STOPPED))
    assert log.lines == ["github: 2 to act on"]


def test_what_is_not_proven_is_told_at_once() -> None:
    log = Log()
    log.watcher.end(row(Outcome.REFUSED, detail="needs actions: write"))
    assert log.lines == ["REFUSED: github acme/panda load (run 1): needs actions: write"]


def test_now_and_then_it_is_told_how_many_are_done_with() -> None:
    log = Log()
    log.watcher.begin("github", 40)
    for _ in range(3):
        log.now += EVERY
        log.watcher.end(row(Outcome.STOPPED))
    assert log.lines[1:] == ["1 of 40 done with", "2 of 40 done with", "3 of 40 done with"]


def test_holds_are_not_counted_among_what_was_to_be_stopped() -> None:
    log = Log()
    log.watcher.begin("github", 1)
    log.watcher.end(row(Outcome.HELD, kind="hold"))
    log.now += EVERY
    log.watcher.end(row(Outcome.STOPPED))
    assert log.lines[-1] == "1 of 1 done with"


def test_where_there_is_nothing_to_act_on_nothing_is_said() -> None:
    log = Log()
    log.watcher.begin("github", 0)
    assert log.lines == []
