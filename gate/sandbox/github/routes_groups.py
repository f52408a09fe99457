"""What does GitHub answer about concurrency groups? github.com only: GHES up to 3.19 has none."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from gate.sandbox.github.calls import Call, reading
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Run
from gate.sandbox.github.shapes_repository import site_of, stamp
from gate.sandbox.github.tokens import NOT_FOUND
from gate.sandbox.routing import Answer, json_answer


def list_groups(call: Call) -> Answer:
    """Return the groups that hold a run at this moment."""
    _not_on_ghes(call)
    groups = sorted({run.group for run in call.repository.active.values() if run.group is not None})
    documents = [
        {
            "group_name": name,
            "group_url": _url(call, name),
            "last_acquired_at": stamp(max(run.started for run in _members(call, name))),
        }
        for name in groups
    ]
    return json_answer(200, {"total_count": len(groups), "concurrency_groups": documents})


def get_group(call: Call) -> Answer:
    """Return one group with its runs, the one that holds it first."""
    _not_on_ghes(call)
    name = call.text("concurrency_group_name")
    members = _members(call, name)
    if not members:
        raise Refused(404, NOT_FOUND)
    return json_answer(
        200,
        {
            "group_name": name,
            "group_url": _url(call, name),
            "total_count": len(members),
            "group_members": [_member(call, run) for run in members],
        },
    )


def list_groups_of_run(call: Call) -> Answer:
    """Return the group of a run, also where the run is in it no more."""
    _not_on_ghes(call)
    run = call.run()
    if run.group is None:
        return json_answer(200, {"total_count": 0, "concurrency_groups": []})
    url = _url(call, run.group)
    own = [
        {
            **_member(call, member),
            "position": place,
            "position_url": f"{url}?ahead_of_run={run.id}",
        }
        for place, member in enumerate(_members(call, run.group))
        if member is run
    ]
    group = {"group_name": run.group, "group_url": url, "group_members": own}
    return json_answer(200, {"total_count": 1, "concurrency_groups": [group]})


def _not_on_ghes(call: Call) -> None:
    if call.base.endswith("/api/v3"):
        raise Refused(404, NOT_FOUND)


def _members(call: Call, name: str) -> list[Run]:
    inside = [run for run in call.repository.active.values() if run.group == name]
    return sorted(inside, key=lambda run: (run.status == "pending", run.started))


def _member(call: Call, run: Run) -> dict[str, Any]:
    home = f"/{call.repository.full_name}"
    return {
        "run_id": run.id,
        "run_name": run.workflow.name,
        "run_url": f"{call.base}/repos{home}/actions/runs/{run.id}",
        "run_html_url": f"{site_of(call.base)}{home}/actions/runs/{run.id}",
        "status": "pending" if run.status == "pending" else "in_progress",
    }


def _url(call: Call, name: str) -> str:
    home = f"{call.base}/repos/{call.repository.full_name}"
    return f"{home}/actions/concurrency_groups/{quote(name, safe='')}"


_HOME = "/repos/{owner}/{repo}/actions"
ENDPOINTS = (
    reading(_HOME + "/concurrency_groups", list_groups, "actions"),
    reading(_HOME + "/concurrency_groups/{concurrency_group_name}", get_group, "actions"),
    reading(_HOME + "/runs/{run_id}/concurrency_groups", list_groups_of_run, "actions"),
)
