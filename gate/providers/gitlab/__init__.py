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

# GitLab.com takes 2,000 requests a minute, but only 600 lists of jobs, which cost two points here
# (doc/user/gitlab_com/_index.md, doc/security/rate_limits.md, read 2026-11-24). What comes due in a
# minute and the burst before it are 1,200 points together.
_A_MINUTE = 1140.0
_BURST = 60.0
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
    """Return the budget that GitLab.com's limits allow, which is a courteous one elsewhere."""
    return Pace(per_minute=_A_MINUTE, burst=_BURST, at_once=_AT_ONCE)
