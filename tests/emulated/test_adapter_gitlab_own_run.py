"""What does a gate step hold back in its own GitLab pipeline, and in what that has started?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.providers.gitlab import GitLabRun, own_run
from gate.providers.protocol import Result
from gate.sandbox.faults import FaultKind
from gate.sandbox.gitlab.model import JobSpec, Pipeline
from tests.emulated.gitlab_fleet import LOAD, TOKEN, UNIT, Lab, serving

GATE = JobSpec(name="load gate", stage="gate")
PROTECT = ("configure*", "load*")
SWEEP = JobSpec(name="sweep", stage="run")


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitLab with an empty group."""
    with serving() as made:
        yield made


def here(lab: Lab, pipeline: Pipeline, **environ: str) -> GitLabRun:
    """Return the run of a pipeline's first job, whose waiting lets time go by in GitLab."""
    lab.grant("glcbt-own", job=pipeline.jobs[0].id)

    def sleep(seconds: float) -> None:
        lab.time.sleep(seconds)
        with lab.service.lock:
            lab.advance(seconds * 100)

    values = {
        "CI_API_V4_URL": f"{lab.server.url}/api/v4",
        "CI_PROJECT_ID": str(pipeline.project.id),
        "CI_PIPELINE_ID": str(pipeline.id),
        "CI_JOB_ID": str(pipeline.jobs[0].id),
        "CI_JOB_TOKEN": "glcbt-own",
        "GITLAB_TOKEN": TOKEN,
        **environ,
    }
    return replace(own_run(values), sleep=sleep, clock=lab.time.now)


def outcomes(results: tuple[Result, ...] | object) -> dict[str, Outcome]:
    """Return what came of each target."""
    assert isinstance(results, tuple | list)
    return {result.target.partition(" (")[0].removeprefix("job "): result.outcome for result in results}


def test_what_comes_after_is_cancelled_in_the_pipeline_and_its_children_and_nothing_else(lab: Lab) -> None:
    child = JobSpec(name="measure", stage="gate", child=(UNIT, LOAD))
    pipeline = lab.pipeline(
        GATE, child, UNIT, JobSpec(name="configure", stage="lab"), statuses=("running", "running", "running")
    )
    below = pipeline.jobs[1].downstream
    assert below is not None
    results = here(lab, pipeline).cancel_downstream(PROTECT)
    assert outcomes(results) == {"configure": Outcome.STOPPED, LOAD.name: Outcome.STOPPED}
    assert [job.status for job in pipeline.jobs][::2] == ["running", "running"]
    assert [job.status for job in below.jobs] == ["pending", "canceled"]


def test_all_that_a_protected_trigger_job_has_started_is_cancelled_in_another_project_too(lab: Lab) -> None:
    lab.project("other/tunnel").template = (SWEEP, JobSpec(name="report", stage="z"))
    specs = (
        JobSpec(name="load here", stage="gate", child=(SWEEP,)),
        JobSpec(name="load there", stage="gate", elsewhere="other/tunnel"),
        JobSpec(name="build there", stage="gate", elsewhere="other/tunnel"),
    )
    pipeline = lab.pipeline(GATE, *specs, statuses=("running",) * 4)
    results = here(lab, pipeline).cancel_downstream(PROTECT)
    stopped = {job.status for spec in pipeline.jobs[1:3] for job in spec.downstream.jobs}  # type: ignore[union-attr]
    assert len(results) == 3
    assert {result.outcome for result in results} <= {Outcome.STOPPED, Outcome.ALREADY_FINISHED}
    assert stopped <= {"canceled", "skipped"}
    kept = pipeline.jobs[3].downstream
    assert kept is not None
    assert kept.jobs[0].status == "pending"


def test_a_running_job_is_looked_at_until_it_is_canceled(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, JobSpec(name="load", stage="gate"), statuses=("running", "running"))
    results = here(lab, pipeline).cancel_downstream(PROTECT)
    assert outcomes(results) == {"load": Outcome.STOPPED}
    assert lab.time.slept == [2.0, 2.0, 2.0]


def test_grandchildren_are_reached(lab: Lab) -> None:
    inner = JobSpec(name="inner", child=(LOAD,))
    pipeline = lab.pipeline(
        GATE, JobSpec(name="outer", stage="gate", child=(inner,)), statuses=("running", "running")
    )
    lab.advance(601)
    pipeline.jobs[0].status = "running"
    assert outcomes(here(lab, pipeline).cancel_downstream(PROTECT)) == {LOAD.name: Outcome.STOPPED}


def test_a_trigger_job_that_has_not_started_is_named_with_what_helps(lab: Lab) -> None:
    pipeline = lab.pipeline(
        GATE, JobSpec(name="load later", stage="z", child=(SWEEP,)), statuses=("running",), still=True
    )
    (result,) = here(lab, pipeline).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.SURVIVED
    assert "before it starts" in result.detail
    assert "--cancel-run" in result.detail
    assert lab.time.slept == []


def test_what_a_script_has_started_is_found_and_held_back(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, UNIT, statuses=("running", "running"))
    there = lab.pipeline(LOAD, UNIT, project="other/tunnel", source="pipeline", still=True)
    pipeline.jobs[1].downstream, there.bridge = there, pipeline.jobs[1]
    assert outcomes(here(lab, pipeline).cancel_downstream(PROTECT)) == {LOAD.name: Outcome.STOPPED}
    assert [job.status for job in there.jobs] == ["canceled", "created"]


def test_where_graphql_is_refused_the_rest_is_held_back_and_that_is_said(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, LOAD, statuses=("running",))
    lab.fault(FaultKind.STATUS, status=403, path="/api/graphql")
    assert outcomes(here(lab, pipeline).cancel_downstream(PROTECT)) == {
        LOAD.name: Outcome.STOPPED,
        f"what scripts of pipeline {pipeline.id} have started": Outcome.REFUSED,
    }


def test_one_that_starts_while_we_look_is_followed(lab: Lab) -> None:
    specs = (
        JobSpec(name="load", stage="gate"),
        JobSpec(name="load child", stage="gate", child=(SWEEP,)),
    )
    pipeline = lab.pipeline(GATE, *specs, statuses=("running", "running", "pending"))
    results = here(lab, pipeline).cancel_downstream(PROTECT)
    assert outcomes(results) == {"load": Outcome.STOPPED, "sweep": Outcome.STOPPED}


def test_a_manual_job_is_left_alone_and_named(lab: Lab) -> None:
    pipeline = lab.pipeline(
        GATE, JobSpec(name="load by hand", stage="gate", when="manual"), statuses=("running", "manual")
    )
    (result,) = here(lab, pipeline).cancel_downstream(PROTECT)
    assert (result.outcome, "left alone" in result.detail) == (Outcome.SURVIVED, True)
    assert pipeline.jobs[1].status == "manual"


def test_with_the_whole_run_even_trigger_jobs_end_and_the_pipeline_last(lab: Lab) -> None:
    lab.project("other/tunnel").template = (SWEEP,)
    specs = (
        JobSpec(name="load there", stage="gate", elsewhere="other/tunnel"),
        JobSpec(name="load later", stage="z", child=(SWEEP,)),
        UNIT,
    )
    pipeline = lab.pipeline(GATE, *specs, statuses=("running", "running"))
    results = here(lab, pipeline).cancel_downstream(PROTECT, whole_run=True)
    assert outcomes(results) == {"sweep": Outcome.STOPPED, f"pipeline {pipeline.id}": Outcome.STOPPED}
    assert results[-1].target == f"pipeline {pipeline.id}"
    assert {job.status for job in pipeline.jobs} <= {"canceled", "skipped"}


def test_a_job_token_cannot_cancel_and_that_is_said_with_what_to_do(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, LOAD, statuses=("running",))
    for results in (
        here(lab, pipeline, GITLAB_TOKEN="").cancel_downstream(PROTECT),
        here(lab, pipeline, GITLAB_TOKEN="").cancel_run(),
    ):
        (result,) = results
        assert result.outcome is Outcome.REFUSED
        for words in ("GITLAB_TOKEN", "CI_JOB_TOKEN may not cancel", "scope api", "fork"):
            assert words in result.detail
    assert lab.count() == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"role": "reporter"}, "Developer role", id="reporter"),
        pytest.param({"scopes": ["read_api"]}, "scope api", id="reading"),
        pytest.param({"expired": True}, "does not accept GITLAB_TOKEN", id="expired"),
        pytest.param({"projects": ["acme/other"]}, "GITLAB_TOKEN needs the scope api", id="hidden"),
    ],
)
def test_a_token_that_may_not_is_refused_by_what_it_lacks(
    lab: Lab, fields: dict[str, Any], words: str
) -> None:
    pipeline = lab.pipeline(GATE, LOAD, statuses=("running",))
    lab.grant(**fields)
    (result,) = here(lab, pipeline).cancel_downstream(PROTECT)
    assert result.outcome is Outcome.REFUSED
    assert words in result.detail
    assert TOKEN not in result.detail
    assert pipeline.jobs[1].status == "created"


def test_a_downstream_project_that_the_token_does_not_see_is_a_result_of_its_own(lab: Lab) -> None:
    lab.project("other/tunnel").template = (SWEEP,)
    there = JobSpec(name="load there", stage="gate", elsewhere="other/tunnel")
    pipeline = lab.pipeline(GATE, there, LOAD, statuses=("running", "running"))
    below = pipeline.jobs[1].downstream
    assert below is not None
    lab.grant(projects=["acme/panda"])
    results = here(lab, pipeline).cancel_downstream(PROTECT)
    assert outcomes(results) == {
        LOAD.name: Outcome.STOPPED,
        f"protected jobs of pipeline {below.id}": Outcome.REFUSED,
    }


def test_the_pipeline_is_renamed_and_its_own_name_is_kept(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, LOAD, statuses=("running",), ref="feature/x")
    pipeline.name = "Nightly"
    run = here(lab, pipeline, CI_PIPELINE_NAME="Nightly")
    assert outcomes(run.annotate("staging: waiting for fiber", opened=False)) == {
        "pipeline name": Outcome.DONE
    }
    assert pipeline.name == "gate: staging: waiting for fiber | Nightly"
    again = here(lab, pipeline, CI_PIPELINE_NAME=pipeline.name)
    again.annotate("staging: ready", opened=True)
    assert pipeline.name == "gate: staging: ready | Nightly"
    untitled = here(lab, pipeline, CI_COMMIT_TITLE="Raise the pulse rate")
    untitled.annotate("held", opened=False)
    assert pipeline.name == "gate: held | Raise the pulse rate"


def test_a_burst_of_errors_is_outlasted(lab: Lab) -> None:
    pipeline = lab.pipeline(GATE, LOAD, statuses=("running",))
    lab.fault(FaultKind.STATUS, status=502, times=2)
    lab.fault(FaultKind.RESET, path="*/cancel", carried_out=True)
    assert outcomes(here(lab, pipeline).cancel_downstream(PROTECT)) == {LOAD.name: Outcome.STOPPED}


def test_a_gate_step_that_cancels_nothing_loads_no_client_library() -> None:
    import subprocess

    code = (
        "import sys; from gate.providers import own_run; own_run('gitlab', {}).annotate('x', opened=False); "
        "print('gitlab' in sys.modules, 'requests' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert ran.stdout.strip() == "False False"


def test_a_run_never_shows_its_tokens(lab: Lab) -> None:
    run = replace(here(lab, lab.pipeline(GATE, statuses=("running",))), token=Secret(TOKEN))
    assert TOKEN not in repr(run)
