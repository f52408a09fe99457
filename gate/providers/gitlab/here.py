"""Of which job is a gate step in GitLab CI a part? From GitLab's predefined variables.

The job is what was held back: where it is run again with an open gate, it does what it could not
(doc/ci/variables/predefined_variables.md, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.core.entry import canonical
from gate.core.event import StepClosed
from gate.core.reason import one_line, without_credentials


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the job, for a record of what was held back; None where it cannot be told."""
    path = environ.get("CI_PROJECT_PATH", "")
    numbers = [environ.get(name, "") for name in ("CI_JOB_ID", "CI_PIPELINE_ID", "CI_PROJECT_ID")]
    if not path or not all(number.isdigit() for number in numbers):
        return None
    job, pipeline, project = map(int, numbers)
    name = one_line(environ.get("CI_JOB_NAME", ""), 255)
    own = {"project": project, "pipeline": pipeline, "job": job, "name": name, "was": "running"}
    return StepClosed(
        environment="",
        code="",
        provider="gitlab",
        project=one_line(path, 500),
        run=str(job),
        instance=without_credentials(environ.get("CI_SERVER_URL", "")).rstrip("/"),
        workflow=name,
        ref=one_line(environ.get("CI_COMMIT_REF_NAME", ""), 255),
        commit=one_line(environ.get("CI_COMMIT_SHA", ""), 64),
        url=one_line(without_credentials(environ.get("CI_JOB_URL", "")), 500),
        run_kind="job",
        order=pipeline,
        own=canonical(own),
    )
