"""Do the emulated GitLab's jobs and pipelines live as the real ones?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.sandbox.fleet import Behaviour
from gate.sandbox.gitlab.model import JobSpec
from gate.sandbox.gitlab.words import CANCELABLE, STATUSES, TERMINAL, composite
from tests.unit.sandbox.gitlab_api import TOKEN, Api

BUILD = JobSpec(name="build", stage="build")
TEST = JobSpec(name="test", stage="test")
LOAD = JobSpec(name="load", stage="load")


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("success canceled skipped", "canceled"),
        ("failed canceled success", "failed"),
        ("success skipped", "success"),
        ("skipped skipped", "skipped"),
        ("created created", "created"),
        ("pending created", "pending"),
        ("success created", "running"),
        ("success pending", "running"),
        ("success manual", "manual"),
        ("success scheduled", "scheduled"),
        ("running canceling canceled", "running"),
        ("canceling canceled", "canceling"),
        ("success canceling", "canceling"),
        ("waiting_for_resource success", "waiting_for_resource"),
        ("failed~ success", "success"),
        ("canceled~ success", "success"),
        ("manual~ success", "success"),
        ("manual~ manual~", "skipped"),
    ],
)
def test_a_pipelines_status_follows_from_those_of_its_jobs(statuses: str, expected: str) -> None:
    row = [(word.rstrip("~"), word.endswith("~")) for word in statuses.split()]
    assert composite(row) == expected


def test_a_pipeline_runs_its_stages_one_after_the_other_and_succeeds(api: Api) -> None:
    pipeline = api.pipeline(BUILD, TEST)
    assert api.look(pipeline, *pipeline.jobs) == ["pending", "pending", "created"]
    api.advance(2)
    assert api.look(pipeline, *pipeline.jobs) == ["running", "running", "created"]
    api.advance(300)
    assert api.look(pipeline, *pipeline.jobs) == ["running", "success", "pending"]
    api.advance(302)
    assert api.look(pipeline, *pipeline.jobs) == ["success", "success", "success"]
    assert pipeline.finished == pipeline.jobs[1].started + 300 == pipeline.created + 604  # type: ignore[operator]


@pytest.mark.parametrize("status", sorted((CANCELABLE | {"manual"}) - {"running"}))
def test_a_job_that_has_not_started_is_canceled_at_once_a_manual_one_too(api: Api, status: str) -> None:
    job = api.job(status=status)
    answered, document = api.status("POST", f"{api.at(job)}/cancel")
    assert (answered, document["status"], job.status) == (201, "canceled", "canceled")


def test_a_running_job_is_canceling_until_its_runner_has_stopped(api: Api) -> None:
    job = api.job()
    assert api.status("POST", f"{api.at(job)}/cancel")[1]["status"] == "canceling"
    assert api.look(job.pipeline) == ["canceling"]
    api.advance(2)
    assert api.look(job, job.pipeline) == ["canceled", "canceled"]


def test_a_runner_that_does_not_know_canceling_gives_its_job_up_at_once(api: Api) -> None:
    job = api.job(JobSpec(name="build", graceful=False))
    assert api.status("POST", f"{api.at(job)}/cancel")[1]["status"] == "canceled"


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_cancel_of_a_finished_job_answers_201_and_changes_nothing(api: Api, status: str) -> None:
    job = api.job(status=status)
    answered, document = api.status("POST", f"{api.at(job)}/cancel")
    assert (answered, document["status"]) == (201, status)


def test_a_job_stays_in_canceling_until_it_is_forced_which_a_developer_may_not(api: Api) -> None:
    job = api.job(JobSpec(name="build", behaviour=Behaviour.NEEDS_FORCE))
    job.pipeline.project.protected_refs.clear()
    developer = api.announce("glpat-dev", role="developer")
    force = f"{api.at(job)}/cancel?force=True"
    assert api.status("POST", force)[1]["status"] == "running"  # force alone does nothing to it
    api.ask("POST", f"{api.at(job)}/cancel", token=developer)
    api.advance(3600)
    assert api.look(job) == ["canceling"]
    assert api.status("POST", force, token=developer) == (403, {"message": "403 Forbidden"})
    assert api.status("POST", force)[1]["status"] == "canceled"


def test_a_stuck_job_does_not_even_heed_force(api: Api) -> None:
    job = api.job(JobSpec(name="build", behaviour=Behaviour.STUCK))
    api.ask("POST", f"{api.at(job)}/cancel")
    assert api.status("POST", f"{api.at(job)}/cancel?force=true")[1]["status"] == "canceling"


def test_a_trigger_job_is_no_job_for_cancel(api: Api) -> None:
    bridge = api.pipeline(JobSpec(name="child", child=(BUILD,)), statuses=("running",)).jobs[0]
    assert api.status("POST", f"{api.at(bridge)}/cancel") == (404, {"message": "404 Not Found"})


def test_jobs_behind_a_canceled_one_are_skipped_and_so_is_what_runs_always(api: Api) -> None:
    clean_up = JobSpec(name="clean up", stage="end", when="always")
    on_failure = JobSpec(name="tell", stage="end", when="on_failure")
    pipeline = api.pipeline(LOAD, TEST, clean_up, on_failure, statuses=("running",))
    api.ask("POST", f"{api.at(pipeline.jobs[0])}/cancel")
    api.advance(5)
    assert api.look(*pipeline.jobs, pipeline) == ["canceled", "skipped", "skipped", "skipped", "canceled"]


def test_what_runs_always_runs_behind_a_failure(api: Api) -> None:
    pipeline = api.pipeline(BUILD, JobSpec(name="clean up", stage="end", when="always"), statuses=("failed",))
    assert api.look(*pipeline.jobs) == ["failed", "pending"]


def test_a_pipelines_cancel_answers_200_also_when_it_is_finished(api: Api) -> None:
    pipeline = api.pipeline(statuses=("success",))
    answered, document = api.status("POST", f"{api.at(pipeline)}/cancel")
    assert (answered, document["status"]) == (200, "success")
    assert "name" not in document


def test_a_pipelines_cancel_leaves_its_manual_jobs(api: Api) -> None:
    manual = JobSpec(name="deploy", stage="build", when="manual")
    pipeline = api.pipeline(BUILD, manual, statuses=("running", "manual"))
    api.ask("POST", f"{api.at(pipeline)}/cancel")
    api.advance(2)
    assert api.look(*pipeline.jobs, pipeline) == ["canceled", "manual", "manual"]


def test_a_pipelines_cancel_reaches_its_children_later_and_no_other_project(api: Api) -> None:
    other = api.world.add_project("acme/other")
    child = JobSpec(name="child", child=(LOAD,))
    elsewhere = JobSpec(name="elsewhere", elsewhere="acme/other")
    pipeline = api.pipeline(child, elsewhere)
    api.advance(5)
    api.look(pipeline)
    below, away = (job.downstream for job in pipeline.jobs)
    assert below is not None
    assert away is not None
    assert (below.project, away.project) == (api.project, other)
    assert (below.source, away.source) == ("parent_pipeline", "pipeline")
    api.ask("POST", f"{api.at(pipeline)}/cancel")
    assert api.look(pipeline, below, away) == ["canceled", "running", "running"]
    api.advance(1)
    assert api.look(below) == ["canceling"]
    api.advance(2)
    assert api.look(below, away) == ["canceled", "running"]


def test_a_cancel_of_a_finished_parent_does_not_reach_the_child_that_goes_on(api: Api) -> None:
    parent = api.pipeline(JobSpec(name="child", child=(LOAD,), mirrors=False))
    api.advance(10)
    below = parent.jobs[0].downstream if api.look(parent) == ["success"] else None
    assert below is not None
    assert api.status("POST", f"{api.at(parent)}/cancel")[0] == 200
    api.advance(10)
    assert api.look(below) == ["running"]


def test_a_cancel_stops_trigger_jobs_of_children_at_once(api: Api) -> None:
    inner = JobSpec(name="inner", stage="late", child=(LOAD,))
    parent = api.pipeline(JobSpec(name="child", child=(LOAD, inner)), statuses=("running",))
    below = parent.jobs[0].downstream
    assert below is not None
    api.advance(2)
    api.ask("POST", f"{api.at(parent)}/cancel")
    assert api.look(*below.jobs) == ["running", "canceled"]
    api.advance(3)
    assert api.look(*below.jobs, below) == ["canceled", "canceled", "canceled"]


def test_a_trigger_job_takes_its_pipelines_status_and_the_rest_goes_on(api: Api) -> None:
    pipeline = api.pipeline(JobSpec(name="child", child=(LOAD,)), JobSpec(name="end", stage="end"))
    api.advance(2 + 2 + 299)
    assert api.look(*pipeline.jobs) == ["running", "created"]
    api.advance(1)
    assert api.look(*pipeline.jobs) == ["success", "pending"]


def test_a_retried_job_has_a_new_id_and_brings_back_what_was_skipped(api: Api) -> None:
    pipeline = api.pipeline(LOAD, TEST, statuses=("running",))
    old = pipeline.jobs[0]
    api.ask("POST", f"{api.at(old)}/cancel")
    api.advance(2)
    answered, document = api.status("POST", f"{api.at(old)}/retry")
    assert (answered, document["status"], document["user"]["username"]) == (201, "pending", "release-bot")
    assert document["id"] != old.id
    assert api.look(*pipeline.latest()) == ["created", "pending"]
    assert api.status("POST", f"{api.at(old)}/retry")[0] == 403
    assert [job["id"] for job in api.get(f"{api.at(pipeline)}/jobs?scope[]=pending")] == [document["id"]]
    assert len(api.get(f"{api.at(pipeline)}/jobs?include_retried=true")) == 3


@pytest.mark.parametrize("status", ["skipped", "running", "manual", "pending"])
def test_a_job_that_has_not_ended_or_never_ran_is_not_retryable(api: Api, status: str) -> None:
    answered, document = api.status("POST", f"{api.at(api.job(status=status))}/retry")
    assert (answered, document) == (403, {"message": "403 Forbidden - Job is not retryable"})


def test_a_retry_of_a_canceled_manual_job_starts_it(api: Api) -> None:
    job = api.job(JobSpec(name="deploy", when="manual"), "manual")
    api.ask("POST", f"{api.at(job)}/cancel")
    assert api.status("POST", f"{api.at(job)}/retry")[1]["status"] == "pending"


def test_a_retry_of_the_pipeline_puts_a_canceled_manual_job_back(api: Api) -> None:
    job = api.job(JobSpec(name="deploy", when="manual"), "manual")
    api.ask("POST", f"{api.at(job)}/cancel")
    assert api.status("POST", f"{api.at(job.pipeline)}/retry")[0] == 201
    assert api.look(*job.pipeline.latest()) == ["manual"]


def test_a_trigger_job_that_is_retried_starts_a_pipeline_of_its_own(api: Api) -> None:
    bridge = api.pipeline(JobSpec(name="bridge", child=(LOAD,)), statuses=("success",)).jobs[0]
    made = api.project.jobs[api.status("POST", f"{api.at(bridge)}/retry")[1]["id"]]
    assert (bridge.retried, made.downstream) == (True, None)
    api.advance(60)
    assert api.look(made) == ["running"]
    assert made.downstream is not None
    assert bridge.downstream is not None
    assert made.downstream.id != bridge.downstream.id


def test_a_retry_of_the_pipeline_takes_what_had_failed_before_and_no_trigger_jobs(api: Api) -> None:
    specs = [
        JobSpec(name=name, stage="one", child=child) for name, child in (("a", ()), ("b", ()), ("c", ()))
    ]
    bridge = JobSpec(name="bridge", stage="one", child=(LOAD,))
    pipeline = api.pipeline(*specs, bridge, TEST, statuses=("success", "failed", "canceled", "canceled"))
    before = {job.id for job in pipeline.jobs}
    assert api.look(pipeline.jobs[-1]) == ["skipped"]
    api.ask("POST", f"{api.at(pipeline)}/retry")
    assert [job.spec.name for job in pipeline.latest() if job.id not in before] == ["b", "c"]
    assert pipeline.jobs[3].status == "canceled"


def test_only_an_action_can_be_played(api: Api) -> None:
    manual = api.job(JobSpec(name="deploy", when="manual"), "manual")
    assert api.status("POST", f"{api.at(manual)}/play")[1]["status"] == "pending"
    refused = api.status("POST", f"{api.at(api.job())}/play")
    assert refused == (400, {"message": "400 Bad request - Unplayable Job"})


def test_a_paused_runner_lets_jobs_wait_and_after_an_hour_they_are_dropped(api: Api) -> None:
    (runner,) = api.world.runners.values()
    waiting, running = api.job(status="pending"), api.job()
    assert api.status("PUT", f"/runners/{runner.id}", {"paused": True})[1]["paused"] is True
    api.advance(600)
    assert api.look(waiting, running) == ["pending", "success"]
    api.ask("PUT", f"/runners/{runner.id}", {"paused": False})
    api.advance(2)
    assert api.look(waiting) == ["running"]
    late = api.job(status="pending")
    api.ask("PUT", f"/runners/{runner.id}", {"paused": True})
    api.advance(3600)
    assert api.look(late) == ["failed"]
    assert (
        api.get(f"/projects/{api.project.id}/jobs/{late.id}")["failure_reason"] == "stuck_or_timeout_failure"
    )


def test_needs_hold_a_job_back_until_they_succeed(api: Api) -> None:
    needy = JobSpec(name="report", stage="end", needs=("build",))
    pipeline = api.pipeline(BUILD, TEST, needy, statuses=("success", "running"))
    assert api.look(*pipeline.jobs) == ["success", "running", "pending"]
    pipeline = api.pipeline(BUILD, needy, statuses=("skipped",))
    assert api.look(*pipeline.jobs) == ["skipped", "skipped"]


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["cancel", "force", "retry", "play", "stop", "again", "wait"]), st.integers(0, 9)
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(acts=_ACTS)
def test_whatever_is_asked_the_world_stays_whole(acts: list[tuple[str, int]]) -> None:
    api = Api()
    api.pipeline(
        BUILD,
        JobSpec(name="child", stage="build", child=(LOAD, TEST)),
        JobSpec(name="deploy", stage="test", when="manual", allow_failure=True),
        JobSpec(name="clean up", stage="end", when="always"),
    )
    for act, number in acts:
        pipelines, jobs = [*api.project.pipelines.values()], [*api.project.jobs.values()]
        pipeline, job = pipelines[number % len(pipelines)], jobs[number % len(jobs)]
        match act:
            case "wait":
                api.advance(number * 40)
            case "stop" | "again":
                api.ask("POST", f"{api.at(pipeline)}/{'cancel' if act == 'stop' else 'retry'}", token=TOKEN)
            case "force":
                api.ask("POST", f"{api.at(job)}/cancel?force=true")
            case _:
                api.ask("POST", f"{api.at(job)}/{act}")
        api.look()
        for one in api.project.pipelines.values():
            assert one.status == composite((j.status, j.spec.allow_failure) for j in one.latest())
            assert {j.status for j in one.jobs} <= set(STATUSES)
        active = {one.id for one in api.project.pipelines.values() if not one.complete}
        assert set(api.project.active) == active
