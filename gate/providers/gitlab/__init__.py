"""How does gate speak with GitLab: for a whole group, and for the pipeline that a gate step is a job of?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gate.providers.gitlab.own_run import GitLabRun, own_run
from gate.providers.pace import Pace
from gate.providers.protocol import Member

if TYPE_CHECKING:
    from gate.core.event import StepClosed
    from gate.providers.gitlab.connection import GitLabConnection

__all__ = ["GitLabRun", "connect", "new_pace", "own_run", "step_here"]

_AT_ONCE = 8


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the job that this process is, for a record of what was held back."""
    from gate.providers.gitlab import here

    return here.step_here(environ)


def connect(member: Member, pace: Pace) -> GitLabConnection:
    """Return a group, connected; nothing is asked yet.

    Raises:
        MissingExtra: python-gitlab is not installed.
    """
    from gate.providers.gitlab.connection import GitLabConnection

    return GitLabConnection(member, pace)


def new_pace(member: Member) -> Pace:
    """Return a budget without a rate of its own: GitLab's answers say what is left of the minute.

    GitLab.com allows 2,000 requests in it, another instance what its owner has set, or any number
    (doc/administration/settings/user_and_ip_rate_limits.md, read 2026-11-24).
    """
    del member  # all instances are alike
    return Pace(at_once=_AT_ONCE)
