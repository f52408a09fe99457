"""Emulated CI systems for a gate that is a process of its own: its configuration and environment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.contract.sweeps.github import TOKEN as GITHUB_TOKEN
from tests.contract.sweeps.github import GitHubLab
from tests.contract.sweeps.gitlab import TOKEN as GITLAB_TOKEN
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.jenkins import TOKEN as JENKINS_TOKEN
from tests.contract.sweeps.jenkins import USER, JenkinsLab
from tests.contract.sweeps.lab import Lab, Passing, served

TOKENS: Mapping[str, str] = {
    "LAB_GITHUB_TOKEN": GITHUB_TOKEN,
    "LAB_GITLAB_TOKEN": GITLAB_TOKEN,
    "LAB_JENKINS_TOKEN": JENKINS_TOKEN,
}
_ENTRIES: Mapping[str, Mapping[str, str]] = {
    "github": {"token": "${LAB_GITHUB_TOKEN}", "owner": "acme"},
    "gitlab": {"token": "${LAB_GITLAB_TOKEN}", "group": "acme"},
    "jenkins": {"token": "${LAB_JENKINS_TOKEN}", "user": USER},
}


def serve_all(stack: ExitStack, speed: float = 20.0) -> tuple[GitHubLab, GitLabLab, JenkinsLab]:
    """Serve all three until the stack ends."""
    labs = (GitHubLab(Passing(speed)), GitLabLab(Passing(speed)), JenkinsLab(Passing(speed)))
    for lab in labs:
        stack.enter_context(served(lab))
    return labs


def write_config(
    folder: Path, focus: str, labs: Sequence[Lab], environments: Mapping[str, str] | None = None, **more: Any
) -> Path:
    """Write a ``gate.yml`` whose fleet are these labs, and return its path.

    Args:
        folder: where.
        focus: the address of the Focus server.
        labs: one or several.
        environments: by provider, another than ``staging``.
        **more: further keys.
    """
    names = dict(environments or {})
    every = dict.fromkeys(["staging", *names.values()])
    document = {
        "environments": {name: {"focus_server": focus} for name in every},
        "default_environment": "staging",
        "fleet": [
            {
                "provider": lab.provider,
                "url": lab.member.url,
                "environment": names.get(lab.provider, "staging"),
                **_ENTRIES[lab.provider],
            }
            for lab in labs
        ],
        **more,
    }
    path = folder / "gate.yml"
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return path


def writes(lab: Lab) -> list[str]:
    """Return the requests that may change something, in their order: GraphQL is only used to read."""
    return [
        f"{seen.method} {seen.path}"
        for seen in lab.server.log.last()
        if seen.method != "GET" and not seen.path.endswith("/graphql")
    ]
