"""The emulated GitHub's lists: filters, pages, links, renamed repositories, variables, statuses."""

from __future__ import annotations

import re

import pytest

from gate.sandbox.github.paging import MOST_UNFILTERED, TOO_DEEP
from tests.unit.sandbox.github_api import APP_TOKEN, BASE, ROOT, Api, header, read, told

REPO = "/repos/acme/panda"


def ids(answer: object) -> list[int]:
    assert isinstance(answer, dict)
    return [run["id"] for run in answer["workflow_runs"]]


def links(text: str) -> dict[str, str]:
    return {name: url for url, name in re.findall(r'<([^>]+)>; rel="(\w+)"', text)}


@pytest.mark.parametrize("status", ["in_progress", "queued", "pending", "waiting", "requested"])
def test_one_status_filters_one_state(status: str) -> None:
    api = Api()
    runs = {name: api.run(name) for name in ("in_progress", "queued", "pending", "waiting", "requested")}
    api.run("completed", conclusion="success")
    assert ids(read(api.runs("", query={"status": status}))) == [runs[status].id]


def test_the_same_filter_takes_conclusions_too_and_nothing_else() -> None:
    api = Api()
    failed = api.run("completed", conclusion="failure")
    api.run("completed", conclusion="success")
    assert ids(read(api.runs("", query={"status": "failure"}))) == [failed.id]
    assert len(ids(read(api.runs("", query={"status": "completed"})))) == 2
    for unknown in ("startup_failure", "queued,pending"):
        assert api.runs("", query={"status": unknown}).status == 422


def test_runs_are_filtered_by_branch_event_actor_commit_and_time() -> None:
    api = Api()
    old = api.run(branch="release/größe 50%", actor="dana", event="schedule", age=10 * 86400)
    new = api.run(age=0)
    for query in ({"branch": old.branch}, {"actor": "dana"}, {"event": "schedule"}, {"head_sha": old.sha}):
        assert ids(read(api.runs("", query=query))) == [old.id]
    day = read(api.runs(f"/{new.id}"))["created_at"][:10]
    assert ids(read(api.runs("", query={"created": f">={day}"}))) == [new.id]
    assert ids(read(api.runs("", query={"created": f"<{day}"}))) == [old.id]
    assert len(ids(read(api.runs("", query={"created": f"2020-01-01..{day}"})))) == 2


def test_a_page_holds_a_hundred_at_most_and_its_links_are_absolute_and_whole() -> None:
    api = Api()
    for _ in range(250):
        api.run()
    query = {"status": "in_progress", "per_page": "500", "page": "2"}
    answer = api.runs("", query=query)
    document, found = read(answer), links(header(answer, "Link"))
    assert (document["total_count"], len(document["workflow_runs"])) == (250, 100)
    assert list(found) == ["prev", "next", "last", "first"]
    number = api.repository.id
    assert found["next"] == (
        f"{BASE}/repositories/{number}/actions/runs?status=in_progress&per_page=500&page=3"
    )
    at_root = api.ask("GET", f"{REPO}/actions/runs", query=query, base=ROOT)
    assert links(header(at_root, "Link"))["next"].startswith(f"{ROOT}/repositories/{number}/actions/runs?")
    follow = api.ask("GET", f"/repositories/{number}/actions/runs", query={**query, "page": "3"})
    assert (len(ids(read(follow))), list(links(header(follow, "Link")))) == (50, ["prev", "first"])


def test_one_page_needs_no_links() -> None:
    api = Api()
    api.run()
    assert header(api.runs(""), "Link") == ""


def test_a_filtered_list_ends_after_a_thousand_and_still_counts_all() -> None:
    api = Api()
    for _ in range(1010):
        api.run("queued")
    pages = [read(api.runs("", query={"status": "queued", "per_page": 100, "page": n})) for n in (1, 10, 11)]
    assert [page["total_count"] for page in pages] == [1010] * 3
    assert [len(page["workflow_runs"]) for page in pages] == [100, 100, 0]
    assert len(ids(read(api.runs("", query={"per_page": 100, "page": 11})))) == 10


def test_an_unfiltered_list_cannot_be_read_for_ever() -> None:
    page = MOST_UNFILTERED // 100 + 1
    assert told(Api().runs("", query={"per_page": 100, "page": page})) == (422, TOO_DEEP)


def test_a_renamed_repository_redirects_with_its_query_and_writes_with_307() -> None:
    api = Api()
    run = api.run()
    api.world.rename(api.repository, "grizzly")
    number = api.world.repository("acme", "grizzly")
    assert number is not None
    answer = api.runs("", query={"status": "queued"})
    target = f"{BASE}/repositories/{number.id}/actions/runs?status=queued"
    assert (answer.status, header(answer, "Location")) == (301, target)
    assert api.runs(f"/{run.id}/cancel", "POST").status == 307
    assert api.ask("GET", f"/repositories/{number.id}/actions/runs/{run.id}").status == 200
    assert api.ask("GET", "/repos/ACME/Grizzly").status == 200


def test_a_repository_that_vanished_is_not_there_under_any_name() -> None:
    api = Api()
    repository, run = api.repository, api.run()
    api.world.rename(repository, "grizzly")
    api.world.remove(repository)
    paths = (REPO, "/repos/acme/grizzly", f"/repositories/{repository.id}")
    assert [api.ask("GET", path).status for path in paths] == [404] * 3
    assert api.world.node(run.node_id) is None


def test_variables_come_thirty_a_page_at_most_and_ten_where_nothing_is_asked() -> None:
    api = Api()
    for number in range(41):
        api.world.set_variable(api.repository, f"V{number:02}", "x")
    path = f"{REPO}/actions/variables"
    assert len(read(api.ask("GET", path))["variables"]) == 10
    wide = api.ask("GET", path, query={"per_page": 100})
    assert (read(wide)["total_count"], len(read(wide)["variables"])) == (41, 30)
    assert "page=2" in links(header(wide, "Link"))["next"]


def test_a_variable_is_made_read_changed_and_removed_in_any_case_of_letters() -> None:
    api, path = Api(), f"{REPO}/actions/variables"
    assert api.ask("POST", path, {"name": "gate_hold", "value": "größe 100%"}).status == 201
    assert told(api.ask("POST", path, {"name": "GATE_HOLD", "value": "y"}))[0] == 409
    assert read(api.ask("GET", f"{path}/Gate_Hold"))["value"] == "größe 100%"
    assert api.ask("PATCH", f"{path}/gate_hold", {"value": ""}).status == 204
    assert read(api.ask("GET", f"{path}/GATE_HOLD"))["value"] == ""
    assert api.ask("DELETE", f"{path}/GATE_HOLD").status == 204
    assert [api.ask(method, f"{path}/GATE_HOLD", {}).status for method in ("GET", "PATCH", "DELETE")] == [
        404
    ] * 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "X"},
        {"name": "1X", "value": "x"},
        {"name": "github_x", "value": "x"},
        {"name": "X", "value": 7},
        {"name": "X", "value": "x" * 50_000},
    ],
)
def test_a_variable_that_github_would_not_take_is_422(body: dict[str, object]) -> None:
    api = Api()
    assert api.ask("POST", f"{REPO}/actions/variables", body).status == 422
    assert api.repository.variables == {}


@pytest.mark.parametrize(("visibility", "seen"), [("all", 1), ("private", 1), ("selected", 0)])
def test_an_organisations_variable_is_seen_as_its_visibility_says(visibility: str, seen: int) -> None:
    api, path = Api(), "/orgs/acme/actions/variables"
    assert api.ask("POST", path, {"name": "GATE_HOLD", "value": "x"}).status == 422
    assert api.ask("POST", path, {"name": "GATE_HOLD", "value": "x", "visibility": visibility}).status == 201
    assert read(api.ask("GET", f"{path}/GATE_HOLD"))["visibility"] == visibility
    visible = f"{REPO}/actions/organization-variables"
    assert read(api.ask("GET", visible))["total_count"] == seen
    chosen = {"visibility": "selected", "selected_repository_ids": [api.repository.id]}
    assert api.ask("PATCH", f"{path}/GATE_HOLD", chosen).status == 204
    assert read(api.ask("GET", visible))["total_count"] == 1
    api.repository.private = False
    api.ask("PATCH", f"{path}/GATE_HOLD", {"visibility": "private"})
    assert read(api.ask("GET", visible))["total_count"] == 0


def test_the_newest_status_of_a_context_counts_whatever_its_case() -> None:
    api = Api()
    sha = api.run().sha
    for state, context in (("error", "Gate"), ("success", "gate")):
        body = {"state": state, "context": context, "description": "why"}
        assert api.ask("POST", f"{REPO}/statuses/{sha}", body).status == 201
    assert len(read(api.ask("GET", f"{REPO}/commits/{sha}/statuses"))) == 2
    combined = read(api.ask("GET", f"{REPO}/commits/{sha}/status"))
    assert (combined["state"], combined["total_count"]) == ("success", 1)


def test_a_status_needs_a_known_commit_and_a_known_state() -> None:
    api = Api()
    sha = api.run().sha
    assert told(api.ask("POST", f"{REPO}/statuses/{'0' * 40}", {"state": "error"})) == (
        422,
        f"No commit found for SHA: {'0' * 40}",
    )
    assert api.ask("POST", f"{REPO}/statuses/{sha}", {"state": "bad"}).status == 422


@pytest.mark.parametrize(("length", "status"), [(140, 201), (141, 422)])
def test_a_statuss_description_has_a_limit(length: int, status: int) -> None:
    api = Api()
    body = {"state": "error", "description": "ß" * length}
    assert api.ask("POST", f"{REPO}/statuses/{api.run().sha}", body).status == status


def test_check_runs_are_listed_by_their_name() -> None:
    api = Api()
    sha = api.run().sha
    for name in ("gate / load", "other"):
        api.ask("POST", f"{REPO}/check-runs", {"name": name, "head_sha": sha}, token=APP_TOKEN)
    path = f"{REPO}/commits/{sha}/check-runs"
    for name, count in (("gate / load", 1), ("none", 0), ("", 2)):
        assert read(api.ask("GET", path, query={"check_name": name}))["total_count"] == count


def test_a_commit_and_context_take_a_thousand_statuses() -> None:
    api = Api()
    sha = api.run().sha
    answers = [api.ask("POST", f"{REPO}/statuses/{sha}", {"state": "pending"}).status for _ in range(1001)]
    assert (set(answers[:1000]), answers[1000]) == ({201}, 422)


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"title": "t", "summary": "s", "annotations": [{"path": "x"}] * 50}, 200),
        ({"title": "t", "summary": "s", "annotations": [{"path": "x"}] * 51}, 422),
        ({"title": "t", "summary": "s" * 65_536}, 422),
        ({"title": "t"}, 422),
        ("text", 422),
    ],
)
def test_a_check_runs_output_has_githubs_limits(output: object, status: int) -> None:
    api = Api()
    made = {"name": "gate", "head_sha": api.run().sha}
    number = read(api.ask("POST", f"{REPO}/check-runs", made, token=APP_TOKEN))["id"]
    path = f"{REPO}/check-runs/{number}"
    assert api.ask("PATCH", path, {"output": output}, token=APP_TOKEN).status == status
    if status == 200:
        api.ask("PATCH", path, {"output": output}, token=APP_TOKEN)
        assert read(api.ask("GET", path))["output"]["annotations_count"] == 100


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", f"{REPO}/actions"),
        ("DELETE", f"{REPO}/actions/runs/1/cancel"),
        ("POST", f"{REPO}/actions/workflows/1/cancel"),
        ("GET", f"{REPO}/actions/runs/abc"),
        ("GET", f"{REPO}/actions/runs/{'9' * 30}"),
        ("GET", f"{REPO}/actions/workflows/no.yml"),
        ("GET", f"{REPO}/actions/jobs/1"),
        ("GET", f"{REPO}/check-runs/1"),
        ("GET", "/repositories/abc"),
        ("GET", "/users/nobody"),
    ],
)
def test_what_is_not_there_is_404(method: str, path: str) -> None:
    assert told(Api().ask(method, path)) == (404, "Not Found")


@pytest.mark.parametrize("body", [[1], 7, "x"])
def test_a_body_that_is_no_object_is_400(body: object) -> None:
    assert Api().ask("POST", f"{REPO}/actions/variables", body).status == 400
