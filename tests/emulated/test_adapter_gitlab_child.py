"""Is a child pipeline that was held back started again behind its gate job, once, and only if that opens?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.work import Asked, Outcome, Protects
from gate.providers import gitlab
from gate.providers.protocol import Connection
from gate.sandbox.faults import FaultKind
from gate.sandbox.gitlab.lifecycle import retry_job
from gate.sandbox.gitlab.model import JobSpec
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.lab import PatientPace, Pattern, fault, served
from tests.emulated.gitlab_child import (
    GATE,
    HELD,
    REAL,
    TRIGGER,
    ChildForm,
    closed_pipeline,
    target,
)

PROTECTS = Protects(patterns=("load*",))
RETRY = Pattern(method="POST", path="*/jobs/*/retry")


class Dying(PatientPace):
    """The budget of a process that is killed as soon as it waits."""

    def sleep(self, seconds: float) -> None:
        """Die."""
        raise KeyboardInterrupt(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What was held back in one recorded form, and how a provider is asked about it.

    Attributes:
        first: what is retried first.
    """

    form: ChildForm
    here: Connection
    target: Target
    own: str
    first: str

    def rerun(self) -> Asked:
        return self.here.rerun(self.target, self.own)

    def seen(self) -> str | None:
        return self.here.rerun_seen(self.target, self.own)

    def proved(self, became: str) -> Canary:
        return self.here.proved(self.target, became, PROTECTS)


@pytest.fixture
def lab() -> Iterator[GitLabLab]:
    made = GitLabLab()
    with served(made):
        yield made


@pytest.fixture
def here(lab: GitLabLab) -> Iterator[Connection]:
    connection = lab.connect()
    yield connection
    connection.close()


def by_job(form: ChildForm, here: Connection) -> Held:
    """Return what stands in a ledger: the gate job."""
    step = form.in_ledger()
    return Held(form=form, here=here, target=target(step, form), own=step.own, first=form.gate_name)


def by_name(form: ChildForm, here: Connection) -> Held:
    """Return what the pipeline's name says: the whole pipeline."""
    step = form.by_name(here)
    return Held(form=form, here=here, target=target(step, form), own=step.own, first="pipeline")


@pytest.fixture(params=[by_job, by_name], ids=["in the ledger", "by the pipeline's name"])
def held(request: pytest.FixtureRequest, lab: GitLabLab, here: Connection) -> Held:
    made: Held = request.param(closed_pipeline(lab), here)
    assert made.seen() is None
    lab.server.log.clear()
    return made


def test_the_gate_is_asked_again_and_behind_it_the_child_is_started(held: Held, lab: GitLabLab) -> None:
    asked = held.rerun()
    assert (asked.outcome, asked.became) == (Outcome.RERUN, str(held.form.triggers[-1].id))
    assert held.form.writes() == [held.first, TRIGGER.name]
    assert held.seen() == (held.target.id if held.first == "pipeline" else asked.became)
    lab.time.sleep(30.0)
    assert held.form.runs() == [REAL.name]
    assert held.proved(asked.became) is Canary.UNDER_WAY
    held.form.end()
    assert held.proved(asked.became) is Canary.PASSED


def test_a_child_that_fails_fails(held: Held, lab: GitLabLab) -> None:
    asked = held.rerun()
    lab.time.sleep(30.0)
    held.form.end("failed")
    assert held.proved(asked.became) is Canary.FAILED


def test_what_a_killed_process_has_left_undone_is_done_and_nothing_else(held: Held, lab: GitLabLab) -> None:
    dying = gitlab.connect(lab.member, Dying(lab.time))
    with pytest.raises(KeyboardInterrupt):
        dying.rerun(held.target, held.own)
    dying.close()
    assert held.form.writes() == [held.first]
    assert held.seen() is None
    lab.time.sleep(60.0)  # in which the gate job has opened
    assert held.seen() is None
    assert held.rerun().outcome is Outcome.RERUN
    assert held.form.writes() == [held.first, TRIGGER.name]
    lab.time.sleep(30.0)
    assert held.form.runs() == [REAL.name]


def test_one_that_is_killed_is_not_doubled_while_the_gate_is_asked(held: Held, lab: GitLabLab) -> None:
    dying = gitlab.connect(lab.member, Dying(lab.time))
    with pytest.raises(KeyboardInterrupt):
        dying.rerun(held.target, held.own)
    dying.close()
    assert held.rerun().outcome is Outcome.RERUN
    assert held.form.writes() == [held.first, TRIGGER.name]


def test_where_the_gate_closes_again_no_child_is_started(held: Held, lab: GitLabLab) -> None:
    held.form.opens = False
    asked = held.rerun()
    assert (asked.outcome, asked.detail) == (Outcome.FAILED, "its gate step has closed again")
    assert held.form.writes() == [held.first]
    assert held.seen() is None
    if held.first == "pipeline":
        assert held.proved("") is Canary.NOT_STARTED
    held.form.opens = True
    assert held.rerun().outcome is Outcome.RERUN
    assert held.form.writes() == [held.first, held.first, TRIGGER.name]


def test_a_gate_that_somebody_cancels_is_left_to_them(held: Held, lab: GitLabLab) -> None:
    first = RETRY if held.first == GATE.name else Pattern(method="POST", path="*/pipelines/*/retry")
    lab.watched.beside(first, lambda: lab.stop(held.form.gates[-1]), after=True)
    lab.time.sleep(1.0)
    asked = held.rerun()
    assert asked.outcome is Outcome.FAILED
    assert held.form.writes() == [held.first]
    assert held.seen() is None


def test_what_is_not_over_in_time_goes_on_with_the_next_call(held: Held, lab: GitLabLab) -> None:
    held.form.takes = 300.0
    before = lab.time.now()
    asked = held.rerun()
    assert asked.outcome is Outcome.FAILED
    assert "not over after 90 seconds; the next recheck goes on" in asked.detail
    assert 90.0 <= lab.time.now() - before < 110.0
    assert held.seen() is None
    if held.first == "pipeline":
        assert held.proved("") is Canary.NOT_STARTED
    assert held.form.writes() == [held.first]
    lab.time.sleep(300.0)
    assert held.rerun().outcome is Outcome.RERUN
    assert held.form.writes() == [held.first, TRIGGER.name]


def test_a_pipeline_is_looked_at_a_while_after_its_retry_since_gitlab_works_its_status_out_behind_it(
    lab: GitLabLab, here: Connection
) -> None:
    held = by_name(closed_pipeline(lab), here)
    times: list[float] = []

    def note() -> None:
        times.append(lab.time.now())

    def retried() -> None:
        times.clear()
        note()
        lab.watched.beside(Pattern(method="GET", path=f"*/pipelines/{held.target.id}"), note)

    lab.watched.beside(Pattern(method="POST", path="*/pipelines/*/retry"), retried)
    assert held.rerun().outcome is Outcome.RERUN
    at, looked = times
    assert looked - at >= 5.0


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("403 Forbidden - Job is not retryable", Outcome.CHANGED_SINCE),
        ("403 Forbidden", Outcome.REFUSED),
    ],
)
def test_a_gate_job_that_is_not_retried_is_not_waited_for(
    lab: GitLabLab, here: Connection, message: str, outcome: Outcome
) -> None:
    held = by_job(closed_pipeline(lab), here)
    fault(lab, RETRY, status=403, message=message)
    before = lab.time.now()
    assert held.rerun().outcome is outcome
    assert lab.time.now() == before
    assert held.form.writes() == [GATE.name]


def test_a_trigger_job_that_somebody_else_was_faster_with_is_not_retried_twice(
    held: Held, lab: GitLabLab
) -> None:
    old = held.form.triggers[-1]

    def somebody() -> None:
        with lab.service.lock:
            retry_job(old, lab.time.now(), lab.world.life, "noa")

    lab.watched.beside(Pattern(method="POST", path=f"*/jobs/{old.id}/retry"), somebody)
    asked = held.rerun()
    assert (asked.outcome, "the next recheck goes on" in asked.detail) == (Outcome.FAILED, True)
    assert len(held.form.triggers) == 2
    assert held.seen() is not None


def test_an_answer_that_is_lost_is_not_asked_for_again(held: Held, lab: GitLabLab) -> None:
    path = f"*/jobs/{held.form.triggers[-1].id}/retry"
    fault(lab, Pattern(method="POST", path=path), FaultKind.RESET, carried_out=True, times=9)
    assert held.rerun().outcome is Outcome.FAILED
    assert len(held.form.triggers) == 2
    assert held.seen() is not None


def test_one_that_may_not_be_seen_is_not_started(held: Held, lab: GitLabLab) -> None:
    fault(lab, Pattern(path="/api/graphql"), status=403, message="403 Forbidden")
    assert held.rerun().outcome is Outcome.REFUSED
    assert held.form.writes() == []


def test_a_child_that_was_held_back_again_proves_nothing(held: Held, lab: GitLabLab) -> None:
    asked = held.rerun()
    trigger = held.form.triggers[-1]
    trigger.spec = replace(trigger.spec, child=(HELD,))  # as where its file was an old one
    lab.time.sleep(60.0)
    assert held.form.runs() == [HELD.name]
    assert held.proved(asked.became) is Canary.NOT_STARTED
    assert held.seen() is None


# Which trigger jobs are meant.


def test_of_two_gates_in_one_pipeline_each_starts_its_own_child(lab: GitLabLab, here: Connection) -> None:
    other = replace(TRIGGER, name="other-gate-child", needs=("other-gate",))
    form = closed_pipeline(lab, replace(GATE, name="other-gate"), other)
    asked = by_job(form, here).rerun()
    assert asked.outcome is Outcome.RERUN
    assert form.writes() == [GATE.name, TRIGGER.name]
    assert (len(form.jobs("other-gate")), len(form.jobs("other-gate-child"))) == (1, 1)


def test_a_trigger_job_that_waits_for_a_whole_stage_is_meant_too(lab: GitLabLab, here: Connection) -> None:
    trigger = replace(TRIGGER, stage="lab", needs=None)
    form = closed_pipeline(lab, gate=replace(GATE, stage=".pre"), trigger=trigger)
    assert by_job(form, here).rerun().outcome is Outcome.RERUN
    assert form.writes() == [GATE.name, TRIGGER.name]


def test_several_trigger_jobs_are_each_retried_once_and_what_is_left_by_the_next_call(
    lab: GitLabLab, here: Connection
) -> None:
    more = replace(TRIGGER, name="more")
    form = closed_pipeline(lab, more)
    held = by_job(form, here)
    (second,) = form.jobs("more")
    fault(lab, Pattern(method="POST", path=f"*/jobs/{second.id}/retry"), status=500)
    assert held.rerun().outcome is Outcome.FAILED
    assert held.seen() is None
    asked = held.rerun()
    assert (asked.outcome, asked.became) == (Outcome.RERUN, str(form.jobs("more")[-1].id))
    assert form.writes() == [GATE.name, TRIGGER.name, "more", "more"]
    assert held.seen() == asked.became


def test_it_is_found_past_fifty_trigger_jobs(lab: GitLabLab, here: Connection) -> None:
    quick = replace(REAL, seconds=1.0)
    form = closed_pipeline(lab, *(JobSpec(name=f"docs {n}", stage="gate", child=(quick,)) for n in range(70)))
    assert by_job(form, here).rerun().outcome is Outcome.RERUN
    assert form.writes() == [GATE.name, TRIGGER.name]


@pytest.mark.parametrize("record", [by_job, by_name], ids=["in the ledger", "by the pipeline's name"])
@pytest.mark.parametrize("trigger", [True, False], ids=["another child", "no child"])
def test_a_pipeline_without_such_a_child_is_started_as_before(
    lab: GitLabLab, here: Connection, record: Callable[[ChildForm, Connection], Held], trigger: bool
) -> None:
    other = JobSpec(name="docs", stage="docs", child=(replace(REAL, seconds=1.0),))
    pipeline = lab.world.add_pipeline(
        lab.projects[0], (GATE, other) if trigger else (GATE,), statuses=("running",)
    )
    lab.time.sleep(60.0)
    form = ChildForm(lab=lab, pipeline=pipeline)
    form._name()
    held = record(form, here)
    lab.server.log.clear()
    asked = held.rerun()
    assert asked.outcome is Outcome.RERUN
    assert len(form.gates) == 2
    assert asked.became == (held.target.id if held.first == "pipeline" else str(form.gates[-1].id))
    requests = [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in lab.server.log.last()]
    assert requests[-2:] == ["POST graphql", "POST retry"]
    assert len(requests) == 2
    assert held.seen() == asked.became
