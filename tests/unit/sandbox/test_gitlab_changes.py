"""Does the emulated GitLab change schedules, variables, names and statuses as the real one does?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gate.sandbox.gitlab.cron import next_run
from gate.sandbox.gitlab.model import JobSpec, Schedule
from tests.unit.sandbox.gitlab_api import JOB_TOKEN, START, Api

FORBIDDEN = (403, {"message": "403 Forbidden"})


@pytest.fixture
def api() -> Api:
    return Api()


def schedule(api: Api, **more: Any) -> tuple[Schedule, str]:
    made = api.world.add_schedule(api.project, "Nightly load", **more)
    return made, f"/projects/{api.project.id}/pipeline_schedules/{made.id}"


def test_schedules_are_listed_by_whether_they_are_active(api: Api) -> None:
    on, where = schedule(api)
    off, _ = schedule(api, active=False)
    listed = where.rpartition("/")[0]
    for query, expected in (("", {on.id, off.id}), ("?scope=active", {on.id}), ("?scope=inactive", {off.id})):
        assert {one["id"] for one in api.get(listed + query)} == expected


def test_only_its_owner_or_an_administrator_changes_a_schedule(api: Api) -> None:
    made, where = schedule(api, owner="noa")
    assert api.status("PUT", where, {"active": False}) == FORBIDDEN
    assert made.active
    owner = api.announce("glpat-noa", username="noa", role="developer")
    assert api.status("PUT", where, {"active": False}, token=owner)[1]["active"] is False
    admin = api.announce("glpat-admin", username="root", admin=True, role="none")
    assert api.status("PUT", where, {"active": True}, token=admin)[1]["active"] is True
    assert made.owner == "noa"


def test_who_takes_a_schedule_over_owns_it_and_cannot_give_it_back(api: Api) -> None:
    made, where = schedule(api, owner="noa")
    developer = api.announce("glpat-dana", username="dana", role="developer")
    assert api.status("POST", f"{where}/take_ownership", token=developer) == FORBIDDEN
    assert api.status("POST", f"{where}/take_ownership")[0] == 201
    assert api.status("POST", f"{where}/take_ownership")[0] == 200
    assert made.owner == "release-bot"
    assert (
        api.status("PUT", where, {"owner": "noa", "active": False})[1]["owner"]["username"] == "release-bot"
    )
    assert (
        api.status("PUT", where, {"active": True}, token=api.announce("glpat-noa", username="noa"))
        == FORBIDDEN
    )


def test_an_edit_works_out_the_next_run_anew(api: Api) -> None:
    made, where = schedule(api, cron="30 4 * * *")
    before = made.next_run
    api.advance(86400)
    assert api.status("PUT", where, {"active": False})[1]["cron"] == "30 4 * * *"
    assert made.next_run == before + 86400
    assert api.status("PUT", where, {"cron": "often"}) == (400, {"message": {"cron": ["is invalid syntax"]}})


@pytest.mark.parametrize(
    ("cron", "seconds"), [("*/15 * * * *", 900), ("0 0 * * *", 86400), ("5,10 1-2 * * *", 3900)]
)
def test_minutes_and_hours_of_a_cron_line_are_read(cron: str, seconds: int) -> None:
    midnight = START - START % 86400
    assert next_run(cron, midnight) == midnight + seconds


def test_a_schedule_is_made_played_and_deleted(api: Api) -> None:
    where = f"/projects/{api.project.id}/pipeline_schedules"
    given = {"description": "Soak", "ref": "main", "cron": "0 1 * * *"}
    assert api.status("POST", where, {"ref": "main"}) == (400, {"error": "description is missing"})
    status, made = api.status("POST", where, given)
    assert (status, made["ref"], made["active"], made["last_pipeline"]) == (
        201,
        "refs/heads/main",
        True,
        None,
    )
    one = f"{where}/{made['id']}"
    assert api.status("POST", f"{one}/play") == (201, {"message": "201 Created"})
    started = api.get(one)["last_pipeline"]
    assert (started["source"], started["ref"]) == ("schedule", "main")
    assert [pipeline["id"] for pipeline in api.get(f"{one}/pipelines")] == [started["id"]]
    assert api.status("DELETE", one) == (204, None)
    assert api.status("GET", one) == (404, {"message": "404 Pipeline Schedule Not Found"})


@pytest.mark.parametrize("holder", ["/projects/acme%2Fpanda", "/groups/acme"])
def test_a_variable_is_made_read_changed_and_deleted(api: Api, holder: str) -> None:
    where, one = f"{holder}/variables", f"{holder}/variables/GATE_HOLD"
    assert api.status("GET", one) == (404, {"message": "404 Variable Not Found"})
    status, made = api.status("POST", where, {"key": "GATE_HOLD", "value": '{"reason": "größe, 50 %"}'})
    assert (status, made["value"]) == (201, '{"reason": "größe, 50 %"}')
    assert set(made) == {
        *("variable_type", "key", "value", "hidden", "protected", "masked", "raw", "environment_scope"),
        "description",
    }
    taken = {"message": {"key": ["(GATE_HOLD) has already been taken"]}}
    assert api.status("POST", where, {"key": "GATE_HOLD", "value": "x"}) == (400, taken)
    assert api.status("PUT", one, {"value": "other", "protected": True})[1]["protected"] is True
    assert [variable["value"] for variable in api.get(where)] == ["other"]
    assert api.status("DELETE", one) == (204, None)
    assert api.status("DELETE", one)[0] == 404


def test_a_variable_by_environment_is_told_apart_by_its_scope(api: Api) -> None:
    where = f"/projects/{api.project.id}/variables"
    for scope in ("*", "staging"):
        given = {"key": "GATE_HOLD", "value": scope, "environment_scope": scope}
        assert api.status("POST", where, given)[0] == 201
    status, document = api.status("GET", f"{where}/GATE_HOLD")
    assert (status, "filter[environment_scope]" in document["message"]) == (409, True)
    assert api.get(f"{where}/GATE_HOLD?filter[environment_scope]=staging")["value"] == "staging"
    api.ask("DELETE", f"{where}/GATE_HOLD", {"filter": {"environment_scope": "*"}})
    assert api.get(f"{where}/GATE_HOLD")["value"] == "staging"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"key": "GATE HOLD", "value": "x"}, "key"),
        ({"key": "GATE_HOLD", "value": "x" * 10_001}, "value"),
    ],
)
def test_a_variable_that_gitlab_would_not_take_is_refused(api: Api, given: dict[str, str], name: str) -> None:
    status, document = api.status("POST", f"/projects/{api.project.id}/variables", given)
    assert (status, list(document["message"])) == (400, [name])


def test_a_job_token_renames_its_pipeline_within_255_characters(api: Api) -> None:
    pipeline = api.pipeline(ref="feature/x")
    where = f"{api.at(pipeline)}/metadata"
    assert api.status("PUT", where, {"name": "HELD: größe"}, token=JOB_TOKEN)[1]["name"] == "HELD: größe"
    assert api.status("PUT", where, {"name": "x" * 256}, token=JOB_TOKEN)[0] == 400
    assert api.status("PUT", where, {}) == (400, {"error": "name is missing"})
    assert pipeline.name == "HELD: größe"


def post_status(api: Api, sha: str, **fields: object) -> tuple[int, Any]:
    return api.status("POST", f"/projects/{api.project.id}/statuses/{sha}", fields)


def test_a_commit_status_counts_for_the_pipelines_own(api: Api) -> None:
    pipeline = api.pipeline(JobSpec(name="build"), statuses=("success",))
    status, made = post_status(api, pipeline.sha, state="pending", name="gate", pipeline_id=pipeline.id)
    assert (status, made["status"], made["pipeline_id"], pipeline.status) == (
        201,
        "pending",
        pipeline.id,
        "running",
    )
    assert post_status(api, pipeline.sha, state="failed", context="gate")[1]["id"] == made["id"]
    assert api.look(pipeline) == ["failed"]
    assert len(api.get(f"{api.at(pipeline)}/jobs")) == 1
    post_status(api, pipeline.sha, state="success", name="gate")
    assert api.look(pipeline) == ["success"]


@pytest.mark.parametrize("name", ["description", "target_url"])
def test_a_commit_status_has_255_characters_at_most(api: Api, name: str) -> None:
    sha = api.pipeline().sha
    assert post_status(api, sha, state="success", **{name: "x" * 255})[0] == 201
    too_long = {"message": {name: ["is too long (maximum is 255 characters)"]}}
    assert post_status(api, sha, state="success", **{name: "x" * 256}) == (400, too_long)


def test_a_commit_status_needs_a_known_state_commit_and_pipeline(api: Api) -> None:
    sha = api.pipeline().sha
    assert post_status(api, sha) == (400, {"error": "state is missing"})
    assert post_status(api, sha, state="failure") == (400, {"error": "state does not have a valid value"})
    assert post_status(api, "f" * 40, state="failed") == (404, {"message": "404 Commit Not Found"})
    unknown = (404, {"message": "404 Pipeline for pipeline_id, sha and ref Not Found"})
    assert post_status(api, sha, state="failed", pipeline_id=1) == unknown


def test_the_same_state_twice_is_refused_and_a_lock_is_a_conflict(api: Api) -> None:
    sha = api.pipeline().sha
    post_status(api, sha, state="running")
    status, document = post_status(api, sha, state="running")
    assert (status, document["message"].startswith("Cannot transition status via :run")) == (400, True)
    api.control("projects", project="acme/panda", locked=sha)
    busy = (409, {"message": "Another update to this commit status is in progress"})
    assert post_status(api, sha, state="success") == busy
    api.advance(61)
    assert post_status(api, sha, state="success")[0] == 201


def test_a_status_of_another_ref_makes_a_pipeline_of_its_own(api: Api) -> None:
    sha = api.pipeline().sha
    made = post_status(api, sha, state="running", ref="develop")[1]
    (external,) = api.get(f"/projects/{api.project.id}/pipelines?source=external")
    assert (external["id"], external["status"], external["ref"]) == (
        made["pipeline_id"],
        "running",
        "develop",
    )


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    where = f"/projects/{api.project.id}/variables"
    assert api.status("POST", where, ["key"])[0] == 400
    assert json.loads(api.ask("POST", where, {"key": "A"}).body) == {"error": "value is missing"}


def test_a_runner_is_paused_by_its_owner_alone(api: Api) -> None:
    (runner,) = api.world.runners.values()
    maintainer = api.announce("glpat-m", role="maintainer")
    where = f"/runners/{runner.id}"
    assert api.status("PUT", where, {"paused": True}, token=maintainer) == FORBIDDEN
    assert api.status("PUT", where, {"active": False})[1]["paused"] is True
    assert api.get(where, token=maintainer)["active"] is False
    assert [one["id"] for one in api.get(f"/projects/{api.project.id}/runners")] == [runner.id]
    assert api.status("PUT", where, {"active": True, "paused": True})[0] == 400
    assert api.status("GET", "/runners/1") == (404, {"message": "404 Runner Not Found"})


def test_others_change_things_through_the_controls(api: Api) -> None:
    made, where = schedule(api)
    api.control(f"schedules/{made.id}", active=False, owner="noa")
    assert (api.get(where)["active"], api.get(where)["owner"]["username"]) == (False, "noa")
    api.control("variables", group="acme", key="GATE_HOLD", value="theirs")
    assert api.get("/groups/acme/variables/GATE_HOLD")["value"] == "theirs"
    api.control("variables", group="acme", key="GATE_HOLD", value="changed")
    api.control("variables", group="acme", key="GATE_HOLD", value=None)
    assert api.get("/groups/acme/variables") == []
    started = api.control(
        "pipelines",
        project="acme/panda",
        jobs=[{"name": "a / 50%", "status": "running"}, {"name": "b", "child": [{"name": "c"}]}],
    )
    api.control(f"jobs/{started['jobs']['a / 50%']}", status="success")
    assert [
        job["status"] for job in api.get(f"/projects/{api.project.id}/pipelines/{started['id']}/jobs")
    ] == ["success"]
    assert api.control("clock", advance=60)["now"] == START + 60
    assert api.control("limits", requests=3)["requests"] == 3
    assert api.ask("GET", "/user").headers[0] == ("RateLimit-Limit", "3")
