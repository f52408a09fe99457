"""Where running builds of the emulated Jenkins are found, and where they are missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gate.sandbox.jenkins.beans_controller import PLACEHOLDER, PLACEHOLDER_TASK
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.users import Permission
from tests.unit.sandbox.jenkins_api import USER, Bench, jenkins_bench

LIVE = "job/lab/job/load%20live/"
RUN = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
RUNNING = (
    "computer[displayName,offline,executors[currentExecutable[_class,number,url]],"
    "oneOffExecutors[currentExecutable[_class,number,url]]]"
)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


def built_in(bench: Bench) -> dict[str, Any]:
    node: dict[str, Any] = bench.get("computer/", RUNNING)["computer"][0]
    return node


def test_a_pipeline_that_holds_a_node_shows_twice_under_one_address(bench: Bench) -> None:
    bench.start("lab/load live")
    url = f"{bench.server.url}/{LIVE}1/"
    node = built_in(bench)
    assert (node["_class"], node["displayName"]) == ("hudson.model.Hudson$MasterComputer", "Built-In Node")
    assert node["executors"][0] == {"currentExecutable": {"_class": PLACEHOLDER, "number": 1, "url": url}}
    assert node["oneOffExecutors"] == [{"currentExecutable": {"_class": RUN, "number": 1, "url": url}}]


def test_a_pipeline_without_a_node_is_only_on_a_one_off_executor(bench: Bench) -> None:
    bench.start("lab/input")
    node = built_in(bench)
    assert [seat["currentExecutable"] for seat in node["executors"]] == [None, None]
    assert [seat["currentExecutable"]["number"] for seat in node["oneOffExecutors"]] == [1]


def test_where_the_built_in_node_takes_none_a_pipeline_is_on_an_agent(bench: Bench) -> None:
    bench.world.computers[0].takes_pipelines = False
    bench.world.add_computer("agent-1", 1)
    bench.start("lab/input")
    nodes = bench.get("computer/", RUNNING)["computer"]
    assert [len(node["oneOffExecutors"]) for node in nodes] == [0, 1]


def test_one_off_executors_count_for_nothing(bench: Bench) -> None:
    bench.start("lab/input")
    shown = bench.get("computer/")
    assert (shown["busyExecutors"], shown["totalExecutors"]) == (0, 2)


def test_what_may_not_be_read_is_null_on_a_busy_executor(bench: Bench) -> None:
    bench.start("lab/soak")
    bench.start("lab/input")
    blind = bench.permit("blind", Permission.READ_ALL)
    tree = RUNNING.replace("executors[", "executors[idle,", 1)
    answer = blind.get(f"{bench.server.url}/computer/api/json", params={"tree": tree}, timeout=5)
    node = answer.json()["computer"][0]
    assert node["executors"][0] == {"currentExecutable": None, "idle": False}
    assert node["executors"][1] == {"currentExecutable": None, "idle": True}
    assert node["oneOffExecutors"] == [{"currentExecutable": None}]


def test_a_scan_for_branches_is_an_executable_without_a_number(bench: Bench) -> None:
    assert bench.post("job/mb/build").status_code == 302
    assert built_in(bench)["oneOffExecutors"] == [
        {"currentExecutable": {"_class": "jenkins.branch.MultiBranchProject$BranchIndexing"}}
    ]
    bench.later(60)
    assert built_in(bench)["oneOffExecutors"] == []


def test_a_pipeline_that_waits_for_an_agent_is_an_item_of_the_queue(bench: Bench) -> None:
    bench.start("lab/soak", N="1")
    bench.start("lab/soak", N="2")
    bench.start("lab/load live")
    tree = "items[_class,id,task[_class,name,url],buildable]"
    (entry,) = bench.get("queue/", tree)["items"]
    assert entry["task"] == {
        "_class": PLACEHOLDER_TASK,
        "name": "part of lab » load live #1",
        "url": "job/lab/job/load%20live/1/",
    }
    assert bench.get("queue/")["items"][0]["task"] == {"_class": PLACEHOLDER_TASK}
    bench.post("job/lab/job/soak/1/stop")
    bench.later(3)
    assert bench.get("queue/", tree)["items"] == []
    assert built_in(bench)["executors"][0]["currentExecutable"]["_class"] == PLACEHOLDER


def test_cancelling_such_an_item_aborts_the_build(bench: Bench) -> None:
    bench.start("lab/soak", N="1")
    bench.start("lab/soak", N="2")
    bench.start("lab/load live")
    (entry,) = bench.get("queue/", "items[id]")["items"]
    assert bench.post(f"queue/cancelItem?id={entry['id']}").status_code == 204
    bench.later(3)
    assert bench.get(f"{LIVE}1/", "building,result") == {
        "_class": RUN,
        "building": False,
        "result": "ABORTED",
    }


def test_a_stop_takes_such_an_item_off_the_queue(bench: Bench) -> None:
    bench.start("lab/soak", N="1")
    bench.start("lab/soak", N="2")
    bench.start("lab/load live")
    bench.post(f"{LIVE}1/stop")
    bench.later(3)
    assert bench.get("queue/", "items[id]")["items"] == []


@pytest.mark.parametrize("name", ["(built-in)", "(master)"])
def test_the_built_in_node_has_two_names(bench: Bench, name: str) -> None:
    assert bench.get(f"computer/{name}/", "displayName")["displayName"] == "Built-In Node"


def test_a_node_that_is_not_there_is_a_404(bench: Bench) -> None:
    assert bench.ask("computer/agent-9/").status_code == 404


def test_addresses_come_from_the_configured_root_and_may_be_another_host() -> None:
    with jenkins_bench(Settings(root_url="https://ci.example.org/jenkins"), prefix="/j") as bench:
        bench.start("lab/input")
        seat = built_in(bench)["oneOffExecutors"][0]
        assert seat["currentExecutable"]["url"] == "https://ci.example.org/jenkins/job/lab/job/input/1/"
        assert bench.get("", "url")["url"] == "https://ci.example.org/jenkins/"
        assert bench.server.url.endswith("/j")


def test_a_running_build_colors_its_job(bench: Bench) -> None:
    bench.start("lab/soak")
    assert bench.get("job/lab/job/soak/", "color")["color"] == "notbuilt_anime"
    bench.later(1000)
    assert bench.get("job/lab/job/soak/", "color")["color"] == "blue"


def test_a_build_knows_its_queue_item_and_its_neighbours(bench: Bench) -> None:
    first, second = bench.start("lab/input"), bench.start("lab/input", N="2")
    shown = bench.get("job/lab/job/input/2/")
    assert shown["queueId"] == second.queue_id != first.queue_id
    assert shown["previousBuild"] == {"number": 1, "url": f"{bench.server.url}/job/lab/job/input/1/"}
    assert shown["nextBuild"] is None
    assert shown["executor"] == {"_class": "hudson.model.OneOffExecutor"}
    assert bench.get("job/lab/job/input/lastBuild/", "number")["number"] == 2


def test_who_asks_is_told(bench: Bench) -> None:
    assert bench.get("me/")["fullName"] == USER
