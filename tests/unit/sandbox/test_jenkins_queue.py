"""How the emulated Jenkins queues, cancels, switches jobs and starts builds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import QueueState
from gate.sandbox.jenkins.queueing import hold_in_queue, wait_for_agent
from gate.sandbox.jenkins.users import Permission
from tests.unit.sandbox.jenkins_api import USER, Bench, jenkins_bench

ODD = "job/mb/job/feature%252Fgr%25C3%25B6%25C3%259Fe%252050%2525/"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


def ids(bench: Bench) -> list[int]:
    return sorted(entry["id"] for entry in bench.get("queue/", "items[id]")["items"])


def post_as(bench: Bench, session: requests.Session, path: str) -> requests.Response:
    return session.post(f"{bench.server.url}/{path}", allow_redirects=False, timeout=5)


def number_of(answer: requests.Response) -> int:
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def test_a_queue_item_shows_its_parameters_and_its_cause_without_a_tree(bench: Bench) -> None:
    answer = bench.post("job/deploy/buildWithParameters?TARGET=lab 7&delay=60sec")
    assert answer.status_code == 201
    (entry,) = bench.get("queue/")["items"]
    assert entry["_class"] == "hudson.model.Queue$WaitingItem"
    assert entry["actions"] == [
        {
            "_class": "hudson.model.ParametersAction",
            "parameters": [
                {"_class": "hudson.model.StringParameterValue", "name": "TARGET", "value": "lab 7"}
            ],
        },
        {
            "_class": "hudson.model.CauseAction",
            "causes": [
                {
                    "_class": "hudson.model.Cause$UserIdCause",
                    "shortDescription": f"Started by user {USER}",
                    "userId": USER,
                    "userName": USER,
                }
            ],
        },
    ]
    assert (entry["params"], entry["url"]) == ("\nTARGET=lab 7", f"queue/item/{entry['id']}/")
    assert entry["task"]["name"] == "deploy"
    assert "timestamp" in entry


def test_a_build_goes_from_the_queue_to_an_executor_by_itself(bench: Bench) -> None:
    number = number_of(bench.post("job/lab/job/soak/build"))
    bench.later(6)
    left = bench.get(f"queue/item/{number}/")
    assert (left["_class"], left["cancelled"]) == ("hudson.model.Queue$LeftItem", False)
    assert left["executable"]["url"] == f"{bench.server.url}/job/lab/job/soak/1/"
    assert bench.get("job/lab/job/soak/1/", "queueId")["queueId"] == number
    bench.later(301)
    assert bench.ask(f"queue/item/{number}/").status_code == 404
    assert bench.get("job/lab/job/soak/1/", "result")["result"] == "SUCCESS"


def test_what_is_queued_already_is_a_303_to_it(bench: Bench) -> None:
    first = bench.post("job/deploy/buildWithParameters?TARGET=a")
    again = bench.post("job/deploy/buildWithParameters?TARGET=a")
    other = bench.post("job/deploy/buildWithParameters?TARGET=b")
    assert (first.status_code, again.status_code, other.status_code) == (201, 303, 201)
    assert again.headers["Location"] == first.headers["Location"] != other.headers["Location"]


def test_a_build_without_parameters_does_not_say_that_it_was_queued_already(bench: Bench) -> None:
    first, again = (bench.post("job/alone/build") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Location"] == first.headers["Location"]


def test_the_queue_lists_what_waits_what_is_blocked_and_then_the_newest_buildable_item(bench: Bench) -> None:
    kinds = (QueueState.BUILDABLE, QueueState.BLOCKED, QueueState.WAITING, QueueState.BUILDABLE)
    held = [hold_in_queue(bench.world, bench.item("deploy"), kind, 5, "why") for kind in kinds]
    shown = [entry["id"] for entry in bench.get("queue/", "items[id]")["items"]]
    assert shown == [held[place].id for place in (2, 1, 3, 0)]


def test_a_second_build_of_a_job_that_runs_one_at_a_time_is_blocked_and_then_starts(bench: Bench) -> None:
    bench.start("alone")
    bench.post("job/alone/build?delay=0sec")
    (entry,) = bench.get("queue/")["items"]
    assert (entry["_class"], entry["blocked"]) == ("hudson.model.Queue$BlockedItem", True)
    assert entry["why"].startswith("Build #1 is already in progress")
    bench.post("job/alone/1/stop")
    bench.later(3)
    assert ids(bench) == []
    assert bench.get("job/alone/2/", "building")["building"] is True


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("job/deploy/build", 400),
        ("job/alone/buildWithParameters?A=1", 400),
        ("job/lab/build", 404),
        ("job/nothing/build", 404),
    ],
)
def test_a_build_that_cannot_be_asked_for_like_this(bench: Bench, path: str, status: int) -> None:
    assert bench.post(path).status_code == status


def test_a_form_carries_parameters(bench: Bench) -> None:
    form = '{"parameter": {"name": "TARGET", "value": "x"}}'
    assert bench.post("job/deploy/build", json=form).status_code == 201
    assert bench.get("queue/", "items[params]")["items"][0]["params"] == "\nTARGET=x"
    assert bench.post("job/deploy/build", json="[1]").status_code == 400


def test_a_disabled_job_is_a_409(bench: Bench) -> None:
    assert bench.post("job/alone/disable").status_code == 302
    assert bench.post("job/alone/build").status_code == 409
    shown = bench.get("job/alone/", "disabled,buildable,color")
    assert (shown["disabled"], shown["buildable"], shown["color"]) == (True, False, "disabled")
    assert bench.post("job/alone/enable").status_code == 302
    assert bench.post("job/alone/build").status_code == 201


def test_build_asks_whether_it_may_before_who_asks_and_with_parameters_it_is_the_other_way(
    bench: Bench,
) -> None:
    bench.post("job/deploy/disable")
    reader = bench.permit("reader", Permission.READ_ALL, Permission.READ)
    assert post_as(bench, reader, "job/deploy/build").status_code == 409
    refused = post_as(bench, reader, "job/deploy/buildWithParameters?TARGET=a")
    assert refused.headers["X-Required-Permission"] == "hudson.model.Item.Build"


@pytest.mark.parametrize(("follows", "status", "buildable"), [(True, 409, False), (False, 302, True)])
def test_a_branch_of_a_disabled_project_is_refused(follows: bool, status: int, buildable: bool) -> None:
    with jenkins_bench(Settings(branches_follow=follows)) as bench:
        assert bench.post("job/mb/disable").status_code == 302
        assert bench.get("job/mb/job/main/", "buildable")["buildable"] is buildable
        answer = bench.post("job/mb/job/main/build")
        assert answer.status_code == status
        assert ids(bench) == []
        assert bench.get("job/mb/", "buildable")["buildable"] is False


def test_a_plain_folder_takes_a_disable_and_does_nothing(bench: Bench) -> None:
    assert bench.post("job/lab/disable").status_code == 302
    assert bench.item("lab").disabled is False
    assert bench.post("job/lab/job/soak/build").status_code == 201


@pytest.mark.parametrize(
    ("path", "name"),
    [("job/mb/job/main/", "mb/main"), ("job/org/job/repo/", "org/repo"), (ODD, "")],
)
def test_what_a_scan_has_made_nobody_may_disable(bench: Bench, path: str, name: str) -> None:
    answer = bench.post(f"{path}disable")
    assert answer.status_code == 403
    assert answer.headers["X-Required-Permission"] == "hudson.model.Item.Configure"
    assert answer.headers["X-You-Are-Authenticated-As"] == USER
    assert not name or bench.item(name).disabled is False
    assert bench.post("job/org/disable").status_code == 302


def test_disabling_a_project_leaves_its_queued_branches(bench: Bench) -> None:
    entry = bench.queue("mb/main")
    bench.post("job/mb/disable")
    assert ids(bench) == [entry.id]


def test_disabling_cancels_the_first_waiting_item_and_the_others_vanish_later(bench: Bench) -> None:
    first, second = (bench.queue("deploy", TARGET=target) for target in "ab")
    bench.post("job/deploy/disable")
    assert ids(bench) == [second.id]
    assert bench.get(f"queue/item/{first.id}/", "cancelled")["cancelled"] is True
    bench.later(3700)
    assert (ids(bench), bench.item("deploy").builds) == ([], {})


def test_disabling_cancels_one_blocked_and_one_buildable_item_where_none_waits(bench: Bench) -> None:
    deploy = bench.item("deploy")
    kinds = (QueueState.BLOCKED, QueueState.BUILDABLE, QueueState.BUILDABLE)
    held = [hold_in_queue(bench.world, deploy, kind, 5, "why") for kind in kinds]
    bench.post("job/deploy/disable")
    assert ids(bench) == [held[2].id]


def test_a_running_build_survives_that_its_job_is_disabled(bench: Bench) -> None:
    bench.start("lab/soak")
    bench.post("job/lab/job/soak/disable")
    bench.later(3)
    assert bench.get("job/lab/job/soak/1/", "building")["building"] is True


def test_cancelling_an_item_has_four_answers(bench: Bench) -> None:
    entry, kept = bench.queue("lab/soak"), bench.queue("lab/input")
    assert bench.post(f"queue/cancelItem?id={entry.id}").status_code == 204
    assert bench.post(f"queue/cancelItem?id={entry.id}").status_code == 500
    assert bench.post("queue/cancelItem?id=99999").status_code == 404
    reader = bench.permit("reader", Permission.READ_ALL, Permission.READ)
    assert post_as(bench, reader, f"queue/cancelItem?id={kept.id}").status_code == 422
    blind = bench.permit("blind", Permission.READ_ALL)
    assert post_as(bench, blind, f"queue/cancelItem?id={kept.id}").status_code == 404
    assert ids(bench) == [kept.id]


def test_an_item_that_has_just_become_a_build_is_a_500(bench: Bench) -> None:
    build = bench.start("lab/soak")
    assert bench.post(f"queue/cancelItem?id={build.queue_id}").status_code == 500
    bench.later(301)
    assert bench.post(f"queue/cancelItem?id={build.queue_id}").status_code == 404


def test_cancelling_a_jobs_queue_takes_the_first_only(bench: Bench) -> None:
    _, second = (bench.queue("deploy", TARGET=target) for target in "ab")
    assert bench.post("job/deploy/cancelQueue").status_code == 302
    assert ids(bench) == [second.id]


def test_what_may_only_be_discovered_is_a_name_in_the_queue(bench: Bench) -> None:
    entry = bench.queue("lab/soak")
    bench.queue("deploy")
    wait_for_agent(bench.world, bench.start("lab/input"), held=True)
    finder = bench.permit("finder", Permission.READ_ALL, **{"lab*": [Permission.DISCOVER], "*": []})
    shown = finder.get(f"{bench.server.url}/queue/api/json", timeout=5).json()
    assert shown["items"] == []
    assert shown["discoverableItems"] == [{"task": {"name": "soak"}}]
    asked = finder.get(f"{bench.server.url}/queue/item/{entry.id}/api/json", timeout=5)
    assert asked.status_code == 403


def test_a_branch_name_is_encoded_twice_in_an_address(bench: Bench) -> None:
    shown = bench.get(ODD, "name,url")
    assert shown["name"] == "feature%2Fgr%C3%B6%C3%9Fe%2050%25"
    assert shown["url"] == f"{bench.server.url}/{ODD}"
    once = "job/mb/job/feature%2Fgr%C3%B6%C3%9Fe%2050%25/"
    assert bench.ask(once).status_code == 404


def test_an_encoded_slash_leads_into_no_folder(bench: Bench) -> None:
    assert bench.ask("job/lab%2Fsoak/").status_code == 404
    assert bench.ask("job/lab/job/soak/").status_code == 200


def test_a_rebuild_starts_the_same_again_and_names_no_item(bench: Bench) -> None:
    bench.start("deploy", TARGET="lab 3")
    answer = bench.post("job/deploy/1/replay/rebuild")
    assert (answer.status_code, answer.headers["Location"]) == (302, "../..")
    bench.later(1)
    again = bench.item("deploy").builds[2]
    assert again.parameters == bench.item("deploy").builds[1].parameters
    assert again.revision == bench.item("deploy").builds[1].revision
    (action,) = bench.get("job/deploy/2/", "actions[causes[_class,shortDescription]]")["actions"][1:]
    assert [cause["shortDescription"] for cause in action["causes"]] == [
        "Started by user release-bot",
        "Replayed #1",
    ]
    assert action["causes"][1]["_class"] == "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause"


def test_a_rebuild_that_is_refused_does_not_say_which_permission_is_missing(bench: Bench) -> None:
    bench.start("deploy", TARGET="a")
    reader = bench.permit("reader", Permission.READ_ALL, Permission.READ)
    unable = post_as(bench, reader, "job/deploy/1/replay/rebuild")
    bench.post("job/deploy/disable")
    disabled = bench.post("job/deploy/1/replay/rebuild")
    for answer in (unable, disabled):
        assert answer.status_code == 403
        assert "X-Required-Permission" not in answer.headers


def test_passwords_cannot_be_rebuilt_and_are_never_shown(bench: Bench) -> None:
    bench.post("job/sign/buildWithParameters?PIN=4711&delay=0sec")
    assert bench.post("job/sign/1/replay/rebuild").status_code == 400
    shown = bench.ask("job/sign/1/", depth="3").text + bench.ask("job/sign/", depth="3").text
    assert "4711" not in shown
    assert "PasswordParameterValue" in shown


def test_a_freestyle_build_has_no_replay(bench: Bench) -> None:
    bench.start("lab/soak")
    assert bench.post("job/lab/job/soak/1/replay/rebuild").status_code == 404


def test_a_rerun_by_stages_names_its_item_and_refuses_with_200(bench: Bench) -> None:
    bench.start("deploy", TARGET="a")
    done = bench.post("job/deploy/1/stages/rerun").json()
    bench.later(1)
    assert bench.get("job/deploy/2/", "queueId")["queueId"] == done["data"]["queueId"]
    bench.post("job/deploy/disable")
    refused = bench.post("job/deploy/1/stages/rerun")
    assert (refused.status_code, refused.json()["status"]) == (200, "error")
