"""The child form in an emulated GitLab: a gate job, and the trigger job that runs what it has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gate.core.event import StepClosed, Target
from gate.core.held_back import target_of
from gate.providers.gitlab.here import step_here
from gate.providers.protocol import Connection
from gate.sandbox.gitlab.model import Job, JobSpec, Pipeline
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.lab import Pattern
from tests.contract.sweeps.process import writes

REASON = "staging: waiting for fiber (prr 0.0); load* is held back"
GATE = JobSpec(name="fiber-gate", stage="gate", allow_failure=True, seconds=20.0, ends_as="failed")
HELD = JobSpec(name="held back: waiting for fiber", allow_failure=True, seconds=5.0, ends_as="failed")
REAL = JobSpec(name="load", seconds=600.0)
TRIGGER = JobSpec(name="fiber-gate-child", stage="gate", needs=(GATE.name,), child=(HELD,))


@dataclass(slots=True, kw_only=True)
class ChildForm:
    """One pipeline, whose gate step has closed.

    Attributes:
        lab: where it is.
        pipeline: what it is.
        gate_name: which job is its gate job.
        opens: what the gate says when it is asked again.
        takes: seconds that it takes then.
    """

    lab: GitLabLab
    pipeline: Pipeline
    gate_name: str = GATE.name
    opens: bool = True
    takes: float = 20.0

    def jobs(self, name: str) -> list[Job]:
        """Return all jobs of a name, the oldest first."""
        self.lab.world.settle(self.pipeline.project)
        return [job for job in self.pipeline.jobs if job.spec.name == name]

    @property
    def gates(self) -> list[Job]:
        """All gate jobs, the oldest first."""
        return self.jobs(self.gate_name)

    @property
    def triggers(self) -> list[Job]:
        """All trigger jobs behind it, the oldest first."""
        return [job for job in self.jobs(TRIGGER.name) if job.spec.is_bridge]

    def runs(self) -> list[str]:
        """Return what the newest trigger job has started."""
        child = self.triggers[-1].downstream
        return [job.spec.name for job in child.jobs] if child else []

    def end(self, status: str = "success") -> None:
        """Let the jobs of the newest child end."""
        child = self.triggers[-1].downstream
        assert child is not None
        for job in child.jobs:
            self.lab._change(job, status)

    def environ(self) -> Mapping[str, str]:
        """Return what GitLab tells the newest gate job."""
        job, project = self.gates[-1], self.pipeline.project
        return {
            "GITLAB_CI": "true",
            "CI_SERVER_URL": self.lab.server.url,
            "CI_PROJECT_PATH": project.path,
            "CI_PROJECT_ID": str(project.id),
            "CI_PIPELINE_ID": str(self.pipeline.id),
            "CI_JOB_ID": str(job.id),
            "CI_JOB_NAME": job.spec.name,
            "CI_JOB_URL": f"{self.lab.server.url}/{project.path}/-/jobs/{job.id}",
            "CI_COMMIT_REF_NAME": self.pipeline.ref,
            "CI_COMMIT_SHA": self.pipeline.sha,
        }

    def in_ledger(self) -> StepClosed:
        """Return what the gate step writes into a ledger."""
        step = step_here(self.environ())
        assert step is not None
        return replace(step, environment="staging", code="waiting_for_fiber")

    def by_name(self, here: Connection) -> StepClosed:
        """Return what is found by the pipeline's name, where there is no ledger."""
        since = datetime.fromtimestamp(self.lab.time.now(), UTC) - timedelta(hours=1)
        (closed,) = here.closed_steps(since, map).steps
        return closed.step

    def writes(self) -> list[str]:
        """Return what was retried, in that order: gate, trigger, pipeline or other."""
        names = {str(job.id): job.spec.name for job in self.pipeline.jobs}
        paths = [line.rpartition("/retry")[0].rpartition("/")[2] for line in writes(self.lab)]
        return [names.get(number, "pipeline") for number in paths]

    def _before_a_retry(self) -> None:
        """Let the gate job that will be made say what the lab says, and the trigger job read what is left."""
        with self.lab.service.lock:
            gate = self.gates[-1]
            opened = gate.status == "success"
            ends = "success" if self.opens else "failed"
            gate.spec = replace(gate.spec, ends_as=ends, seconds=self.takes)
            trigger = self.triggers[-1]
            trigger.spec = replace(trigger.spec, child=(REAL if opened else HELD,))

    def _name(self) -> None:
        """Let the pipeline be called by what its newest gate step has said."""
        with self.lab.service.lock:
            said = {"success": "staging: ready (prr 1000.0)", "failed": REASON}.get(self.gates[-1].status)
            self.pipeline.name = f"gate: {said} | Change" if said else self.pipeline.name


def closed_pipeline(
    lab: GitLabLab, *more: JobSpec, gate: JobSpec = GATE, trigger: JobSpec = TRIGGER, ref: str = "main"
) -> ChildForm:
    """Begin such a pipeline in the dark, and let it end: its child says that it was held back."""
    with lab.service.lock:
        made = lab.world.add_pipeline(lab.projects[0], (gate, trigger, *more), statuses=("running",), ref=ref)
    form = ChildForm(lab=lab, pipeline=made, gate_name=gate.name)
    lab.watched.beside(Pattern(method="POST", path="*/retry"), form._before_a_retry, times=999)
    lab.watched.beside(Pattern(method="GET", path=f"*/pipelines/{made.id}"), form._name, times=999)
    lab.time.sleep(60.0)
    assert form.gates[-1].status == "failed"
    assert form.runs() == [HELD.name]
    assert made.status == "success"
    form._name()
    return form


def target(step: StepClosed, form: ChildForm) -> Target:
    """Return what a gate step has held back, at the instance that the fleet names."""
    return replace(target_of(step), instance=form.lab.member.url)
