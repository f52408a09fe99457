"""Which CI systems does gate know, and in which does this process run?"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from gate.core.model import Place

if TYPE_CHECKING:
    from gate.core.event import StepClosed, Target
    from gate.providers.protocol import OwnRun, Provider

PROVIDERS: Final[Mapping[str, str]] = {
    "github": "gate.providers.github",
    "gitlab": "gate.providers.gitlab",
    "jenkins": "gate.providers.jenkins",
}

_PROJECT_VARIABLES: Final = {
    "github": "GITHUB_REPOSITORY",
    "gitlab": "CI_PROJECT_PATH",
    "jenkins": "JOB_NAME",
}
_OWN: Final = {
    "github": ("run", "GITHUB_RUN_ID"),
    "gitlab": ("job", "CI_JOB_ID"),
    "jenkins": ("run", "BUILD_NUMBER"),
}


def detect(environ: Mapping[str, str]) -> str | None:
    """Return the name of the CI system that started this process, or None."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return "github"
    if environ.get("GITLAB_CI") == "true":
        return "gitlab"
    if environ.get("JENKINS_URL") or environ.get("BUILD_TAG", "").startswith("jenkins-"):
        return "jenkins"
    return None


def place_of(environment: str, environ: Mapping[str, str]) -> Place:
    """Return where this process runs, as far as its environment tells."""
    provider = detect(environ)
    if provider is None:
        return Place(environment=environment)
    project = environ.get(_PROJECT_VARIABLES[provider], "")
    return Place(environment=environment, provider=provider, project=project)


def own_target(environ: Mapping[str, str]) -> Target | None:
    """Return what a sweep must never stop: the run, job or build that this process belongs to."""
    provider = detect(environ)
    if provider is None:
        return None
    from gate.core.event import Target

    kind, name = _OWN[provider]
    return Target(
        provider=provider,
        instance="",
        project=environ.get(_PROJECT_VARIABLES[provider], ""),
        kind=kind,
        id=environ.get(name, ""),
    )


def step_here(name: str, environ: Mapping[str, str]) -> StepClosed | None:
    """Return what this process is a part of, for a record of what was held back; None where unknown."""
    provider = cast("Provider", import_module(PROVIDERS[name]))
    return provider.step_here(environ)


def own_run(name: str, environ: Mapping[str, str]) -> OwnRun:
    """Return the run that this process belongs to, as its provider's adapter sees it."""
    provider = cast("Provider", import_module(PROVIDERS[name]))
    return provider.own_run(environ)
