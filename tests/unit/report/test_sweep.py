"""A plan and a receipt say to a person, and to a program, what is done and what is not."""

from __future__ import annotations

import json

import pytest

from gate.core.event import Act, Target
from gate.core.model import Hold
from gate.core.plan import Action, PausePlan, PlanPart, Refusal
from gate.core.receipt import GOOD, Receipt, Row
from gate.core.work import Outcome
from gate.report.sweep_json import encode_receipt
from gate.report.sweep_text import MOST_PROJECTS, MOST_ROWS, render_plan, render_receipt

HOLD = Hold(id="H1", reason="fibre cut\n::error::x", by="dana")


def target(id_: str = "1", project: str = "acme/panda", kind: str = "run", name: str = "load-live") -> Target:
    return Target(provider="github", instance="https://h", project=project, kind=kind, id=id_, name=name)


def row(
    outcome: Outcome, detail: str = "", act: Act = Act.CANCEL, id_: str = "1", seconds: float = 0.0
) -> Row:
    return Row(act=act, target=target(id_), outcome=outcome, detail=detail, seconds=seconds)


def receipt(*rows: Row, **fields: object) -> Receipt:
    return Receipt(action="pause", holds=(HOLD,), rows=rows, requests=(("github", 41),), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_proven_is_complete(outcome: Outcome) -> None:
    assert receipt(row(outcome)).complete is (outcome in GOOD)
    assert (Outcome.SURVIVED in GOOD, Outcome.CHANGED_SINCE in GOOD, Outcome.FAILED in GOOD) == (
        False,
        False,
        False,
    )


def test_an_interrupted_sweep_is_never_complete() -> None:
    made = receipt(row(Outcome.STOPPED), interrupted=True)
    assert not made.complete
    assert "INTERRUPTED" in render_receipt(made)


def test_counts_have_exactly_the_words_that_programs_rely_on() -> None:
    rows = [row(Outcome.STOPPED), row(Outcome.SURVIVED, id_="2"), row(Outcome.HELD, act=Act.HOLD, id_="3")]
    assert receipt(*rows).counts == {
        "matched": 2,
        "stopped": 1,
        "already_finished": 0,
        "survived": 1,
        "refused": 0,
        "failed": 0,
        "suspended": 0,
        "restored": 0,
        "changed_since": 0,
        "rerun": 0,
    }


def test_what_could_not_be_looked_at_is_no_match_but_a_refusal() -> None:
    counts = receipt(row(Outcome.REFUSED, "needs actions: read", id_="*")).counts
    assert (counts["matched"], counts["refused"]) == (0, 1)


def test_the_object_is_the_documented_one() -> None:
    encoded = json.loads(json.dumps(encode_receipt(receipt(row(Outcome.STOPPED, seconds=2.4), seconds=3.1))))
    assert encoded["schema"] == "gate.sweep/1"
    assert (encoded["action"], encoded["complete"], encoded["seconds"]) == ("pause", True, 3.1)
    assert encoded["hold"]["id"] == "H1"
    assert encoded["requests"] == {"github": 41}
    assert encoded["targets"] == [
        {
            "provider": "github",
            "instance": "https://h",
            "project": "acme/panda",
            "kind": "run",
            "id": "1",
            "name": "load-live",
            "url": "",
            "action": "cancel",
            "outcome": "stopped",
            "detail": "",
            "seconds": 2.4,
        }
    ]


def test_a_receipt_names_survivors_refusals_and_the_slowest_stop() -> None:
    text = render_receipt(
        receipt(
            row(Outcome.STOPPED, seconds=1.0),
            row(Outcome.STOPPED, id_="2", seconds=9.5),
            row(Outcome.SURVIVED, "it still is in_progress after 120 s", id_="3"),
            row(Outcome.REFUSED, "needs actions: write", id_="4"),
        )
    )
    assert "DONE IN PART, 2 not done or not proven" in text
    assert "slowest stop: 9.5 s, github acme/panda load-live (run 2)" in text
    assert "SURVIVED: github acme/panda load-live (run 3): it still is in_progress after 120 s" in text
    assert "REFUSED: github acme/panda load-live (run 4): needs actions: write" in text
    assert "stopped: 2 runs" in text


def test_words_from_outside_command_no_runner() -> None:
    text = render_receipt(receipt(row(Outcome.FAILED, "a\n::error::b")))
    assert "\n::" not in text
    assert "::error::" not in text


def test_a_long_list_is_cut_and_says_so() -> None:
    rows = [row(Outcome.FAILED, id_=str(number)) for number in range(MOST_ROWS + 5)]
    assert "and 5 more; --format json lists all" in render_receipt(receipt(*rows))


def action(act: Act, id_: str, project: str = "acme/panda", why: str = "load-live") -> Action:
    return Action(act=act, target=target(id_, project), why=why)


def test_a_plan_is_told_by_server_and_project_with_what_it_costs() -> None:
    plan = PausePlan(
        cancel=(action(Act.CANCEL, "1"), action(Act.CANCEL, "2", why="soak")),
        suspend=(Action(act=Act.SUSPEND, target=target("9", kind="trigger"), why="load-live"),),
        refusals=(
            Refusal(act=Act.SUSPEND, target=target("7"), outcome=Outcome.REFUSED, detail="a branch job"),
        ),
        notes=("3 manual jobs wait",),
    )
    text = render_plan([PlanPart(title="github api.github.com acme", plan=plan, looked_at=40, seconds=75)])
    assert text.splitlines() == [
        "github api.github.com acme: 2 runs, 1 trigger of 40 in flight",
        "  acme/panda: suspend 1, stop 2 (load-live, soak)",
        "  cannot: github acme/panda load-live (run 7): a branch job",
        "  note: 3 manual jobs wait",
        "about 7 requests, 1m15s or more",
    ]


def test_nothing_in_flight_is_an_answer() -> None:
    text = render_plan([PlanPart(title="gitlab h lab", plan=PausePlan(), looked_at=12)])
    assert text == "gitlab h lab: nothing protected among 12 in flight\n"


def test_many_projects_are_counted_and_not_listed() -> None:
    actions = tuple(action(Act.CANCEL, str(n), f"acme/p{n}") for n in range(MOST_PROJECTS + 30))
    text = render_plan([PlanPart(title="github", plan=PausePlan(cancel=actions), looked_at=99)])
    assert "and 30 more in 30 projects; --format json lists all" in text
    assert len(text.splitlines()) == MOST_PROJECTS + 3
