"""Which lab is there for each provider? A new provider is one line more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.contract.sweeps.github import GitHubLab
from tests.contract.sweeps.gitlab import GitLabLab
from tests.contract.sweeps.jenkins import JenkinsLab
from tests.contract.sweeps.lab import Lab

LABS: Mapping[str, Callable[[], Lab]] = {"github": GitHubLab, "gitlab": GitLabLab, "jenkins": JenkinsLab}
