"""A gate step knows what it is a part of, from the variables that each CI system sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.core.event import StepClosed
from gate.providers import step_here

GITHUB = {
    "GITHUB_REPOSITORY": "acme/panda",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW": "lab",
    "GITHUB_WORKFLOW_REF": "acme/panda/.github/workflows/lab.yml@refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SHA": "a" * 40,
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
}
GITLAB = {
    "CI_PROJECT_PATH": "lab/panda",
    "CI_PROJECT_ID": "5",
    "CI_PIPELINE_ID": "40",
    "CI_JOB_ID": "400",
    "CI_JOB_NAME": "fiber-gate",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": "b" * 40,
    "CI_SERVER_URL": "https://user:secret@gitlab.example.com",
    "CI_JOB_URL": "https://gitlab.example.com/lab/panda/-/jobs/400",
}
JENKINS = {
    "JOB_NAME": "lab/load/main",
    "BUILD_NUMBER": "12",
    "JENKINS_URL": "https://jenkins.example.com/",
    "BUILD_URL": "https://jenkins.example.com/job/lab/job/load/job/main/12/",
    "BRANCH_NAME": "main",
    "GIT_COMMIT": "c" * 40,
}


def here(provider: str, environ: dict[str, str]) -> StepClosed:
    step = step_here(provider, environ)
    assert step is not None
    return step


def test_github_names_run_file_ref_commit_and_attempt() -> None:
    step = here("github", GITHUB)
    assert (step.instance, step.project, step.run) == ("https://api.github.com", "acme/panda", "77")
    assert (step.workflow, step.ref, step.commit) == (".github/workflows/lab.yml", "main", "a" * 40)
    assert step.url == "https://github.com/acme/panda/actions/runs/77"
    assert (step.order, json.loads(step.own)) == (77, {"attempt": 2})


def test_of_a_pull_request_the_branch_and_its_own_commit_are_named(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": "d" * 40}}}), encoding="utf-8")
    of_request = {"GITHUB_HEAD_REF": "splice", "GITHUB_REF_NAME": "5/merge", "GITHUB_EVENT_PATH": str(event)}
    step = here("github", {**GITHUB, **of_request})
    assert (step.ref, step.commit) == ("splice", "d" * 40)
    event.write_text("no JSON", encoding="utf-8")
    assert here("github", {**GITHUB, **of_request}).commit == "a" * 40


def test_gitlab_names_the_job_as_a_retry_needs_it() -> None:
    step = here("gitlab", GITLAB)
    assert (step.instance, step.project, step.run) == ("https://gitlab.example.com", "lab/panda", "400")
    assert (step.run_kind, step.workflow, step.ref, step.order) == ("job", "fiber-gate", "main", 40)
    assert json.loads(step.own) == {
        "project": 5,
        "pipeline": 40,
        "job": 400,
        "name": "fiber-gate",
        "was": "running",
    }


def test_jenkins_names_the_build_and_what_the_git_plugin_tells() -> None:
    step = here("jenkins", JENKINS)
    assert (step.instance, step.project, step.run) == ("https://jenkins.example.com", "lab/load/main", "12")
    assert (step.ref, step.commit, step.order) == ("main", "c" * 40, 12)


@pytest.mark.parametrize(
    ("provider", "environ"),
    [
        ("github", {}),
        ("github", {**GITHUB, "GITHUB_RUN_ID": "x"}),
        ("gitlab", {**GITLAB, "CI_JOB_ID": ""}),
        ("jenkins", {**JENKINS, "BUILD_NUMBER": "last"}),
    ],
)
def test_outside_of_a_run_there_is_nothing_to_record(provider: str, environ: dict[str, str]) -> None:
    assert step_here(provider, environ) is None
