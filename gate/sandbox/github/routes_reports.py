"""What does GitHub answer about commit statuses, check runs and commits?

Limits of GitHub's documentation, read 2026-11-24: 1,000 statuses for a commit and context,
contexts in any case of letters, 140 characters of description; 50 annotations a request; 65,535
characters of summary and text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.sandbox.github.calls import Call, optional_text, reading, wanted_text, writing
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import CheckRun, Run, Status
from gate.sandbox.github.paging import page_of
from gate.sandbox.github.shapes_reports import encode_check, encode_combined, encode_status
from gate.sandbox.github.shapes_repository import encode_user, stamp
from gate.sandbox.github.tokens import NOT_FOUND
from gate.sandbox.routing import Answer, json_answer

MOST_STATUSES = 1000
MOST_ANNOTATIONS = 50
LONGEST_OUTPUT = 65535
LONGEST_DESCRIPTION = 140
_STATES = ("error", "failure", "pending", "success")
_CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")


def create_status(call: Call) -> Answer:
    """Put a status on a commit."""
    body, commit = call.body(), _commit(call, call.text("sha"))
    state, context = wanted_text(body, "state"), optional_text(body, "context") or "default"
    if state not in _STATES:
        raise Refused(422, f"Validation Failed: state is not one of {', '.join(_STATES)}")
    description = optional_text(body, "description")
    if len(description or "") > LONGEST_DESCRIPTION:
        raise Refused(422, "Validation Failed: description is too long (maximum is 140 characters)")
    same = [s for s in call.repository.statuses if s.sha == commit.sha and _same(s.context, context)]
    if len(same) >= MOST_STATUSES:
        raise Refused(
            422, "Validation Failed: This SHA and context has reached the maximum number of statuses."
        )
    status = Status(
        id=call.world.new_id(),
        sha=commit.sha,
        state=state,
        context=context,
        description=description,
        target_url=optional_text(body, "target_url"),
        creator=call.grant.login,
        created=call.now,
    )
    call.repository.statuses.append(status)
    return json_answer(201, encode_status(call.base, call.repository, status))


def list_statuses(call: Call) -> Answer:
    """Return a page of a commit's statuses, newest first."""
    commit = _commit(call, call.text("ref"))
    found = [status for status in reversed(call.repository.statuses) if status.sha == commit.sha]
    return page_of(
        call.request,
        found,
        lambda status: encode_status(call.base, call.repository, status),
        path=call.listed_path,
    )


def combined_status(call: Call) -> Answer:
    """Return the newest status of each context of a commit."""
    commit = _commit(call, call.text("ref"))
    newest: dict[str, Status] = {}
    for status in call.repository.statuses:
        if status.sha == commit.sha:
            newest[status.context.lower()] = status
    document = encode_combined(call.base, call.repository, commit.sha, list(newest.values()))
    return json_answer(200, document)


def create_check(call: Call) -> Answer:
    """Make a check run on a commit."""
    body = call.body()
    commit = _commit(call, wanted_text(body, "head_sha"))
    check = CheckRun(
        id=call.world.new_id(),
        sha=commit.sha,
        name=wanted_text(body, "name"),
        status="queued",
        conclusion=None,
        title=None,
        summary=None,
        text=None,
        details_url=optional_text(body, "details_url"),
        external_id=optional_text(body, "external_id"),
        started=None,
        completed=None,
    )
    _change(check, body, call.now)
    call.repository.checks[check.id] = check
    return json_answer(201, encode_check(call.base, call.repository, check))


def update_check(call: Call) -> Answer:
    """Change a check run; annotations are added to those that are there."""
    check, body = _found(call), call.body()
    check.name = optional_text(body, "name") or check.name
    _change(check, body, call.now)
    return json_answer(200, encode_check(call.base, call.repository, check))


def get_check(call: Call) -> Answer:
    """Return one check run."""
    return json_answer(200, encode_check(call.base, call.repository, _found(call)))


def list_checks(call: Call) -> Answer:
    """Return a page of a commit's check runs."""
    commit = _commit(call, call.text("ref"))
    wanted = call.request.query.get("check_name", "")
    found = [
        check
        for check in call.repository.checks.values()
        if check.sha == commit.sha and wanted in {"", check.name}
    ]
    return page_of(
        call.request,
        found,
        lambda check: encode_check(call.base, call.repository, check),
        "check_runs",
        path=call.listed_path,
    )


def get_commit(call: Call) -> Answer:
    """Return a commit: each run has one of its own."""
    run = _commit(call, call.text("ref"))
    url = f"{call.base}/repos/{call.repository.full_name}/commits/{run.sha}"
    person = {"name": run.actor, "email": f"{run.actor}@example.com", "date": stamp(run.created)}
    document = {
        "sha": run.sha,
        "node_id": f"C_kwDO{run.sha}",
        "url": url,
        "html_url": url,
        "comments_url": f"{url}/comments",
        "commit": {
            "url": url,
            "author": person,
            "committer": person,
            "message": run.title,
            "comment_count": 0,
            "tree": {"sha": run.sha[::-1], "url": f"{url}/tree"},
        },
        "author": encode_user(call.base, run.actor),
        "committer": encode_user(call.base, run.actor),
        "parents": [],
    }
    return json_answer(200, document)


def _commit(call: Call, ref: str) -> Run:
    """Return the run whose commit this is."""
    for run in call.repository.runs.values():
        if run.sha == ref:
            return run
    raise Refused(422, f"No commit found for SHA: {ref}")


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _found(call: Call) -> CheckRun:
    found = call.repository.checks.get(call.number("check_run_id"))
    if found is None:
        raise Refused(404, NOT_FOUND)
    return found


def _change(check: CheckRun, body: Mapping[str, Any], now: float) -> None:
    """Apply what is given, with GitHub's checks of it."""
    conclusion = optional_text(body, "conclusion")
    if conclusion is not None and conclusion not in _CONCLUSIONS:
        raise Refused(422, "Invalid request.\n\nconclusion is not a member of the enum")
    status = optional_text(body, "status") or ("completed" if conclusion else check.status)
    if status == "completed" and (conclusion or check.conclusion) is None:
        raise Refused(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    _output(check, body.get("output"))
    check.status, check.conclusion = status, conclusion or check.conclusion
    if status != "queued" and check.started is None:
        check.started = now
    if status == "completed":
        check.completed = now


def _output(check: CheckRun, output: object) -> None:
    if output is None:
        return
    if not isinstance(output, Mapping):
        raise Refused(422, "Invalid request.\n\noutput is not an object.")
    summary, text = wanted_text(output, "summary"), optional_text(output, "text")
    annotations = output.get("annotations") or []
    if len(annotations) > MOST_ANNOTATIONS:
        raise Refused(422, f"Invalid request.\n\nNo more than {MOST_ANNOTATIONS} items are allowed.")
    if max(len(summary), len(text or "")) > LONGEST_OUTPUT:
        raise Refused(422, f"Invalid request.\n\nOnly {LONGEST_OUTPUT} characters are allowed.")
    check.title = optional_text(output, "title") or check.title
    check.summary, check.text = summary, text or check.text
    check.annotations.extend(annotations)


_HOME = "/repos/{owner}/{repo}"
ENDPOINTS = (
    writing("POST", _HOME + "/statuses/{sha}", create_status, "statuses"),
    reading(_HOME + "/commits/{ref}/statuses", list_statuses, "statuses"),
    reading(_HOME + "/commits/{ref}/status", combined_status, "statuses"),
    reading(_HOME + "/commits/{ref}/check-runs", list_checks, "checks"),
    reading(_HOME + "/commits/{ref}", get_commit, "contents"),
    writing("POST", _HOME + "/check-runs", create_check, "checks", app_only=True, creation=True),
    reading(_HOME + "/check-runs/{check_run_id}", get_check, "checks"),
    writing(
        "PATCH",
        _HOME + "/check-runs/{check_run_id}",
        update_check,
        "checks",
        app_only=True,
        creation=True,
    ),
)
