"""Which builds have the reason of a closed gate step in their description?

One list for each job, of its newest builds. Not those that were aborted: a sweep has put the reason
there, and the ledger knows them. A person, or another step, may add to a description as well (`Run` in
core, exported `number`, `timestamp`, `result` and `description`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gate.core.event import StepClosed
from gate.core.kept import Kept, KeptStep, closed_reason
from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.jobs import FOLDER_TREE, JOBS_TREE, Job, read_jobs
from gate.providers.jenkins.targets import Findings
from gate.providers.keeping import together
from gate.providers.protocol import Each, NotDone

RECENT: Final = 50
_BUILDS: Final = f"builds[number,timestamp,result,description]{{0,{RECENT}}}"


def closed_steps(controller: Controller, since: datetime, each: Each) -> Kept:
    """Return what was held back since a moment, of the newest builds of each job."""
    findings = Findings(member=controller.member)
    try:
        jobs = tuple(_jobs(controller, findings))
    except NotDone as error:
        return Kept(notes=(error.detail,))
    notes = [problem.asked.detail for problem in findings.problems]
    return together(each(lambda job: _of(controller, job, since), jobs), notes)


def _jobs(controller: Controller, findings: Findings) -> Iterator[Job]:
    member = controller.member
    path = names.job_path(member.root)
    tree = f"{FOLDER_TREE},{JOBS_TREE}" if path else f"url,{JOBS_TREE}"
    document = controller.read(path, tree, names.shown(member.root) or "the controller")
    root = document.get("url") if not path else ""
    for job in read_jobs(controller, document, path, root if isinstance(root, str) else "", findings):
        if job.starts_builds and names.is_meant(member, job.name):
            yield job


def _of(controller: Controller, job: Job, since: datetime) -> tuple[KeptStep, ...] | NotDone:
    try:
        document = controller.find(job.path, _BUILDS, names.shown(job.name)) or {}
    except NotDone as error:
        return error
    builds = document.get("builds")
    found = (_parsed(build, controller, job) for build in (builds if isinstance(builds, list) else ()))
    return tuple(one for one in found if one is not None and one.at >= since)


def _parsed(build: Mapping[str, Any], controller: Controller, job: Job) -> KeptStep | None:
    match build:
        case {"number": int(number), "timestamp": int(milliseconds), "description": str(text)}:
            said = closed_reason(text)
            if said is None or build.get("result") == "ABORTED":
                return None
            step = StepClosed(
                environment=said.environment,
                code=said.code,
                provider="jenkins",
                project=job.name,
                run=str(number),
                instance=controller.member.url,
                workflow=job.name,
                hold=said.hold,
                url=f"{controller.member.url.rstrip('/')}/{job.path}{number}/",
                order=number,
            )
            return KeptStep(at=datetime.fromtimestamp(milliseconds / 1000, UTC), step=step)
    return None
