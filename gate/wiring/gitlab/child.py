"""How does a GitLab trigger job start the gate's child instead of a file of its own?

A trigger job runs no script, so nothing in it can ask. The gate job asks and writes
`gate-child.yml`: the real file, or one job that names the reason. The trigger job starts that.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from gate.core.reason import quoted
from gate.wiring.gitlab.include import local_path, read_includes
from gate.wiring.gitlab.keys import Found, Nowhere, find, stage_of
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.gitlab.put import put_first, replace
from gate.wiring.records import Edit, Refused
from gate.wiring.yaml_text import Mapping, is_null, resolved

_PATH: Final = re.compile(r"[A-Za-z0-9_./ -]+")  # what the template's input `child` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger job that can start the gate's child.

    Attributes:
        job: the job.
        path: the file of this repository that it starts.
    """

    job: Job
    path: str


def read_trigger(pipeline: Pipeline, job: Job) -> Trigger:
    """Return what a trigger job starts.

    Raises:
        Refused: not one file of this repository, or not said in the job itself.
    """
    found = find(pipeline, job.name, "trigger")
    if not isinstance(found, Found) or not found.own:
        raise Refused(
            pipeline.place(job.pair), f"the trigger of {quoted(job.name)} is not its own; write it out there"
        )
    body = found.pair.value
    if not isinstance(body, Mapping) or body.get("include") is None:
        reason = (
            f"{quoted(job.name)} starts another project's pipeline, and runs no script that could ask; "
            "put the gate into that pipeline"
        )
        raise Refused(pipeline.place(found.pair), reason)
    includes = read_includes(body)
    path = local_path(includes[0]) if len(includes) == 1 else None
    if path is None or includes[0].inputs or not _PATH.fullmatch(path):
        reason = (
            f"{quoted(job.name)} starts a pipeline that the gate cannot stand in for: it can for one file "
            "of this repository, without inputs or variables in its name"
        )
        raise Refused(pipeline.place(found.pair), reason)
    return Trigger(job=job, path=path)


def trigger_edits(pipeline: Pipeline, trigger: Trigger, gate: str, shared: Set[int]) -> tuple[Edit, ...]:
    """Return the edits by which a trigger job starts what the job `gate` has written.

    Raises:
        Refused: that cannot be done safely.
    """
    job = trigger.job
    body = resolved(job.keys["trigger"].value)
    pair = body.get("include") if isinstance(body, Mapping) else None
    if pair is None or id(resolved(pair.value)) in shared or id(body) in shared:
        raise Refused(pipeline.place(job.pair), "this trigger is shared by an anchor; write it out here")
    edits = (replace(pair.value, f"[{{artifact: gate-child.yml, job: {gate}}}]"),)
    needs = find(pipeline, job.name, "needs")
    if needs is Nowhere.ABSENT and stage_of(pipeline, job.name) != ".pre":
        return edits  # the gate stands in .pre, before every other stage
    if not isinstance(needs, Found) or not needs.own or is_null(needs.pair.value):
        raise Refused(
            pipeline.place(job.pair), f"the needs of {quoted(job.name)} are not its own; write them out there"
        )
    added = put_first(
        pipeline.source,
        needs.pair,
        (gate,),
        flow=job.body.flow,
        shared=id(resolved(needs.pair.value)) in shared,
    )
    return (*edits, *added)
