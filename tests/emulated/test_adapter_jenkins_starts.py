"""Does the adapter switch what starts builds, restore it, and start again what was stopped, once?"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from gate.core.event import Target
from gate.core.work import Asked, Outcome, Protects, Trigger
from gate.providers.protocol import NotDone
from gate.sandbox.faults import FaultKind
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import Build, Kind, Parameter
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import Permission
from tests.emulated.jenkins_lab import Lab, jenkins_lab, told

ON, OFF = '{"disabled":false}', '{"disabled":true}'
ALL = Protects(patterns=("*",))
RERUN = "POST /job/{job}/{number}/stages/rerun"
REBUILD = "POST /job/{job}/{number}/replay/rebuild"
WITH = "POST /job/{job}/buildWithParameters"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with jenkins_lab() as lab:
        lab.bench.world.add_computer("agent-1", 64)
        yield lab


@pytest.fixture
def without_graph_view() -> Iterator[Lab]:
    with jenkins_lab(Settings(stage_apis=frozenset({StagesApi.WFAPI}))) as lab:
        lab.bench.world.add_computer("agent-1", 64)
        yield lab


def triggers(lab: Lab, *patterns: str) -> dict[str, Trigger]:
    found = lab.find(Protects(patterns=patterns), triggers=True)
    assert found.problems == ()
    return {trigger.target.project: trigger for trigger in found.triggers}


def stopped(lab: Lab, name: str, **parameters: str) -> tuple[Target, str]:
    """Start a build, stop it, and return it with what was kept of it."""
    lab.bench.start(name, **parameters)
    work = next(work for work in lab.work(ALL) if work.target.project == name)
    lab.connection.cancel(work.target)
    lab.bench.later()
    return work.target, work.origin.own


def newest(lab: Lab, name: str) -> Build:
    lab.bench.later()
    builds = lab.bench.item(name).builds
    return builds[max(builds)]


def test_jobs_that_match_are_found_with_how_they_are_switched(lab: Lab) -> None:
    lab.bench.order("jobs", job="lab/soak", disabled=True)
    found = triggers(lab, "load*", "soak", "lab")
    assert set(found) == {"lab/load live", "lab/soak"}
    live, soak = found["lab/load live"], found["lab/soak"]
    assert (live.active, live.form, live.suspended_form, live.cannot) == (True, ON, OFF, "")
    assert (live.matched, live.target.kind, live.target.id) == ("load live", "trigger", "lab/load live")
    assert (soak.active, soak.form) == (False, OFF)


def test_jobs_cost_no_more_than_what_is_in_flight_did(lab: Lab) -> None:
    lab.requests()
    triggers(lab, "load*")
    assert lab.requests() == {"GET /api/json": 1, "GET /queue/api/json": 1, "GET /computer/api/json": 1}


def test_jobs_deep_in_folders_are_found_with_one_request_more(lab: Lab) -> None:
    world, folder = lab.bench.world, None
    for level in range(10):
        folder = world.add_item(f"f{level}", Kind.FOLDER, folder)
    world.add_item("load deep", Kind.FREESTYLE, folder)
    assert set(triggers(lab, "load deep")) == {"/".join(f"f{level}" for level in range(10)) + "/load deep"}
    assert lab.requests()["GET /job/{job}/api/json"] == 1


def test_in_a_folder_only_its_jobs_are_found() -> None:
    with jenkins_lab(root="lab") as lab:
        assert set(triggers(lab, "load*", "alone", "soak")) == {"lab/load live", "lab/soak"}


@pytest.mark.parametrize(
    ("pattern", "project", "nearest"),
    [("feature/*", "mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25", "mb"), ("repo", "org/repo", "org")],
    ids=["a branch job", "a project in an organisation"],
)
def test_what_a_scan_has_made_cannot_be_disabled_and_what_could_is_named(
    lab: Lab, pattern: str, project: str, nearest: str
) -> None:
    trigger = triggers(lab, pattern)[project]
    assert f"the nearest that can be disabled is {nearest}, with everything in it" in trigger.cannot
    refused = lab.connection.write_trigger(trigger.target, OFF)
    assert refused.outcome is Outcome.REFUSED
    assert "Job/Configure" in refused.detail


def test_branches_are_switched_with_their_project(lab: Lab) -> None:
    found = triggers(lab, "mb", "main")
    assert set(found) == {"mb", "org/repo/main"}
    assert (found["mb"].cannot, found["mb"].form) == ("", ON)
    assert lab.connection.write_trigger(found["mb"].target, OFF) == Asked()
    assert lab.connection.read_trigger(found["mb"].target) == OFF
    assert lab.bench.item("mb").disabled
    assert triggers(lab, "mb")["mb"].active is False


def test_a_job_is_suspended_and_restored_without_a_page_being_rendered(lab: Lab) -> None:
    target = triggers(lab, "load*")["lab/load live"].target
    lab.requests()
    assert lab.connection.write_trigger(target, OFF) == Asked()
    assert lab.requests() == {"POST /job/{job}/disable": 1}
    assert lab.connection.read_trigger(target) == OFF
    assert lab.connection.write_trigger(target, ON) == Asked()
    assert lab.connection.read_trigger(target) == ON
    assert not lab.bench.item("lab/load live").disabled


def test_a_job_that_is_gone_has_no_form(lab: Lab) -> None:
    target = triggers(lab, "load*")["lab/load live"].target
    lab.bench.order("jobs", job="lab/load live", removed=True)
    assert lab.connection.read_trigger(target) is None
    assert lab.connection.write_trigger(target, OFF).outcome is Outcome.FAILED


def test_a_plain_folder_is_no_trigger_since_it_says_yes_and_does_nothing(lab: Lab) -> None:
    assert triggers(lab, "lab") == {}


def test_a_refused_switch_names_the_permission(lab: Lab) -> None:
    target = triggers(lab, "load*")["lab/load live"].target
    reader = lab.only(Permission.READ_ALL, Permission.READ)
    assert "reader needs Job/Configure" in told(reader.write_trigger(target, OFF))


def test_a_form_of_another_version_changes_nothing(lab: Lab) -> None:
    target = triggers(lab, "load*")["lab/load live"].target
    lab.requests()
    assert lab.connection.write_trigger(target, "[]").outcome is Outcome.FAILED
    assert lab.requests() == {}


def test_a_pipeline_is_rebuilt_with_its_parameters_and_its_commit(lab: Lab) -> None:
    target, own = stopped(lab, "deploy", TARGET="lab 7 & größe=50%")
    lab.requests()
    asked = lab.connection.rerun(target, own)
    assert asked.outcome is Outcome.RERUN
    build = newest(lab, "deploy")
    assert asked.became == f"queue/item/{build.queue_id}"
    assert build.parameters == (Parameter(name="TARGET", value="lab 7 & größe=50%"),)
    assert build.revision == lab.bench.item("deploy").builds[1].revision
    assert lab.requests()[RERUN] == 1
    assert lab.connection.rerun_seen(target, own) == str(build.number)


def test_without_graph_view_the_pipeline_itself_rebuilds(without_graph_view: Lab) -> None:
    lab = without_graph_view
    target, own = stopped(lab, "deploy", TARGET="b")
    lab.requests()
    asked = lab.connection.rerun(target, own)
    assert asked.outcome is Outcome.RERUN
    assert asked.became in ("2", "queue/item/2")
    assert lab.requests()[REBUILD] == 1
    assert newest(lab, "deploy").parameters == (Parameter(name="TARGET", value="b"),)


def test_any_other_job_is_built_with_the_recorded_values_in_the_body(lab: Lab) -> None:
    lab.bench.item("alone").parameters = (Parameter(name="N", value="0"),)
    target, own = stopped(lab, "alone", N="größe 50%&x")
    asked = lab.connection.rerun(target, own)
    assert asked.outcome is Outcome.RERUN
    build = newest(lab, "alone")
    assert (asked.became, build.parameters[0].value) == (f"queue/item/{build.queue_id}", "größe 50%&x")


def test_a_value_never_stands_in_a_url(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lab.bench.item("alone").parameters = (Parameter(name="N", value="0"),)
    target, own = stopped(lab, "alone", N="geheim")
    assert lab.connection.rerun(target, own).outcome is Outcome.RERUN
    assert "POST /job/alone/buildWithParameters HTTP/1.1" in caplog.text
    assert "geheim" not in caplog.text


def test_a_job_without_parameters_is_built_without(lab: Lab) -> None:
    target, own = stopped(lab, "lab/soak")
    assert lab.connection.rerun(target, own).outcome is Outcome.RERUN
    assert newest(lab, "lab/soak").number == 2
    assert lab.requests()["POST /job/{job}/build"] == 1


def test_a_queue_item_is_queued_again_with_what_was_kept_of_it(lab: Lab) -> None:
    lab.bench.queue("deploy", TARGET="c")
    work = lab.one(ALL)
    lab.connection.cancel(work.target)
    asked = lab.connection.rerun(work.target, work.origin.own)
    assert asked.outcome is Outcome.RERUN
    build = newest(lab, "deploy")
    assert asked.became == f"queue/item/{build.queue_id}"
    assert build.parameters == (Parameter(name="TARGET", value="c"),)
    assert lab.connection.rerun_seen(work.target, work.origin.own) == "1"


def test_what_is_queued_already_is_not_queued_twice(lab: Lab) -> None:
    lab.bench.queue("deploy", TARGET="c")
    work = lab.one(ALL)
    lab.connection.cancel(work.target)
    again = lab.bench.queue("deploy", TARGET="c")
    asked = lab.connection.rerun(work.target, work.origin.own)
    assert (asked.outcome, asked.became) == (Outcome.RERUN, f"queue/item/{again.id}")
    assert "queued already" in asked.detail


@pytest.mark.parametrize("pipeline", [True, False])
def test_what_jenkins_never_shows_cannot_be_given_again(lab: Lab, pipeline: bool) -> None:
    name = "sign" if pipeline else "alone"
    with lab.bench.service.lock:
        build = lab.bench.start(name)
        build.parameters = (
            Parameter(name="PIN", value="hunter2", secret=True),
            Parameter(name="A", value="1"),
        )
    work = next(work for work in lab.work(ALL) if work.target.project == name)
    lab.requests()
    asked = lab.connection.rerun(work.target, work.origin.own)
    assert told(asked) == (
        "refused: not recoverable: Jenkins does not show the value of PIN; start it by hand"
    )
    assert not [words for words in lab.requests() if words.startswith("POST")]


@pytest.mark.parametrize("name", ["deploy", "alone"])
def test_a_disabled_job_is_not_blamed_on_a_permission(lab: Lab, name: str) -> None:
    target, own = stopped(lab, name)
    lab.bench.order("jobs", job=name, disabled=True)
    assert told(lab.connection.rerun(target, own)) == (
        f"refused: {name} is disabled; enable it, then start it again"
    )


@pytest.mark.parametrize("name", ["deploy", "alone"])
@pytest.mark.parametrize("graph_view", [True, False])
def test_a_refused_rerun_names_the_permission(name: str, graph_view: bool) -> None:
    api = StagesApi.TREE if graph_view else StagesApi.WFAPI
    with jenkins_lab(Settings(stage_apis=frozenset({api}))) as lab:
        target, own = stopped(lab, name)
        reader = lab.only(Permission.READ_ALL, Permission.READ)
        asked = reader.rerun(target, own)
        assert asked.outcome is Outcome.REFUSED
        assert "reader needs Job/Build (hudson.model.Item.Build)" in asked.detail


def test_a_refusal_that_comes_as_200_is_read(lab: Lab) -> None:
    target, own = stopped(lab, "deploy")
    # As `stages/rerun` answers where the job was disabled a moment ago.
    lab.fault("*/stages/rerun", status=200, message="Failed to run the pipeline")
    assert told(lab.connection.rerun(target, own)) == "failed: not started: Failed to run the pipeline"


@pytest.mark.parametrize("name", ["deploy", "alone"])
@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS], ids=["reset", "502"])
def test_a_rerun_whose_answer_is_lost_is_not_sent_again(
    lab: Lab, name: str, carried_out: bool, kind: FaultKind
) -> None:
    target, own = stopped(lab, name)
    lab.bench.server.log.clear()
    for path in ("*/stages/rerun", "*/build"):
        lab.fault(path, kind, method="POST", status=502, carried_out=carried_out, times=5)
    asked = lab.connection.rerun(target, own)
    assert asked.outcome is Outcome.FAILED
    assert "not asked again" in asked.detail
    assert len([seen for seen in lab.bench.server.log.last() if seen.method == "POST"]) == 1
    assert (lab.connection.rerun_seen(target, own) is not None) is carried_out


def test_a_rerun_that_is_asked_too_often_is_not_sent_again(lab: Lab) -> None:
    target, own = stopped(lab, "alone")
    lab.fault("*/build", method="POST", status=429, headers=(("Retry-After", "1"),), times=5)
    lab.bench.server.log.clear()
    assert told(lab.connection.rerun(target, own)).startswith("failed: HTTP 429")
    assert len([seen for seen in lab.bench.server.log.last() if seen.method == "POST"]) == 1


def test_what_ran_beside_a_stopped_build_is_not_taken_for_its_rerun(lab: Lab) -> None:
    first, second = lab.bench.start("deploy"), lab.bench.start("deploy", TARGET="x")
    first.parameters = second.parameters = (Parameter(name="TARGET", value="x"),)
    works = {work.target.id: work for work in lab.work(ALL)}
    for work in works.values():
        lab.connection.cancel(work.target)
    lab.bench.later()
    assert lab.connection.rerun_seen(works["1"].target, works["1"].origin.own) is None
    lab.connection.rerun(works["2"].target, works["2"].origin.own)
    lab.bench.later()
    assert lab.connection.rerun_seen(works["1"].target, works["1"].origin.own) is None
    assert lab.connection.rerun_seen(works["2"].target, works["2"].origin.own) == "3"


def test_a_build_is_not_its_own_rerun_though_nothing_was_kept_of_it(lab: Lab) -> None:
    lab.bench.post("job/lab/job/soak/build", delay="0sec")
    lab.bench.later(1)
    work = lab.one(ALL)
    lab.connection.cancel(work.target)
    lab.bench.later()
    assert lab.connection.rerun_seen(work.target, "{}") is None


def test_a_build_that_somebody_else_has_started_is_no_rerun(lab: Lab) -> None:
    target, own = stopped(lab, "alone")
    lab.bench.start("alone")
    assert lab.connection.rerun_seen(target, own) is None


def test_a_rerun_that_cannot_be_seen_is_not_called_missing(lab: Lab) -> None:
    target, own = stopped(lab, "alone")
    lab.fault("/queue/api/json", FaultKind.MALFORMED)
    with pytest.raises(NotDone, match="no JSON object"):
        lab.connection.rerun_seen(target, own)


def test_a_build_that_was_thrown_away_cannot_be_started_again(lab: Lab) -> None:
    target, own = stopped(lab, "alone")
    del lab.bench.item("alone").builds[1]
    assert told(lab.connection.rerun(target, own)) == (
        "failed: alone #1 is gone, and with it what it was started with"
    )


def test_a_job_that_takes_one_build_at_a_time_is_busy_while_one_runs(lab: Lab) -> None:
    target, own = stopped(lab, "alone")
    assert lab.connection.busy(target, own) == ""
    lab.bench.start("alone")
    assert lab.connection.busy(target, own) == "alone #2"
    lab.bench.order("builds", job="alone", number=2, result="SUCCESS")
    lab.bench.queue("alone")
    assert lab.connection.busy(target, own) == "what is queued of alone"


def test_a_job_that_takes_several_is_never_busy(lab: Lab) -> None:
    target, own = stopped(lab, "lab/soak")
    lab.bench.start("lab/soak")
    assert lab.connection.busy(target, own) == ""
