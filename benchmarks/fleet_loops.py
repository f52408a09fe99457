"""What do people do today? Loops over `gh`, PyGithub, python-gitlab and python-jenkins.

Each as it is written in an hour of need: one thing after the other, by the names that its list
shows, and without a look at what came of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import gitlab
import requests
from github import Auth, Github, GithubException

from benchmarks.fleet_minimum import PROTECTS
from benchmarks.fleet_proxy import proxy
from benchmarks.fleet_servers import TOKENS, Server

_HOST: Final = "github.localhost"  # the one host that gh asks without TLS, as api.github.localhost


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A loop.

    Attributes:
        name: what it is written with.
        one: goes over one server.
        bound: how much of its time gate may take.
    """

    name: str
    one: Callable[[Server], None]
    bound: float = 1.0

    def run(self, servers: Sequence[Server]) -> float:
        """Return the seconds that it takes over servers, one after the other."""
        started = time.monotonic()
        for server in servers:
            self.one(server)
        return time.monotonic() - started


def by_gh(server: Server) -> None:
    """Cancel by `gh`, which reaches a server without TLS under one name only, and so through a proxy."""
    with tempfile.TemporaryDirectory() as folder, proxy(server.root) as address:
        environ = {
            **os.environ,
            "GH_HOST": _HOST,
            "GH_TOKEN": TOKENS["github"],
            "GH_CONFIG_DIR": folder,
            "GH_NO_UPDATE_NOTIFIER": "1",
            "HTTP_PROXY": address,
        }

        def gh(*arguments: str) -> str:
            ran = subprocess.run(
                ["gh", *arguments], env=environ, cwd=Path(folder), capture_output=True, check=False
            )
            return ran.stdout.decode("utf-8")

        names = gh("api", "--paginate", "orgs/acme/repos?per_page=100", "-q", ".[].full_name").split()
        for where in (f"{_HOST}/{name}" for name in names):
            listed = gh("run", "list", "-R", where, "-L", "100", "--json", "databaseId,status,workflowName")
            for run in json.loads(listed or "[]"):
                if run["status"] != "completed" and PROTECTS.matched([run["workflowName"]]):
                    gh("run", "cancel", "-R", where, str(run["databaseId"]))


def by_pygithub(server: Server) -> None:
    """Cancel by PyGithub as it comes: a quarter of a second between requests, one second between writes."""
    client = Github(base_url=server.url, auth=Auth.Token(TOKENS["github"]))
    for repository in client.get_organization("acme").get_repos():
        for status in ("in_progress", "queued"):
            for run in list(repository.get_workflow_runs(status=status)):
                if PROTECTS.matched([run.name]):
                    with suppress(GithubException):
                        run.cancel()


def by_python_gitlab(server: Server) -> None:
    """Cancel by python-gitlab: the jobs that are created, pending or running, by their names."""
    client = gitlab.Gitlab(server.url, private_token=TOKENS["gitlab"])
    for one in client.groups.get("acme", lazy=True).projects.list(iterator=True, per_page=100):
        project = client.projects.get(one.id, lazy=True)
        for job in list(
            project.jobs.list(scope=["created", "pending", "running"], iterator=True, per_page=100)
        ):
            if PROTECTS.matched([job.name]):
                with suppress(gitlab.GitlabError):
                    job.cancel()


def by_python_jenkins(server: Server) -> None:
    """Stop by python-jenkins; for a build in a folder its name is the folder's, so that the URL is read."""
    jenkins = import_module("jenkins")  # comes without types
    client = jenkins.Jenkins(server.url, "bench", TOKENS["jenkins"], timeout=60)
    for build in client.get_running_builds():
        names = [unquote(part) for part in urlsplit(build["url"]).path.split("/job/")[1:]]
        job = "/".join([*names[:-1], names[-1].split("/")[0]])
        if PROTECTS.matched([job.rpartition("/")[2]]):
            with suppress(jenkins.JenkinsException, requests.RequestException):
                client.stop_build(job, build["number"])


# Without gh, which not every machine has, the same by PyGithub. The loop over Jenkins looks at no
# stage and at no queue, and says nothing on a build: most of what gate takes its time for.
LOOPS: Final[Mapping[str, Loop]] = {
    "github": Loop(name="gh", one=by_gh) if shutil.which("gh") else Loop(name="PyGithub", one=by_pygithub),
    "gitlab": Loop(name="python-gitlab", one=by_python_gitlab),
    "jenkins": Loop(name="python-jenkins", one=by_python_jenkins, bound=2.0),
}
