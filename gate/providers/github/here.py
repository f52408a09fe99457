"""Of which run is a gate step in GitHub Actions a part? From the variables that every job has.

``GITHUB_WORKFLOW_REF`` names the workflow's file, and of a pull request ``GITHUB_SHA`` is the commit
of a trial merge, while its own is in the event (GitHub's documentation on variables and on the event
``pull_request``, read 2026-11-24).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gate.core.entry import canonical
from gate.core.event import StepClosed
from gate.core.reason import one_line, without_credentials


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the run, for a record of what was held back; None where it cannot be told."""
    project, run = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_RUN_ID", "")
    if not project or not run.isdigit():
        return None
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "")
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return StepClosed(
        environment="",
        code="",
        provider="github",
        project=one_line(project, 300),
        run=run,
        instance=without_credentials(environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        workflow=_workflow(environ, project),
        ref=one_line(environ.get("GITHUB_HEAD_REF") or environ.get("GITHUB_REF_NAME", "")),
        commit=_commit(environ),
        url=f"{without_credentials(server).rstrip('/')}/{one_line(project, 300)}/actions/runs/{run}",
        order=int(run),
        own=canonical({"attempt": int(attempt) if attempt.isdigit() else 1}),
    )


def _workflow(environ: Mapping[str, str], project: str) -> str:
    """Return the workflow's file, as lists of runs name it, or else its name."""
    file = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].removeprefix(f"{project}/")
    return one_line(file or environ.get("GITHUB_WORKFLOW", ""))


def _commit(environ: Mapping[str, str]) -> str:
    if environ.get("GITHUB_HEAD_REF"):
        try:
            event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
            return one_line(str(event["pull_request"]["head"]["sha"]), 64)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
    return one_line(environ.get("GITHUB_SHA", ""), 64)
