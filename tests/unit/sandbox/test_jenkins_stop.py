"""How builds of the emulated Jenkins end: a stop proves nothing, and some need more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.sandbox.jenkins.model import Stops
from gate.sandbox.jenkins.users import Permission
from tests.unit.sandbox.jenkins_api import USER, Bench, jenkins_bench

LIVE = "job/lab/job/load%20live/"
SOAK = "job/lab/job/soak/"
STATE = "building,inProgress,result"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


def state(bench: Bench, path: str) -> tuple[bool, str | None]:
    shown = bench.get(path, STATE)
    assert shown["building"] is shown["inProgress"]
    return shown["building"], shown["result"]


@pytest.mark.parametrize(("name", "path"), [("lab/load live", LIVE), ("lab/soak", SOAK)])
def test_a_stop_is_answered_before_the_build_ends(bench: Bench, name: str, path: str) -> None:
    bench.start(name)
    answer = bench.post(f"{path}1/stop")
    assert (answer.status_code, answer.headers["Location"]) == (302, ".")
    assert state(bench, f"{path}1/") == (True, None)
    bench.later(3)
    assert state(bench, f"{path}1/") == (False, "ABORTED")


def test_a_stop_goes_back_where_it_came_from(bench: Bench) -> None:
    bench.start("lab/soak")
    url = f"{bench.server.url}/{SOAK}1/stop"
    answer = bench.session.post(url, headers={"Referer": "http://x/"}, allow_redirects=False, timeout=5)
    assert answer.headers["Location"] == "http://x/"


def test_a_stop_of_what_is_finished_is_a_302_too(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.later(1000)
    assert state(bench, f"{LIVE}1/") == (False, "SUCCESS")
    assert bench.post(f"{LIVE}1/stop").status_code == 302
    bench.later()
    assert state(bench, f"{LIVE}1/") == (False, "SUCCESS")


def test_a_stop_of_no_build_is_a_404(bench: Bench) -> None:
    assert bench.post(f"{LIVE}99/stop").status_code == 404


def test_who_has_stopped_a_build_is_told_by_tree_and_not_at_depth_0(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.post(f"{LIVE}1/stop")
    bench.later()
    tree = "actions[_class,causes[_class,shortDescription]]"
    shown = bench.get(f"{LIVE}1/", tree)["actions"]
    assert shown[-1] == {
        "_class": "jenkins.model.InterruptedBuildAction",
        "causes": [
            {
                "_class": "jenkins.model.CauseOfInterruption$UserInterruption",
                "shortDescription": f"Aborted by {USER}",
            }
        ],
    }
    assert bench.get(f"{LIVE}1/")["actions"][-1] == {"_class": "jenkins.model.InterruptedBuildAction"}


@pytest.mark.parametrize(
    ("stops", "asked", "ends"),
    [
        (Stops.ON_STOP, ("stop",), True),
        (Stops.ON_TERM, ("stop",), False),
        (Stops.ON_TERM, ("stop", "term"), True),
        (Stops.ON_KILL, ("stop", "term"), False),
        (Stops.ON_KILL, ("stop", "term", "kill"), True),
        (Stops.NEVER, ("stop", "term", "kill"), False),
    ],
)
def test_some_builds_need_more_than_a_stop(
    bench: Bench, stops: Stops, asked: tuple[str, ...], ends: bool
) -> None:
    bench.start("lab/load live").stops = stops
    for word in asked:
        assert bench.post(f"{LIVE}1/{word}").status_code == 302
        bench.later(15)
    assert state(bench, f"{LIVE}1/") == ((False, "ABORTED") if ends else (True, None))


@pytest.mark.parametrize("word", ["term", "kill"])
def test_freestyle_builds_have_no_term_and_no_kill(bench: Bench, word: str) -> None:
    bench.start("lab/soak")
    assert bench.post(f"{SOAK}1/{word}").status_code == 404


def test_the_result_is_there_while_post_still_runs(bench: Bench) -> None:
    bench.start("lab/load live").post = 60
    bench.post(f"{LIVE}1/stop")
    bench.later(5)
    assert state(bench, f"{LIVE}1/") == (True, "ABORTED")
    bench.later(60)
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")


def test_a_kill_does_not_wait_for_post(bench: Bench) -> None:
    bench.start("lab/load live").post = 60
    bench.post(f"{LIVE}1/stop")
    bench.post(f"{LIVE}1/kill")
    bench.later(5)
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")


def test_a_zombie_is_on_no_executor_and_a_stop_kills_it(bench: Bench) -> None:
    build = bench.start("lab/load live")
    build.post = 60
    bench.order("builds", job="lab/load live", number=1, zombie=True)
    tree = "computer[executors[currentExecutable[number]],oneOffExecutors[currentExecutable[number]]]"
    node = bench.get("computer/", tree)["computer"][0]
    assert node["oneOffExecutors"] == []
    assert {seat["currentExecutable"] for seat in node["executors"]} == {None}
    assert bench.get(LIVE, "builds[number,building]")["builds"][0]["building"] is True
    bench.post(f"{LIVE}1/stop")
    bench.later(2)
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")
    assert "InterruptedBuildAction" not in bench.ask(f"{LIVE}1/").text


@pytest.mark.parametrize("how", ["pause/toggle", "stages/pause"])
def test_a_paused_pipeline_cannot_finish_its_abort(bench: Bench, how: str) -> None:
    bench.start("lab/load live")
    bench.post(f"{LIVE}1/{how}")
    bench.post(f"{LIVE}1/stop")
    bench.later(3600)
    assert state(bench, f"{LIVE}1/") == (True, None)
    bench.post(f"{LIVE}1/pause/toggle")
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")


def test_a_pause_by_toggle_is_blind_and_one_by_stages_is_not(bench: Bench) -> None:
    bench.start("lab/load live")
    for how, paused in (("stages/pause", True), ("stages/pause", True), ("pause/toggle", False)):
        bench.post(f"{LIVE}1/{how}")
        shown = bench.session.get(f"{bench.server.url}/{LIVE}1/stages/pauseState", timeout=5).json()
        assert shown == {"status": "ok", "data": {"paused": paused, "building": True}}
    bench.post(f"{LIVE}1/stages/resume")
    assert bench.item("lab/load live").builds[1].paused is False


def test_quieting_down_keeps_pipelines_from_ending_and_lets_freestyle_builds_end(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.start("lab/soak")
    assert bench.post("quietDown", message="lab is dark").status_code == 302
    shown = bench.get("", "quietingDown,quietDownReason")
    assert (shown["quietingDown"], shown["quietDownReason"]) == (True, "lab is dark")
    bench.post(f"{LIVE}1/stop")
    bench.later(3600)
    assert state(bench, f"{LIVE}1/") == (True, None)
    assert state(bench, f"{SOAK}1/") == (False, "SUCCESS")
    assert bench.post("cancelQuietDown").status_code == 302
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")
    assert bench.get("", "quietingDown")["quietingDown"] is False


def test_a_kill_ends_what_quieting_down_has_paused(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.post("quietDown")
    bench.post(f"{LIVE}1/kill")
    bench.later(1)
    assert state(bench, f"{LIVE}1/") == (False, "ABORTED")


def test_nothing_starts_while_quieting_down(bench: Bench) -> None:
    bench.post("quietDown")
    bench.post(f"{SOAK}build")
    bench.later(60)
    assert bench.get("queue/", "items[why]")["items"] == [
        {"_class": "hudson.model.Queue$BuildableItem", "why": "Jenkins is about to shut down"}
    ]
    bench.post("cancelQuietDown")
    assert bench.get(SOAK, "builds[building]")["builds"][0]["building"] is True


def test_a_finished_pipeline_asks_for_the_permission_and_a_freestyle_build_does_not(bench: Bench) -> None:
    bench.start("lab/load live")
    bench.start("lab/soak")
    reader = bench.permit("reader", Permission.READ_ALL, Permission.READ)
    running = reader.post(f"{bench.server.url}/{SOAK}1/stop", allow_redirects=False, timeout=5)
    bench.later(1000)
    freestyle = reader.post(f"{bench.server.url}/{SOAK}1/stop", allow_redirects=False, timeout=5)
    pipeline = reader.post(f"{bench.server.url}/{LIVE}1/stop", allow_redirects=False, timeout=5)
    assert (running.status_code, freestyle.status_code, pipeline.status_code) == (403, 302, 403)
    assert pipeline.headers["X-Required-Permission"] == "hudson.model.Item.Cancel"


def test_a_description_is_overwritten(bench: Bench) -> None:
    bench.start("lab/load live")
    assert bench.get(f"{LIVE}1/", "description")["description"] is None
    for text in ("first", "größer & better"):
        answer = bench.post(f"{LIVE}1/submitDescription", description=text)
        assert (answer.status_code, answer.headers["Location"]) == (302, ".")
    assert bench.get(f"{LIVE}1/", "description")["description"] == "größer & better"


@pytest.mark.parametrize(
    "path",
    [f"{LIVE}1/stop", f"{LIVE}1/term", f"{LIVE}disable", f"{LIVE}build", "queue/cancelItem", "quietDown"],
)
def test_actions_are_no_questions(bench: Bench, path: str) -> None:
    bench.start("lab/load live")
    answer = bench.session.get(f"{bench.server.url}/{path}", timeout=5)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert state(bench, f"{LIVE}1/") == (True, None)
