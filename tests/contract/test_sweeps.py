"""Every provider is paused and resumed with the same outcomes, the same sentences and exit codes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.core.event import Act
from gate.core.hold import parse_holds
from gate.errors import Exit
from gate.providers import PROVIDERS, own_target
from gate.sandbox.faults import FaultKind
from tests.contract.sweeps.lab import Call, Lab, May, State, came, fault, served
from tests.contract.sweeps.labs import LABS
from tests.contract.sweeps.stories import STORIES, Story, meanwhile
from tests.contract.sweeps.sweeping import Fleet

LATE = 16.0  # seconds; an answer is waited for 15


@pytest.fixture(params=PROVIDERS)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Each provider in turn."""
    with served(LABS[request.param]()) as made:
        yield made


@pytest.fixture
def fleet(lab: Lab, tmp_path: Path) -> Fleet:
    """One lab and a ledger."""
    return Fleet(labs=(lab,), url=f"sqlite:///{tmp_path.as_posix()}/state.db")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_pause_ends_alike_everywhere(story: Story, lab: Lab, fleet: Fleet) -> None:
    things = story.begin(lab)
    swept = fleet.pause(force=story.force)
    assert swept.stops() == list(_of(story.outcomes, lab)), swept.text
    assert swept.unseen() == {_of(story.unseen, lab)} - {""}, swept.text
    code = _of(story.code, lab)
    assert (swept.code, swept.document["complete"]) == (code, code is Exit.OK)
    assert _of(story.says, lab) in swept.said
    assert [lab.state(thing) for thing in things][: len(story.left)] == list(story.left)
    assert story.cancels in (None, came(lab, Call.CANCEL))
    assert lab.time.passed >= _of(story.waits, lab)


def _of(value: Any, lab: Lab) -> Any:
    """Return what is expected of this provider, where providers differ."""
    return value[lab.provider] if isinstance(value, Mapping) else value


def test_the_reason_stands_on_what_was_stopped_and_in_the_ledger(lab: Lab, fleet: Fleet) -> None:
    thing = lab.begin()
    swept = fleet.pause()
    assert [standing.hold.reason for standing in swept.state.holds] == ["fibre maintenance"]
    assert "held by dana" in lab.reason_on(thing)


def test_the_run_that_gate_is_a_part_of_is_never_stopped(lab: Lab, fleet: Fleet) -> None:
    own, other = lab.begin(), lab.begin()
    swept = fleet.pause(own=own_target(lab.own_target_environ(own)))
    assert (swept.stops(), swept.code) == (["stopped"], Exit.OK)
    assert (lab.state(own), lab.state(other)) == (State.RUNNING, State.STOPPED)


def test_only_the_projects_that_are_asked_for_are_swept(lab: Lab, fleet: Fleet) -> None:
    here, there = lab.begin(project=0), lab.begin(project=1)
    swept = fleet.pause(projects=("*panda*",))
    assert swept.stops() == ["stopped"]
    assert (lab.state(here), lab.state(there)) == (State.STOPPED, State.RUNNING)


def test_a_hold_is_lifted_and_the_place_is_as_it_was(lab: Lab, fleet: Fleet) -> None:
    swept = fleet.pause()
    assert swept.outcomes(Act.HOLD) == ["held"] * lab.holds
    assert len(lab.hold_texts()) == lab.holds
    assert all("fibre maintenance" in text for text in lab.hold_texts())
    swept = fleet.resume()
    assert (swept.outcomes(Act.LIFT), swept.code) == (["lifted"] * lab.holds, Exit.OK)
    assert (lab.hold_texts(), swept.state.holds) == ([], ())


@pytest.mark.parametrize("theirs", ["demo at noon", '{"id": "h-1", "reason": "größe 50% $x \\"q\\""}'])
def test_what_somebody_else_wrote_there_stands_beside_ours_and_is_put_back_to_the_letter(
    lab: Lab, fleet: Fleet, theirs: str
) -> None:
    lab.put_hold(theirs)
    before = lab.hold_texts()
    swept = fleet.pause()
    assert swept.code == Exit.OK
    reasons = [hold.reason for text in lab.hold_texts() for hold in parse_holds(text)]
    assert reasons == ([parse_holds(theirs)[0].reason, "fibre maintenance"] if lab.holds else [])
    assert fleet.resume().code == Exit.OK
    assert lab.hold_texts() == before


def test_a_second_pause_adds_a_hold_and_each_is_lifted_on_its_own(lab: Lab, fleet: Fleet) -> None:
    first, second = fleet.pause(), fleet.pause()
    assert [len(swept.state.holds) for swept in (first, second)] == [1, 2]
    assert [len(parse_holds(text)) for text in lab.hold_texts()] == [2] * lab.holds
    swept = fleet.resume(hold=first.document["hold"]["id"])
    assert [one.hold.id for one in swept.state.holds] == [second.document["hold"]["id"]]
    assert [hold.id for text in lab.hold_texts() for hold in parse_holds(text)] == [
        second.document["hold"]["id"]
    ] * lab.holds
    assert (fleet.resume().code, lab.hold_texts()) == (Exit.OK, [])


def test_a_hold_that_somebody_has_changed_is_left_and_reported(lab: Lab, fleet: Fleet) -> None:
    fleet.pause()
    lab.put_hold("mine now")
    swept = fleet.resume()
    assert swept.outcomes(Act.HOLD, Act.LIFT) == ["changed_since"] * lab.holds
    assert swept.code == (Exit.PARTLY if lab.holds else Exit.OK)
    assert ("somebody has changed it: mine now" in swept.said) is bool(lab.holds)
    assert lab.hold_texts() == ["mine now"] * lab.holds
    assert swept.state.holds == ()


def test_where_the_shared_place_is_refused_each_project_is_held(lab: Lab, fleet: Fleet) -> None:
    """Jenkins has no place at all, so that its ledger alone says it, and a note says that."""
    lab.deny(May.HOLD_EVERYWHERE)
    swept = fleet.pause()
    assert (swept.outcomes(Act.HOLD), swept.code) == (["held"] * 2 * lab.holds, Exit.OK)
    assert len(lab.hold_texts()) == 2 * lab.holds
    note = {
        "github": "organization variables: read",
        "gitlab": "the Owner role in the group",
        "jenkins": "the same ledger (state:)",
    }
    assert note[lab.provider] in swept.said
    assert ("raised in each project instead" in swept.said) is bool(lab.holds)
    assert (fleet.resume().code, lab.hold_texts()) == (Exit.OK, [])


def test_where_every_place_is_refused_the_permission_is_named(lab: Lab, fleet: Fleet) -> None:
    lab.deny(May.HOLD_EVERYWHERE, May.HOLD)
    thing = lab.begin(State.RUNNING)
    swept = fleet.pause()
    assert swept.outcomes(Act.HOLD) == ["refused"] * 2 * lab.holds
    assert swept.code == (Exit.PARTLY if lab.holds else Exit.OK)
    words = {"github": "variables: read", "gitlab": "the Maintainer role in the project", "jenkins": "ledger"}
    assert words[lab.provider] in swept.said
    assert swept.state.holds  # the ledger says it in any case
    assert lab.state(thing) is not State.QUEUED


def test_a_trigger_is_suspended_and_restored(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger()
    swept = fleet.pause(suspend=True)
    assert (swept.outcomes(Act.SUSPEND), swept.code) == (["suspended"], Exit.OK)
    assert not lab.is_on(trigger)
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == (["restored"], Exit.OK)
    assert lab.is_on(trigger)


def test_without_being_asked_no_trigger_is_touched(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger()
    assert fleet.pause().outcomes(Act.SUSPEND) == []
    assert lab.is_on(trigger)
    assert came(lab, Call.SWITCH) == 0


def test_a_trigger_that_was_off_before_stays_off(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger(on=False)
    assert fleet.pause(suspend=True).outcomes(Act.SUSPEND) == []
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == ([], Exit.OK)
    assert not lab.is_on(trigger)
    assert came(lab, Call.SWITCH) == 0


def test_a_second_pause_takes_no_change_of_ours_for_the_state_before(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger()
    first = fleet.pause(suspend=True)
    assert fleet.pause(suspend=True).code == Exit.OK
    swept = fleet.resume(hold=first.document["hold"]["id"])
    assert swept.code == Exit.OK
    assert not lab.is_on(trigger)
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == (["restored"], Exit.OK)
    assert lab.is_on(trigger)


def test_a_trigger_that_somebody_has_changed_is_left_and_reported(lab: Lab, fleet: Fleet) -> None:
    """A job of Jenkins can only be on or off, so there it is gone instead."""
    trigger = lab.trigger()
    fleet.pause(suspend=True)
    lab.meddle(trigger)
    switches = came(lab, Call.SWITCH)
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == (["changed_since"], Exit.PARTLY)
    words = {"github": "it is {", "gitlab": "0 4 * * *", "jenkins": "it is gone"}
    assert words[lab.provider] in swept.said
    assert not lab.is_on(trigger)
    assert came(lab, Call.SWITCH) == switches


def test_a_trigger_that_somebody_has_brought_back_is_not_touched_again(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger()
    fleet.pause(suspend=True)
    lab.switch(trigger, on=True)
    switches = came(lab, Call.SWITCH)
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == (["restored"], Exit.OK)
    assert "somebody had brought it back already" in swept.said
    assert came(lab, Call.SWITCH) == switches


def test_a_trigger_that_may_not_be_switched_is_refused_with_what_it_takes(lab: Lab, fleet: Fleet) -> None:
    trigger = lab.trigger()
    lab.deny(May.SWITCH)
    swept = fleet.pause(suspend=True)
    assert (swept.outcomes(Act.SUSPEND), swept.code) == (["refused"], Exit.PARTLY)
    words = {"github": "actions: write", "gitlab": "belongs to noa", "jenkins": "Job/Configure"}
    assert words[lab.provider] in swept.said
    assert lab.is_on(trigger)
    swept = fleet.resume()
    assert (swept.outcomes(Act.RESTORE), swept.code) == ([], Exit.OK)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS])
def test_a_switch_whose_answer_was_lost_is_read_and_not_guessed(
    lab: Lab, fleet: Fleet, kind: FaultKind
) -> None:
    trigger = lab.trigger()
    fault(lab, Call.SWITCH, kind, status=502, carried_out=True, times=99)
    swept = fleet.pause(suspend=True)
    assert (swept.outcomes(Act.SUSPEND), swept.code) == (["suspended"], Exit.OK)
    lab.server.faults.clear()
    assert fleet.resume().code == Exit.OK
    assert lab.is_on(trigger)


def test_nothing_is_started_again_unless_it_is_asked_for(lab: Lab, fleet: Fleet) -> None:
    thing = lab.begin()
    fleet.pause()
    swept = fleet.resume()
    assert (swept.outcomes(Act.RERUN), swept.code, lab.starts(thing)) == ([], Exit.OK, 0)


def test_the_newest_is_started_again_and_the_others_are_counted(lab: Lab, fleet: Fleet) -> None:
    old, new = lab.begin(), lab.begin()
    fleet.pause()
    swept = fleet.resume(rerun="newest")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["rerun"], Exit.OK)
    assert (lab.starts(old), lab.starts(new)) == (0, 1)
    assert "1 that were stopped are not started again: a newer one is" in swept.said


def test_all_are_started_again_once(lab: Lab, fleet: Fleet) -> None:
    things = [lab.begin(), lab.begin()]
    fleet.pause()
    swept = fleet.resume(rerun="all")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["rerun"] * 2, Exit.OK)
    assert fleet.resume(rerun="all").outcomes(Act.RERUN) == []
    assert [lab.starts(thing) for thing in things] == [1, 1]


def test_a_queued_thing_that_began_to_run_meanwhile_is_started_again_once(lab: Lab, fleet: Fleet) -> None:
    (thing,) = meanwhile(lambda lab, thing: lab.start(thing), Call.LIST, State.QUEUED, after=True)(lab)
    fleet.pause()
    assert lab.state(thing) is State.STOPPED
    assert fleet.resume(rerun="all").code == Exit.OK
    assert lab.starts(thing) == 1


def test_what_ended_by_itself_is_not_started_again(lab: Lab, fleet: Fleet) -> None:
    things = meanwhile(lambda lab, thing: lab.end(thing))(lab)
    fleet.pause()
    swept = fleet.resume(rerun="all")
    assert (swept.outcomes(Act.RERUN), lab.starts(things[0])) == ([], 0)


def test_behind_a_closed_gate_nothing_is_started_again(lab: Lab, fleet: Fleet) -> None:
    thing = lab.begin()
    fleet.pause()
    swept = fleet.resume(rerun="newest", closed=lambda name: f"{name}: waiting for fiber")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["refused"], Exit.PARTLY)
    assert "not started: staging: waiting for fiber" in swept.said
    assert lab.starts(thing) == 0
    assert fleet.resume(rerun="newest").code == Exit.OK
    assert lab.starts(thing) == 1


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS])
def test_a_rerun_whose_answer_was_lost_is_never_sent_twice(lab: Lab, fleet: Fleet, kind: FaultKind) -> None:
    thing = lab.begin()
    fleet.pause()
    fault(lab, Call.RERUN, kind, status=502, carried_out=True, times=99)
    swept = fleet.resume(rerun="newest")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["failed"], Exit.PARTLY)
    assert (lab.starts(thing), came(lab, Call.RERUN)) == (1, 1)
    swept = fleet.resume(rerun="newest")
    assert swept.code == Exit.OK
    assert (lab.starts(thing), came(lab, Call.RERUN)) == (1, 1)


def test_a_rerun_that_never_arrived_is_sent_by_the_next_resume(lab: Lab, fleet: Fleet) -> None:
    thing = lab.begin()
    fleet.pause()
    fault(lab, Call.RERUN, FaultKind.RESET)
    swept = fleet.resume(rerun="newest")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["failed"], Exit.PARTLY)
    assert (lab.starts(thing), came(lab, Call.RERUN)) == (0, 1)
    assert fleet.resume(rerun="newest").code == Exit.OK
    assert lab.starts(thing) == 1


def test_what_somebody_has_started_again_is_not_started_twice(lab: Lab, fleet: Fleet) -> None:
    thing = lab.begin()
    fleet.pause()
    lab.start_again(thing)
    swept = fleet.resume(rerun="newest")
    assert (swept.outcomes(Act.RERUN), swept.code) == (["rerun"], Exit.OK)
    assert "somebody had started it again already" in swept.said
    assert (lab.starts(thing), came(lab, Call.RERUN)) == (1, 0)


def test_two_of_one_group_do_not_push_each_other_out(lab: Lab, fleet: Fleet) -> None:
    """A job of GitLab waits for its resource group by itself, and both are started."""
    things = [lab.begin(grouped=True), lab.begin(State.QUEUED, grouped=True)]
    assert fleet.pause().stops() == ["stopped", "stopped"]
    swept = fleet.resume(rerun="all")
    if lab.provider == "gitlab":
        assert (swept.outcomes(Act.RERUN), swept.code) == (["rerun", "rerun"], Exit.OK)
        return
    assert (swept.outcomes(Act.RERUN), swept.code) == (["failed", "rerun"], Exit.PARTLY)
    assert "is in its way: run gate resume-all again when that has ended" in swept.said
    assert lab.starts(things[0]) == 1


def test_a_server_that_is_not_there_is_told_by_its_name(lab: Lab, fleet: Fleet) -> None:
    fleet.members = {0: replace(lab.member, url="http://127.0.0.1:9")}
    swept = fleet.pause()
    assert (swept.stops(), swept.unseen(), swept.code) == ([], {"failed"}, Exit.PARTLY)
    assert "127.0.0.1:9" in swept.said
    assert {row["action"] for row in swept.document["targets"]} == {"cancel"} | (
        {"hold"} if lab.holds else set()
    )
    assert fleet.resume().code == Exit.OK
    assert lab.server.log.count() == 0


@pytest.mark.parametrize("dark", PROVIDERS)
def test_one_server_in_the_dark_keeps_the_others_from_nothing(dark: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        labs = [stack.enter_context(served(make())) for make in LABS.values()]
        place = list(LABS).index(dark)
        away = {place: replace(labs[place].member, url="http://127.0.0.1:9")}
        fleet = Fleet(labs=labs, url=f"sqlite:///{tmp_path.as_posix()}/state.db", members=away)
        things = [lab.begin() for lab in labs]
        swept = fleet.pause()
        assert (swept.stops(), swept.unseen(), swept.code) == (["stopped"] * 2, {"failed"}, Exit.PARTLY)
        states = [lab.state(thing) for lab, thing in zip(labs, things, strict=True)]
        assert states == [State.RUNNING if at == place else State.STOPPED for at in range(len(labs))]
        texts = [lab.hold_texts() for lab in labs if lab is not labs[place] and lab.holds]
        assert all("fibre maintenance" in text[0] for text in texts)
        fleet.members = {}
        again = fleet.pause()
        assert (again.stops(), again.code) == (["stopped"], Exit.OK)
        assert fleet.resume().code == Exit.OK
        assert [lab.hold_texts() for lab in labs] == [[], [], []]


def test_every_reason_why_something_could_not_be_looked_at_is_told(lab: Lab, fleet: Fleet) -> None:
    """One owner, group or controller stands for all of them; none takes another's place."""
    for place, status in enumerate((503, 507)):
        fault(lab, lab.seen_apart[place], status=status, times=99)
    swept = fleet.pause(suspend=True)
    assert (swept.unseen(), swept.code) == ({"failed"}, Exit.PARTLY)
    assert "503" in swept.said
    assert "507" in swept.said


def test_an_answer_that_comes_too_late_is_a_lost_one(tmp_path: Path) -> None:
    """All providers at once: 15 seconds are waited for an answer, which no option makes shorter."""
    with ExitStack() as stack:
        labs = [stack.enter_context(served(make())) for make in LABS.values()]
        fleet = Fleet(labs=labs, url=f"sqlite:///{tmp_path.as_posix()}/state.db")
        things = [lab.begin() for lab in labs]
        for lab in labs:
            fault(lab, Call.CANCEL, FaultKind.DELAY, delay=LATE)
        swept = fleet.pause()
        assert (swept.stops(), swept.code) == (["stopped"] * 3, Exit.OK)
        for lab in labs:
            fault(lab, Call.RERUN, FaultKind.DELAY, delay=LATE)
        swept = fleet.resume(rerun="newest")
        assert (swept.outcomes(Act.RERUN), swept.code) == (["failed"] * 3, Exit.PARTLY)
        arrived = time.monotonic() + 20
        while [lab.starts(thing) for lab, thing in zip(labs, things, strict=True)] != [1, 1, 1]:
            assert time.monotonic() < arrived
            time.sleep(0.1)
        assert fleet.resume(rerun="newest").code == Exit.OK
        assert [lab.starts(thing) for lab, thing in zip(labs, things, strict=True)] == [1, 1, 1]
        assert [came(lab, Call.RERUN) for lab in labs] == [1, 1, 1]
