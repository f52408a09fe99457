"""What must be stopped, and what must be put back, is decided from records alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.entry import canonical
from gate.core.event import Act, Event, HoldLifted, HoldRaised, Intended, Observed, Target
from gate.core.ledger import replay
from gate.core.ledger_state import LedgerState
from gate.core.model import Hold
from gate.core.origin import encode_origin, parse_origin
from gate.core.plan import PauseRequest, decide_pause, decide_resume
from gate.core.work import (
    Asked,
    Found,
    Origin,
    Outcome,
    Problem,
    Protects,
    Status,
    Trigger,
    Work,
)
from tests.unit.core.ledgers import ledger, target

REQUEST = PauseRequest(protects=Protects(patterns=("load*",)), suspend_triggers=True)
ACTIVE, OFF = canonical({"state": "active"}), canonical({"state": "off"})


def work(
    name: str = "1", status: Status = Status.RUNNING, project: str = "acme/panda", **origin: object
) -> Work:
    made = Target(provider="github", instance="https://h", project=project, kind="run", id=name, name="load")
    fields: dict[str, object] = {"workflow": "load", "ref": "main", "order": int(name), **origin}
    return Work(target=made, matched="load", status=status, word=status, origin=Origin(**fields))  # type: ignore[arg-type]


def trigger(*, active: bool = True, form: str = ACTIVE, cannot: str = "") -> Trigger:
    return Trigger(
        target=target(), matched="load", active=active, form=form, suspended_form=OFF, cannot=cannot
    )


def ids(actions: object) -> list[str]:
    return [action.target.id for action in actions]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "place"),
    [
        (Status.QUEUED, "cancel"),
        (Status.RUNNING, "cancel"),
        (Status.WAITING, "cancel"),
        (Status.UNKNOWN, "cancel"),
        (Status.STOPPING, "already_stopping"),
        (Status.FINISHED, ""),
    ],
)
def test_what_is_not_over_is_stopped_and_what_was_told_to_stop_is_only_observed(
    status: Status, place: str
) -> None:
    plan = decide_pause([Found(work=(work(status=status),))], REQUEST)
    assert {"cancel": ids(plan.cancel), "already_stopping": ids(plan.already_stopping)} == {
        "cancel": ["1"] * (place == "cancel"),
        "already_stopping": ["1"] * (place == "already_stopping"),
    }


def test_the_own_run_is_never_stopped() -> None:
    own = Target(provider="github", instance="", project="acme/panda", kind="run", id="1")
    request = PauseRequest(protects=REQUEST.protects, own=own)
    assert ids(decide_pause([Found(work=(work("1"), work("2")))], request).cancel) == ["2"]


@pytest.mark.parametrize(
    ("globs", "expected"),
    [((), ["1", "2"]), (("acme/p*",), ["1"]), (("PANDA",), ["1"]), (("acme/x",), [])],
)
def test_only_projects_that_were_asked_for_are_touched(globs: tuple[str, ...], expected: list[str]) -> None:
    request = PauseRequest(protects=REQUEST.protects, projects=globs)
    found = Found(work=(work("1"), work("2", project="acme/bear")))
    assert ids(decide_pause([found], request).cancel) == expected


def test_triggers_are_touched_only_where_it_was_asked() -> None:
    found = Found(triggers=(trigger(),))
    asked = decide_pause([found], REQUEST).suspend
    assert [(action.before, action.after) for action in asked] == [(ACTIVE, OFF)]
    assert decide_pause([found], PauseRequest(protects=REQUEST.protects)).actions == ()


def test_a_trigger_that_somebody_else_has_switched_off_is_left_alone() -> None:
    assert decide_pause([Found(triggers=(trigger(active=False, form=OFF),))], REQUEST).actions == ()


def test_a_trigger_that_an_earlier_pause_has_switched_off_stays_off_for_this_one_too() -> None:
    request = PauseRequest(protects=REQUEST.protects, suspend_triggers=True, suspended={target().key: OFF})
    plan = decide_pause([Found(triggers=(trigger(active=False, form=OFF),))], request)
    assert [(action.before, action.after) for action in plan.suspend] == [(OFF, OFF)]


def test_a_trigger_that_cannot_be_switched_off_is_refused_with_the_reason() -> None:
    plan = decide_pause([Found(triggers=(trigger(cannot="a branch job; disable mb"),))], REQUEST)
    assert [(one.outcome, one.detail) for one in plan.refusals] == [
        (Outcome.REFUSED, "a branch job; disable mb")
    ]
    assert plan.actions == ()


def test_what_could_not_be_looked_at_is_named() -> None:
    problem = Problem(
        target=target("*", "run"), asked=Asked(outcome=Outcome.REFUSED, detail="needs actions: read")
    )
    plan = decide_pause([Found(problems=(problem,))], REQUEST)
    assert [(one.act, one.outcome, one.detail) for one in plan.refusals] == [
        (Act.CANCEL, Outcome.REFUSED, "needs actions: read")
    ]


def stopped(*works: Work, hold: str = "H1") -> list[Event]:
    """Return the events of a pause that has stopped these."""
    events: list[Event] = [HoldRaised(hold=Hold(id=hold, reason="x"))]
    for one in works:
        events.append(Intended(action=Act.CANCEL, target=one.target, before=encode_origin(one), hold=hold))
    first = 2
    return [*events, *(Observed(intent=first + n, outcome="stopped") for n in range(len(works)))]


def state_of(*events: Event) -> LedgerState:
    return replay(ledger(*events))


def test_the_newest_of_each_workflow_and_ref_is_started_again() -> None:
    events = stopped(work("1"), work("2"), work("3", ref="dev"), work("4", workflow="load soak"))
    plan = decide_resume(state_of(*events), ("H1",), "newest")
    assert [change.target.id for change in plan.rerun] == ["2", "3", "4"]
    assert [change.target.id for change in plan.left] == ["1"]


@pytest.mark.parametrize(("policy", "expected"), [("none", []), ("all", ["1", "2"])])
def test_none_and_all_mean_what_they_say(policy: str, expected: list[str]) -> None:
    plan = decide_resume(state_of(*stopped(work("1"), work("2"))), ("H1",), policy)
    assert [change.target.id for change in plan.rerun] == expected


def test_an_older_run_is_not_started_once_the_newest_was() -> None:
    events = stopped(work("1"), work("2"))
    newest = Intended(action=Act.RERUN, target=work("2").target)
    again = [*events, newest, Observed(intent=len(events) + 1, outcome="rerun")]
    assert decide_resume(state_of(*again), ("H1",), "newest").rerun == ()


def test_what_ended_by_itself_is_not_started_again() -> None:
    events = [*stopped(work("1"))[:-1], Observed(intent=2, outcome="already_finished")]
    assert decide_resume(state_of(*events), ("H1",), "all").rerun == ()


def test_without_a_standing_hold_the_last_pause_is_meant() -> None:
    first, second = stopped(work("1")), stopped(work("2", ref="dev"), hold="H2")
    shifted = [*second[:2], Observed(intent=len(first) + 2, outcome="stopped")]
    state = state_of(*first, *shifted, HoldLifted(hold="H1"), HoldLifted(hold="H2"))
    assert [change.target.id for change in decide_resume(state, (), "newest").rerun] == ["2"]


def suspended(hold: str) -> list[Event]:
    return [
        HoldRaised(hold=Hold(id=hold, reason="x")),
        Intended(action=Act.SUSPEND, target=target(), before=ACTIVE, after=OFF, hold=hold),
        Observed(intent=2, outcome="suspended"),
    ]


@pytest.mark.parametrize(("lifted", "expected"), [(("H1",), ["nightly"]), ((), []), (("H9",), [])])
def test_a_trigger_is_restored_when_its_hold_is_lifted(lifted: tuple[str, ...], expected: list[str]) -> None:
    plan = decide_resume(state_of(*suspended("H1")), lifted, "none")
    assert [change.target.id for change in plan.restore] == expected


def test_a_trigger_that_an_earlier_resume_could_not_restore_is_tried_again() -> None:
    events = [*suspended("H1"), HoldLifted(hold="H1")]
    assert [change.target.id for change in decide_resume(state_of(*events), (), "none").restore] == [
        "nightly"
    ]


def test_a_trigger_whose_suspension_is_in_doubt_is_restored_by_compare_and_swap() -> None:
    events = [*suspended("H1")[:2], Observed(intent=2, outcome="failed")]
    assert len(decide_resume(state_of(*events), ("H1",), "none").restore) == 1


_NAMES = st.text(min_size=1, max_size=10)


@given(
    workflow=_NAMES,
    ref=st.text(max_size=10),
    order=st.integers(0, 2**40),
    own=st.dictionaries(_NAMES, _NAMES),
)
def test_where_a_run_came_from_survives_the_ledger(
    workflow: str, ref: str, order: int, own: dict[str, str]
) -> None:
    origin = Origin(workflow=workflow, ref=ref, order=order, own=canonical(own))
    made = Work(target=target(), matched="x", status=Status.RUNNING, word="running", origin=origin)
    assert parse_origin(encode_origin(made)) == origin


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"workflow": 1}'])
def test_what_another_version_wrote_is_no_origin(text: str) -> None:
    assert parse_origin(text) is None


@given(patterns=st.lists(st.text(max_size=4), max_size=3), names=st.lists(st.text(max_size=6), max_size=3))
def test_a_name_that_is_protected_is_one_of_those_given(patterns: list[str], names: list[str]) -> None:
    matched = Protects(patterns=tuple(patterns)).matched(names)
    assert matched is None or matched in names


def test_protection_knows_no_case() -> None:
    assert Protects(patterns=("LOAD*",)).matched(["unit", "Load-live"]) == "Load-live"
