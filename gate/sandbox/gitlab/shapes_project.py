"""How does GitLab write down projects, groups, variables, schedules and runners?

Keys and forms as in gitlabhq `lib/api/entities/` (`basic_project_details.rb`, `project.rb`, `group.rb`,
`ci/variable.rb`, `ci/pipeline_schedule.rb`, `ci/runner.rb`), read 2026-11-24.
"""

from __future__ import annotations

from typing import Any

from gate.sandbox.gitlab.model import Group, Project, Runner, Schedule, Variable
from gate.sandbox.gitlab.shapes import encode_basic_pipeline, stamp

_ROLE_NAMES = {30: "developer", 40: "maintainer", None: "no_one"}


def encode_simple_project(base: str, project: Project, group: Group) -> dict[str, Any]:
    """Return a ``BasicProjectDetails``, which is what `simple=true` gives."""
    name, url = project.path.rpartition("/")[2], f"{base}/{project.path}"
    return {
        "id": project.id,
        "description": None,
        "name": name,
        "name_with_namespace": project.path.replace("/", " / "),
        "path": name,
        "path_with_namespace": project.path,
        "created_at": stamp(project.created),
        "default_branch": project.default_branch,
        "tag_list": [],
        "topics": [],
        "ssh_url_to_repo": f"git@gitlab.example.com:{project.path}.git",
        "http_url_to_repo": f"{url}.git",
        "web_url": url,
        "readme_url": f"{url}/-/blob/{project.default_branch}/README.md",
        "forks_count": 0,
        "avatar_url": None,
        "star_count": 0,
        "last_activity_at": stamp(project.created),
        "visibility": "private",
        "namespace": _namespace(base, group),
    }


def encode_project(base: str, project: Project, group: Group, role: int) -> dict[str, Any]:
    """Return a ``Project`` as somebody with a role in it sees it."""
    api = f"{base}/api/v4/projects/{project.id}"
    return {
        **encode_simple_project(base, project, group),
        "_links": {"self": api, "members": f"{api}/members", "events": f"{api}/events"},
        "archived": project.archived,
        "builds_access_level": "enabled" if project.builds else "disabled",
        "ci_config_path": "",
        "ci_restrict_pipeline_cancellation_role": _ROLE_NAMES[project.cancel_role],
        "creator_id": 1,
        "empty_repo": False,
        "import_status": "none",
        "jobs_enabled": project.builds,
        "packages_enabled": True,
        "permissions": {
            "project_access": {"access_level": role, "notification_level": 3},
            "group_access": None,
        },
        "public_jobs": True,
        "resolve_outdated_diff_discussions": False,
        "shared_runners_enabled": True,
        "updated_at": stamp(project.created),
    }


def encode_group(base: str, group: Group, parent: Group | None) -> dict[str, Any]:
    """Return a ``Group``."""
    name = group.path.rpartition("/")[2]
    return {
        "id": group.id,
        "web_url": f"{base}/groups/{group.path}",
        "name": name,
        "path": name,
        "description": "",
        "visibility": "private",
        "archived": False,
        "avatar_url": None,
        "full_name": group.path.replace("/", " / "),
        "full_path": group.path,
        "created_at": stamp(group.created),
        "parent_id": parent.id if parent else None,
    }


def encode_variable(variable: Variable) -> dict[str, Any]:
    """Return a ``Variable``."""
    return {
        "variable_type": variable.variable_type,
        "key": variable.key,
        "value": None if variable.hidden else variable.value,
        "hidden": variable.hidden,
        "protected": variable.protected,
        "masked": variable.masked,
        "raw": variable.raw,
        "environment_scope": variable.environment_scope,
        "description": variable.description,
    }


def encode_schedule(schedule: Schedule, owner: dict[str, Any]) -> dict[str, Any]:
    """Return a ``PipelineSchedule``, as lists hold it."""
    return {
        "id": schedule.id,
        "description": schedule.description,
        "ref": schedule.ref,
        "cron": schedule.cron,
        "cron_timezone": schedule.cron_timezone,
        "next_run_at": stamp(schedule.next_run),
        "active": schedule.active,
        "created_at": stamp(schedule.created),
        "updated_at": stamp(schedule.updated),
        "owner": owner,
        "inputs": [],
    }


def encode_schedule_details(base: str, schedule: Schedule, owner: dict[str, Any]) -> dict[str, Any]:
    """Return a ``PipelineScheduleDetails``, which is what a single one is."""
    last = schedule.last_pipeline
    return {
        **encode_schedule(schedule, owner),
        "last_pipeline": None if last is None else encode_basic_pipeline(base, last),
        "variables": [
            {"key": one.key, "variable_type": one.variable_type, "value": one.value, "raw": one.raw}
            for one in schedule.variables
        ],
    }


def encode_runner(runner: Runner) -> dict[str, Any]:
    """Return a ``Runner``."""
    return {
        "id": runner.id,
        "description": runner.description,
        "ip_address": None,
        "active": not runner.paused,
        "paused": runner.paused,
        "is_shared": True,
        "runner_type": "instance_type",
        "name": "gitlab-runner",
        "online": True,
        "status": "online",
    }


def _namespace(base: str, group: Group) -> dict[str, Any]:
    name = group.path.rpartition("/")[2]
    return {
        "id": group.id,
        "name": name,
        "path": name,
        "kind": "group",
        "full_path": group.path,
        "parent_id": None,
        "avatar_url": None,
        "web_url": f"{base}/groups/{group.path}",
    }
