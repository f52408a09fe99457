"""Of which build is a gate step in Jenkins a part? From the variables that every build has.

``GIT_COMMIT`` and ``GIT_BRANCH`` are set by the Git plugin, ``BRANCH_NAME`` in multibranch
projects, so that commit and ref may not be known (their documentation, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.core.event import StepClosed
from gate.core.reason import one_line, without_credentials


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the build, for a record of what was held back; None where it cannot be told."""
    job, number = environ.get("JOB_NAME", ""), environ.get("BUILD_NUMBER", "")
    if not job or not number.isdigit():
        return None
    project = one_line(job, 500)
    return StepClosed(
        environment="",
        code="",
        provider="jenkins",
        project=project,
        run=number,
        instance=without_credentials(environ.get("JENKINS_URL", "")).rstrip("/"),
        workflow=project,
        ref=one_line(environ.get("BRANCH_NAME") or environ.get("GIT_BRANCH", "").removeprefix("origin/")),
        commit=one_line(environ.get("GIT_COMMIT", ""), 64),
        url=one_line(without_credentials(environ.get("BUILD_URL", "")), 500),
        order=int(number),
    )
