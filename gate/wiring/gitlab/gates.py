"""Which jobs of a GitLab pipeline ask the gate, and do they hold back those that wait for them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.wiring.gitlab.keys import Nowhere, find, stage_of, value_of
from gate.wiring.gitlab.lines import Line, head_lines, runs
from gate.wiring.gitlab.model import Pipeline
from gate.wiring.yaml_text import Mapping, Node, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GateJob:
    """A job that asks the gate and can hold back those that wait for it.

    Attributes:
        name: as `needs` calls it.
        stage: None where another file says it.
        node: where to point to.
        tolerated: why jobs after it run although it failed, or "".
        conditional: `rules`, `only` or `except` can leave it out of a pipeline.
        holds: it is there to hold back whole stages; the template's job is not, unless it may fail.
    """

    name: str
    stage: str | None
    node: Node
    tolerated: str
    conditional: bool
    holds: bool = True


def gate_jobs(pipeline: Pipeline) -> tuple[GateJob, ...]:
    """Return the jobs that ask the gate, those of the gate's template included."""
    return (*_template_gates(pipeline), *_own_gates(pipeline))


def _template_gates(pipeline: Pipeline) -> Iterator[GateJob]:
    for template in pipeline.templates:
        tolerated = "" if template.on_closed == "fail" else "a closed gate is a warning there"
        override = pipeline.jobs.get(template.name)
        if override and "allow_failure" in override.keys:
            tolerated = _tolerated(pipeline, template.name)
        yield GateJob(
            name=template.name,
            stage=template.stage,
            node=template.node,
            tolerated=tolerated,
            conditional=override is not None and "rules" in override.keys,
            holds=template.on_closed == "fail",
        )


def _own_gates(pipeline: Pipeline) -> Iterator[GateJob]:
    if "gate" not in pipeline.source.text:
        return
    for job in pipeline.jobs.values():
        if job.hidden or job.name in {template.name for template in pipeline.templates}:
            continue
        if any(
            isinstance(line, Line) and runs(line.text, "check") for line in head_lines(pipeline, job.name)
        ):
            yield GateJob(
                name=job.name,
                stage=stage_of(pipeline, job.name),
                node=job.pair.key,
                tolerated=_tolerated(pipeline, job.name),
                conditional=any(
                    find(pipeline, job.name, key) is not Nowhere.ABSENT for key in ("rules", "only", "except")
                ),
            )


def _tolerated(pipeline: Pipeline, name: str) -> str:
    """Return why jobs that wait for a gate job run although it failed, or ""."""
    value = value_of(find(pipeline, name, "allow_failure"))
    if value is None:
        when = value_of(find(pipeline, name, "when"))
        return "it is manual, and whoever waits for it does not wait" if text_of(when) == "manual" else ""
    if text_of(value) == "true":
        return "it has allow_failure: true"
    if isinstance(value, Mapping) and value.get("exit_codes"):
        return "its allow_failure lists exit codes"
    return ""
