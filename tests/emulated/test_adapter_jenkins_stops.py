"""Does the adapter stop what is in flight, believe only what it sees, and say why on the build's page?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gate.core.event import Target
from gate.core.work import Asked, Outcome, Protects, Seen, Status
from gate.providers.jenkins.connection import NO_HOLD
from gate.providers.protocol import NotDone
from gate.sandbox.faults import FaultKind
from gate.sandbox.jenkins.model import Stops
from gate.sandbox.jenkins.users import Permission
from tests.emulated.jenkins_lab import REASON, Lab, jenkins_lab, sixteen, told
from tests.unit.sandbox.jenkins_api import PASSWORD

ALL = Protects(patterns=("*",))
STOP = "POST /job/{job}/{number}/stop"
ONE_BUILD = "GET /job/{job}/{number}/api/json"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with jenkins_lab() as lab:
        lab.bench.world.add_computer("agent-1", 64)
        yield lab


def target_in_flight(lab: Lab, name: str = "lab/load live") -> Target:
    """Start a build and return it as a target."""
    lab.bench.start(name)
    return next(work.target for work in lab.work(ALL) if work.target.project == name)


def queued(lab: Lab, name: str = "lab/load live", delay: float = 3600) -> Target:
    lab.bench.queue(name, delay=delay)
    return lab.one(ALL).target


def test_a_stop_is_one_request_and_its_page_is_not_rendered(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.requests()
    assert lab.connection.cancel(target) == Asked()
    assert lab.requests() == {STOP: 1}


def test_a_stop_that_was_accepted_proves_nothing(lab: Lab) -> None:
    target = target_in_flight(lab)
    assert lab.connection.cancel(target).outcome is None
    assert lab.see(target) == Seen(status=Status.RUNNING, word="building")
    lab.bench.later()
    assert lab.see(target) == Seen(status=Status.FINISHED, word="ABORTED", stopped=True)


def test_a_build_is_not_over_while_it_goes_on_with_its_end(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.bench.item("lab/load live").builds[1].post = 600
    lab.connection.cancel(target)
    lab.bench.later()
    assert lab.see(target) == Seen(status=Status.STOPPING, word="aborting")
    lab.bench.later(600)
    assert lab.see(target) == Seen(status=Status.FINISHED, word="ABORTED", stopped=True)


@pytest.mark.parametrize("result", ["SUCCESS", "FAILURE", "NOT_BUILT"])
def test_a_build_that_ended_otherwise_was_not_stopped(lab: Lab, result: str) -> None:
    target = target_in_flight(lab)
    lab.bench.order("builds", job="lab/load live", number=1, result=result)
    assert lab.connection.cancel(target).outcome is None
    assert lab.see(target) == Seen(status=Status.FINISHED, word=result)


def test_a_build_that_is_gone_is_over(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.bench.order("jobs", job="lab/load live", removed=True)
    assert lab.see(target) == Seen(status=Status.FINISHED, word="gone")
    asked = lab.connection.cancel(target)
    assert asked.outcome is Outcome.ALREADY_FINISHED
    assert "HTTP 404" in asked.detail


def test_a_renamed_job_takes_its_build_along_and_the_old_address_is_gone(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.bench.order("jobs", job="lab/load live", name="load live 2")
    assert lab.connection.cancel(target).outcome is Outcome.ALREADY_FINISHED
    assert lab.see(target) == Seen(status=Status.FINISHED, word="gone")
    again = lab.one(ALL).target
    assert (again.project, lab.connection.cancel(again).outcome) == ("lab/load live 2", None)


@pytest.mark.parametrize("kind", ["run", "queue_item"])
def test_a_refused_stop_names_the_permission(lab: Lab, kind: str) -> None:
    target = target_in_flight(lab, "lab/soak") if kind == "run" else queued(lab, "lab/soak")
    reader = lab.only(Permission.READ_ALL, Permission.READ)
    asked = reader.cancel(target)
    assert asked.outcome is Outcome.REFUSED
    assert "reader needs Job/Cancel (hudson.model.Item.Cancel) on soak" in asked.detail


def test_a_queue_item_is_cancelled_and_seen_to_be(lab: Lab) -> None:
    target = queued(lab)
    assert lab.see(target) == Seen(status=Status.QUEUED, word="queued")
    lab.requests()
    assert lab.connection.cancel(target) == Asked()
    assert lab.requests() == {"POST /queue/cancelItem": 1}
    assert lab.see(target) == Seen(status=Status.FINISHED, word="cancelled", stopped=True)


def test_an_item_that_has_just_become_a_build_is_stopped_as_that(lab: Lab) -> None:
    target = queued(lab, delay=5)
    lab.bench.later()
    build = lab.bench.item("lab/load live").builds[1]
    assert build.building
    assert lab.connection.cancel(target) == Asked()
    assert lab.see(target) == Seen(status=Status.RUNNING, word="building")
    lab.bench.later()
    assert lab.see(target) == Seen(status=Status.FINISHED, word="ABORTED", stopped=True)
    assert not build.building


def test_an_item_that_became_a_build_long_ago_is_found_by_its_number(lab: Lab) -> None:
    target = queued(lab, delay=5)
    lab.bench.world.timing = replace(lab.bench.world.timing, left=1.0)
    lab.bench.later(8)
    lab.bench.later(8)
    assert lab.bench.ask(f"queue/item/{target.id}/").status_code == 404
    assert lab.connection.cancel(target) == Asked()
    lab.bench.later()
    assert lab.see(target) == Seen(status=Status.FINISHED, word="ABORTED", stopped=True)


def test_an_item_that_becomes_a_build_after_it_was_seen_is_stopped_where_it_is_asked_harder(lab: Lab) -> None:
    target = queued(lab, delay=5)
    assert lab.connection.escalate(target, 1) is None
    lab.bench.later()
    assert lab.see(target) == Seen(status=Status.RUNNING, word="building")
    assert lab.connection.escalate(target, 1) == Asked()
    lab.bench.later()
    seen = lab.see(target)
    assert seen is not None
    assert seen.stopped


def test_an_item_that_somebody_else_has_cancelled_was_not_stopped_by_us(lab: Lab) -> None:
    target = queued(lab)
    lab.bench.post("queue/cancelItem", id=target.id)
    asked = lab.connection.cancel(target)
    assert told(asked) == "already_finished: it was cancelled by someone else"


def test_an_item_whose_cancel_was_lost_on_the_way_back_was_stopped_by_us(lab: Lab) -> None:
    target = queued(lab)
    lab.fault("/queue/cancelItem", FaultKind.RESET, carried_out=True)
    assert lab.connection.cancel(target).outcome is Outcome.STOPPED


def test_an_item_of_which_nothing_is_known_is_over(lab: Lab) -> None:
    target = replace(queued(lab), id="99999")
    assert told(lab.connection.cancel(target)) == "already_finished: it is gone"


def test_a_server_error_is_no_item_that_became_a_build(lab: Lab) -> None:
    target = queued(lab)
    lab.fault("/queue/cancelItem", status=500)
    asked = lab.connection.cancel(target)
    assert asked.outcome is Outcome.FAILED
    assert "HTTP 500" in asked.detail


def test_a_part_of_a_running_build_is_never_cancelled_in_the_queue() -> None:
    with jenkins_lab() as lab:
        for number in range(2):
            lab.bench.start("lab/soak", N=str(number))
        build = lab.bench.start("lab/load live")
        assert build.waiting is not None
        target = lab.one(Protects(patterns=("load*",))).target
        lab.requests()
        lab.connection.cancel(target)
        assert lab.requests() == {STOP: 1}


@pytest.mark.parametrize(
    ("stops", "kill", "steps"),
    [
        (Stops.ON_TERM, False, ["term"]),
        (Stops.ON_KILL, False, ["term"]),
        (Stops.ON_KILL, True, ["term", "kill"]),
    ],
    ids=["a term is enough", "no kill without leave", "a kill with leave"],
)
def test_what_does_not_stop_is_asked_harder(lab: Lab, stops: Stops, kill: bool, steps: list[str]) -> None:
    target = target_in_flight(lab)
    lab.bench.item("lab/load live").builds[1].stops = stops
    lab.connection.cancel(target)
    lab.bench.later()
    asked = [lab.connection.escalate(target, step, kill=kill) for step in (1, 2, 3)]
    assert [one for one in asked if one is not None] == [Asked() for _ in steps]
    sent = [seen.path.rpartition("/")[2] for seen in lab.bench.server.log.last() if seen.method == "POST"]
    assert sent == ["stop", *steps]
    lab.bench.later()
    seen = lab.see(target)
    assert seen is not None
    assert seen.stopped is (kill or stops is Stops.ON_TERM)


def test_a_freestyle_build_has_nothing_harder_and_is_not_asked(lab: Lab) -> None:
    target = target_in_flight(lab, "lab/soak")
    lab.requests()
    assert [lab.connection.escalate(target, step, kill=True) for step in (1, 2)] == [None, None]
    assert lab.requests() == {}


def test_without_a_search_before_a_freestyle_build_has_nothing_harder_either(lab: Lab) -> None:
    target = target_in_flight(lab, "lab/soak")
    other = lab.only(*Permission)
    assert other.escalate(target, 1) is None


def test_a_refused_term_names_the_permission(lab: Lab) -> None:
    target = target_in_flight(lab)
    asked = lab.only(Permission.READ_ALL, Permission.READ).escalate(target, 1)
    assert "Job/Cancel" in told(asked)


def test_two_requests_show_all_that_is_in_flight_and_one_each_of_what_has_ended(lab: Lab) -> None:
    for number in range(20):
        lab.bench.start("lab/load live", N=str(number))
        lab.bench.queue("lab/soak", N=str(number))
    targets = [work.target for work in lab.work(ALL)]
    lab.requests()
    seen = lab.connection.observe(targets, sixteen)
    assert len(seen) == 40
    assert lab.requests() == {"GET /queue/api/json": 1, "GET /computer/api/json": 1}
    assert all(asked == Asked() for asked in sixteen(lab.connection.cancel, targets))
    assert lab.requests() == {STOP: 20, "POST /queue/cancelItem": 20}
    lab.bench.later()
    seen = lab.connection.observe(targets, sixteen)
    assert all(one.stopped for one in seen.values())
    assert lab.requests() == {"GET /queue/api/json": 1, "GET /computer/api/json": 1, ONE_BUILD: 20}


def test_what_cannot_be_seen_is_left_out_and_not_over(lab: Lab) -> None:
    first, second = target_in_flight(lab), target_in_flight(lab, "lab/soak")
    lab.fault("/computer/*", FaultKind.MALFORMED)
    assert lab.connection.observe([first, second], map) == {}
    lab.bench.order("builds", job="lab/soak", number=1, result="FAILURE")
    lab.fault("/job/*", FaultKind.MALFORMED)
    assert set(lab.connection.observe([first, second], map)) == {first.key}


def test_a_zombie_is_not_over_although_no_executor_knows_of_it(lab: Lab) -> None:
    first, second = target_in_flight(lab), target_in_flight(lab, "lab/soak")
    lab.bench.order("builds", job="lab/load live", number=1, zombie=True)
    assert lab.connection.observe([first, second], map)[first.key].status is Status.RUNNING


def test_nothing_is_asked_to_observe_nothing(lab: Lab) -> None:
    lab.requests()
    assert lab.connection.observe([], map) == {}
    assert lab.requests() == {}


def test_the_reason_is_added_to_what_the_description_said(lab: Lab) -> None:
    lab.bench.start("lab/load live").description = "release <b>10.4</b>"
    work = lab.one(ALL)
    assert lab.connection.annotate(work, REASON) == Asked(outcome=Outcome.DONE)
    assert lab.bench.item("lab/load live").builds[1].description == f"release <b>10.4</b> | {REASON}"


def test_the_reason_is_not_added_twice_and_an_empty_description_has_no_divider(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    work = lab.one(ALL)
    for _ in range(2):
        assert lab.connection.annotate(work, REASON).outcome is Outcome.DONE
    assert lab.bench.item("lab/load live").builds[1].description == REASON
    assert lab.requests()["POST /job/{job}/{number}/submitDescription"] == 1


def test_the_description_that_was_seen_at_the_end_needs_no_second_look(lab: Lab) -> None:
    lab.bench.start("lab/load live").description = "Größe & <Maß>"
    work = lab.one(ALL)
    lab.connection.cancel(work.target)
    lab.bench.later()
    lab.see(work.target)
    lab.requests()
    assert lab.connection.annotate(work, REASON).outcome is Outcome.DONE
    assert lab.requests() == {"POST /job/{job}/{number}/submitDescription": 1}
    assert lab.bench.item("lab/load live").builds[1].description == f"Größe & <Maß> | {REASON}"


def test_a_refused_description_names_the_permission(lab: Lab) -> None:
    lab.bench.start("lab/load live")
    work = lab.one(ALL)
    asked = lab.only(Permission.READ_ALL, Permission.READ).annotate(work, REASON)
    assert "reader needs Run/Update (hudson.model.Run.Update) on load live #1" in told(asked)


def test_an_item_that_never_became_a_build_has_no_page_for_a_reason(lab: Lab) -> None:
    lab.bench.queue("lab/load live")
    work = lab.one(ALL)
    lab.connection.cancel(work.target)
    lab.requests()
    assert lab.connection.annotate(work, REASON).outcome is Outcome.DONE
    assert lab.requests() == {}


def test_the_build_that_an_item_became_gets_the_reason(lab: Lab) -> None:
    lab.bench.queue("lab/load live", delay=5)
    work = lab.one(ALL)
    lab.bench.later()
    lab.connection.cancel(work.target)
    lab.connection.annotate(work, REASON)
    assert lab.bench.item("lab/load live").builds[1].description == REASON


def test_a_password_is_given_a_crumb_once_and_again_after_a_restart() -> None:
    from gate.core.secret import Secret

    with jenkins_lab(token=Secret(PASSWORD)) as lab:
        first, second = target_in_flight(lab), target_in_flight(lab, "lab/soak")
        lab.requests()
        assert lab.connection.cancel(first) == Asked()
        assert lab.connection.cancel(second) == Asked()
        assert lab.requests() == {STOP: 3, "GET /crumbIssuer/api/json": 1}
        lab.bench.order("restart")
        assert lab.connection.cancel(second) == Asked()
        assert lab.requests() == {STOP: 2, "GET /crumbIssuer/api/json": 1}


def test_an_api_token_asks_for_no_crumb(lab: Lab) -> None:
    lab.connection.cancel(target_in_flight(lab))
    assert "GET /crumbIssuer/api/json" not in lab.requests()


def test_nothing_is_quieted_down(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.connection.cancel(target)
    for step in (1, 2):
        lab.connection.escalate(target, step, kill=True)
    assert lab.bench.world.quieting is None


def test_a_paused_pipeline_on_a_controller_that_shuts_down_survives_until_it_is_killed(lab: Lab) -> None:
    target = target_in_flight(lab)
    lab.bench.post("quietDown")
    lab.connection.cancel(target)
    lab.bench.later(60)
    assert lab.see(target) == Seen(status=Status.RUNNING, word="building")
    lab.connection.escalate(target, 2, kill=True)
    lab.bench.later()
    seen = lab.see(target)
    assert seen is not None
    assert seen.stopped


def test_there_is_no_place_for_a_hold_and_that_is_said(lab: Lab) -> None:
    connection = lab.connection
    assert connection.no_hold == NO_HOLD
    assert "ledger (state:)" in NO_HOLD
    assert (connection.shared_hold(), connection.project_holds(map)) == (None, ())
    place = Target(provider="jenkins", instance=lab.member.url, project="", kind="hold", id="GATE_HOLD")
    assert connection.write_hold(place, "{}") == Asked(outcome=Outcome.REFUSED, detail=NO_HOLD)
    with pytest.raises(NotDone, match="Jenkins has no variable"):
        connection.read_hold(place)
