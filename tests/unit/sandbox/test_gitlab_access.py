"""Does the emulated GitLab let through, hide and turn away as the real one does?"""

from __future__ import annotations

import json

import pytest

from gate.sandbox.gitlab.limits import ACTIONS, LimitSettings
from tests.unit.sandbox.gitlab_api import JOB_TOKEN, START, Api

NO = {"message": "401 Unauthorized"}
FORBIDDEN = {"message": "403 Forbidden"}


@pytest.fixture
def api() -> Api:
    return Api()


def test_no_token_and_a_wrong_header_are_401(api: Api) -> None:
    where = f"/projects/{api.project.id}/pipelines"
    assert api.status("GET", where, token=None) == (401, NO)
    api.announce("glcbt-as-access", kind="access")
    assert api.status("GET", where, token="glcbt-as-access") == (401, NO)


def test_a_strict_instance_knows_announced_tokens_only(api: Api) -> None:
    api.service.tokens.strict = True
    assert api.status("GET", "/user") == (401, NO)
    assert api.status("GET", "/user", token=api.announce("glpat-noa", username="noa"))[1]["username"] == "noa"


def test_an_expired_token_says_so(api: Api) -> None:
    status, document = api.status("GET", "/user", token=api.announce("glpat-old", expired=True))
    assert (status, document["error"]) == (401, "invalid_token")
    assert document["error_description"].startswith("Token is expired.")


def test_a_read_api_token_reads_and_is_told_which_scope_is_missing(api: Api) -> None:
    reader, pipeline = api.announce("glpat-read", scopes=["read_api"]), api.pipeline()
    assert api.status("GET", api.at(pipeline), token=reader)[0] == 200
    status, document = api.status("POST", f"{api.at(pipeline)}/cancel", token=reader)
    assert (status, document["error"], document["scope"]) == (403, "insufficient_scope", "api")


@pytest.mark.parametrize(
    ("method", "rest", "status"),
    [
        ("GET", "pipelines", 200),
        ("GET", "pipelines/{pipeline}", 200),
        ("GET", "pipelines/{pipeline}/jobs", 200),
        ("GET", "pipelines/{pipeline}/bridges", 200),
        ("GET", "pipelines/{pipeline}/trigger_jobs", 200),
        ("GET", "jobs", 200),
        ("PUT", "pipelines/{pipeline}/metadata", 200),
        ("GET", "jobs/{job}", 401),
        ("GET", "jobs/{job}/trace", 401),
        ("POST", "jobs/{job}/cancel", 401),
        ("POST", "jobs/{job}/retry", 401),
        ("POST", "jobs/{job}/play", 401),
        ("POST", "pipelines/{pipeline}/cancel", 401),
        ("POST", "pipelines/{pipeline}/retry", 401),
        ("POST", "statuses/{sha}", 401),
        ("GET", "variables", 401),
        ("GET", "pipeline_schedules", 401),
    ],
)
def test_a_job_token_may_read_and_rename_and_nothing_else(
    api: Api, method: str, rest: str, status: int
) -> None:
    pipeline = api.pipeline()
    path = rest.format(pipeline=pipeline.id, job=pipeline.jobs[0].id, sha=pipeline.sha)
    body = {"name": "HELD: maintenance"} if method == "PUT" else None
    assert api.status(method, f"/projects/{api.project.id}/{path}", body, token=JOB_TOKEN)[0] == status
    assert (pipeline.name is not None) == (method == "PUT")


def test_a_job_token_dies_with_its_job(api: Api) -> None:
    job = api.job()
    own = api.announce("glcbt-own", job=job.id)
    assert api.get("/job", token=own)["id"] == job.id
    api.ask("POST", f"{api.at(job)}/cancel")
    assert api.status("GET", "/job", token=own) == (401, NO)


def test_there_is_no_own_job_for_other_tokens(api: Api) -> None:
    assert api.status("GET", "/job") == (404, {"message": "404 Job Not Found"})


def test_a_job_token_has_no_graphql(api: Api) -> None:
    asked = api.status("POST", "/api/graphql", {"query": "{currentUser{username}}"}, token=JOB_TOKEN)
    assert asked == (401, {"errors": [{"message": "Invalid token"}]})


def test_what_a_projects_token_does_not_see_is_not_found(api: Api) -> None:
    api.world.add_project("acme/other")
    narrow = api.announce("glpat-one", projects=["acme/other"])
    hidden = (404, {"message": "404 Project Not Found"})
    assert api.status("GET", "/projects/acme%2Fpanda", token=narrow) == hidden
    assert api.status("GET", "/projects/acme%2Fother", token=narrow)[0] == 200
    assert api.status("GET", "/groups/acme", token=narrow) == (404, {"message": "404 Group Not Found"})
    assert api.status("GET", "/projects/1") == hidden


@pytest.mark.parametrize(
    ("role", "cancel", "variables", "group"),
    [
        ("reporter", 403, 403, 403),
        ("developer", 403, 403, 403),
        ("maintainer", 200, 200, 403),
        ("owner", 200, 200, 200),
    ],
)
def test_on_a_protected_branch_a_cancel_needs_its_role(
    api: Api, role: str, cancel: int, variables: int, group: int
) -> None:
    token = api.announce("glpat-role", role=role)
    assert api.status("POST", f"{api.at(api.pipeline())}/cancel", token=token)[0] == cancel
    assert api.status("GET", f"/projects/{api.project.id}/variables", token=token)[0] == variables
    assert api.status("GET", "/groups/acme/variables", token=token)[0] == group


def test_elsewhere_a_developer_cancels_and_a_reporter_does_not(api: Api) -> None:
    job = api.pipeline(ref="feature/größe-50%").jobs[0]
    reporter, developer = api.announce("glpat-r", role="reporter"), api.announce("glpat-d", role="developer")
    assert api.status("POST", f"{api.at(job)}/cancel", token=reporter) == (403, FORBIDDEN)
    assert api.status("POST", f"{api.at(job)}/cancel", token=developer)[0] == 201


@pytest.mark.parametrize(("least", "status"), [(40, 403), (None, 403), (30, 200)])
def test_a_projects_minimum_role_to_cancel_holds(api: Api, least: int | None, status: int) -> None:
    api.control("projects", project="acme/panda", cancel_role=least)
    developer = api.announce("glpat-d", role="developer")
    pipeline = api.pipeline(ref="feature/x")
    assert api.status("POST", f"{api.at(pipeline)}/cancel", token=developer)[0] == status


def test_an_archived_project_is_read_only(api: Api) -> None:
    pipeline = api.pipeline()
    api.control("projects", project="acme/panda", archived=True)
    assert api.status("GET", api.at(pipeline))[0] == 200
    assert api.status("POST", f"{api.at(pipeline)}/cancel") == (403, FORBIDDEN)


def test_a_moved_project_answers_its_old_path_with_301_or_405_and_a_removed_one_is_gone(api: Api) -> None:
    api.control("projects", project="acme/panda", move="acme/sub/panda")
    answer = api.ask("GET", "/projects/acme%2Fpanda/pipelines?per_page=5")
    where = dict(answer.headers)["Location"]
    assert (answer.status, where) == (
        301,
        f"http://127.0.0.1:8500/api/v4/projects/{api.project.id}/pipelines?per_page=5",
    )
    assert (answer.kind, answer.body.decode()) == (
        "text/plain",
        f"This resource has been moved permanently to {where}",
    )
    refused = {"message": "Non GET methods are not allowed for moved projects"}
    assert api.status("POST", "/projects/acme%2Fpanda/pipelines/1/cancel") == (405, refused)
    assert api.status("GET", "/projects/acme%2Fsub%2Fpanda")[0] == 200
    api.control("projects", project="acme/sub/panda", remove=True)
    assert api.status("GET", "/projects/acme%2Fpanda")[0] == 404
    assert api.status("GET", f"/projects/{api.project.id}")[0] == 404


def test_a_path_that_gitlab_does_not_have_is_404(api: Api) -> None:
    assert api.status("GET", "/projects/1/cancel-everything") == (404, {"error": "404 Not Found"})
    assert api.status("GET", f"/projects/{api.project.id}/pipelines/x") == (
        400,
        {"error": "pipeline_id is invalid"},
    )


def test_the_throttle_speaks_plain_text_and_shows_itself_in_headers() -> None:
    api = Api(LimitSettings(requests=2, actions={}))
    api.outside = START - START % 60 + 45
    first = dict(api.ask("GET", "/user").headers)
    assert (first["RateLimit-Limit"], first["RateLimit-Observed"], first["RateLimit-Remaining"]) == (
        "2",
        "1",
        "1",
    )
    assert first["RateLimit-Name"] == "throttle_authenticated_api"
    assert int(first["RateLimit-Reset"]) == api.outside + 15
    api.ask("GET", "/user")
    refused = api.ask("GET", "/user")
    assert (refused.status, refused.kind, refused.body) == (429, "text/plain", b"Retry later\n")
    assert dict(refused.headers)["Retry-After"] == "15"
    assert "RateLimit-ResetTime" in dict(refused.headers)
    assert api.ask("GET", "/user", token="glpat-another").status == 200
    api.outside += 15
    assert api.ask("GET", "/user").status == 200


def test_a_self_managed_instance_has_neither_throttle_nor_headers(api: Api) -> None:
    assert not [name for name, _ in api.ask("GET", "/user").headers if name.startswith("RateLimit")]


LIMITED = LimitSettings(requests=None, actions={**ACTIONS, "job_cancel_project": 8})


@pytest.mark.parametrize(
    ("kind", "act", "most"),
    [
        ("pipeline", "cancel", 5),
        ("pipeline", "retry", 5),
        ("job", "cancel", 5),
        ("job", "retry", 3),
        ("job", "play", 3),
    ],
)
def test_an_action_on_one_thing_has_a_limit_that_no_header_shows(kind: str, act: str, most: int) -> None:
    api = Api(LIMITED)
    job = api.job(status="success")
    path = f"{api.at(job.pipeline if kind == 'pipeline' else job)}/{act}"
    answers = [api.ask("POST", path) for _ in range(most + 1)]
    assert [answer.status for answer in answers].index(429) == most
    words = "This endpoint has been requested too many times. Try again later."
    assert json.loads(answers[-1].body) == {"message": {"error": words}}
    assert dict(answers[-1].headers) == {"Retry-After": "60"}
    assert dict(answers[0].headers) == {}
    api.outside += 60
    assert api.ask("POST", path).status != 429


def test_a_projects_limit_counts_all_its_things_and_what_was_turned_away() -> None:
    api = Api(LIMITED)
    jobs = [api.job() for _ in range(3)]
    statuses = [api.ask("POST", f"{api.at(job)}/cancel").status for job in jobs for _ in range(6)]
    assert statuses == [201, 201, 201, 201, 201, 429, 201, 201, *[429] * 10]
    other = api.announce("glpat-noa", username="noa")
    assert api.status("POST", f"{api.at(jobs[0])}/cancel", token=other)[0] == 201


def test_a_project_takes_120_pipeline_cancels_a_minute() -> None:
    api = Api(LIMITED)
    statuses = [api.ask("POST", f"{api.at(api.pipeline())}/cancel").status for _ in range(121)]
    assert statuses == [200] * 120 + [429]


def test_schedule_edits_are_counted_over_all_projects() -> None:
    api = Api(LimitSettings(requests=None, actions={"schedule_change": 2}))
    other = api.world.add_project("acme/other")
    paths = [
        f"/projects/{project.id}/pipeline_schedules/{api.world.add_schedule(project, 'Nightly').id}"
        for project in (api.project, other, other)
    ]
    assert [api.ask("PUT", path, {"active": False}).status for path in paths] == [200, 200, 429]


def test_without_retry_after_a_429_says_nothing_of_when() -> None:
    api = Api(LimitSettings(requests=1, actions={}, retry_after=False))
    api.ask("GET", "/user")
    assert "Retry-After" not in dict(api.ask("GET", "/user").headers)


def test_no_token_is_kept_anywhere(api: Api) -> None:
    api.announce("glpat-very-secret", username="noa")
    api.ask("GET", "/user", token="glpat-very-secret")
    kept = repr((vars(api.service.tokens), vars(api.service.limits)))
    assert "glpat-very-secret" not in kept


def test_a_project_without_ci_refuses_its_lists_and_says_so_of_itself() -> None:
    api = Api()
    api.pipeline()
    api.control("projects", project="acme/panda", builds=False)
    where = f"/projects/{api.project.id}"
    assert api.status("GET", f"{where}/jobs") == (403, {"message": "403 Forbidden"})
    assert api.status("GET", f"{where}/pipelines")[0] == 403
    shown = api.get(where)
    assert (shown["builds_access_level"], shown["jobs_enabled"]) == ("disabled", False)
