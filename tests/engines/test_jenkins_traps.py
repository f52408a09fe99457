"""Are the ways in which a Jenkins gate fails open real here, and is the shipped form immune?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import gate
from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.jenkins import Fault
from tests.engines.jenkins_bench import HELD_BACK, Bench, set_up_bench, skipped


@pytest.fixture
def bench(focus: FocusServer, tmp_path: Path) -> Bench:
    """A bench whose agent has this very gate on its PATH."""
    return set_up_bench(focus, tmp_path)


def test_the_text_false_is_true_in_a_bare_expression_and_is_not_in_the_shipped_one(bench: Bench) -> None:
    trap, shipped = bench.run(bench.pipeline(when="env.GATE_OPEN"), bench.pipeline())
    assert trap.values["env.GATE_OPEN"] == "false"
    assert "configure" in trap.ran
    assert "configure" not in shipped.ran


def test_catch_error_by_default_swallows_a_stop_and_the_gate_does_not(bench: Bench) -> None:
    stopped = (Fault(contains=" check --format jenkins", interrupt_at="asking again"),)
    step = "fiberGate(wait: '10m')"
    trap, shipped = bench.run(
        bench.pipeline(f"catchError {{ {step} }}", when="true", faults=stopped),
        bench.pipeline(step, when="true", faults=stopped),
    )
    assert trap.values["result"] == shipped.values["result"] == "ABORTED"
    assert trap.ran == {"gate", "unit tests", "configure"}
    assert shipped.ran == {"gate"}
    assert shipped.values["env.GATE_OPEN"] == "false"
    assert "interrupted; the gate stays closed" in shipped.output


def fake_gate(bench: Bench, behaviour: str) -> Mapping[str, str]:
    """Put a gate of the right version on PATH that does what its environment, returned here, says."""
    bench.program(
        "gate", f'test "$1" = --version && echo "gate {gate.__version__}" && exit 0', 'eval "$FAKE"'
    )
    return bench.environ(FAKE=behaviour)


OPEN_LINE = "printf 'open=true\\tstate=ready\\tcode=ready\\tdescription=ready\\treason=ready\\n'"
CLOSED_LINE = "printf 'open=false\\tstate=held\\tcode=held\\tdescription=held\\treason=held\\n'"
NO_VERDICTS = {
    "a bug in gate": "echo traceback >&2; exit 70",
    "a bug after open=true": f"{OPEN_LINE}; exit 70",
    "exit 1": "exit 1",
    "exit 0 and nothing said": "exit 0",
    "exit 0 and an empty line": "echo; exit 0",
    "exit 75 and open=true": f"{OPEN_LINE}; exit 75",
    "exit 69 and open=true": f"{OPEN_LINE}; exit 69",
    "exit 0 and open=false": f"{CLOSED_LINE}; exit 0",
    "two lines": f"{OPEN_LINE}; {CLOSED_LINE}; exit 0",
    "open said twice": "printf 'open=true\\tstate=ready\\topen=false\\n'; exit 0",
    "open in an unknown state": "printf 'open=true\\tstate=unknown\\n'; exit 0",
    "ready and not open": "printf 'open=false\\tstate=ready\\n'; exit 0",
    "open not said": "printf 'state=ready\\n'; exit 0",
    "no value": "printf 'open\\n'; exit 0",
    "exit 75 and nothing said": "exit 75",
}


@pytest.mark.parametrize("windows", [False, True], ids=["sh", "bat"])
def test_what_is_no_clear_verdict_is_an_error_and_opens_nothing(bench: Bench, windows: bool) -> None:
    builds = [
        bench.pipeline(windows=windows, environ=fake_gate(bench, behaviour))
        for behaviour in NO_VERDICTS.values()
    ]
    for case, run in zip(NO_VERDICTS, bench.run(*builds), strict=True):
        assert (case, run.values["result"], set(run.ran)) == (case, "FAILURE", {"gate"})
        assert run.values["description"].startswith("gate closed: exit code")


@pytest.mark.parametrize("windows", [False, True], ids=["sh", "bat"])
def test_an_error_of_the_gate_that_a_pipeline_swallows_still_opens_nothing(
    bench: Bench, windows: bool
) -> None:
    step = "catchError { fiberGate() }"
    builds = [
        bench.pipeline(step, windows=windows, environ=fake_gate(bench, behaviour))
        for behaviour in NO_VERDICTS.values()
    ]
    for case, run in zip(NO_VERDICTS, bench.run(*builds), strict=True):
        assert (case, run.values["env.GATE_OPEN"], set(run.ran)) == (case, "false", {"gate", "unit tests"})


@pytest.mark.parametrize("windows", [False, True], ids=["sh", "bat"])
def test_the_same_fake_gate_opens_when_exit_code_and_line_agree(bench: Bench, windows: bool) -> None:
    environ = fake_gate(bench, f"{OPEN_LINE}; exit 0")
    (run,) = bench.run(bench.pipeline(windows=windows, environ=environ))
    assert run.ran == {"gate", "unit tests", "configure"}


@pytest.mark.parametrize("code", [-1, -2])
def test_a_lost_agent_opens_nothing(bench: Bench, code: int) -> None:
    lost = (Fault(contains=" check --format jenkins", code=code),)
    (run,) = bench.run(bench.pipeline("catchError { fiberGate() }", faults=lost))
    assert run.ran == {"gate", "unit tests"}
    assert f"exit code {code}, which is no verdict" in run.output


def test_an_exception_in_the_predicate_fails_the_build_and_the_stage_does_not_run(bench: Bench) -> None:
    environ = fake_gate(bench, "exit 70")
    (run,) = bench.run(bench.pipeline("echo 'no gate'", environ=environ))
    assert run.values["result"] == run.values["stage.configure"] == "FAILURE"
    assert "configures" not in run.output


def test_a_restart_from_configure_asks_anew(bench: Bench) -> None:
    (waiting,) = bench.run(bench.example(restart_from="configure"))
    assert waiting.values["stage.gate"] == "SKIPPED_FOR_RESTART"
    assert waiting.ran == set()
    assert skipped(waiting) == HELD_BACK
    assert "waiting for fiber" in waiting.values["description"]
    bench.lab.state = FocusState.READY
    cold = bench.environ(XDG_CACHE_HOME=str(bench.folder / "cold"))
    (ready,) = bench.run(bench.example(restart_from="configure", environ=cold))
    assert ready.ran == HELD_BACK


def test_a_verdict_of_this_build_is_not_asked_for_again(bench: Bench) -> None:
    (run,) = bench.run(bench.example())
    assert run.output.count("CLOSED") == 1


@pytest.mark.parametrize(
    "stale",
    [
        {"GATE_OPEN": "true"},
        {"GATE_OPEN": "true", "GATE_BUILD": "panda/load-tests#6"},
        {"GATE_OPEN": "true", "GATE_BUILD": "panda/smoke#7"},
        {"GATE_OPEN": "true", "GATE_BUILD": "#", "JOB_NAME": "", "BUILD_NUMBER": ""},
    ],
    ids=["of nobody", "of an earlier build", "of another job", "of a build without a name"],
)
def test_an_open_verdict_of_another_build_is_not_believed(bench: Bench, stale: dict[str, str]) -> None:
    trap, shipped = bench.run(
        bench.pipeline("echo 'no gate'", when="env.GATE_OPEN == 'true'", env=stale),
        bench.pipeline("echo 'no gate'", env=stale),
    )
    assert "configure" in trap.ran
    assert "configure" not in shipped.ran


def test_an_environment_block_cannot_open_the_gate(bench: Bench) -> None:
    (run,) = bench.run(bench.pipeline(options="environment { GATE_OPEN = 'true' }"))
    assert run.ran == {"gate"}
    assert "hides what the gate says" in run.output


def test_the_verdict_on_one_lab_does_not_open_the_stages_of_another(bench: Bench) -> None:
    one = bench.pipeline(
        "fiberGate(environment: 'kefar_saba')", when="fiberGate.isOpen(environment: 'staging')"
    )
    both = "fiberGate(environment: 'staging'); fiberGate(environment: 'kefar_saba')"
    named, unnamed = bench.run(one, bench.pipeline(both))
    assert "configure" not in named.ran
    assert named.output.count("CLOSED") == 2
    assert unnamed.values["stage.configure"] == "FAILURE"
    assert "asked several labs" in unnamed.output


def test_a_later_gate_is_not_misled_by_the_state_that_an_earlier_one_recorded(bench: Bench) -> None:
    bench.lab.state = FocusState.READY
    (run,) = bench.run(bench.pipeline("fiberGate(); fiberGate()"))
    assert run.values["result"] == "SUCCESS"
