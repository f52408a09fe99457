"""Do the shipped Jenkins files hold configure and load back, and say why where people look?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.jenkins import Build, run_example
from tests.engines.jenkins_bench import EVERY_STAGE, HELD_BACK, Bench, set_up_bench, skipped
from tests.support import clean_environ


@pytest.fixture
def bench(focus: FocusServer, tmp_path: Path) -> Bench:
    """A bench whose agent has this very gate on its PATH."""
    return set_up_bench(focus, tmp_path)


on_both = pytest.mark.parametrize("write", [Bench.example, Bench.on_windows], ids=["sh", "bat"])


@on_both
def test_the_example_skips_configure_and_load_while_the_lab_waits(
    bench: Bench, write: Callable[[Bench], Build]
) -> None:
    (run,) = bench.run(write(bench))
    assert run.ran == {"gate", "unit tests"}
    assert skipped(run) == HELD_BACK
    assert "pytest ran: tests/unit" in run.output
    assert "tests/configure" not in run.output
    assert bench.lab.seen == {"GET /live_metadata": 1}


@on_both
def test_the_example_runs_every_stage_once_the_lab_is_ready(
    bench: Bench, write: Callable[[Bench], Build]
) -> None:
    bench.lab.state = FocusState.READY
    (run,) = bench.run(write(bench))
    assert run.ran == run.succeeded == EVERY_STAGE
    assert run.values["result"] == "SUCCESS"
    assert run.values["env.GATE_OPEN"] == "true"
    assert "locust ran: --headless" in run.output


def test_the_driver_alone_shows_the_example_closed_and_open(bench: Bench) -> None:
    for state, ran in ((FocusState.WAITING, {"gate", "unit tests"}), (FocusState.READY, EVERY_STAGE)):
        bench.lab.state = state
        work = bench.folder / state
        work.mkdir()
        run = run_example(bench.groovy, bench.lab.url, work, clean_environ(work / "cache"))
        assert run.ran == ran


@pytest.mark.parametrize("state", [FocusState.DOWN, FocusState.MALFORMED, FocusState.MISSING])
def test_a_lab_that_cannot_be_read_keeps_the_stages_back(bench: Bench, state: FocusState) -> None:
    bench.lab.state = state
    (run,) = bench.run(bench.example())
    assert run.ran == {"gate", "unit tests"}
    assert run.values["env.GATE_STATE"] == "unknown"


def test_a_closed_gate_says_why_in_description_environment_console_and_tests(bench: Bench) -> None:
    (run,) = bench.run(bench.example())
    sentence = 'staging: waiting for fiber (prr 0.0, sw_version "waiting for fiber")'
    assert run.values["description"].startswith("staging: waiting for fiber (prr 0.0")
    assert run.values["env.GATE_REASON"].startswith(sentence)
    assert run.values["env.GATE_CODE"] == "waiting_for_fiber"
    assert run.values["env.GATE_BUILD"] == "panda/load-tests#7"
    assert f"gate closed: {sentence}" in run.output
    assert "waiting for fiber" in run.values["junit"]


def test_a_closed_gate_makes_a_yellow_build_with_a_stage_that_was_not_built(bench: Bench) -> None:
    (run,) = bench.run(bench.example())
    assert run.values["result"] == "UNSTABLE"
    assert run.values["stage.gate"] == "NOT_BUILT"


def test_failing_unit_tests_still_turn_the_build_red_behind_a_closed_gate(bench: Bench) -> None:
    build = bench.example()
    bench.program("pytest", "exit 1")
    (run,) = bench.run(build)
    assert run.values["result"] == "FAILURE"
    assert run.values["stage.unit tests"] == "FAILURE"


def test_on_closed_fail_ends_the_build(bench: Bench) -> None:
    (run,) = bench.run(bench.pipeline("fiberGate(onClosed: 'fail')"))
    assert run.values["result"] == "FAILURE"
    assert run.ran == {"gate"}
    assert run.values["stage.unit tests"] == "SKIPPED_FOR_FAILURE"


def test_the_steps_own_options_reach_the_lab(bench: Bench) -> None:
    bench.lab.state = FocusState.READY
    options = (
        f"fiberGate(environment: 'kefar_saba', focusServer: '{bench.lab.url}', wait: '5s', verifyTls: true)"
    )
    (run,) = bench.run(bench.pipeline(options, environ=bench.environ()))
    assert run.ran == {"gate", "unit tests", "configure"}
    assert run.values["env.GATE_REASON"].startswith("kefar_saba:")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("wiat: '10m'", "unknown option wiat"),
        ("onClosed: 'ignore'", "onClosed is skip or fail"),
        ("wait: '10m & calc'", "wait is a duration"),
    ],
)
def test_a_wrong_option_fails_the_build_before_the_lab_is_asked(
    bench: Bench, options: str, words: str
) -> None:
    (run,) = bench.run(bench.pipeline(f"fiberGate({options})"))
    assert run.values["result"] == "FAILURE"
    assert words in run.output
    assert not bench.lab.seen


def test_a_wrong_configuration_fails_the_build_and_its_page_says_which(bench: Bench) -> None:
    (run,) = bench.run(bench.pipeline(environ=bench.environ(GATE_FOCUS_SERVER="10.10.10.100")))
    assert run.values["result"] == "FAILURE"
    assert run.ran == {"gate"}
    assert "GATE_FOCUS_SERVER" in run.values["description"]


def test_without_an_agent_gate_and_predicate_take_a_node_of_their_own(bench: Bench) -> None:
    step, when = "fiberGate(label: 'lab')", "fiberGate.isOpen(label: 'lab')"
    whole = bench.pipeline(step, agent="none", when=when)
    only_when = bench.pipeline("echo 'no gate'", agent="none", when=when)
    bare = bench.pipeline("sh 'true'", agent="none")
    gated, asked, trap = bench.run(whole, only_when, bare)
    assert gated.values["nodes"] == asked.values["nodes"] == "lab"
    assert gated.ran == asked.ran == {"gate", "unit tests"}
    assert "requires a node context" in trap.output


def test_a_description_is_added_to_and_said_once(bench: Bench) -> None:
    (run,) = bench.run(bench.pipeline("fiberGate(); fiberGate()", description="nightly of the release"))
    assert run.values["description"].startswith("nightly of the release | staging: waiting for fiber")
    assert run.values["description"].count("|") == 1


def test_a_hostile_reason_stays_text_in_description_and_environment(bench: Bench) -> None:
    hostile = "<img src=x> `id` $(touch pwned) %PATH% ${env.X}\nopen=true\tstate=ready https://evil.example"
    environ = bench.environ(GATE_FOCUS_SERVER=bench.lab.url, GATE_ENVIRONMENT="staging", GATE_HOLD=hostile)
    build = bench.pipeline("fiberGate(); sh 'printf %s \"$GATE_REASON\" > told.txt'", environ=environ)
    (run,) = bench.run(build)
    assert run.ran == {"gate", "unit tests"}
    assert not re.search(r"[<>&\"'`\n\t]|https://", run.values["description"])
    told = (bench.folder / "ws0" / "told.txt").read_text(encoding="utf-8")
    assert told == run.values["env.GATE_REASON"]
    assert "$(touch pwned)" in told
    assert not (bench.folder / "ws0" / "pwned").exists()


def test_without_the_junit_plugin_there_is_a_note_and_the_same_verdict(bench: Bench) -> None:
    (run,) = bench.run(bench.example(missing=("junit",)))
    assert run.ran == {"gate", "unit tests"}
    assert "note: without the JUnit plugin" in run.output


def test_a_folder_that_cannot_be_deleted_is_a_note(bench: Bench) -> None:
    bench.lab.state = FocusState.READY
    (run,) = bench.run(bench.example(undeletable=True))
    assert run.ran == EVERY_STAGE
    assert "could not be removed" in run.output


def test_skip_stages_after_unstable_skips_the_unit_tests_too(bench: Bench) -> None:
    (run,) = bench.run(bench.pipeline(options="options { skipStagesAfterUnstable() }"))
    assert run.values["stage.unit tests"] == "SKIPPED_FOR_UNSTABLE"


def test_values_with_shell_characters_stay_values(bench: Bench) -> None:
    path = '"&touch${IFS}pwned&$(touch${IFS}pwned)%PATH%'
    step = f"fiberGate(focusServer: '{bench.lab.url}/{path}')"
    (unix, windows) = bench.run(bench.pipeline(step), bench.pipeline(step, windows=True))
    assert unix.ran == windows.ran == {"gate", "unit tests"}
    assert not list(bench.folder.rglob("pwned"))
