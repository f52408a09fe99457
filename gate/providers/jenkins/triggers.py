"""What starts builds by itself, and how is it switched off and on?

A job's switch is `disabled`. Nobody, not even an administrator, may disable what a scan has made: a
branch job, or a repository's project in an organisation folder (BranchJobProperty.decorateACL, read
2026-11-24). A plain folder answers 302 and stays enabled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gate.core.entry import canonical
from gate.core.event import Target
from gate.core.work import Asked, Outcome, Protects, Trigger
from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.jobs import FOLDER_TREE, Job, parse_job
from gate.providers.jenkins.targets import target_of
from gate.providers.jenkins.trouble import accepted
from gate.providers.protocol import Member


def decide_triggers(jobs: Sequence[Job], protects: Protects, member: Member) -> tuple[Trigger, ...]:
    """Return the switches of the jobs that are protected by name.

    What a scan has made is left out where what scans it is among them: its switch is theirs.
    """
    matched = {job.path: match for job in jobs if (match := names.matched(protects, job.name))}
    return tuple(
        Trigger(
            target=trigger_target(member, job),
            matched=matched[job.path],
            active=not job.is_off and job.buildable is not False,
            form=_form(disabled=job.is_off),
            suspended_form=_form(disabled=True),
            cannot=_why_not(job) if job.is_generated else "",
        )
        for job in jobs
        if job.path in matched
        and job.has_switch
        and not any(above.path in matched for above in _scanners(job))
    )


def trigger_target(member: Member, job: Job) -> Target:
    """Return the switch of a job as a target."""
    name = names.shown(names.short(job.name), 120)
    return target_of(member, job.name, "trigger", job.name, name, job.path)


def read_trigger(controller: Controller, target: Target, path: str) -> str | None:
    """Return how a job is switched, None where it is gone.

    Raises:
        NotDone: it cannot be seen.
    """
    document = controller.find(path, FOLDER_TREE, names.shown(target.project))
    return None if document is None else _form(disabled=parse_job(document, path).is_off)


def write_trigger(controller: Controller, target: Target, path: str, form: str) -> Asked:
    """Ask for a job to be switched; a 302 says that it was asked for, and not that it is so."""
    what = names.shown(target.project)
    try:
        disabled = json.loads(form)["disabled"]
    except (ValueError, KeyError, TypeError):
        return Asked(outcome=Outcome.FAILED, detail=f"{what} was left in a form that this gate cannot read")
    switch = path + ("disable" if disabled is True else "enable")
    answer = controller.act(switch)
    if accepted(answer, switch):
        return Asked()
    return controller.teller.asked(answer, what)


def _form(*, disabled: bool) -> str:
    return canonical({"disabled": disabled})


def _scanners(job: Job) -> tuple[Job, ...]:
    """Return what has made a job, and what has made that."""
    made: list[Job] = []
    for above in job.above:
        if not above.is_scanned:
            break
        made.append(above)
    return tuple(made)


def _why_not(job: Job) -> str:
    """Return why a job has no switch that anybody may use, and what could be disabled instead."""
    nearest = next((above for above in job.above if above.has_switch and not above.is_generated), None)
    instead = (
        f"the nearest that can be disabled is {names.shown(nearest.name)}, with everything in it"
        if nearest
        else "nothing that it is in can be disabled"
    )
    return f"Jenkins lets nobody disable what a scan has made; {instead}"
