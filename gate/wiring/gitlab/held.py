"""What lets load through a protected GitLab job?

A job is held back by a guard at its head, or by a gate job that fails where it is closed and
that it waits for. A trigger job runs nothing itself: it is held back by a gate that writes the
child which it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.core.reason import quoted
from gate.core.work import Protects
from gate.wiring.gitlab.gates import GateJob
from gate.wiring.gitlab.include import read_includes
from gate.wiring.gitlab.keys import Found, Nowhere, find, stage_of, value_of
from gate.wiring.gitlab.lines import Line, Odd, goes_on, head_lines, key_lines, named, runs, turns_errors_off
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.records import Finding
from gate.wiring.yaml_text import Mapping, Node, Pair, Sequence, resolved, text_of

_RUNS_AFTER_FAILURE = frozenset({"always", "on_failure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """A protected job.

    Attributes:
        job: the job.
        by: the name of it or of its stage that a pattern matches.
        trigger: it starts another pipeline, and runs no script.
    """

    job: Job
    by: str
    trigger: bool


def protected_jobs(pipeline: Pipeline, protects: Protects) -> tuple[Protected, ...]:
    """Return the jobs that run, and whose name or stage matches."""
    return tuple(_protected(pipeline, protects))


def problems(
    pipeline: Pipeline, protected: Protected, gates: tuple[GateJob, ...], protects: Protects
) -> tuple[Finding, ...]:
    """Return what lets load through a protected job; nothing where it is held back."""
    name = protected.job.name
    if protected.trigger:
        if _starts_gates_child(pipeline, name):
            return ()
        return _not_waiting(pipeline, protected, gates)
    lines = head_lines(pipeline, name)
    guard = next(
        (at for at, line in enumerate(lines) if isinstance(line, Line) and runs(line.text, "guard")), None
    )
    if guard is None:
        return _not_waiting(pipeline, protected, gates)
    return (*_around_guard(pipeline, name, lines, guard, protects), *after_guard(pipeline, name, protects))


def after_guard(pipeline: Pipeline, name: str, protects: Protects) -> tuple[Finding, ...]:
    """Return the lines of a job's `after_script` that need the gate: it runs though the job was held back."""
    for line in key_lines(pipeline, name, "after_script"):
        if isinstance(line, Line) and (word := named(line.text, protects)):
            said = f"after_script of {quoted(name)} runs {quoted(word)} though the gate is closed"
            return (Finding(rule="gitlab/unguarded-line", message=said, place=pipeline.place(line.node)),)
    return ()


def _protected(pipeline: Pipeline, protects: Protects) -> Iterator[Protected]:
    own = {name + suffix for name in pipeline.gate_names for suffix in ("", "-child")}
    for job in pipeline.jobs.values():
        if job.hidden or job.name in own:
            continue
        stage = stage_of(pipeline, job.name)
        by = protects.matched((job.name, *((stage,) if stage else ())))
        if by is None:
            continue
        trigger = isinstance(find(pipeline, job.name, "trigger"), Found)
        kinds = [find(pipeline, job.name, key) for key in ("script", "run")]
        if trigger or any(kind is not Nowhere.ABSENT for kind in kinds):
            yield Protected(job=job, by=by, trigger=trigger)


def _not_waiting(pipeline: Pipeline, protected: Protected, gates: tuple[GateJob, ...]) -> tuple[Finding, ...]:
    """Return why no gate job holds a job back that has no guard of its own."""
    job = protected.job
    needs = find(pipeline, job.name, "needs")
    needed = dict(_needs(value_of(needs))) if needs is not Nowhere.ABSENT else None
    holding = [gate for gate in gates if gate.holds]
    if needed is None:
        stage = stage_of(pipeline, job.name)
        waited = [gate for gate in holding if _before(pipeline.stages, gate.stage, stage)]
    else:
        waited = [gate for gate in gates if gate.name in needed]
    if waited:
        return tuple(_despite(pipeline, job, waited[0], needed))
    if not holding:
        rule, said = _ungated(protected)
    elif needed is not None:
        rule = "gitlab/needs-bypass"
        said = f"{quoted(job.name)} starts by its needs, which leave out the gate {quoted(holding[0].name)}"
    else:
        rule = "gitlab/gate-stage"
        said = f"{quoted(job.name)} is not in a later stage than the gate {quoted(holding[0].name)}"
    return (Finding(rule=rule, message=said, place=pipeline.place(job.pair)),)


def _ungated(protected: Protected) -> tuple[str, str]:
    name = quoted(protected.job.name)
    why = "" if protected.by == protected.job.name else f" (stage {quoted(protected.by)})"
    if protected.trigger:
        return "gitlab/ungated-trigger", f"{name}{why} starts a pipeline, and no gate decides what is in it"
    return "gitlab/ungated-job", f"{name}{why} is protected, and nothing in it asks the gate"


def _despite(
    pipeline: Pipeline, job: Job, gate: GateJob, needed: dict[str, bool] | None
) -> Iterator[Finding]:
    """Yield why a job runs though it waits for a gate job."""
    name, asked = quoted(job.name), quoted(gate.name)
    when = _when(pipeline, job.name)
    if gate.tolerated:
        said = f"{name} waits for {asked}, but runs though the gate is closed: {gate.tolerated}"
        yield Finding(rule="gitlab/allow-failure", message=said, place=pipeline.place(gate.node))
    elif when:
        said = f"{name} has when: {text_of(when.value)}, so it runs though {asked} has failed"
        yield Finding(rule="gitlab/when-always", message=said, place=pipeline.place(when))
    elif needed and needed[gate.name]:
        said = f"{name} needs {asked} only where it is there (optional: true)"
        yield Finding(rule="gitlab/needs-bypass", message=said, place=pipeline.place(job.pair))
    elif needed is None and gate.conditional:
        said = f"{asked} can be left out of a pipeline by its rules, and {name} runs then"
        yield Finding(rule="gitlab/gate-rules", message=said, place=pipeline.place(gate.node))


def _when(pipeline: Pipeline, name: str) -> Pair | None:
    """Return the `when:` by which a job runs after a failure."""
    found = [find(pipeline, name, "when")]
    pairs = [each.pair for each in found if isinstance(each, Found)]
    rules = value_of(find(pipeline, name, "rules"))
    for rule in rules.items if isinstance(rules, Sequence) else ():
        body = resolved(rule)
        pair = body.get("when") if isinstance(body, Mapping) else None
        pairs += [pair] if pair else []
    return next((pair for pair in pairs if text_of(pair.value) in _RUNS_AFTER_FAILURE), None)


def _needs(value: Node | None) -> Iterator[tuple[str, bool]]:
    """Yield the jobs that `needs` names, and whether each is optional."""
    for item in value.items if isinstance(value, Sequence) else ():
        body = resolved(item)
        if isinstance(body, Mapping):
            job, optional = body.get("job"), body.get("optional")
            name = text_of(job.value) if job else None
            if name:
                yield name, text_of(optional.value if optional else None) == "true"
        elif name := text_of(body):
            yield name, False


def _before(stages: tuple[str, ...], first: str | None, second: str | None) -> bool:
    return first in stages and second in stages and stages.index(first) < stages.index(second)


def _around_guard(
    pipeline: Pipeline, name: str, lines: tuple[Line | Odd, ...], guard: int, protects: Protects
) -> Iterator[Finding]:
    for line in lines[:guard]:
        if isinstance(line, Line) and turns_errors_off(line.text):
            said = f"{quoted(line.text)} lets {quoted(name)} go on though its gate guard ends with an error"
            yield Finding(rule="gitlab/guard-ignored", message=said, place=pipeline.place(line.node))
            return
        if isinstance(line, Line) and (word := named(line.text, protects)):
            said = f"{quoted(name)} runs {quoted(word)} before its gate guard"
            yield Finding(rule="gitlab/unguarded-line", message=said, place=pipeline.place(line.node))
            return
    asked = lines[guard]
    if isinstance(asked, Line) and goes_on(asked.text):
        said = f"{quoted(asked.text)} goes on though the gate is closed"
        yield Finding(rule="gitlab/guard-ignored", message=said, place=pipeline.place(asked.node))


def _starts_gates_child(pipeline: Pipeline, name: str) -> bool:
    """Return whether a trigger job starts what a gate job has written."""
    trigger = value_of(find(pipeline, name, "trigger"))
    includes = read_includes(trigger) if isinstance(trigger, Mapping) else ()
    if len(includes) != 1 or includes[0].kind != "artifact":
        return False
    writer = includes[0].job
    if writer in pipeline.gate_names:
        return True
    lines = head_lines(pipeline, writer) if writer in pipeline.jobs else ()
    return any(isinstance(line, Line) and "--child-from" in line.text for line in lines)
