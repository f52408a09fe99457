"""What a closed gate step does about its own run and those it has started, with the real PyGithub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.providers.github.itself import CANCEL_WAIT, PAUSE
from gate.providers.github.step import GitHubRun
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import Behaviour
from gate.sandbox.github.model import Run
from gate.sandbox.github.timeline import Timing
from tests.emulated.github_lab import RUN, Lab, github_lab

CANCEL = RUN + "/cancel"
PROTECT = ("configure*", "load*")


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitHub whose cancels take five seconds."""
    with github_lab(timing=Timing(cancel=5, force=60, queue=600, run=6000)) as made:
        yield made


def gate_run(lab: Lab, *others: str, name: str = "Ci") -> Run:
    """Start a run whose first job is the gate step's."""
    run = lab.run(lab.workflow(name, "ci.yml", "gate", *others))
    assert run.jobs[0].status == "in_progress"
    return run


def here(lab: Lab, run: Run, token: str = "ghs_job") -> GitHubRun:
    """Return the gate step's view of a run; by its sleeping the emulator's time goes by."""
    clock = lab.service.clock
    return GitHubRun(
        api_url=lab.server.url,
        repository=lab.repository.full_name,
        run_id=str(run.id),
        token=Secret(token),
        job="gate",
        clock=clock.now,
        sleep=clock.advance,
    )


def start_another(lab: Lab, own: Run, *jobs: str, name: str = "After", **more: Any) -> Run:
    """Start a run as `workflow_run` does."""
    started = lab.run(lab.workflow(name, f"{name}.yml", *jobs), event="workflow_run", age=30, **more)
    started.sha = own.sha
    return started


def test_a_run_with_nothing_but_protected_jobs_left_is_cancelled_and_seen_so(lab: Lab) -> None:
    run = gate_run(lab, "configure-lab", "load / größe 50%")
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert (result.target, result.outcome) == (f"run {run.id}", Outcome.STOPPED)
    assert result.detail == "configure-lab and load / größe 50%"
    assert run.conclusion == "cancelled"


def test_a_run_with_other_jobs_goes_on_and_it_is_said_what_holds_the_jobs_back(lab: Lab) -> None:
    run = gate_run(lab, "load-live", "unit")
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.REFUSED
    assert result.detail.startswith("unit would be cancelled with load-live: ")
    assert "needs.gate.outputs.open == 'true'" in result.detail
    assert "--cancel-run" in result.detail
    assert lab.count("POST", CANCEL) == 0


def test_with_cancel_run_other_jobs_are_lost_too(lab: Lab) -> None:
    run = gate_run(lab, "load-live", "unit")
    (result,) = here(lab, run).cancel_downstream(PROTECT, whole_run=True)
    assert (result.outcome, run.conclusion) == (Outcome.STOPPED, "cancelled")


def test_a_protected_workflow_is_cancelled_by_its_name(lab: Lab) -> None:
    run = gate_run(lab, "unit", name="Load tests")
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert (result.outcome, run.conclusion) == (Outcome.STOPPED, "cancelled")


def test_without_protected_jobs_nothing_is_cancelled(lab: Lab) -> None:
    run = gate_run(lab, "unit")
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.DONE
    assert "no unfinished job that is protected" in result.detail
    assert lab.count("POST", CANCEL) == 0


def test_the_reason_stands_on_the_commit_before_the_run_is_cancelled(lab: Lab) -> None:
    run = gate_run(lab, "load-live")
    step = here(lab, run)
    assert step.annotate("staging: waiting for fiber", opened=False) == ()
    step.cancel_downstream(PROTECT)
    (status,) = lab.repository.statuses
    assert (status.sha, status.description) == (run.sha, "staging: waiting for fiber")
    posts = [seen.template.rpartition("/")[2] for seen in lab.server.log.last() if seen.method == "POST"]
    assert posts == ["{sha}", "cancel"]


def test_runs_that_this_one_has_started_are_handled_the_same_way(lab: Lab) -> None:
    run = gate_run(lab, "load-live", "unit")
    protected = start_another(lab, run, "load-live")
    by_name = start_another(lab, run, "deploy", name="load-after")
    mixed = start_another(lab, run, "load-live", "report", name="Mixed")
    plain = start_another(lab, run, "report", name="Plain")
    over = start_another(lab, run, "load-live", name="Over", status="completed", conclusion="success")
    foreign = lab.run(lab.workflow("Foreign", "foreign.yml", "load-live"), event="workflow_run")
    older = start_another(lab, run, "load-live", name="Older")
    older.created = run.created - 100
    results = {result.target: result.outcome for result in here(lab, run).cancel_downstream(PROTECT)}
    assert results == {
        f"run {protected.id}": Outcome.STOPPED,
        f"run {by_name.id}": Outcome.STOPPED,
        f"run {mixed.id}": Outcome.REFUSED,
        f"run {run.id}": Outcome.REFUSED,
    }
    assert [one.active for one in (plain, foreign, older, run, mixed)] == [True] * 5
    assert over.conclusion == "success"


def test_the_own_run_is_asked_last_since_that_ends_this_process(lab: Lab) -> None:
    run = gate_run(lab, "load-live")
    started = start_another(lab, run, "load-live")
    here(lab, run).cancel_downstream(PROTECT)
    asked = [seen.path for seen in lab.server.log.last() if seen.template == CANCEL]
    assert [path.split("/")[-2] for path in asked] == [str(started.id), str(run.id)]


def test_a_cancel_that_does_not_land_survives_within_a_bound(lab: Lab) -> None:
    run = gate_run(lab, "load-live")
    run.behaviour = Behaviour.STUCK
    began = lab.service.clock.now()
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.SURVIVED
    assert result.detail.endswith("this is left: load-live")
    assert CANCEL_WAIT <= lab.service.clock.now() - began < CANCEL_WAIT + 2 * PAUSE


@pytest.mark.parametrize("permissions", [{"actions": "read"}, {"actions": "none"}], ids=["read", "none"])
def test_a_token_that_may_not_cancel_is_told_with_what_holds_the_jobs_back(
    lab: Lab, permissions: dict[str, str]
) -> None:
    run = gate_run(lab, "load-live")
    lab.deny("ghs_job", **permissions)
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.REFUSED
    assert "actions: " in result.detail
    assert "needs.gate.outputs.open == 'true'" in result.detail
    assert run.cancel_asked is None


def test_a_forks_token_is_told_apart(lab: Lab) -> None:
    run = gate_run(lab, "load-live")
    lab.deny("ghs_job", actions="read", statuses="none")
    step = here(lab, run)
    step.annotate("dark", opened=False)
    (result,) = step.cancel_downstream(PROTECT)
    assert "pull requests from forks and from Dependabot never get it" in result.detail
    assert lab.repository.statuses == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 502, "times": 9}, "GitHub answers 502"),
        ({"kind": FaultKind.RESET, "times": 9}, "GitHub cannot be reached"),
        ({"kind": FaultKind.MALFORMED}, "it is no JSON"),
        ({"status": 429, "headers": (("Retry-After", "900"),)}, "GitHub has been asked too often"),
    ],
    ids=["5xx", "reset", "malformed", "limited"],
)
def test_a_run_that_cannot_be_read_is_not_cancelled(lab: Lab, fault: dict[str, Any], said: str) -> None:
    run = gate_run(lab, "load-live")
    lab.fault(**fault)
    began = lab.service.clock.now()
    (result,) = here(lab, run).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.FAILED
    assert said in result.detail
    assert lab.count("POST", CANCEL) == 0
    assert lab.service.clock.now() - began < 10  # a gate step does not sit out a rate limit
