"""How does GitHub write down variables, commit statuses and check runs?

Keys and forms as in GitHub's OpenAPI description, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.sandbox.github.model import CheckRun, Repository, Status, Variable
from gate.sandbox.github.shapes_repository import encode_minimal, encode_user, site_of, stamp


def encode_variable(variable: Variable, organization_url: str = "") -> dict[str, Any]:
    """Return an ``actions-variable``, or an ``organization-actions-variable`` where a URL is given."""
    document: dict[str, Any] = {
        "name": variable.name,
        "value": variable.value,
        "created_at": stamp(variable.created),
        "updated_at": stamp(variable.updated),
    }
    if organization_url:
        document["visibility"] = variable.visibility
        if variable.visibility == "selected":
            chosen = f"{organization_url}/actions/variables/{variable.name}/repositories"
            document["selected_repositories_url"] = chosen
    return document


def encode_status(base: str, repository: Repository, status: Status) -> dict[str, Any]:
    """Return a ``status``."""
    return {
        "url": f"{base}/repos/{repository.full_name}/statuses/{status.sha}",
        "avatar_url": f"{site_of(base)}/avatars/{status.creator}",
        "id": status.id,
        "node_id": f"SC_kwDO{status.id:012x}",
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created),
        "updated_at": stamp(status.created),
        "creator": encode_user(base, status.creator),
    }


def encode_combined(
    base: str, repository: Repository, sha: str, statuses: Sequence[Status]
) -> dict[str, Any]:
    """Return a ``combined-commit-status`` of the newest status of each context."""
    states = {status.state for status in statuses}
    bad = states & {"error", "failure"}
    url = f"{base}/repos/{repository.full_name}/commits/{sha}"
    return {
        "state": "failure" if bad else "success" if states == {"success"} else "pending",
        "statuses": [_without_creator(encode_status(base, repository, status)) for status in statuses],
        "sha": sha,
        "total_count": len(statuses),
        "repository": encode_minimal(base, repository),
        "commit_url": url,
        "url": f"{url}/status",
    }


def encode_check(base: str, repository: Repository, check: CheckRun) -> dict[str, Any]:
    """Return a ``check-run``."""
    url = f"{base}/repos/{repository.full_name}/check-runs/{check.id}"
    return {
        "id": check.id,
        "name": check.name,
        "node_id": f"CR_kwDO{check.id:012x}",
        "head_sha": check.sha,
        "external_id": check.external_id or "",
        "url": url,
        "html_url": f"{site_of(base)}/{repository.full_name}/runs/{check.id}",
        "details_url": check.details_url,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": None if check.started is None else stamp(check.started),
        "completed_at": None if check.completed is None else stamp(check.completed),
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": len(check.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": check.id + 1},
        "app": _app(base, repository),
        "pull_requests": [],
    }


def _without_creator(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "creator"}


def _app(base: str, repository: Repository) -> dict[str, Any]:
    return {
        "id": 1,
        "slug": "gate-sandbox",
        "node_id": "A_kwDO00000001",
        "owner": encode_user(base, repository.owner, "Organization"),
        "name": "gate sandbox",
        "description": "",
        "external_url": "https://example.com",
        "html_url": f"{site_of(base)}/apps/gate-sandbox",
        "created_at": stamp(repository.created),
        "updated_at": stamp(repository.created),
        "permissions": {"checks": "write", "metadata": "read"},
        "events": [],
    }
