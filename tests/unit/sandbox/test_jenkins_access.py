"""Who may ask the emulated Jenkins, and with which words it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from gate.sandbox.jenkins.service import JenkinsService
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import Permission
from gate.sandbox.routing import Request
from tests.unit.sandbox.jenkins_api import PASSWORD, STAGES, TOKEN, USER, Bench, jenkins_bench, small_world

LIVE = "job/lab/job/load%20live/"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


def anonymous(bench: Bench, path: str) -> requests.Response:
    return requests.get(f"{bench.server.url}/{path}", timeout=5)


def test_every_answer_says_that_it_is_jenkins(bench: Bench) -> None:
    bench.service.controller.users.strict = True
    refused = requests.get(f"{bench.server.url}/api/json", auth=("who", TOKEN), timeout=5)
    assert (refused.status_code, refused.headers["X-Jenkins"]) == (401, "2.541.1")
    assert refused.headers["WWW-Authenticate"].startswith("Basic")
    answer = anonymous(bench, "api/json")
    assert answer.headers["X-Jenkins"] == "2.541.1"
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_permission_that_is_missing_is_named(bench: Bench) -> None:
    nobody = bench.permit("nobody")
    answer = nobody.get(f"{bench.server.url}/api/json", timeout=5)
    assert answer.status_code == 403
    assert answer.headers["X-You-Are-Authenticated-As"] == "nobody"
    assert answer.headers["X-Required-Permission"] == "hudson.model.Hudson.Read"
    assert answer.headers["X-Jenkins"]


def test_quieting_down_needs_manage(bench: Bench) -> None:
    reader = bench.permit("reader", Permission.READ_ALL, Permission.READ)
    answer = reader.post(f"{bench.server.url}/quietDown", allow_redirects=False, timeout=5)
    assert answer.headers["X-Required-Permission"] == "hudson.model.Hudson.Manage"


def test_build_does_not_imply_cancel(bench: Bench) -> None:
    bench.start("lab/load live")
    builder = bench.permit("builder", Permission.READ_ALL, Permission.READ, Permission.BUILD)
    assert builder.post(f"{bench.server.url}/{LIVE}1/stop", timeout=5).status_code == 403


def test_what_anonymous_may_not_see_is_not_there(bench: Bench) -> None:
    assert anonymous(bench, "api/json").json()["jobs"] == []
    assert anonymous(bench, f"{LIVE}api/json").status_code == 404
    bench.order("users", name="anonymous", permissions=[Permission.READ_ALL, Permission.DISCOVER])
    assert anonymous(bench, f"{LIVE}api/json").status_code == 403
    assert anonymous(bench, "me/api/json").status_code == 403


def test_rights_may_differ_by_folder(bench: Bench) -> None:
    some = [Permission.READ]
    session = bench.permit("some", Permission.READ_ALL, **{"lab": some, "lab/soak": some, "*": []})
    shown = session.get(f"{bench.server.url}/api/json?tree=jobs[name,jobs[name]]", timeout=5).json()["jobs"]
    assert [(job["name"], [child["name"] for child in job["jobs"]]) for job in shown] == [("lab", ["soak"])]


def test_an_api_token_needs_no_crumb_and_a_password_does(bench: Bench) -> None:
    url = f"{bench.server.url}/job/alone/build"
    assert requests.post(url, auth=(USER, TOKEN), timeout=5).status_code == 201
    refused = requests.post(url, auth=(USER, PASSWORD), timeout=5)
    assert (refused.status_code, "No valid crumb" in refused.text) == (403, True)
    assert "X-Required-Permission" not in refused.headers


def test_a_crumb_is_good_for_its_user_and_session_until_a_restart(bench: Bench) -> None:
    url = f"{bench.server.url}/job/alone/disable"
    session = requests.Session()
    session.auth = (USER, PASSWORD)
    crumb = session.get(f"{bench.server.url}/crumbIssuer/api/json", timeout=5).json()
    assert crumb["crumbRequestField"] == "Jenkins-Crumb"
    headers = {"Jenkins-Crumb": crumb["crumb"]}
    assert session.post(url, headers=headers, allow_redirects=False, timeout=5).status_code == 302
    without = requests.post(url, auth=(USER, PASSWORD), headers=headers, timeout=5)
    assert without.status_code == 403
    assert bench.order("restart").status_code == 200
    assert session.post(url, headers=headers, allow_redirects=False, timeout=5).status_code == 403


def test_without_crumbs_there_is_no_issuer() -> None:
    with jenkins_bench(crumbs=False) as bench:
        assert bench.ask("crumbIssuer/").status_code == 404
        assert requests.post(f"{bench.server.url}/job/alone/build", auth=(USER, PASSWORD), timeout=5).ok
        assert bench.get("", "useCrumbs")["useCrumbs"] is False


def test_an_expired_token_is_a_401(bench: Bench) -> None:
    bench.order("users", name=USER, secret=TOKEN, expired=True)
    assert bench.ask("").status_code == 401


def test_while_booting_all_is_a_503_page(bench: Bench) -> None:
    bench.order("settings", booting=True)
    answer = bench.ask("")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html;charset=utf-8")
    bench.order("settings", booting=False)
    assert bench.ask("").status_code == 200


@pytest.mark.parametrize(
    "path", ["whatever", "job/alone/1/rebuild", "job/alone/config.xml", "job", "job/alone/x/stop"]
)
def test_a_path_that_jenkins_does_not_have_is_counted(bench: Bench, path: str) -> None:
    assert bench.session.get(f"{bench.server.url}/{path}", timeout=5).status_code == 404
    assert bench.server.log.unknown() == {f"GET /{path}": 1}


def test_paths_are_counted_by_their_template_however_deep(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.ask(f"{LIVE}1/")
    bench.ask("job/mb/")
    assert bench.server.log.summary()["requests"] == {
        "GET /job/{job}/api/json": 1,
        "GET /job/{job}/{number}/api/json": 1,
    }


@pytest.mark.parametrize("api", list(StagesApi))
def test_only_what_is_installed_shows_stages(bench: Bench, api: StagesApi) -> None:
    bench.start("lab/load live")
    bench.order("settings", stage_apis=[api])
    paths = ("wfapi/describe", "stages/tree", "pipeline-overview/tree", "pipeline-graph/tree")
    found = [bench.session.get(f"{bench.server.url}/{LIVE}1/{path}", timeout=5).status_code for path in paths]
    assert sorted(found) == [200, 404, 404, 404]
    assert found[list(StagesApi).index(api)] == 200


def test_stages_appear_once_they_have_started(bench: Bench) -> None:
    bench.start("lab/load live")
    url = f"{bench.server.url}/{LIVE}1/stages/tree"
    seen = []
    for _ in range(4):
        data = bench.session.get(url, timeout=5).json()["data"]
        seen.append(([(stage["name"], stage["state"]) for stage in data["stages"]], data["complete"]))
        bench.later(101)
    assert [len(stages) for stages, _ in seen] == [1, 2, 3, 3]
    assert seen[1][0] == [("build", "success"), ("configure-lab", "running")]
    assert seen[3] == ([(name, "success") for name in STAGES], True)


def test_wfapi_reads_failed_for_what_a_failure_has_skipped(bench: Bench) -> None:
    bench.order("settings", stage_apis=[StagesApi.WFAPI, StagesApi.TREE])
    bench.start("lab/load live")
    bench.order("builds", job="lab/load live", number=1, result="FAILURE")
    client = bench.client()
    shown = client.get_build_stages("lab/load live", 1)
    assert [stage["status"] for stage in shown["stages"]] == ["FAILED"] * 3
    tree = bench.session.get(f"{bench.server.url}/{LIVE}1/stages/tree", timeout=5).json()
    assert [stage["state"] for stage in tree["data"]["stages"]] == ["failure", "skipped", "skipped"]


def test_wfapi_gives_the_last_stage_the_builds_result(bench: Bench) -> None:
    bench.order("settings", stage_apis=[StagesApi.WFAPI])
    bench.start("lab/load live")
    bench.later(250)
    bench.order("builds", job="lab/load live", number=1, result="NOT_BUILT")
    shown = bench.client().get_build_stages("lab/load live", 1)
    assert shown["status"] == shown["stages"][-1]["status"] == "NOT_EXECUTED"


def test_others_change_things_meanwhile(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.order("jobs", job="lab/soak", disabled=True)
    bench.order("jobs", job="mb/main", disabled=True)
    bench.order("builds", job="lab/load live", number=1, description="by hand", result="UNSTABLE")
    shown = bench.get(f"{LIVE}1/", "building,description,result")
    assert (shown["building"], shown["description"], shown["result"]) == (False, "by hand", "UNSTABLE")
    assert bench.get("job/lab/job/soak/", "disabled")["disabled"] is True
    assert bench.order("summary").status_code == 404
    bench.order("jobs", job="alone", start=True)
    assert len(bench.get("queue/", "items[id]")["items"]) == 1


def test_a_renamed_job_leaves_no_trace_and_a_removed_one_takes_its_queue_along(bench: Bench) -> None:
    bench.start("alone")
    bench.queue("deploy")
    bench.order("jobs", job="alone", name="renamed")
    assert (bench.ask("job/alone/").status_code, bench.ask("job/renamed/1/").status_code) == (404, 200)
    bench.order("jobs", job="deploy", removed=True)
    assert bench.ask("job/deploy/").status_code == 404
    assert bench.get("queue/", "items[id]")["items"] == []


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("jobs", {"job": "nothing"}, "none of this full name"),
        ("jobs", {"job": "alone", "off": True}, "off: no such key"),
        ("builds", {"job": "alone", "number": 9}, "no such build"),
        ("settings", {"booting": "yes"}, "booting: expected bool"),
        ("settings", {"stage_apis": ["x"]}, "stage_apis: expected some of wfapi"),
        ("advance", {"seconds": "1"}, "seconds: expected a number"),
        ("users", {"name": "x"}, "secret: expected text"),
        ("users", {"name": "x", "secret": "y", "permissions": ["all"]}, "permissions: expected some of"),
    ],
)
def test_an_order_that_is_wrong_says_what_is(
    bench: Bench, path: str, fields: dict[str, object], words: str
) -> None:
    answer = bench.order(path, **fields)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_reset_brings_back_the_start(bench: Bench) -> None:
    bench.start("alone")
    bench.order("settings", booting=True)
    bench.order("reset")
    assert bench.get("job/alone/", "builds")["builds"] == []


def test_secrets_are_kept_as_digests_only() -> None:
    service = JenkinsService(small_world)
    service.answer(Request(method="GET", path="/api/json", headers={"authorization": "Basic eDp5"}), None)
    service.controller.users.announce(TOKEN, service.controller.users.anonymous)
    assert TOKEN not in repr(vars(service.controller.users))
