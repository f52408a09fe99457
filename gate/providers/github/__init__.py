"""What can gate do in GitHub Actions: in its own run, and for all repositories of an owner?

Imported in every gate step that GitHub starts, so PyGithub stays out until something is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gate.errors import MissingExtra
from gate.providers.pace import Pace
from gate.providers.protocol import Connection, Member, OwnRun

if TYPE_CHECKING:
    from gate.core.event import StepClosed

# 900 points a minute; what is due at first and in the minute after it stays below that together
# (GitHub's documentation on rate limits for the REST API, read 2026-11-24).
POINTS_A_MINUTE = 840.0
POINTS_AT_FIRST = 40.0
WRITE_POINTS = 5.0
AT_ONCE = 8


def own_run(environ: Mapping[str, str]) -> OwnRun:
    """Return the run that this process belongs to."""
    from gate.providers.github.step import GitHubRun

    return GitHubRun.of(environ)


def step_here(environ: Mapping[str, str]) -> StepClosed | None:
    """Return the run that this process belongs to, for a record of what was held back."""
    from gate.providers.github import here

    return here.step_here(environ)


def connect(member: Member, pace: Pace) -> Connection:
    """Return an owner's repositories, connected; nothing is asked yet.

    Raises:
        MissingExtra: PyGithub is not installed.
    """
    try:
        import_module("github")
    except ImportError:
        raise MissingExtra("github", "a fleet on GitHub") from None
    from gate.providers.github.connection import GitHubConnection

    return GitHubConnection(member, pace)


def new_pace(member: Member) -> Pace:
    """Return the budget that GitHub's limits allow; an Enterprise Server comes without limits."""
    if urlsplit(member.url).path.rstrip("/").endswith("/api/v3"):
        return Pace(at_once=AT_ONCE, write_points=WRITE_POINTS)
    return Pace(per_minute=POINTS_A_MINUTE, burst=POINTS_AT_FIRST, at_once=AT_ONCE, write_points=WRITE_POINTS)
