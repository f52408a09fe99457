"""Ticks of the recheck over GitLab's child form: the child goes first, and nothing but it pays the debt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.commands import step
from gate.core.canary import Rerun
from gate.core.debt import debts
from gate.core.held_back import held_back
from gate.core.ledger_state import LedgerState
from gate.core.model import DEFAULT_PROTECT
from gate.core.plan import PauseRequest
from gate.core.steadiness import Steadiness
from gate.core.work import Protects
from gate.fleet.journal import Journal
from gate.fleet.members import Post
from gate.fleet.pool import Pool
from gate.fleet.recheck import Tick, Ticked, TickOrder
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries, read_state
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.lab import Pattern, served
from tests.emulated.gitlab_child import HELD, REAL, ChildForm, closed_pipeline
from tests.unit.core.rechecks import verdict

POLICY = Steadiness()
RETRY = Pattern(method="POST", path="*/retry")
Record = Callable[["Story", ChildForm], None]


@dataclass(slots=True, kw_only=True)
class Story:
    """One GitLab, a ledger, and a fibre."""

    lab: GitLabLab
    url: str
    fibre: bool = True
    owed: list[tuple[str, ...]] = field(default_factory=list)

    def tick(self) -> Ticked:
        """Let a minute pass, then do one tick with a connection of its own."""
        self.lab.time.sleep(60.0)
        post = Post(connection=self.lab.connect(), pool=Pool(2))
        try:
            with closing(open_state(self.url)) as ledger:
                journal = Journal(ledger, "recheck", self.now)
                known = journal.state.head.seq
                reading = verdict(self.fibre, self.now())
                ticked = Tick([post], journal, self._order(), Silent()).run([reading], known)
        finally:
            post.pool.close()
            post.connection.close()
        assert ticked is not None
        return ticked

    def until(self, what: str) -> Ticked:
        """Do ticks until one raises or lifts a hold."""
        for _ in range(POLICY.open_after + 1):
            ticked = self.tick()
            if getattr(ticked.decided, what):
                return ticked
        raise AssertionError(f"nothing was {what}")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.lab.time.now(), UTC)

    def says(self, form: ChildForm, *, ready: bool) -> None:
        """Let the newest gate job of a pipeline write what it has to into the ledger."""
        step.record(verdict(ready, self.now()), self.url, self.state(), form.environ())

    def state(self) -> LedgerState:
        with closing(open_state(self.url)) as ledger:
            return read_state(ledger)

    def kinds(self) -> set[str]:
        with closing(open_state(self.url)) as ledger:
            return {entry.kind for entry in read_entries(ledger)[0]}

    def refs_owed(self) -> tuple[str, ...]:
        """Return the branches whose commits have not run since."""
        return tuple(sorted(debt.ref for debt in debts(held_back(self.state())) if not debt.newer))

    def watch(self, *forms: ChildForm) -> None:
        """Note what is owed at each retry; a gate job that has opened has told the ledger before."""

        def look() -> None:
            for form in forms:
                if form.gates[-1].status == "success":
                    self.says(form, ready=True)
            self.owed.append(self.refs_owed())

        self.lab.watched.beside(RETRY, look, times=99)

    def _order(self) -> TickOrder:
        return TickOrder(
            steadiness=POLICY,
            rerun=Rerun.CANARY,
            request=PauseRequest(protects=Protects(patterns=DEFAULT_PROTECT)),
            reason=lambda environment, hold: f"{environment}: held by recheck: {hold.reason}",
            force=Force(timeout=60),
            patience=0.0,
            jitter=lambda: 0.5,
            sleep=self.lab.time.sleep,
        )


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    lab = GitLabLab()
    with served(lab):
        yield Story(lab=lab, url=f"sqlite:///{(tmp_path / 'state.db').as_posix()}")


def in_the_ledger(told: Story, form: ChildForm) -> None:
    told.says(form, ready=False)


def by_its_name(told: Story, form: ChildForm) -> None:
    """Leave it at the pipeline's name, which is there already."""


RECORDED = pytest.mark.parametrize("record", [in_the_ledger, by_its_name])


def in_the_dark(told: Story, record: Record) -> tuple[ChildForm, ChildForm]:
    """Lose the fibre, let two pipelines begin in the dark, and let the fibre be back."""
    told.tick()
    told.fibre = False
    told.until("raised")
    older, newer = (closed_pipeline(told.lab, ref=ref) for ref in ("main", "dev"))
    for form in (older, newer):
        record(told, form)
    told.watch(older, newer)
    told.fibre = True
    return older, newer


@RECORDED
def test_the_child_goes_first_and_pays_the_debt_once_it_was_started(told: Story, record: Record) -> None:
    older, newer = in_the_dark(told, record)
    forms = {"main": older, "dev": newer}
    opened = told.until("lifted")
    assert opened.receipt.counts["rerun"] == 1
    assert opened.receipt.complete
    (first,) = {"main", "dev"} - set(told.refs_owed())
    canary, waits = forms.pop(first), *forms.values()
    assert [len(canary.triggers), len(waits.gates), len(waits.triggers)] == [2, 1, 1]
    assert told.owed == [("dev", "main")] * 2  # neither the gate's retry nor its opening has paid it
    assert "step_opened" not in told.kinds()
    for _ in range(2):
        told.tick()
        assert canary.runs() == [REAL.name]
        assert len(waits.gates) == 1  # the child has not passed yet
    canary.end()
    told.tick()
    assert told.refs_owed() == ()
    told.lab.time.sleep(30.0)
    assert waits.runs() == [REAL.name]
    waits.end()
    for _ in range(3):
        told.tick()
    assert [len(form.triggers) for form in (older, newer)] == [2, 2]
    assert [len(form.gates) for form in (older, newer)] == [2, 2]
    assert "step_opened" not in told.kinds()
    assert told.tick().receipt.requests == (("gitlab", 0),)


@RECORDED
def test_a_child_that_fails_closes_again(told: Story, record: Record) -> None:
    forms = in_the_dark(told, record)
    told.until("lifted")
    (canary,) = [form for form in forms if len(form.triggers) == 2]
    told.lab.time.sleep(30.0)
    canary.end("failed")
    words = "closed again, since the run that went first has failed to configure the lab"
    assert any(note.startswith(words) for note in told.tick().receipt.notes)
    assert sum(len(form.triggers) for form in forms) == 3


@RECORDED
def test_what_is_not_over_in_time_is_owed_until_a_later_tick_has_started_it(
    told: Story, record: Record
) -> None:
    forms = in_the_dark(told, record)
    for form in forms:
        form.takes = 100.0
    lifted = told.until("lifted")
    assert lifted.receipt.counts["failed"] == 1
    assert told.refs_owed() == ("dev", "main")
    assert [form.runs() for form in forms] == [[HELD.name]] * 2
    assert told.tick().receipt.counts["rerun"] == 1
    assert len(told.refs_owed()) == 1
    assert sorted(len(form.gates) for form in forms) == [1, 2]
    assert sorted(len(form.triggers) for form in forms) == [1, 2]


def test_a_persons_own_retry_is_recorded_as_ever(told: Story) -> None:
    older, _ = in_the_dark(told, in_the_ledger)
    older._before_a_retry()
    told.lab.start_again(older.gates[-1])
    told.lab.time.sleep(60.0)
    assert older.gates[-1].status == "success"
    told.says(older, ready=True)
    assert "step_opened" in told.kinds()
    assert told.refs_owed() == ("dev",)
