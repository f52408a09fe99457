"""The emulated GitLab over real connections, driven by the real python-gitlab."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gitlab
import pytest
import requests

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.providers.gitlab import GitLabRun
from gate.sandbox.faults import Fault, FaultKind
from gate.sandbox.fleet import Behaviour, FleetSpec
from gate.sandbox.gitlab.command import NO_LIMITS
from gate.sandbox.gitlab.flow import Timing
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import JobSpec, Pipeline, Project
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.server import SandboxServer
from tests.support import clean_environ

FLEET = FleetSpec(projects=3, runs=12, finished=1)
# So long that nothing ends in a test unless the test moves the time.
SLOW = Timing(queue=600, cancel=600, cascade=300)
LOAD, TEST = JobSpec(name="load / größe 50%", stage="lab"), JobSpec(name="test", stage="test")
CHILD = JobSpec(name="child", stage="lab", child=(LOAD,))
QUERY = """query($g:ID!,$c:String){group(fullPath:$g){projects(includeSubgroups:true,first:50,after:$c){
 pageInfo{endCursor hasNextPage} nodes{fullPath run:pipelines(status:RUNNING,first:10){nodes{id}}}}}}"""


class Lab:
    """A served emulator with direct access to what it holds."""

    def __init__(self, server: SandboxServer, service: GitLabService) -> None:
        self.server = server
        self.service = service

    @property
    def project(self) -> Project:
        """The fleet's first project."""
        return next(iter(self.service.world.projects.values()))

    def pipeline(self, *jobs: JobSpec, **more: Any) -> Pipeline:
        """Make a pipeline in the first project, by default with one job that runs."""
        if not jobs:
            more = {"statuses": ("running",), **more}
        return self.service.world.add_pipeline(self.project, jobs or (LOAD,), **more)

    def client(self, token: str = "glpat-sandbox", **more: Any) -> gitlab.Gitlab:
        """Return a python-gitlab with its own defaults and a timeout."""
        settings: dict[str, Any] = {"private_token": token, "timeout": 5, **more}
        if "job_token" in settings:
            del settings["private_token"]
        return gitlab.Gitlab(self.server.url, **settings)

    def own(self, client: gitlab.Gitlab) -> Any:
        """Return python-gitlab's view of the first project, unread."""
        return client.projects.get(self.project.path, lazy=True)

    def control(self, path: str, **fields: object) -> Any:
        """Use one of the emulator's own controls."""
        answer = requests.post(f"{self.server.root}/_sandbox/{path}", json=fields, timeout=5)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def serving(
    limits: LimitSettings = NO_LIMITS, timing: Timing = SLOW, spec: FleetSpec = FLEET
) -> Iterator[Lab]:
    """Serve an emulated GitLab; none of its paths was unknown, and it had no bug."""
    service = GitLabService(spec, timing=timing, limits=limits)
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
    """A GitLab with a small fleet, without limits."""
    with serving() as made:
        yield made


def test_python_gitlab_lists_a_group_and_what_is_in_flight(lab: Lab) -> None:
    with lab.client(keep_base_url=True) as client:
        group = client.groups.get("acme", lazy=True)
        found = list(
            group.projects.list(
                include_subgroups=True, archived=False, simple=True, iterator=True, per_page=100
            )
        )
        flying = [
            pipeline.id
            for one in found
            for status in ("created", "waiting_for_resource", "pending", "running", "scheduled")
            for pipeline in client.projects.get(one.id, lazy=True).pipelines.list(
                status=status, iterator=True
            )
        ]
    assert (len(found), len(flying), len(set(flying))) == (3, 12, 12)
    assert lab.server.log.count("GET", "/api/v4/projects/{project}/pipelines") == 15


def test_python_gitlab_pages_past_a_hundred_and_stops_at_twenty_without_iterator(lab: Lab) -> None:
    for _ in range(230):
        lab.pipeline(ref="feature/größe 50%")
    with lab.client(keep_base_url=True) as client:
        own = lab.own(client)
        found = own.pipelines.list(ref="feature/größe 50%", iterator=True, per_page=100)
        assert found.total == 230
        assert len({one.id for one in found}) == 230
        assert lab.server.log.count("GET", "/api/v4/projects/{project}/pipelines") == 3
        with pytest.warns(UserWarning, match="20"):
            assert len(own.pipelines.list(ref="feature/größe 50%")) == 20


def test_a_projects_jobs_are_read_behind_their_cursor(lab: Lab) -> None:
    made = {lab.pipeline().jobs[0].id for _ in range(120)}
    with lab.client() as client:
        jobs = lab.own(client).jobs.list(scope=["running"], pagination="keyset", per_page=50, iterator=True)
        assert jobs.total is None
        assert made <= {job.id for job in jobs}


def test_of_two_scopes_that_python_gitlab_sends_for_bridges_only_the_last_counts(lab: Lab) -> None:
    above = lab.pipeline(CHILD, CHILD, statuses=("running", "created"), still=True)
    with lab.client() as client:
        own = lab.own(client).pipelines.get(above.id, lazy=True)
        trapped = own.bridges.list(scope=["running", "created"], get_all=True)
        whole = own.bridges.list(query_parameters={"scope[]": ["running", "created"]}, get_all=True)
        path = f"/projects/{lab.project.id}/pipelines/{above.id}/trigger_jobs"
        new_name = client.http_list(path, query_data={"scope[]": ["running", "created"]}, get_all=True)
        assert [len(trapped), len(whole), len(list(new_name))] == [1, 2, 2]
        assert len(own.jobs.list(scope=["running", "created"], get_all=True)) == 0


def test_a_job_is_canceled_by_way_of_the_project_and_watched_to_its_end(lab: Lab) -> None:
    pipeline = lab.pipeline()
    with lab.client() as client:
        own = lab.own(client)
        (listed,) = own.pipelines.get(pipeline.id, lazy=True).jobs.list(get_all=True)
        assert not hasattr(listed, "cancel")
        job = own.jobs.get(listed.id, lazy=True)
        assert job.cancel()["status"] == "canceling"
        assert own.pipelines.get(pipeline.id).status == "canceling"
        assert job.cancel(force=True)["status"] == "canceled"
        assert job.cancel()["status"] == "canceled"
        lab.control("clock", advance=1)
        assert own.pipelines.get(pipeline.id).status == "canceled"


def test_a_stuck_job_survives_and_time_alone_does_not_help(lab: Lab) -> None:
    pipeline = lab.pipeline(JobSpec(name="load", behaviour=Behaviour.STUCK), statuses=("running",))
    with lab.client() as client:
        job = lab.own(client).jobs.get(pipeline.jobs[0].id, lazy=True)
        job.cancel()
        lab.control("clock", advance=86400)
        assert job.cancel(force=True)["status"] == "canceling"


def test_a_pipelines_cancel_proves_nothing_and_its_child_stops_later(lab: Lab) -> None:
    above = lab.pipeline(CHILD, statuses=("running",))
    below = above.jobs[0].downstream
    assert below is not None
    with lab.client() as client:
        own = lab.own(client).pipelines
        assert own.get(above.id, lazy=True).cancel()["status"] == "canceled"
        assert own.get(below.id).status == "pending"
        assert [one.id for one in own.list(source="parent_pipeline", get_all=True)] == [below.id]
        lab.control("clock", advance=300)
        assert own.get(below.id).status == "canceled"
        assert own.get(above.id, lazy=True).cancel()["status"] == "canceled"


def test_a_retry_gives_a_new_job_and_starts_a_manual_one(lab: Lab) -> None:
    pipeline = lab.pipeline(JobSpec(name="deploy", when="manual"), statuses=("manual",))
    with lab.client() as client:
        own = lab.own(client)
        job = own.jobs.get(pipeline.jobs[0].id, lazy=True)
        assert job.cancel()["status"] == "canceled"
        again = job.retry()
        assert (again["status"], again["id"] != job.id) == ("pending", True)
        with pytest.raises(gitlab.exceptions.GitlabJobRetryError) as refused:
            job.retry()
        assert (refused.value.response_code, refused.value.error_message) == (
            403,
            "403 Forbidden - Job is not retryable",
        )
        own.jobs.get(again["id"], lazy=True).cancel()
        assert own.pipelines.get(pipeline.id, lazy=True).retry()["status"] == "manual"


def test_variables_of_project_and_group_are_kept(lab: Lab) -> None:
    with lab.client() as client:
        for holder in (lab.own(client), client.groups.get("acme", lazy=True)):
            holder.variables.create({"key": "GATE_HOLD", "value": '{"reason": "größe"}'})
            with pytest.raises(gitlab.exceptions.GitlabCreateError) as taken:
                holder.variables.create({"key": "GATE_HOLD", "value": "x"})
            assert str(taken.value).endswith("{'key': ['(GATE_HOLD) has already been taken']}")
            holder.variables.update("GATE_HOLD", {"value": "other"})
            assert holder.variables.get("GATE_HOLD").value == "other"
            assert len(holder.variables.list(get_all=True)) == 1
            holder.variables.delete("GATE_HOLD")
            with pytest.raises(gitlab.exceptions.GitlabGetError) as gone:
                holder.variables.get("GATE_HOLD")
            assert (gone.value.response_code, gone.value.error_message) == (404, "404 Variable Not Found")


def test_schedules_are_suspended_by_their_owner_and_restored(lab: Lab) -> None:
    theirs = lab.service.world.add_schedule(lab.project, "Theirs", owner="noa")
    with lab.client() as client:
        schedules = lab.own(client).pipelineschedules
        active = [one for one in schedules.list(scope="active", get_all=True) if one.id != theirs.id]
        assert {one.owner["username"] for one in active} == {"release-bot"}
        schedules.update(active[0].id, {"active": False})
        assert active[0].id in {one.id for one in schedules.list(scope="inactive", get_all=True)}
        lab.control(f"schedules/{active[0].id}", active=True)
        assert schedules.get(active[0].id).active is True
        with pytest.raises(gitlab.exceptions.GitlabUpdateError) as refused:
            schedules.update(theirs.id, {"active": False})
        assert refused.value.response_code == 403
        schedules.get(theirs.id, lazy=True).take_ownership()
        assert schedules.get(theirs.id).owner["username"] == "release-bot"
        schedules.get(theirs.id, lazy=True).play()
        assert schedules.get(theirs.id).last_pipeline["source"] == "schedule"


def test_a_run_is_annotated_by_status_and_by_name(lab: Lab) -> None:
    pipeline = lab.pipeline(ref="feature/x")
    with lab.client() as client, lab.client(job_token="glcbt-sandbox") as own:
        commit = lab.own(client).commits.get(pipeline.sha, lazy=True)
        commit.statuses.create(
            {"state": "canceled", "name": "gate", "description": "HELD", "pipeline_id": pipeline.id}
        )
        assert {one.name for one in commit.statuses.list(get_all=True)} == {LOAD.name, "gate"}
        path = f"/projects/{lab.project.id}/pipelines/{pipeline.id}/metadata"
        own.http_put(path, post_data={"name": "HELD: größe"})
        assert pipeline.name == "HELD: größe"
        with pytest.raises(gitlab.exceptions.GitlabAuthenticationError):
            own.projects.get(lab.project.id, lazy=True).jobs.get(pipeline.jobs[0].id, lazy=True).cancel()


def test_runners_are_paused(lab: Lab) -> None:
    (runner,) = lab.service.world.runners
    with lab.client() as client:
        client.runners.update(runner, {"paused": True})
        assert client.runners.get(runner).paused is True


def test_a_moved_project_is_found_by_reading_and_not_by_writing(lab: Lab) -> None:
    old, pipeline = lab.project.path, lab.pipeline()
    lab.control("projects", project=old, move="acme/sub/über-moved")
    with lab.client() as client:
        assert client.projects.get(old).path_with_namespace == "acme/sub/über-moved"
        job = client.projects.get(old, lazy=True).jobs.get(pipeline.jobs[0].id, lazy=True)
        with pytest.raises(gitlab.exceptions.GitlabJobCancelError) as refused:
            job.cancel()
        assert refused.value.response_code == 405
        lab.control("projects", project="acme/sub/über-moved", remove=True)
        with pytest.raises(gitlab.exceptions.GitlabGetError):
            client.projects.get(old)


def test_an_action_limit_is_json_and_the_throttle_is_text() -> None:
    with serving(LimitSettings(requests=12, actions={"pipeline_cancel": 1})) as lab:
        pipeline = lab.pipeline()
        with lab.client() as client:
            own = lab.own(client).pipelines.get(pipeline.id, lazy=True)
            own.cancel()
            with pytest.raises(gitlab.exceptions.GitlabPipelineCancelError) as limited:
                own.cancel(obey_rate_limit=False)
            assert limited.value.response_code == 429
            words = "This endpoint has been requested too many times. Try again later."
            assert words in str(limited.value)
            answers = [requests.get(f"{lab.server.url}/api/v4/version", timeout=5) for _ in range(13)]
        assert answers[-1].status_code == 429
        assert (answers[-1].text, answers[-1].headers["Content-Type"]) == ("Retry later\n", "text/plain")
        assert answers[-1].headers["RateLimit-Remaining"] == "0"


def test_python_gitlab_waits_as_long_as_it_is_told(lab: Lab) -> None:
    lab.server.faults.add(
        Fault(kind=FaultKind.STATUS, status=429, message="wait", headers=(("Retry-After", "1"),))
    )
    with lab.client() as client:
        client.http_get("/version")
    first, second = lab.server.log.last()
    assert (first.status, second.status) == (429, 200)
    assert second.at - first.at >= 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind=FaultKind.RESET), requests.ConnectionError),
        (Fault(kind=FaultKind.TRUNCATED), requests.exceptions.RequestException),
        (Fault(kind=FaultKind.MALFORMED), gitlab.exceptions.GitlabParsingError),
        (Fault(kind=FaultKind.STATUS, status=502), gitlab.exceptions.GitlabGetError),
    ],
)
def test_what_goes_wrong_reaches_the_client_and_only_once(
    lab: Lab, fault: Fault, error: type[Exception]
) -> None:
    lab.server.faults.add(fault)
    with lab.client() as client:
        with pytest.raises(error):
            client.projects.get(lab.project.id)
        client.projects.get(lab.project.id)
    assert len(lab.server.log.last()) == 2


def test_a_lost_answer_has_done_its_work(lab: Lab) -> None:
    pipeline = lab.pipeline()
    lab.server.faults.add(Fault(kind=FaultKind.RESET, method="POST", path="*/cancel", carried_out=True))
    with lab.client() as client:
        job = lab.own(client).jobs.get(pipeline.jobs[0].id, lazy=True)
        with pytest.raises(requests.ConnectionError):
            job.cancel()
    assert pipeline.jobs[0].status == "canceling"


def test_a_large_group_is_read_in_pages_of_fifty_by_graphql() -> None:
    with serving(spec=FleetSpec(projects=120, runs=200)) as lab:
        cursor, more, found = None, True, 0
        while more:
            answer = requests.post(
                f"{lab.server.url}/api/graphql",
                json={"query": QUERY, "variables": {"g": "acme", "c": cursor}},
                headers={"Authorization": "Bearer glpat-sandbox"},
                timeout=5,
            ).json()["data"]["group"]["projects"]
            cursor, more = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
            found += len(answer["nodes"])
        assert found == 120
        assert lab.server.log.count("POST", "/api/graphql") == 3


def test_gates_own_step_cancels_in_its_pipeline_and_proves_it(lab: Lab) -> None:
    gate, manual = (
        JobSpec(name="gate", stage="gate"),
        JobSpec(name="load by hand", stage="gate", when="manual"),
    )
    pipeline = lab.pipeline(gate, manual, TEST, LOAD, statuses=("running", "manual"), ref="feature/x")
    own = lab.control("token", token="glcbt-own", job=pipeline.jobs[0].id)
    assert own["kind"] == "job"
    run = GitLabRun(
        api=f"{lab.server.url}/api/v4",
        project=str(lab.project.id),
        pipeline=str(pipeline.id),
        job=str(pipeline.jobs[0].id),
        job_token=Secret("glcbt-own"),
        token=Secret("glpat-sandbox"),
        sleep=lambda _: None,
    )
    assert [result.outcome for result in run.annotate("held", opened=False)] == [Outcome.DONE]
    outcomes = {result.target: result.outcome for result in run.cancel_downstream(("load*",))}
    assert outcomes == {
        f"job {LOAD.name} ({pipeline.jobs[3].id})": Outcome.STOPPED,
        f"job load by hand ({pipeline.jobs[1].id})": Outcome.SURVIVED,
    }
    assert pipeline.name == "gate: held"
    assert [job.status for job in pipeline.jobs] == ["running", "manual", "created", "canceled"]


def test_many_clients_at_once_find_one_truth(lab: Lab) -> None:
    pipeline = lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(12)))

    def stop(number: int) -> None:
        with lab.client() as client:
            lab.own(client).jobs.get(number, lazy=True).cancel()

    threads = [threading.Thread(target=stop, args=(job.id,)) for job in pipeline.jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert {job.status for job in pipeline.jobs} == {"canceled"}
    assert pipeline.status == "canceled"


@contextmanager
def process(folder: Path, *options: str) -> Iterator[str]:
    """Run the emulator as a process and yield its address."""
    running = subprocess.Popen(
        [sys.executable, "-m", "gate.sandbox.gitlab", *options],
        env=clean_environ(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        words, _, address = running.stdout.readline().strip().partition(": ")
        assert words == "gitlab (4 projects, 9 pipelines in flight)"
        yield address
    finally:
        running.terminate()
        running.wait(timeout=10)
        running.stdout.close()


def test_it_serves_a_seeded_fleet_as_a_process_and_counts_what_it_does_not_know(tmp_path: Path) -> None:
    with process(
        tmp_path, "--projects", "4", "--runs", "9", "--seed", "7", "--latency", "50ms", "--speed", "60"
    ) as url:
        with gitlab.Gitlab(url, private_token="glpat-sandbox", timeout=5) as client:
            assert len(client.groups.get("acme").projects.list(get_all=True)) == 4
        unknown = requests.get(f"{url}/api/v4/projects/1/cancel-everything", timeout=5)
        assert (unknown.status_code, unknown.json()) == (404, {"error": "404 Not Found"})
        assert unknown.elapsed.total_seconds() >= 0.05
        seen = requests.get(f"{url}/_sandbox/requests", timeout=5).json()
        assert seen["unknown"] == {"GET /api/v4/projects/1/cancel-everything": 1}
        assert seen["requests"]["GET /api/v4/groups/{group}/projects"] == 1
        world = requests.get(f"{url}/_sandbox/world", timeout=5).json()
        assert world["projects"] == 4
        wrong = requests.post(f"{url}/_sandbox/projects", json={"project": "nobody/none"}, timeout=5)
        assert (wrong.status_code, wrong.json()) == (400, {"error": "project: there is none of this name"})


def test_a_port_that_is_taken_is_told(lab: Lab, tmp_path: Path) -> None:
    port = str(lab.server.server_address[1])
    ran = subprocess.run(
        [sys.executable, "-m", "gate.sandbox.gitlab", "--port", port, "--projects", "1", "--runs", "1"],
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Error: cannot listen on 127.0.0.1:{port}: ")
