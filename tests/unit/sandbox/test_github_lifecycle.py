"""A run of the emulated GitHub: asked is not done, and time decides."""

from __future__ import annotations

import pytest

from gate.sandbox.fleet import Behaviour
from gate.sandbox.github import lifecycle
from tests.unit.sandbox.github_api import Api, read, told


def jobs(api: Api, run_id: int, attempt: str = "") -> dict[str, str]:
    """Return the jobs of a run with their conclusion, or their status where they have none."""
    listed = read(api.runs(f"/{run_id}{attempt}/jobs"))["jobs"]
    return {job["name"]: job["conclusion"] or job["status"] for job in listed}


def test_an_accepted_cancel_changes_nothing_at_first() -> None:
    api = Api()
    run = api.run()
    answer = api.runs(f"/{run.id}/cancel", "POST")
    assert (answer.status, read(answer)) == (202, {})
    assert api.state(run) == ("in_progress", None)
    api.advance(api.world.timing.cancel)
    assert api.state(run) == ("completed", "cancelled")


def test_finished_jobs_keep_their_conclusion_and_unfinished_ones_are_cancelled() -> None:
    api = Api()
    run = api.run(done_jobs=1)
    api.runs(f"/{run.id}/cancel", "POST")
    api.advance(60)
    assert jobs(api, run.id) == {"build": "success", "load-live-job": "cancelled", "clean-up": "cancelled"}


@pytest.mark.parametrize("status", ["queued", "pending", "waiting", "requested"])
def test_a_run_that_has_not_started_can_be_cancelled_too(status: str) -> None:
    api = Api()
    run = api.run(status)
    assert api.runs(f"/{run.id}/cancel", "POST").status == 202
    api.advance(60)
    assert api.state(run) == ("completed", "cancelled")


def test_a_run_that_hangs_stops_only_when_it_is_forced() -> None:
    api = Api()
    run = api.run()
    run.behaviour = Behaviour.NEEDS_FORCE
    api.runs(f"/{run.id}/cancel", "POST")
    api.advance(86400)
    assert api.state(run) == ("in_progress", None)
    assert api.runs(f"/{run.id}/force-cancel", "POST").status == 202
    assert api.state(run) == ("in_progress", None)
    api.advance(api.world.timing.force)
    assert api.state(run) == ("completed", "cancelled")


def test_a_run_that_is_stuck_for_ever_accepts_everything_and_stays() -> None:
    api = Api()
    run = api.run("queued")
    run.behaviour = Behaviour.STUCK
    assert api.runs(f"/{run.id}/cancel", "POST").status == 202
    assert api.runs(f"/{run.id}/force-cancel", "POST").status == 202
    api.advance(86400)
    assert api.state(run) == ("queued", None)


def test_an_always_job_goes_on_after_a_cancel_and_ends_by_itself() -> None:
    api = Api()
    run = api.run(done_jobs=1)
    run.jobs[2].always = True
    api.runs(f"/{run.id}/cancel", "POST")
    api.advance(api.world.timing.cancel)
    assert api.state(run) == ("in_progress", None)
    assert jobs(api, run.id) == {"build": "success", "load-live-job": "cancelled", "clean-up": "in_progress"}
    api.advance(api.world.timing.always)
    assert api.state(run) == ("completed", "cancelled")
    assert jobs(api, run.id)["clean-up"] == "success"


def test_a_forced_cancel_ends_an_always_job() -> None:
    api = Api()
    run = api.run()
    run.jobs[2].always = True
    api.runs(f"/{run.id}/cancel", "POST")
    api.advance(api.world.timing.cancel)
    assert api.state(run) == ("in_progress", None)
    api.runs(f"/{run.id}/force-cancel", "POST")
    api.advance(api.world.timing.force)
    assert api.state(run) == ("completed", "cancelled")
    assert jobs(api, run.id)["clean-up"] == "cancelled"


@pytest.mark.parametrize("call", ["cancel", "force-cancel"])
def test_both_refusals_of_a_cancel_have_githubs_words(call: str) -> None:
    api = Api()
    finished, zombie = api.run("completed", conclusion="success"), api.run("queued")
    zombie.listed_only = True
    assert told(api.runs(f"/{finished.id}/{call}", "POST")) == (
        409,
        "Cannot cancel a workflow run that is completed.",
    )
    assert told(api.runs(f"/{zombie.id}/{call}", "POST")) == (
        409,
        "Cannot cancel a workflow run that has not been queued yet.",
    )
    assert api.state(zombie) == ("queued", None)


def test_a_run_that_ends_before_the_cancel_lands_keeps_its_own_conclusion() -> None:
    api = Api()
    run = api.run()
    run.ends = api.world.now() + 1
    api.runs(f"/{run.id}/cancel", "POST")
    api.advance(60)
    assert api.state(run) == ("completed", "success")


def test_a_rerun_is_the_same_run_with_the_next_attempt() -> None:
    api = Api()
    run = api.run("completed", conclusion="cancelled")
    answer = api.runs(f"/{run.id}/rerun", "POST")
    assert (answer.status, read(answer)) == (201, {})
    document = read(api.runs(f"/{run.id}"))
    assert (document["id"], document["run_attempt"], document["status"]) == (run.id, 2, "queued")
    assert document["previous_attempt_url"].endswith(f"/actions/runs/{run.id}/attempts/1")
    assert read(api.runs(f"/{run.id}/attempts/1"))["conclusion"] == "cancelled"
    assert set(jobs(api, run.id, "/attempts/1").values()) == {"cancelled"}
    assert len(read(api.runs(f"/{run.id}/jobs", query={"filter": "all"}))["jobs"]) == 6
    api.advance(api.world.timing.queue)
    assert api.state(run) == ("in_progress", None)
    api.advance(api.world.timing.run)
    assert api.state(run) == ("completed", "success")


def test_what_cannot_be_rerun_is_refused_with_githubs_words() -> None:
    api = Api()
    running, old = api.run(), api.run("completed", conclusion="success", age=31 * 86400)
    often = api.run("completed", conclusion="failure")
    often.attempt = 51
    assert told(api.runs(f"/{running.id}/rerun", "POST")) == (403, "This workflow is already running")
    assert told(api.runs(f"/{old.id}/rerun", "POST"))[1].endswith("created over a month ago")
    assert api.runs(f"/{often.id}/rerun", "POST").status == 403


def test_a_cancelled_run_has_no_failed_jobs_to_rerun() -> None:
    api = Api()
    run = api.run("completed", conclusion="cancelled")
    assert told(api.runs(f"/{run.id}/rerun-failed-jobs", "POST")) == (
        403,
        "This workflow run cannot be retried",
    )


def test_rerunning_failed_jobs_leaves_the_others_as_they_were() -> None:
    api = Api()
    run = api.run("completed", conclusion="failure")
    for job, conclusion in zip(run.jobs, ("success", "failure", "cancelled"), strict=True):
        job.conclusion = conclusion
    assert api.runs(f"/{run.id}/rerun-failed-jobs", "POST").status == 201
    assert jobs(api, run.id) == {"build": "success", "load-live-job": "queued", "clean-up": "cancelled"}


def test_rerunning_two_runs_of_a_group_leaves_one_pending_and_destroys_the_one_between() -> None:
    api = Api()
    api.workflow.concurrency = "lab-{ref}"
    first, second, third = (api.run("completed", conclusion="cancelled") for _ in range(3))
    for run in (first, second, third):
        assert api.runs(f"/{run.id}/rerun", "POST").status == 201
    assert [api.state(run)[0] for run in (first, second, third)] == ["queued", "completed", "pending"]
    assert api.state(second)[1] == "cancelled"
    api.advance(api.world.timing.queue + api.world.timing.run)
    assert api.state(third)[0] == "queued"
    api.advance(api.world.timing.queue)
    assert [api.state(first), api.state(third)] == [("completed", "success"), ("in_progress", None)]


def test_cancel_in_progress_ends_the_one_that_runs() -> None:
    api = Api()
    api.workflow.concurrency, api.workflow.cancel_in_progress = "lab", True
    running, again = api.run(), api.run("completed", conclusion="failure")
    assert api.runs(f"/{again.id}/rerun", "POST").status == 201
    assert api.state(again) == ("pending", None)
    api.advance(api.world.timing.cancel + api.world.timing.queue)
    assert api.state(running) == ("completed", "cancelled")
    assert api.state(again)[0] == "in_progress"


def test_what_nobody_has_verified_is_allowed_and_counted() -> None:
    api = Api()
    run, waited = api.run("completed", conclusion="cancelled"), api.run("waiting")
    lifecycle.finish(api.repository, waited, api.world.now(), "cancelled", api.world.timing)
    api.runs(f"/{waited.id}/rerun", "POST")
    api.workflow.state = "disabled_manually"
    api.runs(f"/{run.id}/rerun", "POST")
    assert api.world.doubtful == {
        "rerun of a run that waited for an approval": 1,
        "rerun of a run whose workflow is disabled": 1,
    }


def test_a_waiting_run_goes_on_when_it_is_approved_and_fails_when_it_is_rejected() -> None:
    api = Api()
    approved, rejected = api.run("waiting"), api.run("waiting")
    for run, state in ((approved, "approved"), (rejected, "rejected")):
        (pending,) = read(api.runs(f"/{run.id}/pending_deployments"))
        review = {"environment_ids": [pending["environment"]["id"]], "state": state, "comment": "seen"}
        path = f"/{run.id}/pending_deployments"
        assert api.runs(path, "POST", body={**review, "state": "maybe"}).status == 422
        assert api.runs(path, "POST", body=review).status == 200
        assert read(api.runs(path)) == []
    api.advance(api.world.timing.queue)
    assert (api.state(approved), api.state(rejected)) == (("in_progress", None), ("completed", "failure"))


def test_disabling_a_workflow_stops_no_run_and_refuses_a_dispatch() -> None:
    api = Api()
    run, path = api.run(), f"/repos/acme/panda/actions/workflows/{api.workflow.id}"
    assert api.ask("PUT", f"{path}/disable").status == 204
    assert read(api.ask("GET", path))["state"] == "disabled_manually"
    assert api.state(run) == ("in_progress", None)
    assert told(api.ask("POST", f"{path}/dispatches", {"ref": "main"}))[0] == 422
    by_file = "/repos/acme/panda/actions/workflows/load-live.yml"
    assert api.ask("PUT", f"{by_file}/enable").status == 204
    assert read(api.ask("GET", by_file))["state"] == "active"
    assert api.ask("POST", f"{by_file}/dispatches", {"ref": "main"}).status == 204
    assert read(api.runs(""))["workflow_runs"][0]["event"] == "workflow_dispatch"


@pytest.mark.parametrize("state", ["disabled_inactivity", "disabled_fork", "disabled_manually"])
def test_enabling_makes_active_of_every_disabled_state(state: str) -> None:
    api = Api()
    api.workflow.state = state
    assert read(api.ask("GET", "/repos/acme/panda/actions/workflows"))["workflows"][0]["state"] == state
    api.ask("PUT", f"/repos/acme/panda/actions/workflows/{api.workflow.id}/enable")
    assert api.workflow.state == "active"
