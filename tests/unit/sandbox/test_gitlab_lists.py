"""Does the emulated GitLab page, filter and write down as the real one does?"""

from __future__ import annotations

import pytest
import requests.utils

from gate.sandbox.gitlab.model import JobSpec, Pipeline
from tests.unit.sandbox.gitlab_api import BASE, Api

LOAD = JobSpec(name="load", stage="lab")
PIPELINE_LISTED = "id iid project_id sha ref status source created_at updated_at web_url name"
PIPELINE = (
    "before_sha tag yaml_errors user started_at finished_at committed_at duration queued_duration coverage"
    " detailed_status"
)
JOB_BASIC = (
    "id status stage name ref tag coverage allow_failure created_at started_at finished_at erased_at duration"
    " queued_duration user commit pipeline web_url project"
)
JOB = "artifacts runner runner_manager artifacts_expire_at archived tag_list"
SCHEDULE = "id description ref cron cron_timezone next_run_at active created_at updated_at owner inputs"
STATUS = (
    "id sha ref status name target_url description created_at started_at finished_at allow_failure coverage"
    " pipeline_id author"
)


@pytest.fixture
def api() -> Api:
    return Api()


def ids(documents: list[dict[str, int]]) -> list[int]:
    return [document["id"] for document in documents]


def has(document: dict[str, object], *keys: str) -> bool:
    return set(" ".join(keys).split()) <= set(document)


def test_a_list_has_twenty_and_says_where_the_next_page_is(api: Api) -> None:
    made = [api.pipeline().id for _ in range(45)]
    answer = api.ask("GET", f"/projects/{api.project.id}/pipelines?ref=main&per_page=20&page=2")
    headers = dict(answer.headers)
    numbers = {name: headers[f"X-{name}"] for name in ("Page", "Per-Page", "Next-Page", "Prev-Page", "Total")}
    assert numbers == {"Page": "2", "Per-Page": "20", "Next-Page": "3", "Prev-Page": "1", "Total": "45"}
    links = {link["rel"]: link["url"] for link in requests.utils.parse_header_links(headers["Link"])}
    assert set(links) == {"prev", "next", "first", "last"}
    assert links["next"].startswith(f"{BASE}/api/v4/projects/{api.project.id}/pipelines?ref=main&")
    last = api.get(links["next"].removeprefix(f"{BASE}/api/v4"))
    assert ids(last) == sorted(made)[:5][::-1]


def test_a_page_has_a_hundred_at_most_and_the_last_has_no_next(api: Api) -> None:
    for _ in range(101):
        api.pipeline()
    where = f"/projects/{api.project.id}/pipelines?per_page=500"
    assert len(api.get(where)) == 100
    headers = dict(api.ask("GET", where + "&page=2").headers)
    assert headers["X-Next-Page"] == ""
    assert 'rel="next"' not in headers["Link"]
    assert api.status("GET", where + "&page=x") == (400, {"error": "page is invalid"})


def test_a_projects_jobs_come_behind_a_cursor_without_totals(api: Api) -> None:
    made = [api.job().id for _ in range(45)]
    seen: list[int] = []
    where = f"/projects/{api.project.id}/jobs?pagination=keyset&scope[]=running"
    while where:
        answer = api.ask("GET", where)
        seen += ids(api.get(where))
        headers = dict(answer.headers)
        assert "X-Total" not in headers
        links = requests.utils.parse_header_links(headers.get("Link", ""))
        where = links[0]["url"].removeprefix(f"{BASE}/api/v4") if links else ""
    assert seen == sorted(made, reverse=True)
    numbered = api.ask("GET", f"/projects/{api.project.id}/jobs?page=2")
    assert "X-Total" not in dict(numbered.headers)
    assert 'rel="last"' not in dict(numbered.headers)["Link"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=running", "running"),
        ("status=canceled", "canceled"),
        ("scope=running", "running"),
        ("scope=pending", "pending"),
        ("scope=finished", "success failed canceled"),
        ("scope=finished&status=failed", "failed"),
        ("source=schedule", "success"),
        ("ref=feature/größe 50%25", "manual"),
        ("username=dana", "canceled"),
        ("scope=branches", "manual skipped"),
        ("order_by=status&sort=asc", "canceled failed manual pending running skipped success"),
        ("created_before=2026-11-24T00:00:00Z", "failed"),
        ("yaml_errors=true", ""),
    ],
)
def test_pipelines_are_filtered_as_gitlab_does(api: Api, query: str, names: str) -> None:
    for status in ("running", "pending", "success", "failed", "canceled", "manual", "skipped"):
        one = JobSpec(name="job", when="manual" if status == "manual" else "on_success")
        api.pipeline(
            one,
            statuses=(status,),
            source="schedule" if status == "success" else "push",
            ref="feature/größe 50%" if status == "manual" else "main",
            user="dana" if status == "canceled" else "noa",
            age=30 * 86400 if status == "failed" else 1,
        )
    found = api.get(f"/projects/{api.project.id}/pipelines?{query}")
    order = [document["status"] for document in found]
    assert order == names.split() if "order_by" in query else sorted(order) == sorted(names.split())


def test_status_is_one_word_of_gitlabs_list_and_scope_has_no_active(api: Api) -> None:
    where = f"/projects/{api.project.id}/pipelines"
    for query, name in (
        ("status=in_progress", "status"),
        ("scope=active", "scope"),
        ("order_by=x", "order_by"),
    ):
        asked = api.pipeline() and api.status("GET", f"{where}?{query}")
        assert asked == (400, {"error": f"{name} does not have a valid value"})
    assert api.get(f"{where}?status=running&status=failed") == []


def parent(api: Api) -> tuple[Pipeline, Pipeline]:
    made = api.pipeline(
        JobSpec(name="bridge", stage="lab", child=(LOAD,)), LOAD, statuses=("running", "running")
    )
    below = made.jobs[0].downstream
    assert below is not None
    return made, below


def test_child_pipelines_are_listed_only_where_they_are_asked_for(api: Api) -> None:
    above, below = parent(api)
    where = f"/projects/{api.project.id}/pipelines"
    assert ids(api.get(where)) == [above.id]
    assert ids(api.get(f"{where}?source=parent_pipeline")) == [below.id]
    assert api.get(api.at(below))["source"] == "parent_pipeline"


@pytest.mark.parametrize("name", ["bridges", "trigger_jobs"])
def test_trigger_jobs_are_apart_from_jobs_and_name_their_pipeline(api: Api, name: str) -> None:
    above, below = parent(api)
    assert [job["name"] for job in api.get(f"{api.at(above)}/jobs")] == ["load"]
    (bridge,) = api.get(f"{api.at(above)}/{name}")
    assert bridge["name"] == "bridge"
    assert bridge["downstream_pipeline"]["id"] == below.id
    assert has(bridge, JOB_BASIC)
    assert "artifacts" not in bridge


def test_of_a_scope_given_twice_without_brackets_the_last_counts(api: Api) -> None:
    bridges = [JobSpec(name=name, child=(LOAD,)) for name in ("one", "two")]
    above = api.pipeline(*bridges, statuses=("running", "created"), still=True)
    where = f"{api.at(above)}/trigger_jobs"
    assert len(api.get(f"{where}?scope=running&scope=created")) == 1
    assert len(api.get(f"{where}?scope[]=running&scope[]=created")) == 2
    assert api.status("GET", f"{where}?scope[]=active") == (
        400,
        {"error": "scope does not have a valid value"},
    )


def test_a_groups_projects_come_with_and_without_subgroups_and_archived_ones(api: Api) -> None:
    api.world.add_project("acme/sub/deep")
    api.world.add_project("acme/old").archived = True
    api.world.add_project("acmeother/away")

    def names(query: str) -> set[str]:
        return {one["path_with_namespace"] for one in api.get(f"/groups/acme/projects?{query}")}

    assert names("") == {"acme/panda", "acme/old"}
    assert names("include_subgroups=True&archived=False") == {"acme/panda", "acme/sub/deep"}
    assert names("archived=true") == {"acme/old"}
    assert names("search=PAN") == {"acme/panda"}
    assert api.status("GET", "/groups/acme/projects?archived=perhaps") == (
        400,
        {"error": "archived is invalid"},
    )
    assert api.status("GET", "/groups/nobody/projects") == (404, {"message": "404 Group Not Found"})


def test_a_simple_project_has_less_and_both_are_found_by_id_and_path(api: Api) -> None:
    (simple,) = api.get("/groups/acme/projects?simple=true")
    (whole,) = api.get("/groups/acme/projects")
    assert has(simple, "id path_with_namespace web_url default_branch namespace")
    assert "archived" not in simple
    assert has(whole, "archived permissions jobs_enabled ci_restrict_pipeline_cancellation_role", *simple)
    assert api.get("/projects/acme%2Fpanda")["id"] == api.get(f"/projects/{whole['id']}")["id"] == whole["id"]
    assert api.get("/groups/acme")["full_path"] == "acme"


def test_a_pipeline_is_written_down_in_three_forms(api: Api) -> None:
    pipeline = api.pipeline(JobSpec(name="job"), statuses=("failed",), age=60)
    (listed,) = api.get(f"/projects/{api.project.id}/pipelines")
    assert set(listed) == set(PIPELINE_LISTED.split())
    single = api.get(api.at(pipeline))
    assert has(single, PIPELINE_LISTED, PIPELINE)
    assert has(single["detailed_status"], "icon text label group tooltip has_details details_path favicon")
    canceled = api.status("POST", f"{api.at(pipeline)}/cancel")[1]
    assert set(single) - set(canceled) == {"name"}
    assert api.get(f"/projects/{api.project.id}/pipelines/latest")["id"] == pipeline.id
    assert single["created_at"].endswith("Z")


def test_a_job_is_written_down_whole_and_does_not_say_that_it_is_manual(api: Api) -> None:
    pipeline = api.pipeline(JobSpec(name="deploy", when="manual"))
    (job,) = api.get(f"{api.at(pipeline)}/jobs")
    assert has(job, JOB_BASIC, JOB)
    assert not {"when", "needs", "manual", "interruptible", "failure_reason"} & set(job)
    assert job["status"] == "manual"
    assert has(job["pipeline"], PIPELINE_LISTED.removesuffix(" name"))
    assert has(job["commit"], "id short_id title")
    assert set(job["project"]) == {"ci_job_token_scope_enabled"}
    failed = api.get(api.at(api.job(status="failed")))
    assert failed["failure_reason"] == "script_failure"
    assert api.ask("GET", f"{api.at(api.job())}/trace").kind == "text/plain"


def test_a_schedule_and_a_commit_status_have_gitlabs_keys(api: Api) -> None:
    schedule = api.world.add_schedule(api.project, "Nightly")
    where = f"/projects/{api.project.id}/pipeline_schedules"
    (listed,) = api.get(where)
    assert set(listed) == set(SCHEDULE.split())
    assert (listed["ref"], set(api.get(f"{where}/{schedule.id}")) - set(listed)) == (
        "refs/heads/main",
        {"last_pipeline", "variables"},
    )
    sha = api.pipeline().sha
    status = api.status("POST", f"/projects/{api.project.id}/statuses/{sha}", {"state": "success"})[1]
    assert set(status) == set(STATUS.split())
    listed = api.get(f"/projects/{api.project.id}/repository/commits/{sha}/statuses")
    assert all(has(one, STATUS) for one in listed)
    assert [one["name"] for one in listed] == ["build", "default"]
