"""python-jenkins as people use it, against the emulated controller: what it does and where it errs.

Each of its traps was seen in the source of python-jenkins 1.8.3, read 2026-11-24.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.jenkins.command import seeded_service
from gate.sandbox.jenkins.seed import fleet_spec
from gate.sandbox.jenkins.users import Permission
from tests.support import ROOT, clean_environ
from tests.unit.sandbox.jenkins_api import LIBRARY, PASSWORD, TOKEN, USER, Bench, jenkins_bench

_RUN = "import sys; from gate.sandbox.jenkins.command import jenkins; jenkins(sys.argv[1:])"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


@contextmanager
def process(folder: Path, *arguments: str) -> Iterator[str]:
    """Run the command and yield the address that it prints first."""
    running = subprocess.Popen(
        [sys.executable, "-c", _RUN, *arguments],
        env=clean_environ(folder, PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        words, _, address = running.stdout.readline().strip().partition(": ")
        assert words == "jenkins"
        yield address
    finally:
        running.terminate()
        running.wait(timeout=10)
        running.stdout.close()


def seen(bench: Bench) -> list[str]:
    return [f"{one.method} {one.template} {one.status}" for one in bench.server.log.last()]


def test_it_reads_by_tree_and_asks_for_a_crumb_first(bench: Bench) -> None:
    assert bench.client().get_info(query="?tree=jobs[name]{0,1}") == {
        "_class": "hudson.model.Hudson",
        "jobs": [{"_class": "com.cloudbees.hudson.plugins.folder.Folder", "name": "lab"}],
    }
    assert seen(bench) == ["GET /crumbIssuer/api/json 200", "GET /api/json 200"]


def test_it_lists_jobs_through_folders(bench: Bench) -> None:
    names = [job["fullname"] for job in bench.client().get_all_jobs()]
    assert {"lab", "lab/load live", "mb/main", "org/repo/main"} <= set(names)


def test_it_stops_a_build_and_renders_its_page_for_nothing(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.client().stop_build("lab/load live", 1)
    assert seen(bench)[-2:] == ["POST /job/{job}/{number}/stop 302", "GET /job/{job}/{number} 200"]
    assert bench.client().get_build_info("lab/load live", 1)["building"] is True
    bench.later()
    shown = bench.client().get_build_info("lab/load live", 1)
    assert (shown["building"], shown["result"]) == (False, "ABORTED")


def test_a_stop_has_happened_though_its_page_fails_and_the_call_with_it(bench: Bench) -> None:
    bench.start("lab/soak")
    client = bench.client()
    client.get_info()
    bench.server.faults.add(Fault(kind=FaultKind.STATUS, method="GET", path="/job/*", status=500))
    with pytest.raises(LIBRARY.JenkinsException, match="Possibly authentication failed"):
        client.stop_build("lab/soak", 1)
    bench.later()
    assert bench.item("lab/soak").builds[1].building is False


def test_it_finds_by_get_running_builds_only_what_holds_an_executor(bench: Bench) -> None:
    bench.world.add_computer("agent-1", 2)
    bench.start("lab/load live")
    bench.start("lab/input")
    found = bench.client().get_running_builds()
    assert [(build["number"], build["node"]) for build in found] == [(1, "(master)")]
    assert seen(bench).count("GET /computer/{name}/api/json 200") == 2


def test_it_names_such_a_build_by_its_first_folder_and_would_stop_another(bench: Bench) -> None:
    bench.start("lab/load live")
    (found,) = bench.client().get_running_builds()
    assert found["name"] == "lab"
    with pytest.raises(LIBRARY.JenkinsException):
        bench.client().stop_build(found["name"], found["number"])
    assert bench.item("lab/load live").builds[1].building is True


def test_it_takes_a_missing_queue_item_for_cancelled(bench: Bench) -> None:
    entry = bench.queue("lab/soak")
    bench.client().cancel_queue(entry.id)
    assert bench.world.queue == {}
    bench.client().cancel_queue(99999)
    assert seen(bench)[-1] == "POST /queue/cancelItem 404"


def test_it_takes_an_item_that_has_become_a_build_for_a_failed_login(bench: Bench) -> None:
    build = bench.start("lab/soak")
    with pytest.raises(LIBRARY.JenkinsException, match=r"Possibly authentication failed \[500\]"):
        bench.client().cancel_queue(build.queue_id)


def test_it_shows_a_raw_error_for_an_item_that_may_not_be_cancelled(bench: Bench) -> None:
    entry = bench.queue("lab/soak")
    bench.permit("reader", Permission.READ_ALL, Permission.READ)
    with pytest.raises(requests.HTTPError, match="422"):
        bench.client("reader").cancel_queue(entry.id)


def test_its_queue_holds_items_without_a_name(bench: Bench) -> None:
    for number in range(2):
        bench.start("lab/soak", N=str(number))
    bench.start("lab/load live")
    (entry,) = bench.client().get_queue_info()
    assert "name" not in entry["task"]


def test_it_disables_and_enables(bench: Bench) -> None:
    client = bench.client()
    client.disable_job("lab/soak")
    assert client.get_job_info("lab/soak")["disabled"] is True
    client.enable_job("lab/soak")
    assert client.get_job_info("lab/soak")["disabled"] is False


def test_it_does_not_say_that_a_folder_stays_enabled(bench: Bench) -> None:
    bench.client().disable_job("lab")
    assert bench.item("lab").disabled is False


def test_it_takes_a_branch_that_nobody_may_disable_for_a_failed_login(bench: Bench) -> None:
    with pytest.raises(LIBRARY.JenkinsException, match=r"Possibly authentication failed \[403\]"):
        bench.client().disable_job("mb/main")


def test_it_encodes_branch_names_twice(bench: Bench) -> None:
    name = "mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"
    assert bench.client().get_job_info(name)["fullName"] == name


def test_it_builds_and_returns_the_queue_item(bench: Bench) -> None:
    client = bench.client()
    number = client.build_job("deploy", {"TARGET": "lab 7"})
    assert client.get_queue_item(number)["why"].startswith("In the quiet period")
    bench.later()
    executable = client.get_queue_item(number)["executable"]
    assert client.get_build_info("deploy", executable["number"])["queueId"] == number


def test_it_fails_where_the_same_is_queued_already(bench: Bench) -> None:
    client = bench.client()
    client.build_job("deploy", {"TARGET": "a"})
    with pytest.raises(LIBRARY.EmptyResponseException, match="Location"):
        client.build_job("deploy", {"TARGET": "a"})


@pytest.mark.parametrize(
    ("name", "parameters", "words"), [("deploy", {}, "400"), ("alone", {"A": "1"}, "400")]
)
def test_it_fails_where_parameters_do_not_fit(
    bench: Bench, name: str, parameters: dict[str, str], words: str
) -> None:
    with pytest.raises(requests.HTTPError, match=words):
        bench.client().build_job(name, parameters)


def test_it_shows_a_raw_error_for_a_disabled_job(bench: Bench) -> None:
    bench.client().disable_job("alone")
    with pytest.raises(requests.HTTPError, match="409"):
        bench.client().build_job("alone")


def test_it_says_does_not_exist_where_the_controller_boots(bench: Bench) -> None:
    client = bench.client()
    client.get_info()
    bench.order("settings", booting=True)
    with pytest.raises(LIBRARY.JenkinsException, match="does not exist"):
        client.get_job_info("alone")


def test_it_quiets_down(bench: Bench) -> None:
    bench.client().quiet_down()
    assert bench.client().get_info()["quietingDown"] is True


def test_it_carries_a_crumb_with_a_password_and_never_renews_it(bench: Bench) -> None:
    client = bench.client(secret=PASSWORD)
    client.disable_job("alone")
    assert bench.item("alone").disabled is True
    bench.order("restart")
    with pytest.raises(LIBRARY.JenkinsException, match=r"\[403\]"):
        client.enable_job("alone")


def test_it_asks_for_the_version_without_a_login(bench: Bench) -> None:
    assert bench.client().get_version() == "2.541.1"
    bench.order("users", name="anonymous", permissions=[])
    with pytest.raises(LIBRARY.BadHTTPException):
        bench.client().get_version()


def test_it_says_who_one_is(bench: Bench) -> None:
    assert bench.client().get_whoami()["fullName"] == USER


def test_its_retries_do_nothing(bench: Bench) -> None:
    client = LIBRARY.Jenkins(bench.server.url, USER, TOKEN, timeout=5, retries=5)
    client.get_info()
    bench.server.faults.add(Fault(kind=FaultKind.RESET))
    with pytest.raises(requests.ConnectionError):
        client.get_info()
    assert client.get_info()["quietingDown"] is False


def test_the_command_serves_a_fleet_of_the_size_asked_for(tmp_path: Path) -> None:
    with process(tmp_path, "--jobs", "40", "--runs", "30", "--seed", "7", "--latency", "1ms") as url:
        shown = requests.get(f"{url}/_sandbox/summary", timeout=5).json()
        assert shown["items"]["folder"] == 11
        same = seeded_service(fleet_spec(jobs=40, runs=30, seed=7)).controller.world
        assert shown["building"] == len(same.running)
        assert requests.get(f"{url}/_sandbox/latency", timeout=5).json() == {"seconds": 0.001}
        builds = LIBRARY.Jenkins(url, USER, TOKEN, timeout=5).get_running_builds()
        assert builds


def test_a_latency_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _RUN, "--latency", "soon"],
        env=clean_environ(tmp_path, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 2
    assert "expected a duration such as" in ran.stderr
