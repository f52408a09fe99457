"""The emulated GitHub over real connections, driven by the real PyGithub."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import github
import pytest
import requests

from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.fleet import Behaviour, FleetSpec
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.model import Repository, Run
from gate.sandbox.github.timeline import Timing
from gate.sandbox.server import SandboxServer
from tests.support import clean_environ

FLEET = FleetSpec(projects=3, runs=12, finished=1)
# So long that nothing ends in a test unless the test moves the time.
SLOW = Timing(cancel=600, force=60, queue=600, run=6000)
RUNS = "/repos/{owner}/{repo}/actions/runs"
NAMES = "query($ids:[ID!]!){nodes(ids:$ids){... on WorkflowRun{checkSuite{status conclusion}}}}"


class Lab:
    """A served emulator with direct access to what it holds."""

    def __init__(self, server: SandboxServer, service: GitHub) -> None:
        self.server = server
        self.service = service

    @property
    def repository(self) -> Repository:
        """The fleet's first repository."""
        return next(self.service.world.repositories())

    def run(self, status: str = "in_progress", **more: Any) -> Run:
        """Make a run in the first repository."""
        repository = self.repository
        workflow = next(iter(repository.workflows.values()))
        return self.service.world.add_run(repository, workflow, status=status, **more)

    def client(self, token: str = "ghp_sandbox", **more: Any) -> github.Github:
        """Return a PyGithub without its throttle and its retries, unless asked for."""
        settings = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0, **more}
        return github.Github(
            auth=github.Auth.Token(token), base_url=self.server.url, per_page=100, timeout=5, **settings
        )

    def control(self, path: str, **fields: object) -> Any:
        """Use one of the emulator's own controls."""
        answer = requests.post(f"{self.server.root}/_sandbox/{path}", json=fields, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def statuses(self) -> list[int]:
        """Return the status of every request, in their order."""
        return [seen.status for seen in self.server.log.last()]


@contextmanager
def serving(options: GitHubOptions) -> Iterator[Lab]:
    """Serve an emulated GitHub; none of its paths was unknown, and it had no bug."""
    service = GitHub(options)
    server = SandboxServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Lab(server, service)
    finally:
        server.shutdown()
        server.server_close()
    assert server.errors == []
    assert server.log.unknown() == {}


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitHub with a small fleet, without limits."""
    with serving(GitHubOptions(fleet=FLEET, timing=SLOW, limits=LimitSettings(enabled=False))) as made:
        yield made


def test_pygithub_lists_the_whole_fleet_and_its_runs_in_flight(lab: Lab) -> None:
    with lab.client() as client:
        repositories = list(client.get_organization("acme").get_repos())
        flying = [
            run.id
            for repository in repositories
            for status in ("in_progress", "queued", "pending", "waiting", "requested")
            for run in repository.get_workflow_runs(status=status)
        ]
        jobs = [job.name for job in repositories[0].get_workflow_runs()[0].jobs()]
    assert (len(repositories), len(flying), len(set(flying))) == (3, 12, 12)
    assert len(jobs) == 3
    assert lab.server.log.count("GET", RUNS) == 16


def test_pygithub_pages_past_a_hundred(lab: Lab) -> None:
    for _ in range(230):
        lab.run("queued", branch="feature/größe 50%", event="schedule")
    with lab.client() as client:
        runs = client.get_repo(lab.repository.full_name).get_workflow_runs(event="schedule")
        assert len({run.id for run in runs}) == 230
        assert runs.totalCount == 230
    assert lab.server.log.count("GET", RUNS) == 3


def test_pygithubs_cancel_says_true_and_the_run_goes_on_until_it_lands(lab: Lab) -> None:
    run = lab.run()
    with lab.client() as client:
        found = client.get_repo(lab.repository.full_name).get_workflow_run(run.id)
        assert found.cancel() is True
        found.update()
        assert found.status == "in_progress"
        lab.control("clock", advance=600)
        found.update()
        assert found.raw_data["conclusion"] == "cancelled"
        data = client.requester.graphql_query(NAMES, {"ids": [run.node_id]})[1]["data"]
        assert data["nodes"] == [{"checkSuite": {"status": "COMPLETED", "conclusion": "CANCELLED"}}]


@pytest.mark.parametrize("status", [401, 404, 409, 422, 429])
def test_pygithubs_cancel_swallows_what_the_server_said(lab: Lab, status: int) -> None:
    run = lab.run()
    with lab.client() as client:
        found = client.get_repo(lab.repository.full_name).get_workflow_run(run.id)
        for _ in range(2):
            lab.server.faults.add(Fault(kind=FaultKind.STATUS, status=status, method="POST"))
        assert found.cancel() is False
        path = f"/repos/{lab.repository.full_name}/actions/runs/{run.id}/cancel"
        assert client.requester.requestJson("POST", path)[0] == status
    assert run.cancel_asked is None


def test_a_stubborn_run_is_ended_by_force_below_pygithubs_methods(lab: Lab) -> None:
    run = lab.run()
    run.behaviour = Behaviour.NEEDS_FORCE
    path = f"/repos/{lab.repository.full_name}/actions/runs/{run.id}"
    with lab.client() as client:
        assert client.requester.requestJson("POST", f"{path}/cancel")[0] == 202
        lab.control("clock", advance=3600)
        assert client.requester.requestJsonAndCheck("GET", path)[1]["status"] == "in_progress"
        assert client.requester.requestJson("POST", f"{path}/force-cancel")[0] == 202
        lab.control("clock", advance=60)
        assert client.requester.requestJsonAndCheck("GET", path)[1]["conclusion"] == "cancelled"
        status, _, body = client.requester.requestJson("POST", f"{path}/cancel")
    assert (status, "is completed" in body) == (409, True)


def test_pygithub_switches_workflows_and_reruns(lab: Lab) -> None:
    run = lab.run("completed", conclusion="cancelled")
    with lab.client() as client:
        repository = client.get_repo(lab.repository.full_name)
        workflow = repository.get_workflow(run.workflow.id)
        assert workflow.disable() is True
        assert repository.get_workflow(run.workflow.file).state == "disabled_manually"
        assert workflow.enable() is True
        assert repository.get_workflow_run(run.id).rerun() is True
        assert repository.get_workflow_run(run.id).run_attempt == 2
        assert repository.get_workflow_run(run.id).rerun() is False  # 403: already running


def test_pygithub_writes_variables_statuses_and_checks(lab: Lab) -> None:
    sha = lab.run().sha
    with lab.client("ghs_app") as client:
        repository = client.get_repo(lab.repository.full_name)
        repository.create_variable("GATE_HOLD", "{}")
        assert repository.get_variable("GATE_HOLD").edit("größe") is True
        assert [variable.value for variable in repository.get_variables()] == ["größe"]
        assert repository.delete_variable("GATE_HOLD") is True
        organization = client.get_organization("acme")
        organization.create_variable("GATE_HOLD", "{}", visibility="all")
        assert organization.get_variable("GATE_HOLD").edit("x", visibility="private") is True
        assert organization.get_variable("GATE_HOLD").value == "x"
        commit = repository.get_commit(sha)
        commit.create_status("error", description="dark", context="gate")
        assert commit.get_combined_status().state == "failure"
        check = repository.create_check_run("gate", sha, status="in_progress")
        check.edit(conclusion="cancelled", output={"title": "Closed", "summary": "dark"})
        assert [run.conclusion for run in commit.get_check_runs()] == ["cancelled"]


def test_a_token_that_is_no_apps_may_not_create_a_check_run(lab: Lab) -> None:
    with lab.client() as client, pytest.raises(github.GithubException) as caught:
        client.get_repo(lab.repository.full_name).create_check_run("gate", lab.run().sha)
    assert (caught.value.status, caught.value.message) == (403, "You must authenticate via a GitHub App.")


def test_a_renamed_repository_loses_pygithubs_filter(lab: Lab) -> None:
    old = lab.repository.full_name
    everything = len(lab.repository.runs)
    lab.control("repository", repository=old, rename="moved")
    with lab.client(lazy=True) as client:
        found = list(client.get_repo(old).get_workflow_runs(status="queued"))
        assert len(found) == everything > sum(run.status == "queued" for run in found)
        run = lab.run()
        path = f"/repos/{old}/actions/runs/{run.id}/cancel"
        assert client.requester.requestJson("POST", path)[0] == 307
    assert run.cancel_asked is None


def test_pygithub_retries_a_failing_server_ten_times_and_raises_something_else(lab: Lab) -> None:
    lab.server.faults.add(Fault(kind=FaultKind.STATUS, status=502, times=100))
    with (
        lab.client(retry=github.GithubRetry()) as client,
        pytest.raises(requests.exceptions.RetryError),
    ):
        client.get_repo(lab.repository.full_name)
    assert lab.statuses() == [502] * 11


def test_pygithub_waits_as_long_as_a_secondary_limit_says() -> None:
    limits = LimitSettings(points=1)
    with serving(GitHubOptions(fleet=FLEET, limits=limits)) as lab, lab.client() as client:
        client.get_organization("acme")
        with pytest.raises(github.RateLimitExceededException) as caught:
            client.get_organization("acme")
        assert 45 <= int((caught.value.headers or {})["retry-after"]) <= 60
        lab.service.limits.settings = LimitSettings()
        fault = Fault(kind=FaultKind.STATUS, status=403, message="slow down", headers=(("Retry-After", "1"),))
        lab.server.faults.add(fault)
        began = time.monotonic()
        with lab.client(retry=github.GithubRetry()) as patient:
            assert patient.get_organization("acme").login == "acme"
        assert time.monotonic() - began >= 1
        assert client.rate_limiting[1] == 5000


def test_a_used_up_hour_stops_pygithub_where_it_may_not_wait() -> None:
    with serving(GitHubOptions(fleet=FLEET)) as lab:
        lab.control("limits", token="ghp_sandbox", reset_in=600)
        retry = github.GithubRetry(max_rate_limit_wait=5)
        with lab.client(retry=retry) as client:
            assert client.get_rate_limit().resources.core.remaining == 0
            with pytest.raises(github.RateLimitExceededException):
                client.get_organization("acme")


def test_an_etag_saves_a_request_of_the_hour() -> None:
    with serving(GitHubOptions(fleet=FLEET)) as lab, lab.client() as client:
        path = f"/repos/{lab.repository.full_name}/actions/workflows"
        status, headers, _ = client.requester.requestJson("GET", path)
        again = client.requester.requestJson("GET", path, headers={"If-None-Match": headers["etag"]})
        assert (status, again[0], again[2]) == (200, 304, "")
        assert headers["x-ratelimit-used"] == again[1]["x-ratelimit-used"] == "1"


def test_others_change_things_meanwhile(lab: Lab) -> None:
    name, run = lab.repository.full_name, lab.run()
    file = run.workflow.file
    lab.control("workflow", repository=name, workflow=file, state="disabled_inactivity")
    lab.control("variable", repository=name, name="GATE_HOLD", value="theirs")
    lab.control("variable", organization="acme", name="GATE_HOLD", value="theirs")
    lab.control("run", repository=name, run=run.id, conclusion="failure")
    made = lab.control("run", repository=name, workflow=file, status="queued", behaviour="stuck")
    document = requests.get(f"{lab.server.root}/_sandbox/world", timeout=5).json()
    there = document["repositories"][name]
    assert there["workflows"][f".github/workflows/{file}"] == "disabled_inactivity"
    assert there["variables"] == document["organizations"]["acme"] == {"GATE_HOLD": "theirs"}
    assert (there["runs"][str(run.id)]["conclusion"], there["runs"][str(made["id"])]["status"]) == (
        "failure",
        "queued",
    )
    lab.control("variable", repository=name, name="GATE_HOLD", value=None)
    assert lab.repository.variables == {}
    lab.control("token", token="ghp_gone", expired=True)
    with lab.client("ghp_gone") as client, pytest.raises(github.BadCredentialsException):
        client.get_repo(name)
    lab.control("reset")
    assert lab.repository.runs.get(made["id"]) is None


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("run", {"repository": "acme/none"}),
        ("run", {"repository": "FIRST", "run": 1}),
        ("run", {"repository": "FIRST", "workflow": "none.yml"}),
        ("run", {"repository": "FIRST", "workflow": "FILE", "behaviour": "moody"}),
        ("workflow", {"repository": "FIRST", "workflow": "FILE", "state": "asleep"}),
        ("variable", {"organization": "none", "name": "X"}),
        ("variable", {"repository": "FIRST"}),
        ("clock", {"advance": "long"}),
        ("limits", {"token": "x"}),
        ("limits", {"reset_in": 5}),
        ("token", {}),
    ],
)
def test_a_wrong_change_is_refused_by_its_key(lab: Lab, path: str, fields: dict[str, object]) -> None:
    places = {"FIRST": lab.repository.full_name, "FILE": lab.run().workflow.file}
    sent = {key: places.get(str(value), value) for key, value in fields.items()}
    answer = requests.post(f"{lab.server.root}/_sandbox/{path}", json=sent, timeout=5)
    assert (answer.status_code, ": " in answer.json()["error"]) == (400, True)


def test_time_can_be_moved_and_made_faster(lab: Lab) -> None:
    run = lab.run()
    run.ends = lab.service.clock.now() + 3600
    lab.control("clock", advance=3000)
    assert run in lab.repository.active.values()
    moved = lab.control("clock", speed=100_000)
    time.sleep(0.05)
    assert lab.service.clock.now() > moved["now"] + 2000
    assert lab.repository.runs[run.id].conclusion == "success"


def test_unknown_paths_are_counted_so_that_a_test_can_assert_none(lab: Lab) -> None:
    assert requests.get(f"{lab.server.url}/repos/acme/x/actions/runs/1/stop", timeout=5).status_code == 404
    assert lab.server.log.unknown() == {"GET /repos/acme/x/actions/runs/1/stop": 1}
    lab.server.log.clear()


def test_the_command_serves_a_fleet_until_it_is_ended(tmp_path: Path) -> None:
    options = ["--projects", "2", "--runs", "5", "--seed", "7", "--latency", "50ms", "--no-limits"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gate.sandbox.github", *options],
        env=clean_environ(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        words, _, url = process.stdout.readline().strip().partition(": ")
        assert words == "github (2 repositories, 5 runs in flight)"
        began = time.monotonic()
        headers = {"Authorization": "Bearer ghp_sandbox"}
        assert len(requests.get(f"{url}/orgs/acme/repos", headers=headers, timeout=5).json()) == 2
        assert time.monotonic() - began >= 0.05
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.mark.parametrize("options", [["--latency", "fast"], ["--stuck", "2"], ["--port", "TAKEN"]])
def test_a_wrong_option_is_told(lab: Lab, tmp_path: Path, options: list[str]) -> None:
    port = str(lab.server.server_address[1])
    ran = subprocess.run(
        [sys.executable, "-m", "gate.sandbox.github", *(port if o == "TAKEN" else o for o in options)],
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode in {1, 2}
    assert "Error: " in ran.stderr
    assert "Traceback" not in ran.stderr
