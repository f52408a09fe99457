"""The emulated GitHub's answers, held against GitHub's own description and githubkit's models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from githubkit_schemas.v2022_11_28 import models

from gate.sandbox.github.app import ENDPOINTS
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.model import Artifact
from gate.sandbox.routing import Answer
from tests.unit.sandbox import github_openapi
from tests.unit.sandbox.github_api import APP_TOKEN, ROOT, Api, read

REPO = "/repos/acme/panda"
CANCEL = "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel"
REFUSED = (401, 403, 404, 409, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call that was made, and what came of it."""

    method: str
    template: str
    answer: Answer


class Recorder:
    """Asks an emulated GitHub and keeps every answer with its path template."""

    def __init__(self) -> None:
        self.api = Api(LimitSettings(primary=10**6, points=10**6))
        self.asked: list[Asked] = []

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = self.api.ask(method, path, body, **more)
        found = self.api.github.router.find(method, path)
        assert found is not None, path
        self.asked.append(Asked(method=method, template=found[0].template, answer=answer))
        return read(answer) if answer.body else None


def drive_runs(ask: Recorder) -> None:
    """Ask everything about runs, with a success and a refusal of each call."""
    api = ask.api
    running, done = api.run(done_jobs=1), api.run("completed", conclusion="failure")
    waiting, queued, zombie = api.run("waiting"), api.run("queued"), api.run("queued")
    zombie.listed_only = True
    ask("GET", f"{REPO}/actions/runs", query={"per_page": 2})
    ask("GET", f"{REPO}/actions/workflows/load-live.yml/runs", query={"status": "completed"})
    (job, *_) = ask("GET", f"{REPO}/actions/runs/{done.id}/jobs")["jobs"]
    ask("GET", f"{REPO}/actions/runs/{running.id}/jobs")
    ask("GET", f"{REPO}/actions/jobs/{job['id']}")
    for run in (running, done, waiting):
        ask("GET", f"{REPO}/actions/runs/{run.id}")
    ask("POST", f"{REPO}/actions/runs/{running.id}/cancel")
    ask("POST", f"{REPO}/actions/runs/{queued.id}/force-cancel")
    for refused in (done, zombie):
        ask("POST", f"{REPO}/actions/runs/{refused.id}/cancel")
        ask("POST", f"{REPO}/actions/runs/{refused.id}/force-cancel")
    for call in ("rerun", "rerun-failed-jobs"):
        done.jobs[0].conclusion = "failure"
        ask("POST", f"{REPO}/actions/runs/{done.id}/{call}")
        api.advance(1000)
        ask("GET", f"{REPO}/actions/runs/{done.id}")
    ask("POST", f"{REPO}/actions/jobs/{done.jobs[1].id}/rerun")
    ask("POST", f"{REPO}/actions/jobs/{done.jobs[1].id}/rerun")
    for number in (1, 2, 4):
        ask("GET", f"{REPO}/actions/runs/{done.id}/attempts/{number}")
        ask("GET", f"{REPO}/actions/runs/{done.id}/attempts/{number}/jobs")


def drive_deployments_and_groups(ask: Recorder) -> None:
    """Ask everything about what runs wait for."""
    api = ask.api
    first, second = api.run("waiting"), api.run("waiting")
    (pending,) = ask("GET", f"{REPO}/actions/runs/{first.id}/pending_deployments")
    review = {"environment_ids": [pending["environment"]["id"]], "state": "approved", "comment": "seen"}
    ask("POST", f"{REPO}/actions/runs/{first.id}/pending_deployments", review)
    rule = {"environment_name": "lab", "state": "rejected", "comment": "dark"}
    ask("POST", f"{REPO}/actions/runs/{second.id}/deployment_protection_rule", rule, token=APP_TOKEN)
    api.workflow.concurrency = "lab"
    running = api.run()
    ask("GET", f"{REPO}/actions/concurrency_groups", base=ROOT)
    ask("GET", f"{REPO}/actions/concurrency_groups/lab", base=ROOT)
    ask("GET", f"{REPO}/actions/concurrency_groups/none", base=ROOT)
    ask("GET", f"{REPO}/actions/runs/{running.id}/concurrency_groups", base=ROOT)
    api.workflow.concurrency = None
    ask("GET", f"{REPO}/actions/runs/{running.id}/concurrency_groups", base=ROOT)


def drive_switches(ask: Recorder) -> None:
    """Ask everything about workflows and the Actions switches."""
    workflow = f"{REPO}/actions/workflows/{ask.api.workflow.id}"
    ask("GET", f"{REPO}/actions/workflows")
    ask("PUT", f"{workflow}/disable")
    ask("GET", workflow)
    ask("PUT", f"{workflow}/enable")
    ask("POST", f"{workflow}/dispatches", {"ref": "main"})
    ask("POST", f"{workflow}/dispatches", {"ref": "main", "return_run_details": True}, base=ROOT)
    ask("PUT", f"{REPO}/actions/permissions", {"enabled": True, "allowed_actions": "local_only"})
    ask("GET", f"{REPO}/actions/permissions")
    ask("PUT", "/orgs/acme/actions/permissions", {"enabled_repositories": "all"})
    ask("GET", "/orgs/acme/actions/permissions")


def drive_variables(ask: Recorder) -> None:
    """Ask everything about variables."""
    for place, more in ((REPO, {}), ("/orgs/acme", {"visibility": "selected"})):
        ask("POST", f"{place}/actions/variables", {"name": "gate_hold", "value": "{}", **more})
        ask("GET", f"{place}/actions/variables")
        ask("GET", f"{place}/actions/variables/GATE_HOLD")
        ask("PATCH", f"{place}/actions/variables/GATE_HOLD", {"value": "x"})
    ask("GET", f"{REPO}/actions/organization-variables")
    for place in (REPO, "/orgs/acme"):
        ask("DELETE", f"{place}/actions/variables/GATE_HOLD")


def drive_reports(ask: Recorder) -> None:
    """Ask everything about statuses and check runs."""
    sha = ask.api.run().sha
    ask("POST", f"{REPO}/statuses/{sha}", {"state": "error", "context": "gate", "description": "dark"})
    for path in ("statuses", "status", "check-runs"):
        ask("GET", f"{REPO}/commits/{sha}/{path}", token=APP_TOKEN)
    ask("GET", f"{REPO}/commits/{sha}")
    check = {"name": "gate", "head_sha": sha, "status": "in_progress"}
    made = ask("POST", f"{REPO}/check-runs", check, token=APP_TOKEN)
    output = {"title": "Closed", "summary": "The fibre is dark."}
    ended = {"conclusion": "cancelled", "output": output}
    ask("PATCH", f"{REPO}/check-runs/{made['id']}", ended, token=APP_TOKEN)
    ask("GET", f"{REPO}/check-runs/{made['id']}")
    ask("GET", f"{REPO}/commits/{sha}/check-runs")


def drive_artifacts(ask: Recorder) -> None:
    """Ask for what runs have left."""
    run = ask.api.run()
    for number, name in enumerate(("fiber-gate-closed", "report"), 1):
        ask.api.repository.artifacts.append(Artifact(id=number, name=name, run=run, created=run.created))
    ask("GET", f"{REPO}/actions/artifacts", query={"name": "fiber-gate-closed"})


def drive_account(ask: Recorder) -> None:
    """Ask everything about owners, repositories and limits."""
    ask.api.world.add_repository("acme", "open", private=False)
    paths = (
        REPO,
        "/orgs/acme",
        "/orgs/acme/repos",
        "/users/acme",
        "/users/acme/repos",
        "/user",
        "/user/repos",
    )
    for path in paths:
        ask("GET", path)
    ask("GET", "/user", token="")
    ask("GET", "/repos/acme/nothing")
    ask("GET", "/orgs/nobody")
    ask("GET", "/installation/repositories", token=APP_TOKEN)
    ask("GET", "/installation/repositories")
    ask("GET", "/rate_limit")


DRIVERS: tuple[Callable[[Recorder], None], ...] = (
    drive_runs,
    drive_deployments_and_groups,
    drive_switches,
    drive_variables,
    drive_reports,
    drive_artifacts,
    drive_account,
)


@pytest.fixture(scope="module")
def asked() -> tuple[Asked, ...]:
    """Every call of the API at least once, with its answer."""
    recorder = Recorder()
    for drive in DRIVERS:
        drive(recorder)
    return tuple(recorder.asked)


def test_every_path_that_the_emulator_has_is_one_of_githubs() -> None:
    known = github_openapi.paths()
    strange = [
        f"{endpoint.method} {endpoint.template}"
        for endpoint in ENDPOINTS
        if (endpoint.method, github_openapi.anonymous(endpoint.template)) not in known
    ]
    assert strange == []


def test_every_call_is_made_and_answers_with_success_at_least_once(asked: tuple[Asked, ...]) -> None:
    succeeded = {(one.method, one.template) for one in asked if one.answer.status < 300}
    assert {(endpoint.method, endpoint.template) for endpoint in ENDPOINTS} - succeeded == set()


def test_every_answer_is_as_githubs_openapi_description_says(asked: tuple[Asked, ...]) -> None:
    found = [
        f"{one.method} {one.template} {one.answer.status}: {problem}"
        for one in asked
        # The description lists few refusals for each call; their form is tested below.
        if one.answer.status not in REFUSED
        for problem in github_openapi.problems(
            one.method, one.template, one.answer.status, read(one.answer) if one.answer.body else None
        )
    ]
    assert found == []


def test_every_refusal_has_githubs_form(asked: tuple[Asked, ...]) -> None:
    refused = [read(one.answer) for one in asked if one.answer.status in REFUSED]
    assert len(refused) >= 8
    for document in refused:
        assert set(document) == {"message", "documentation_url", "status"}
        assert github_openapi.problems("POST", CANCEL, 409, document) == []


def test_the_description_would_find_a_wrong_answer(asked: tuple[Asked, ...]) -> None:
    template = "/repos/{owner}/{repo}/actions/runs/{run_id}"
    document = next(read(one.answer) for one in asked if (one.method, one.template) == ("GET", template))
    for wrong in ({**document, "id": "7"}, {**document, "status": 7}, {**document, "repository": None}):
        assert github_openapi.problems("GET", template, 200, wrong)
    del document["cancel_url"]
    assert github_openapi.problems("GET", template, 200, document)
    assert github_openapi.problems("GET", template, 418, document)


@pytest.mark.parametrize(
    ("template", "schema", "inside"),
    [
        ("/repos/{owner}/{repo}/actions/runs/{run_id}", "workflow-run", ""),
        ("/repos/{owner}/{repo}/actions/jobs/{job_id}", "job", ""),
        ("/repos/{owner}/{repo}/actions/workflows/{workflow_id}", "workflow", ""),
        ("/repos/{owner}/{repo}/check-runs/{check_run_id}", "check-run", ""),
        ("/repos/{owner}/{repo}", "full-repository", ""),
        ("/orgs/{org}/actions/variables/{name}", "organization-actions-variable", ""),
        ("/repos/{owner}/{repo}/actions/runs/{run_id}", "minimal-repository", "repository"),
        ("/repos/{owner}/{repo}/actions/runs/{run_id}", "simple-user", "actor"),
    ],
)
def test_no_answer_holds_a_key_that_github_does_not_have(
    asked: tuple[Asked, ...], template: str, schema: str, inside: str
) -> None:
    document = next(
        read(one.answer)
        for one in asked
        if (one.method, one.template, one.answer.status) == ("GET", template, 200)
    )
    assert set(document[inside] if inside else document) - github_openapi.described_keys(schema) == set()


_JOBS = models.ReposOwnerRepoActionsRunsRunIdJobsGetResponse200
MODELS: dict[str, Any] = {
    "GET /repos/{owner}/{repo}": models.FullRepository,
    "GET /repos/{owner}/{repo}/actions/runs": models.ReposOwnerRepoActionsRunsGetResponse200,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}": models.WorkflowRun,
    "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs": _JOBS,
    "GET /repos/{owner}/{repo}/actions/jobs/{job_id}": models.Job,
    "GET /repos/{owner}/{repo}/actions/workflows": models.ReposOwnerRepoActionsWorkflowsGetResponse200,
    "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}": models.Workflow,
    "GET /repos/{owner}/{repo}/actions/variables": models.ReposOwnerRepoActionsVariablesGetResponse200,
    "GET /repos/{owner}/{repo}/actions/variables/{name}": models.ActionsVariable,
    "GET /orgs/{org}/actions/variables/{name}": models.OrganizationActionsVariable,
    "GET /repos/{owner}/{repo}/check-runs/{check_run_id}": models.CheckRun,
    "POST /repos/{owner}/{repo}/statuses/{sha}": models.Status,
    "GET /repos/{owner}/{repo}/commits/{ref}/status": models.CombinedCommitStatus,
    "GET /repos/{owner}/{repo}/commits/{ref}": models.Commit,
    "GET /orgs/{org}": models.OrganizationFull,
}


@pytest.mark.parametrize("call", MODELS)
def test_githubkit_reads_the_answer_as_its_own_model(asked: tuple[Asked, ...], call: str) -> None:
    answers = [
        one.answer for one in asked if f"{one.method} {one.template}" == call and one.answer.status < 300
    ]
    assert answers
    for answer in answers:
        MODELS[call].model_validate_json(answer.body)
