"""What does GitHub answer about workflows, Actions switches and waiting deployments?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.sandbox.github import lifecycle
from gate.sandbox.github.calls import Call, empty, reading, wanted_text, writing
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Repository, Run
from gate.sandbox.github.paging import page_of
from gate.sandbox.github.shapes import encode_pending_deployment, encode_workflow, environment_id
from gate.sandbox.github.shapes_repository import encode_user, stamp
from gate.sandbox.routing import Answer, json_answer

NOT_DISPATCHED = "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
_MOST_INPUTS = 25


def list_workflows(call: Call) -> Answer:
    """Return a page of a repository's workflows."""
    workflows = list(call.repository.workflows.values())
    return page_of(
        call.request,
        workflows,
        lambda workflow: encode_workflow(call.base, call.repository, workflow),
        "workflows",
        path=call.listed_path,
    )


def get_workflow(call: Call) -> Answer:
    """Return one workflow, by number or by its file's name."""
    return json_answer(200, encode_workflow(call.base, call.repository, call.workflow()))


def disable(call: Call) -> Answer:
    """Let nothing start the workflow; what is queued or running goes on."""
    return _switched(call, "disabled_manually")


def enable(call: Call) -> Answer:
    """Let the workflow be started again, whatever had disabled it."""
    return _switched(call, "active")


def dispatch(call: Call) -> Answer:
    """Start a workflow: 204, or 200 with the run where it is asked for (not on GHES)."""
    workflow, body = call.workflow(), call.body()
    branch = wanted_text(body, "ref")
    inputs = body.get("inputs", {})
    if not isinstance(inputs, Mapping) or len(inputs) > _MOST_INPUTS:
        raise Refused(422, "Invalid value for input 'inputs'")
    if workflow.state != "active":
        raise Refused(422, NOT_DISPATCHED)
    run = call.world.add_run(
        call.repository,
        workflow,
        status="queued",
        branch=branch.removeprefix("refs/heads/"),
        actor=call.grant.login,
        event="workflow_dispatch",
        age=0,
    )
    lifecycle.enqueue(call.repository, run, call.now, call.timing)
    if body.get("return_run_details") is not True or call.base.endswith("/api/v3"):
        return empty(204)
    url = f"{call.base}/repos/{call.repository.full_name}/actions/runs/{run.id}"
    return json_answer(200, {"workflow_run_id": run.id, "run_url": url, "html_url": url})


def get_permissions(call: Call) -> Answer:
    """Return whether Actions is on in a repository."""
    repository = call.repository
    document: dict[str, Any] = {"enabled": repository.enabled, "sha_pinning_required": False}
    if repository.enabled:
        document["allowed_actions"] = repository.allowed_actions
    return json_answer(200, document)


def put_permissions(call: Call) -> Answer:
    """Switch Actions on or off in a repository."""
    body, repository = call.body(), call.repository
    if not isinstance(body.get("enabled"), bool):
        raise Refused(422, 'Invalid request.\n\n"enabled" wasn\'t supplied.')
    repository.enabled = body["enabled"]
    repository.allowed_actions = str(body.get("allowed_actions", repository.allowed_actions))
    return empty(204)


def get_organization_permissions(call: Call) -> Answer:
    """Return for which repositories of an organisation Actions is on."""
    organization = call.organization()
    return json_answer(
        200,
        {
            "enabled_repositories": organization.enabled_repositories,
            "allowed_actions": organization.allowed_actions,
            "sha_pinning_required": False,
        },
    )


def put_organization_permissions(call: Call) -> Answer:
    """Switch Actions on or off for an organisation."""
    body, organization = call.body(), call.organization()
    wanted = wanted_text(body, "enabled_repositories")
    if wanted not in {"all", "none", "selected"}:
        raise Refused(422, "Invalid request.\n\nenabled_repositories is not one of all, none, selected")
    organization.enabled_repositories = wanted
    organization.allowed_actions = str(body.get("allowed_actions", organization.allowed_actions))
    return empty(204)


def list_pending_deployments(call: Call) -> Answer:
    """Return what a waiting run waits for."""
    run = call.run()
    waits = run.status == "waiting" and run.environment is not None
    may = not call.grant.is_app and call.grant.allows("deployments", "write")
    documents = [encode_pending_deployment(call.base, call.repository, run, may_approve=may)] if waits else []
    return json_answer(200, documents)


def review_pending_deployments(call: Call) -> Answer:
    """Approve or reject what a waiting run waits for."""
    body, run, repository = call.body(), call.run(), call.repository
    state = wanted_text(body, "state")
    wanted_text(body, "comment")
    if state not in {"approved", "rejected"} or body.get("environment_ids") != [environment_id(repository)]:
        raise Refused(422, "Invalid request.\n\nNo pending deployment requests to approve or reject")
    _reviewed(call, run, state)
    return json_answer(200, [_deployment(call, repository, run)])


def review_protection_rule(call: Call) -> Answer:
    """Let an App approve or reject what a run waits for."""
    body, run = call.body(), call.run()
    name, state = wanted_text(body, "environment_name"), wanted_text(body, "state")
    if state not in {"approved", "rejected"} or name != run.environment:
        raise Refused(422, "Invalid request.\n\nNo pending deployment requests to approve or reject")
    _reviewed(call, run, state)
    return empty(204)


def _switched(call: Call, state: str) -> Answer:
    workflow = call.workflow()
    workflow.state, workflow.updated = state, call.now
    return empty(204)


def _reviewed(call: Call, run: Run, state: str) -> None:
    if run.status != "waiting":
        raise Refused(422, "Invalid request.\n\nNo pending deployment requests to approve or reject")
    if state == "approved":
        lifecycle.approve(run, call.now, call.timing)
    else:
        lifecycle.finish(call.repository, run, call.now, "failure", call.timing)


def _deployment(call: Call, repository: Repository, run: Run) -> dict[str, Any]:
    home = f"{call.base}/repos/{repository.full_name}"
    return {
        "url": f"{home}/deployments/{run.id}",
        "id": run.id,
        "node_id": f"DE_kwDO{run.id:012x}",
        "sha": run.sha,
        "ref": run.branch,
        "task": "deploy",
        "payload": {},
        "environment": "lab",
        "description": None,
        "creator": encode_user(call.base, run.actor),
        "created_at": stamp(run.created),
        "updated_at": stamp(call.now),
        "statuses_url": f"{home}/deployments/{run.id}/statuses",
        "repository_url": home,
    }


_HOME = "/repos/{owner}/{repo}/actions"
_WORKFLOW = _HOME + "/workflows/{workflow_id}"
_RUN = _HOME + "/runs/{run_id}"
_ORGANIZATION = "/orgs/{org}/actions/permissions"
ENDPOINTS = (
    reading(_HOME + "/workflows", list_workflows, "actions"),
    reading(_WORKFLOW, get_workflow, "actions"),
    writing("PUT", _WORKFLOW + "/disable", disable, "actions"),
    writing("PUT", _WORKFLOW + "/enable", enable, "actions"),
    writing("POST", _WORKFLOW + "/dispatches", dispatch, "actions"),
    reading(_HOME + "/permissions", get_permissions, "administration"),
    writing("PUT", _HOME + "/permissions", put_permissions, "administration"),
    reading(_ORGANIZATION, get_organization_permissions, "organization_administration"),
    writing("PUT", _ORGANIZATION, put_organization_permissions, "organization_administration"),
    reading(_RUN + "/pending_deployments", list_pending_deployments, "actions"),
    writing("POST", _RUN + "/pending_deployments", review_pending_deployments, "deployments", no_app=True),
    writing(
        "POST", _RUN + "/deployment_protection_rule", review_protection_rule, "deployments", app_only=True
    ),
)
