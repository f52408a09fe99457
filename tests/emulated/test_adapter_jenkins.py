"""Does the adapter find all that is protected and in flight on a controller, with few requests?"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gate.core.secret import Secret
from gate.core.work import Outcome, Protects, Status
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.jenkins.stages import StageApi
from gate.providers.pace import Pace
from gate.providers.protocol import Member
from gate.sandbox.faults import FaultKind
from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.command import seeded_service
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.model import Item, Kind, Parameter
from gate.sandbox.jenkins.seed import fleet_spec
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import Permission
from gate.sandbox.jenkins.world import World
from gate.sandbox.server import SandboxServer
from tests.emulated.jenkins_lab import PROTECTS, Lab, jenkins_lab, sixteen
from tests.unit.sandbox.jenkins_api import TOKEN, USER

BY_NAME = Protects(patterns=("load*",))
NOTHING = Protects(patterns=("no such name",))
CONSTANT = {"GET /api/json": 1, "GET /queue/api/json": 1, "GET /computer/api/json": 1}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with jenkins_lab() as lab:
        yield lab


def described(lab: Lab, protects: Protects = BY_NAME) -> list[tuple[str, str, str, str]]:
    return sorted((w.target.kind, w.target.project, w.target.id, w.matched) for w in lab.work(protects))


def test_a_pipeline_without_a_node_is_found_on_its_one_off_executor(lab: Lab) -> None:
    lab.bench.start("lab/input")
    assert described(lab, Protects(patterns=("input",))) == [("run", "lab/input", "1", "input")]


def test_a_pipeline_that_holds_a_node_is_one_build_and_not_two(lab: Lab) -> None:
    lab.bench.world.add_computer("agent-1", 2)
    build = lab.bench.start("lab/load live")
    assert build.seats
    assert build.host is not None
    assert described(lab) == [("run", "lab/load live", "1", "load live")]


def test_a_pipeline_on_an_agents_one_off_executor_is_found(lab: Lab) -> None:
    lab.bench.world.computers[0].takes_pipelines = False
    lab.bench.world.add_computer("agent-1", 1)
    lab.bench.start("lab/load live")
    assert lab.one(BY_NAME).target.name == "load live #1"


def test_a_queue_item_that_is_a_part_of_a_running_build_is_that_build(lab: Lab) -> None:
    lab.bench.start("lab/soak", N="1")
    lab.bench.start("lab/soak", N="2")
    build = lab.bench.start("lab/load live")
    assert build.waiting is not None
    work = lab.one(BY_NAME)
    assert (work.target.kind, work.target.id) == ("run", "1")
    assert work.target.url == f"{lab.bench.server.url}/job/lab/job/load%20live/1/"


def test_a_queue_item_is_found_with_what_a_rerun_needs(lab: Lab) -> None:
    lab.bench.start("deploy")
    entry = lab.bench.queue("deploy", TARGET="lab 7 & a=b")
    build, item = lab.work(Protects(patterns=("dep*",)))
    assert (item.target.kind, item.target.id, item.status, item.word) == (
        "queue_item",
        str(entry.id),
        Status.QUEUED,
        "queued",
    )
    own = json.loads(item.origin.own)
    assert own["parameters"] == [["hudson.model.StringParameterValue", "TARGET", "lab 7 & a=b"]]
    assert (own["last"], own["queue"]) == (1, entry.id)
    assert item.origin.workflow == build.origin.workflow == "deploy"
    assert item.origin.order > build.origin.order == 1


def test_a_password_is_not_kept(lab: Lab) -> None:
    with lab.bench.service.lock:
        world, secret = lab.bench.world, Parameter(name="PIN", value="hunter2", secret=True)
        queueing.schedule(world, lab.bench.item("sign"), world.now(), parameters=(secret,), delay=3600)
    work = lab.one(Protects(patterns=("sign",)))
    assert json.loads(work.origin.own)["parameters"] == [["hudson.model.PasswordParameterValue", "PIN", None]]


def test_a_build_that_somebody_has_told_to_stop_is_stopping(lab: Lab) -> None:
    build = lab.bench.start("lab/load live")
    build.post = 600
    lab.bench.post(f"{build.path}stop")
    lab.bench.later()
    assert build.result == "ABORTED"
    assert lab.one(BY_NAME).status is Status.STOPPING


def test_a_scan_for_branches_is_no_build(lab: Lab) -> None:
    with lab.bench.service.lock:
        queueing.scan(lab.bench.world, lab.bench.item("mb"), lab.bench.world.now())
    found = lab.find(Protects(patterns=("*",)))
    assert (found.work, found.problems, found.looked_at) == ((), (), 0)


def test_a_branch_is_known_by_its_own_name_as_by_the_encoded_one(lab: Lab) -> None:
    lab.bench.start("mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25")
    for pattern in ("FEATURE/größe*", "feature%2f*", "mb/feature/*"):
        work = lab.one(Protects(patterns=(pattern,)))
        assert work.target.project == "mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"
        assert work.target.name == "feature/größe 50% #1"
        assert work.target.url.endswith("/job/mb/job/feature%252Fgr%25C3%25B6%25C3%259Fe%252050%2525/1/")


def test_a_branch_is_protected_by_the_name_of_its_project_and_no_job_by_its_folders(lab: Lab) -> None:
    world = lab.bench.world
    branches = world.add_item("load-tests", Kind.MULTIBRANCH)
    world.add_item("main", Kind.PIPELINE, branches)
    folder = world.add_item("loading", Kind.FOLDER)
    world.add_item("unit", Kind.FREESTYLE, folder)
    lab.bench.start("load-tests/main")
    lab.bench.start("loading/unit")
    assert described(lab) == [("run", "load-tests/main", "1", "load-tests")]


@pytest.mark.parametrize(
    ("done", "matched"),
    [(0, "configure-lab"), (1, "configure-lab"), (2, "load"), (3, None)],
    ids=["it is to come", "it runs", "the next one runs", "all are over"],
)
def test_a_pipeline_is_protected_by_its_current_stage_and_by_those_to_come(
    lab: Lab, done: int, matched: str | None
) -> None:
    lab.history("mb/main")
    build = lab.bench.start("mb/main")
    with lab.bench.service.lock:
        for _ in range(done):
            if not lifecycle.enter_stage(build, lab.bench.world.now()):
                build.stages[-1].state = "success"
    assert [work.matched for work in lab.work()] == ([matched] if matched else [])


def test_a_queued_pipeline_is_protected_by_the_stages_it_will_come_to(lab: Lab) -> None:
    lab.history("mb/main")
    lab.bench.queue("mb/main")
    work = lab.one()
    assert (work.target.kind, work.matched) == ("queue_item", "configure-lab")


def test_an_aborted_build_does_not_hide_the_stages_that_are_to_come(lab: Lab) -> None:
    lab.history("mb/main")
    aborted = lab.bench.start("mb/main")
    lab.bench.post(f"{aborted.path}stop")
    lab.bench.later()
    assert aborted.result == "ABORTED"
    lab.bench.start("mb/main")
    assert lab.one().matched == "configure-lab"


def test_the_first_build_of_a_branch_is_known_by_the_other_branches(lab: Lab) -> None:
    lab.history("mb/main")
    lab.bench.start("mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25")
    assert lab.one().matched == "configure-lab"


def test_a_job_that_never_was_built_is_left_alone_and_that_is_said(lab: Lab) -> None:
    lab.bench.start("deploy")
    found = lab.find()
    assert found.work == ()
    assert found.problems == ()
    assert "1 pipelines run for the first time" in found.notes[0]


@pytest.mark.parametrize("api", list(StagesApi))
def test_stages_are_read_by_whichever_plugin_is_there(api: StagesApi) -> None:
    with jenkins_lab(Settings(stage_apis=frozenset({api}))) as lab:
        lab.history("mb/main")
        lab.bench.start("mb/main")
        assert lab.one().matched == "configure-lab"
        lab.requests()
        lab.find()
        reads = [seen.path for seen in lab.bench.server.log.last() if "/2/" in seen.path]
        assert reads == [f"/job/mb/job/main/2/{StageApi[api.name]}"]


def test_without_any_such_plugin_it_says_that_stages_cannot_be_seen() -> None:
    with jenkins_lab(Settings(stage_apis=frozenset())) as lab:
        lab.bench.start("mb/main")
        lab.bench.start("lab/load live")
        found = lab.find()
        assert [work.target.project for work in found.work] == ["lab/load live"]
        (problem,) = found.problems
        assert problem.asked.outcome is Outcome.FAILED
        assert "install pipeline-graph-view" in problem.asked.detail


def test_a_busy_executor_that_shows_nothing_is_a_problem_and_not_idle(lab: Lab) -> None:
    lab.bench.start("lab/soak")
    lab.bench.start("lab/load live")
    everything = [Permission.READ]
    reader = lab.only(Permission.READ_ALL, **{"lab/soak": [], "*": everything})
    found = reader.find(BY_NAME, map)
    assert [work.target.project for work in found.work] == ["lab/load live"]
    (problem,) = found.problems
    assert problem.asked.outcome is Outcome.REFUSED
    assert "1 busy executors do not show what runs on them; reader needs Job/Read" in problem.asked.detail


def test_a_queue_item_that_shows_only_its_name_is_told_of(lab: Lab) -> None:
    lab.bench.queue("lab/soak")
    reader = lab.only(Permission.READ_ALL, **{"lab/soak": [Permission.DISCOVER], "*": [Permission.READ]})
    found = reader.find(BY_NAME, map)
    assert "1 queue items show their names only" in found.notes[0]


def test_a_controller_that_is_about_to_shut_down_is_told_of(lab: Lab) -> None:
    lab.bench.post("quietDown", message="kernel update\n::error::")
    (note,) = lab.find().notes
    assert "about to shut down (kernel update : :error::)" in note
    assert "paused pipelines cannot finish an abort" in note
    assert "POST /quietDown" not in {k for k in lab.requests() if k != "POST /quietDown"}


def test_urls_of_another_host_are_taken_for_their_paths_alone() -> None:
    with jenkins_lab(Settings(root_url="https://jenkins.example.com/ci/"), prefix="/jenkins") as lab:
        lab.bench.start("lab/load live")
        work = lab.one(BY_NAME)
        assert work.target.url == f"{lab.bench.server.url}/job/lab/job/load%20live/1/"
        assert lab.connection.cancel(work.target).outcome is None
        lab.bench.later()
        seen = lab.see(work.target)
        assert seen is not None
        assert seen.stopped


@pytest.mark.parametrize(
    ("member", "projects"),
    [
        ({"root": "lab"}, ["lab/load live", "lab/soak"]),
        ({"root": "lab/soak"}, ["lab/soak"]),
        ({"root": "mb"}, ["mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"]),
        ({"root": "la"}, []),
        ({"projects": ("LAB/*",)}, ["lab/load live", "lab/soak"]),
        ({"root": "lab", "projects": ("soak",)}, ["lab/soak"]),
        ({"projects": ("mb/feature/größe*",)}, ["mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"]),
        ({"projects": ("mb/feature%2F*",)}, ["mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"]),
        ({"projects": ("*",), "only": ("alone",)}, ["alone"]),
    ],
    ids=str,
)
def test_only_what_is_in_the_folder_and_its_projects_is_found(
    member: dict[str, Any], projects: list[str]
) -> None:
    with jenkins_lab(**member) as lab:
        lab.bench.world.add_computer("agent-1", 8)
        for name in ("lab/load live", "lab/soak", "alone", "mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25"):
            lab.bench.start(name)
        found = lab.find(Protects(patterns=("*",)))
        assert sorted(work.target.project for work in found.work) == projects
        assert found.looked_at == len(projects)


def test_a_folder_that_is_not_there_is_a_problem_and_not_an_empty_one() -> None:
    with jenkins_lab(root="nowhere") as lab:
        found = lab.find()
        (problem,) = found.problems
        assert problem.asked.outcome is Outcome.FAILED
        assert "the folder nowhere" in problem.asked.detail
        assert "Job/Read" in problem.asked.detail


def test_a_renamed_job_is_found_by_its_new_name(lab: Lab) -> None:
    lab.bench.start("lab/soak")
    lab.bench.order("jobs", job="lab/soak", name="load soak ½")
    assert lab.one(BY_NAME).target.project == "lab/load soak ½"


def test_a_controller_shows_all_that_is_in_flight_by_three_requests(lab: Lab) -> None:
    for number in range(130):
        lab.bench.queue("lab/soak", N=str(number))
        lab.bench.start("lab/load live", N=str(number))
    lab.requests()
    found = lab.find(Protects(patterns=("load*", "soak")))
    assert len(found.work) == found.looked_at == 260
    assert lab.requests() == CONSTANT


def test_stages_are_read_only_where_the_jobs_name_says_nothing(lab: Lab) -> None:
    lab.history("mb/main")
    for number in range(3):
        lab.bench.start("lab/load live", N=str(number))
        lab.bench.start("mb/main", N=str(number))
    lab.requests()
    found = lab.connection.find(Protects(patterns=("load l*", "load")), map)
    assert len(found.work) == 6
    # One tells where stages show, three are of the builds, one is of the job's last good build.
    assert lab.requests() == {**CONSTANT, "GET /job/{job}/{number}/stages/tree": 5}


def test_the_queue_is_read_before_the_executors(lab: Lab) -> None:
    lab.find()
    order = [seen.path for seen in lab.bench.server.log.last()]
    assert order == ["/api/json", "/queue/api/json", "/computer/api/json"]


def test_an_item_that_has_become_a_build_meanwhile_is_listed_once(lab: Lab) -> None:
    lab.bench.queue("lab/load live", delay=60)
    lab.fault("/computer/*", FaultKind.DELAY, delay=0.2)
    starts = threading.Timer(0.1, lab.bench.later, (90,))
    starts.start()
    works = lab.work(BY_NAME)
    starts.join()
    assert [(work.target.kind, work.target.id) for work in works] == [("run", "1")]


def test_what_has_come_since_is_found_by_two_requests_and_nothing_twice(lab: Lab) -> None:
    lab.bench.world.add_computer("agent-1", 8)
    lab.history("mb/main")
    lab.bench.start("lab/load live")
    entry = lab.bench.queue("mb/main", delay=3)
    assert len(lab.work()) == 2
    lab.bench.later()
    lab.bench.start("lab/load live", N="2")
    lab.bench.start("lab/soak")
    lab.requests()
    found = lab.connection.find_again(PROTECTS, sixteen)
    assert lab.requests() == {"GET /queue/api/json": 1, "GET /computer/api/json": 1}
    assert entry.build is not None  # and is followed as the queue item that was found
    assert [(w.target.project, w.target.id) for w in found.work] == [("lab/load live", "2")]
    assert lab.connection.find_again(PROTECTS, sixteen).work == ()


def test_a_seeded_fleet_is_found_to_the_last_build_with_the_fewest_requests() -> None:
    service = seeded_service(fleet_spec(jobs=120, runs=160, seed=7), speed=0)
    server = SandboxServer(service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    member = Member(provider="jenkins", url=server.url, user=USER, token=Secret(TOKEN), root="acme")
    connection = JenkinsConnection(Controller(member, Pace()))
    try:
        found = connection.find(PROTECTS, sixteen)
    finally:
        connection.close()
        server.shutdown()
        server.server_close()
    assert (found.problems, server.errors, server.log.unknown()) == ((), [], {})
    assert {(work.target.project, work.target.id) for work in found.work} == set(
        _protected(service.controller.world)
    )
    assert found.looked_at == 160
    world = service.controller.world
    asked = Counter(seen.path for seen in server.log.last())
    by_stage = [b for b in world.running.values() if b.pipeline and not PROTECTS.matched([b.item.name])]
    undecided = [b.item for b in by_stage if not PROTECTS.matched([b.stages[-1].name])]
    undecided += [e.item for e in world.queue.values() if e.part_of is None and _by_stage(e.item)]
    new = {item.path for item in undecided if item.permalink("lastSuccessfulBuild") is None}
    above = {item.path for item in (_item(world, path).parent for path in new) if item}
    read = {f"/{build.path}stages/tree" for build in by_stage}
    read |= {f"/{item.path}lastSuccessfulBuild/stages/tree" for item in undecided}
    read |= {f"/{path}api/json" for path in ("", "queue/", "computer/", "job/acme/", *above)}
    more = asked - Counter(read)
    assert read <= set(asked)
    # Beyond these only what tells where stages show, and the stages of each new branch's neighbour.
    assert sum(more.values()) <= 1 + len(above) + len(new)
    assert sum(more.values()) < sum(asked.values()) / 10


def _by_stage(item: Item) -> bool:
    return item.kind is Kind.PIPELINE and PROTECTS.matched([item.name]) is None


def _item(world: World, path: str) -> Item:
    return next(item for item in world.all_items() if item.path == path)


def _protected(world: World) -> Iterator[tuple[str, str]]:
    for build in world.running.values():
        if PROTECTS.matched([build.item.name, *build.item.stages]):
            yield build.item.full_name, str(build.number)
    for entry in world.queue.values():
        if entry.part_of is None and PROTECTS.matched([entry.item.name, *entry.item.stages]):
            yield entry.item.full_name, str(entry.id)
