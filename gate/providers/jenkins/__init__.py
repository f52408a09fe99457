"""What can gate do with Jenkins? python-jenkins is imported only where a controller is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gate.providers.pace import Pace

if TYPE_CHECKING:
    from gate.core.event import StepClosed
    from gate.providers.protocol import Connection, Member, OwnRun

AT_ONCE = 8


def own_run(environ: Mapping[str, str]) -> OwnRun:
    """Return the build that this process belongs to."""
    from gate.providers.jenkins.own_build import JenkinsRun

    return JenkinsRun(environ)


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the build that this process belongs to, for a record of what was held back."""
    from gate.providers.jenkins import here

    return here.step_here(environ)


def connect(member: Member, pace: Pace) -> Connection:
    """Return a controller, connected; nothing is asked yet.

    Raises:
        MissingExtra: python-jenkins is not installed.
    """
    from gate.providers.jenkins.client import Controller
    from gate.providers.jenkins.connection import JenkinsConnection

    return JenkinsConnection(Controller(member, pace))


def new_pace(member: Member) -> Pace:
    """Return a budget without a limit, since a controller has none; few requests are under way at once."""
    del member  # all controllers are alike
    return Pace(at_once=AT_ONCE)
