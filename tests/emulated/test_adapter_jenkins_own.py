"""Does a gate step hold back what comes after it in its own build and in what that has started?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.core.work import Outcome
from gate.providers.jenkins.own_build import JenkinsRun
from gate.providers.protocol import Result
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import Build, Kind
from gate.sandbox.jenkins.users import Permission
from tests.emulated.jenkins_lab import REASON, Lab, jenkins_lab
from tests.unit.sandbox.jenkins_api import TOKEN, USER

LOAD = ("configure*", "load*")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with jenkins_lab(Settings(root_url="https://jenkins.example.com/")) as lab:
        lab.bench.world.add_computer("agent-1", 64)
        yield lab


def here(lab: Lab, build: Build, **environ: str) -> JenkinsRun:
    """Return the build as its gate step sees it."""
    values = {
        "JENKINS_URL": f"{lab.bench.server.url}/",
        "BUILD_URL": f"https://jenkins.example.com/{build.path}",
        "BUILD_TAG": f"jenkins-{build.item.name}-{build.number}",
        "JENKINS_USER": USER,
        "JENKINS_TOKEN": TOKEN,
        "STAGE_NAME": "build",
        **environ,
    }
    return JenkinsRun(values, sleep=lab.bench.later)


def told(results: object) -> list[str]:
    assert isinstance(results, tuple | list)
    return [f"{r.target}: {r.outcome}" for r in results if isinstance(r, Result)]


def test_the_build_is_stopped_where_all_that_is_left_of_it_is_protected(lab: Lab) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    results = here(lab, build).cancel_downstream(LOAD)
    assert told(results) == ["build jenkins-main-2: stopped"]
    assert build.result == "ABORTED"


def test_the_build_goes_on_where_something_else_is_left_of_it_and_that_is_named(lab: Lab) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    (result,) = here(lab, build).cancel_downstream(("load*",))
    assert (result.target, result.outcome) == ("stages", Outcome.REFUSED)
    assert "configure-lab is left too and is not protected" in result.detail
    assert "fiberGate.isOpen()" in result.detail
    assert build.building


def test_the_whole_build_is_stopped_where_that_is_asked_for(lab: Lab) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    assert told(here(lab, build).cancel_downstream(("load*",), whole_run=True)) == [
        "build jenkins-main-2: stopped"
    ]


def test_a_build_of_which_nothing_protected_is_left_goes_on(lab: Lab) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    (result,) = here(lab, build).cancel_downstream(("deploy*",))
    assert result.outcome is Outcome.DONE
    assert build.building


def test_a_build_whose_rest_is_not_known_goes_on_and_that_is_said(lab: Lab) -> None:
    build = lab.bench.start("deploy")
    (result,) = here(lab, build).cancel_downstream(LOAD)
    assert result.outcome is Outcome.REFUSED
    assert "no build of this job has ended yet" in result.detail


def test_a_build_whose_stages_no_plugin_shows_goes_on_and_that_is_said() -> None:
    with jenkins_lab(Settings(stage_apis=frozenset())) as lab:
        build = lab.bench.start("deploy")
        (result,) = here(lab, build).cancel_downstream(LOAD)
        assert result.outcome is Outcome.REFUSED
        assert "install pipeline-graph-view" in result.detail


def test_another_stage_that_runs_beside_the_gate_step_is_left_alone(lab: Lab) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    (result,) = here(lab, build, STAGE_NAME="gate").cancel_downstream(LOAD)
    assert "build is left too" in result.detail


def test_a_build_of_a_protected_job_is_stopped(lab: Lab) -> None:
    build = lab.bench.start("lab/load live")
    assert told(here(lab, build).cancel_downstream(LOAD)) == ["build jenkins-load live-1: stopped"]


def test_protected_builds_and_items_that_it_has_started_are_stopped_and_no_others(lab: Lab) -> None:
    build = lab.history("mb/main")
    build = lab.bench.start("mb/main")
    stranger = lab.bench.start("deploy")
    started = lab.started_by("lab/load live", build)
    queued = lab.started_by("lab/load live", build, delay=3600)
    other = lab.started_by("lab/soak", build)
    foreign = lab.bench.start("lab/load live", N="1")
    assert foreign.building
    run = here(lab, build)
    assert told(run.annotate(REASON, opened=False)) == ["build jenkins-main-2: done"]
    results = run.cancel_downstream(("load l*",))
    assert told(results)[:2] == ["load live #1: stopped", "load live: stopped"]
    assert (started.build.result, started.build.description) == ("ABORTED", REASON)
    assert queued.cancelled
    assert [one.building for one in (build, stranger, other.build, foreign)] == [True] * 4


def test_what_was_started_by_a_build_that_it_has_started_is_found(lab: Lab) -> None:
    build = lab.bench.start("mb/main")
    between = lab.started_by("lab/soak", build).build
    last = lab.started_by("lab/load live", between).build
    lab.bench.order("builds", job="lab/soak", number=between.number, result="SUCCESS")
    results = here(lab, build).cancel_downstream(("load l*",))
    assert told(results)[0] == "load live #1: stopped"
    assert last.result == "ABORTED"


def test_what_it_has_started_is_known_by_its_stages_too(lab: Lab) -> None:
    lab.history("deploy")
    build = lab.bench.start("mb/main")
    started = lab.started_by("deploy", build).build
    assert told(here(lab, build).cancel_downstream(LOAD))[0] == "deploy #2: stopped"
    assert started.result == "ABORTED"


def test_jobs_that_a_freestyle_build_would_start_are_named(lab: Lab) -> None:
    alone = lab.bench.item("alone")
    alone.downstream = (lab.bench.item("lab/load live"), lab.bench.item("lab/soak"))
    build = lab.bench.start("alone")
    (result,) = here(lab, build).cancel_downstream(LOAD)
    assert (result.target, result.outcome) == ("job lab/load live", Outcome.REFUSED)
    assert "exit code fails it" in result.detail
    assert build.building


def test_a_freestyle_build_that_starts_nothing_protected_goes_on(lab: Lab) -> None:
    build = lab.bench.start("alone")
    (result,) = here(lab, build).cancel_downstream(LOAD)
    assert (result.target, result.outcome) == ("stages", Outcome.DONE)
    assert build.building


def test_a_reason_that_may_not_be_posted_elsewhere_is_told_and_the_build_stopped_all_the_same(
    lab: Lab,
) -> None:
    build = lab.bench.start("alone")
    started = lab.started_by("lab/load live", build).build
    lab.bench.permit("reader", *(one for one in Permission if one is not Permission.UPDATE))
    run = here(lab, build, JENKINS_USER="reader")
    run.annotate(REASON, opened=False)
    results = run.cancel_downstream(LOAD)
    assert told(results)[:2] == ["load live #1: refused", "load live #1: stopped"]
    assert started.result == "ABORTED"


@pytest.mark.parametrize("permission", [Permission.CANCEL, Permission.UPDATE])
def test_a_missing_permission_is_a_note_that_names_it(lab: Lab, permission: Permission) -> None:
    build = lab.bench.start("lab/load live")
    lab.bench.permit("reader", *(one for one in Permission if one is not permission))
    run = here(lab, build, JENKINS_USER="reader")
    results = [*run.annotate(REASON, opened=False), *run.cancel_downstream(LOAD)]
    refused = [result for result in results if result.outcome is Outcome.REFUSED]
    assert len(refused) == 1
    assert f"JENKINS_USER needs {'Job/Cancel' if permission is Permission.CANCEL else 'Run/Update'}" in (
        refused[0].detail
    )


def test_the_reason_is_posted_once_though_the_shared_library_posts_the_same(lab: Lab) -> None:
    from gate.core.reason import plain_description

    build = lab.bench.start("lab/load live")
    reason = "staging: <b>waiting</b> for fiber & 'more' " + "x" * 100
    build.description = plain_description(reason)
    here(lab, build).annotate(reason, opened=False)
    assert build.description == plain_description(reason)


def test_an_open_gate_writes_nothing(lab: Lab) -> None:
    build = lab.bench.start("lab/load live")
    lab.requests()
    assert here(lab, build).annotate(REASON, opened=True) == ()
    assert lab.requests() == {}


def test_a_build_that_does_not_stop_is_a_survivor(lab: Lab) -> None:
    from gate.sandbox.jenkins.model import Stops

    build = lab.bench.start("lab/load live")
    build.stops = Stops.NEVER
    (result,) = here(lab, build).cancel_run()
    assert result.outcome is Outcome.SURVIVED
    assert result.detail == "it still runs (building) after 30 looks"


def test_a_multibranch_project_that_is_protected_is_stopped_by_its_name(lab: Lab) -> None:
    branches = lab.bench.world.add_item("load-tests", Kind.MULTIBRANCH)
    lab.bench.world.add_item("main", Kind.PIPELINE, branches, stages=("unit", "more"))
    build = lab.bench.start("load-tests/main")
    assert told(here(lab, build).cancel_downstream(LOAD)) == ["build jenkins-main-1: stopped"]
