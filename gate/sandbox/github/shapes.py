"""How does GitHub write down runs, jobs, workflows and waiting deployments?

Keys and forms as in GitHub's OpenAPI description, read 2026-11-24; the tests validate them
against it and read them with githubkit's models.
"""

from __future__ import annotations

from typing import Any

from gate.sandbox.github.model import Job, Repository, Run, Workflow
from gate.sandbox.github.shapes_repository import encode_minimal, encode_user, site_of, stamp


def encode_run(base: str, repository: Repository, run: Run) -> dict[str, Any]:
    """Return a ``workflow-run``."""
    home = f"{base}/repos/{repository.full_name}"
    url, minimal = f"{home}/actions/runs/{run.id}", encode_minimal(base, repository)
    earlier = f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": run.node_id,
        "check_suite_id": run.id + 1,
        "check_suite_node_id": f"CS_kwDO{run.id + 1:012x}",
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": run.workflow.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow.id,
        "url": url,
        "html_url": f"{site_of(base)}/{repository.full_name}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": stamp(run.created),
        "updated_at": stamp(run.updated),
        "actor": encode_user(base, run.actor),
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(run.started),
        "triggering_actor": encode_user(base, run.triggered_by),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{home}/check-suites/{run.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{home}/actions/workflows/{run.workflow.id}",
        "head_commit": _commit(run),
        "repository": minimal,
        "head_repository": minimal,
    }


def encode_attempt(base: str, repository: Repository, run: Run, number: int) -> dict[str, Any] | None:
    """Return an attempt of a run as a ``workflow-run``, or None where there was none."""
    whole = encode_run(base, repository, run)
    if number == run.attempt:
        return whole
    for attempt in run.earlier:
        if attempt.number == number:
            before = f"{whole['url']}/attempts/{number - 1}" if number > 1 else None
            return {
                **whole,
                "status": attempt.status,
                "conclusion": attempt.conclusion,
                "run_attempt": number,
                "run_started_at": stamp(attempt.started),
                "updated_at": stamp(attempt.updated),
                "previous_attempt_url": before,
            }
    return None


def jobs_of(run: Run, number: int | None = None) -> list[tuple[int, Job]] | None:
    """Return the jobs of one attempt, or of all where `number` is None, newest attempt first."""
    attempts = [(run.attempt, run.jobs), *((old.number, old.jobs) for old in reversed(run.earlier))]
    chosen = [jobs for jobs in attempts if number is None or jobs[0] == number]
    return [(attempt, job) for attempt, jobs in chosen for job in jobs] if chosen else None


def encode_job(base: str, repository: Repository, run: Run, attempt: int, job: Job) -> dict[str, Any]:
    """Return a ``job``."""
    home, site = f"{base}/repos/{repository.full_name}", f"{site_of(base)}/{repository.full_name}"
    runs = job.status == "in_progress" or (job.status == "completed" and job.conclusion != "skipped")
    started = stamp(job.started if job.started is not None else run.created)
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.workflow.name,
        "head_branch": run.branch,
        "run_url": f"{home}/actions/runs/{run.id}",
        "run_attempt": attempt,
        "node_id": f"CR_kwDO{job.id:012x}",
        "head_sha": run.sha,
        "url": f"{home}/actions/jobs/{job.id}",
        "html_url": f"{site}/actions/runs/{run.id}/job/{job.id}",
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": stamp(run.created),
        "started_at": started,
        "completed_at": None if job.completed is None else stamp(job.completed),
        "name": job.name,
        "steps": _steps(job, started) if runs else [],
        "check_run_url": f"{home}/check-runs/{job.id}",
        "labels": ["self-hosted"],
        "runner_id": 1 if runs else None,
        "runner_name": "lab-runner-1" if runs else None,
        "runner_group_id": 1 if runs else None,
        "runner_group_name": "Default" if runs else None,
    }


def encode_workflow(base: str, repository: Repository, workflow: Workflow) -> dict[str, Any]:
    """Return a ``workflow``."""
    site = f"{site_of(base)}/{repository.full_name}"
    return {
        "id": workflow.id,
        "node_id": workflow.node_id,
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": stamp(workflow.created),
        "updated_at": stamp(workflow.updated),
        "url": f"{base}/repos/{repository.full_name}/actions/workflows/{workflow.id}",
        "html_url": f"{site}/blob/main/{workflow.path}",
        "badge_url": f"{site}/workflows/{workflow.id}/badge.svg",
    }


def encode_pending_deployment(
    base: str, repository: Repository, run: Run, *, may_approve: bool
) -> dict[str, Any]:
    """Return a ``pending-deployment`` of a waiting run."""
    name, number = run.environment or "", environment_id(repository)
    site = f"{site_of(base)}/{repository.full_name}"
    return {
        "environment": {
            "id": number,
            "node_id": f"EN_kwDO{number:012x}",
            "name": name,
            "url": f"{base}/repos/{repository.full_name}/environments/{name}",
            "html_url": f"{site}/deployments/activity_log?environments_filter={name}",
        },
        "wait_timer": 0,
        "wait_timer_started_at": None,
        "current_user_can_approve": may_approve,
        "reviewers": [{"type": "User", "reviewer": encode_user(base, "dana")}],
    }


def environment_id(repository: Repository) -> int:
    """Return the number of a repository's one environment."""
    return repository.id * 10


def _commit(run: Run) -> dict[str, Any]:
    person = {"name": run.actor, "email": f"{run.actor}@example.com"}
    return {
        "id": run.sha,
        "tree_id": run.sha[::-1],
        "message": run.title,
        "timestamp": stamp(run.created),
        "author": person,
        "committer": person,
    }


def _steps(job: Job, started: str) -> list[dict[str, Any]]:
    ended = None if job.completed is None else stamp(job.completed)
    first = {
        "name": "Set up job",
        "status": "completed",
        "conclusion": "success",
        "number": 1,
        "started_at": started,
        "completed_at": started,
    }
    work = {
        "name": f"Run {job.name}",
        "status": job.status,
        "conclusion": job.conclusion,
        "number": 2,
        "started_at": started,
        "completed_at": ended,
    }
    return [first, work]
