"""What does GitHub answer about the files that runs have left? Names and runs alone: there is no content.

Keys as in GitHub's OpenAPI description (`artifact`), read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from gate.sandbox.github.calls import Call, reading
from gate.sandbox.github.model import Artifact
from gate.sandbox.github.paging import page_of
from gate.sandbox.github.shapes_repository import stamp
from gate.sandbox.routing import Answer

_KEPT = 90 * 86400.0


def list_artifacts(call: Call) -> Answer:
    """Return a page of a repository's artifacts, newest first, of one name where that is asked for."""
    wanted = call.request.query.get("name", "")
    found = [one for one in reversed(call.repository.artifacts) if not wanted or one.name == wanted]
    return page_of(call.request, found, lambda one: _encode(call, one), "artifacts", path=call.listed_path)


def _encode(call: Call, artifact: Artifact) -> dict[str, Any]:
    repository, run = call.repository, artifact.run
    home = f"{call.base}/repos/{repository.full_name}/actions/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": f"MDg6QXJ0aWZhY3Q{artifact.id}",
        "name": artifact.name,
        "size_in_bytes": 300,
        "url": home,
        "archive_download_url": f"{home}/zip",
        "expired": False,
        "created_at": stamp(artifact.created),
        "updated_at": stamp(artifact.created),
        "expires_at": stamp(artifact.created + _KEPT),
        "digest": None,
        "workflow_run": {
            "id": run.id,
            "repository_id": repository.id,
            "head_repository_id": repository.id,
            "head_branch": run.branch,
            "head_sha": run.sha,
        },
    }


ENDPOINTS = (reading("/repos/{owner}/{repo}/actions/artifacts", list_artifacts, "actions"),)
