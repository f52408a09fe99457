"""What messages say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.event import LOCAL_STOP, Act, HoldRaised, Intended, Observed, Ownership, Rechecked, Target
from gate.core.ledger_state import LedgerState
from gate.core.model import Code, Hold
from gate.core.notice import Notice, Topic
from gate.notify.message import Facts, write_message
from tests.unit.core.rechecks import START, appended, verdict

RUN = Target(
    provider="github",
    instance="x",
    project="acme/panda",
    kind="run",
    id="7",
    name="load \x1b[31m::set-output",
    url="https://github.example.com/7",
)
LOCAL = Target(provider="local", instance="pc", project="/home", kind="process", id="1@1", name="pytest")
LATER = START + timedelta(minutes=45)


def held(outcome: str = "survived", ownership: Ownership = Ownership.MANUAL) -> LedgerState:
    """Return what is true once a hold was raised and one run and one local process were stopped, or not."""
    state = appended(
        LedgerState(),
        [
            HoldRaised(hold=Hold(id="h-1", reason="splice", by="dana"), ownership=ownership),
            Intended(action=Act.CANCEL, target=RUN, hold="h-1"),
            Intended(action=LOCAL_STOP, target=LOCAL),
            Rechecked(),
        ],
        START,
    )
    seen = [
        Observed(intent=2, outcome=outcome, detail="it goes on"),
        Observed(intent=3, outcome="stopped"),
    ]
    return appended(state, seen, START)


def body(topic: Topic, state: LedgerState, *, about: str = "staging", ready: bool = True) -> list[str]:
    facts = Facts(state=state, verdicts=[verdict(ready, LATER)], now=LATER)
    return write_message(Notice(topic=topic, about=about), facts).body.splitlines()


def test_what_a_pause_could_not_stop_is_named_with_its_link_and_who_acts() -> None:
    assert body(Topic.SURVIVORS, held(), about="h-1") == [
        "hold: splice (hold h-1)",
        "still at the lab, as far as gate knows: 1 run",
        "  github acme/panda load [31m: :set-output (survived: it goes on) https://github.example.com/7",
        "next step: dana: stop them by hand, or run gate pause-all again",
    ]


def test_what_was_stopped_counts_people_s_machines_too() -> None:
    assert "stopped: 1 run, 1 local test process" in body(Topic.CLOSED, held("stopped"))


def test_a_ready_lab_under_a_persons_hold_is_that_persons_move() -> None:
    lines = body(Topic.CLOSED, held())
    assert lines[0] == "state: ready, and held"
    assert "held for 45m00s by dana: splice (hold h-1)" in lines
    assert lines[-1] == "next step: dana: gate resume-all"


def test_a_ready_lab_under_the_rechecks_hold_is_nobodys_move() -> None:
    assert body(Topic.CLOSED, held(ownership=Ownership.AUTO))[-1].startswith(
        "next step: nobody's; the recheck"
    )


def test_a_dark_lab_is_devops_move_whoever_holds_it() -> None:
    assert body(Topic.CLOSED, held(), ready=False)[-1] == "next step: the lab's DevOps: connect the fibre"


@pytest.mark.parametrize("code", [code for code in Code if code not in (Code.READY, Code.HELD)])
def test_every_way_to_be_dark_has_somebody_whose_move_it_is(code: Code) -> None:
    from dataclasses import replace

    facts = Facts(state=LedgerState(), verdicts=[replace(verdict(False, LATER), code=code)], now=LATER)
    lines = write_message(Notice(topic=Topic.CLOSED, about="staging"), facts).body.splitlines()
    assert "nobody" not in lines[-1]


def test_an_overdue_recheck_says_when_it_was_here_and_what_waits() -> None:
    assert body(Topic.RECHECK_OVERDUE, held(ownership=Ownership.AUTO), about="")[:2] == [
        "last recheck 45 min ago",
        "waits for it: hold h-1",
    ]


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize("again", [True, False], ids=["again", "first"])
def test_every_topic_has_a_title_and_words_whatever_is_known(topic: Topic, again: bool) -> None:
    message = write_message(
        Notice(topic=topic, about="x", again=again), Facts(state=LedgerState(), verdicts=[], now=START)
    )
    assert "\n" not in message.title
    assert message.body
    assert message.good == (topic in (Topic.REOPENED, Topic.RECHECK_BACK))
