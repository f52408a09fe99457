"""What does GitHub answer about workflow runs and their jobs?

Statuses and messages as in GitHub's OpenAPI description and in the issues that `lifecycle`
names, read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.sandbox.github import lifecycle
from gate.sandbox.github.calls import Call, empty, reading, writing
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Job, Run, Workflow
from gate.sandbox.github.paging import MOST_FILTERED, page_of
from gate.sandbox.github.shapes import encode_attempt, encode_job, encode_run, jobs_of
from gate.sandbox.github.shapes_repository import stamp
from gate.sandbox.github.tokens import NOT_FOUND
from gate.sandbox.routing import Answer, json_answer

_IN_FLIGHT = {"in_progress", "queued", "requested", "waiting", "pending"}
_ENDS = {"action_required", "cancelled", "failure", "neutral", "skipped", "stale", "success", "timed_out"}
STATUSES = frozenset(_IN_FLIGHT | _ENDS | {"completed"})
_FILTERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")
_DISABLED = "rerun of a run whose workflow is disabled"
_APPROVALS = "rerun of a run that waited for an approval"


def list_runs(call: Call) -> Answer:
    """Return a page of a repository's runs, newest first."""
    return _listed(call, None)


def list_workflow_runs(call: Call) -> Answer:
    """Return a page of one workflow's runs, newest first."""
    return _listed(call, call.workflow())


def get_run(call: Call) -> Answer:
    """Return one run."""
    return json_answer(200, encode_run(call.base, call.repository, call.run()))


def get_attempt(call: Call) -> Answer:
    """Return one attempt of a run."""
    document = encode_attempt(call.base, call.repository, call.run(), call.number("attempt_number"))
    if document is None:
        raise Refused(404, NOT_FOUND)
    return json_answer(200, document)


def list_jobs(call: Call) -> Answer:
    """Return the jobs of a run's newest attempt, or of all with ``filter=all``."""
    run = call.run()
    wanted = None if call.request.query.get("filter") == "all" else run.attempt
    return _jobs(call, run, jobs_of(run, wanted) or [])


def list_attempt_jobs(call: Call) -> Answer:
    """Return the jobs of one attempt."""
    run = call.run()
    jobs = jobs_of(run, call.number("attempt_number"))
    if jobs is None:
        raise Refused(404, NOT_FOUND)
    return _jobs(call, run, jobs)


def get_job(call: Call) -> Answer:
    """Return one job."""
    run, attempt, job = _found_job(call)
    return json_answer(200, encode_job(call.base, call.repository, run, attempt, job))


def cancel(call: Call) -> Answer:
    """Accept a cancel: 202, and nothing has changed yet."""
    lifecycle.cancel(call.run(), call.now)
    return empty(202)


def force_cancel(call: Call) -> Answer:
    """Accept a forced cancel: 202, and nothing has changed yet."""
    lifecycle.force_cancel(call.run(), call.now)
    return empty(202)


def rerun(call: Call) -> Answer:
    """Start a run again."""
    _rerun(call, call.run(), lifecycle.rerun)
    return empty(201)


def rerun_failed(call: Call) -> Answer:
    """Start a run's failed jobs again."""
    _rerun(call, call.run(), lifecycle.rerun_failed)
    return empty(201)


def rerun_job(call: Call) -> Answer:
    """Start a run's job again; the emulator starts the whole run, as if all depended on it."""
    _rerun(call, _found_job(call)[0], lifecycle.rerun)
    return empty(201)


def _rerun(call: Call, run: Run, start: Callable[..., None]) -> None:
    disabled = run.workflow.state != "active"
    start(call.repository, run, call.now, call.timing, new_id=call.world.new_id)
    run.triggered_by = call.grant.login
    # Nobody has verified what the real service does here: allowed, and counted.
    if disabled:
        call.world.note_doubtful(_DISABLED)
    if run.waited:
        call.world.note_doubtful(_APPROVALS)


def _listed(call: Call, workflow: Workflow | None) -> Answer:
    query = call.request.query
    status = query.get("status", "")
    if status and status not in STATUSES:
        raise Refused(422, f"Validation Failed: {status} is not a status to filter by")
    runs = [
        run
        for run in reversed(call.repository.runs.values())
        if (workflow is None or run.workflow is workflow) and _passes(call, run, status)
    ]
    filtered = any(query.get(name) for name in _FILTERS)
    return page_of(
        call.request,
        runs,
        lambda run: encode_run(call.base, call.repository, run),
        "workflow_runs",
        cut=MOST_FILTERED if filtered else None,
        path=call.listed_path,
    )


def _passes(call: Call, run: Run, status: str) -> bool:
    """Return whether a run passes the filters; one `status` filter serves status and conclusion."""
    query = call.request.query
    asked = {
        "actor": run.actor,
        "branch": run.branch,
        "event": run.event,
        "head_sha": run.sha,
        "check_suite_id": str(run.id + 1),
    }
    return (
        (not status or status in {run.status, run.conclusion})
        and all(not query.get(name) or query[name] == value for name, value in asked.items())
        and _created(stamp(run.created), query.get("created", ""))
    )


def _created(when: str, wanted: str) -> bool:
    """Return whether a time is in a range such as ``>=2026-11-01``, ``<2026-11-02`` or ``a..b``."""
    first, dots, last = wanted.partition("..")
    if dots:
        return _created(when, f">={first}") and _created(when, f"<={last}")
    sign = wanted[: len(wanted) - len(wanted.lstrip("<>="))]
    day = wanted.removeprefix(sign)
    here = when[: len(day)]
    match sign:
        case ">=":
            return here >= day
        case "<=":
            return here <= day
        case ">":
            return here > day
        case "<":
            return here < day
        case _:
            return here == day


def _jobs(call: Call, run: Run, jobs: list[tuple[int, Job]]) -> Answer:
    return page_of(
        call.request,
        jobs,
        lambda entry: encode_job(call.base, call.repository, run, *entry),
        "jobs",
        path=call.listed_path,
    )


def _found_job(call: Call) -> tuple[Run, int, Job]:
    wanted = call.number("job_id")
    for run in call.repository.runs.values():
        for attempt, job in jobs_of(run) or []:
            if job.id == wanted:
                return run, attempt, job
    raise Refused(404, NOT_FOUND)


_RUNS = "/repos/{owner}/{repo}/actions/runs"
_RUN = _RUNS + "/{run_id}"
_ATTEMPT = _RUN + "/attempts/{attempt_number}"
_JOB = "/repos/{owner}/{repo}/actions/jobs/{job_id}"
_OF_WORKFLOW = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs"
ENDPOINTS = (
    reading(_RUNS, list_runs, "actions"),
    reading(_OF_WORKFLOW, list_workflow_runs, "actions"),
    reading(_RUN, get_run, "actions"),
    reading(_ATTEMPT, get_attempt, "actions"),
    reading(_ATTEMPT + "/jobs", list_attempt_jobs, "actions"),
    reading(_RUN + "/jobs", list_jobs, "actions"),
    reading(_JOB, get_job, "actions"),
    writing("POST", _RUN + "/cancel", cancel, "actions"),
    writing("POST", _RUN + "/force-cancel", force_cancel, "actions"),
    writing("POST", _RUN + "/rerun", rerun, "actions"),
    writing("POST", _RUN + "/rerun-failed-jobs", rerun_failed, "actions"),
    writing("POST", _JOB + "/rerun", rerun_job, "actions"),
)
