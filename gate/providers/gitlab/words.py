"""What do GitLab's statuses mean?

Jobs and pipelines share one list (gitlabhq `app/models/concerns/ci/has_status.rb`, read 2026-11-24).
A manual job is left out of what is in flight: it runs only if a person starts it, and a
cancelled one could not be put back, since retrying it starts it.
"""

from __future__ import annotations

from typing import Final

from gate.core.work import Seen, Status

IN_FLIGHT: Final = (
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "canceling",
    "scheduled",
)
NOT_STARTED: Final = frozenset(IN_FLIGHT) - {"running", "canceling"}
FINISHED: Final = frozenset({"success", "failed", "canceled", "skipped"})

_STATUSES: Final = {
    "created": Status.WAITING,
    "waiting_for_resource": Status.WAITING,
    "waiting_for_callback": Status.WAITING,
    "scheduled": Status.WAITING,
    "manual": Status.WAITING,
    "preparing": Status.QUEUED,
    "pending": Status.QUEUED,
    "running": Status.RUNNING,
    "canceling": Status.STOPPING,
    **dict.fromkeys(FINISHED, Status.FINISHED),
}


def status_of(word: str) -> Status:
    """Return where something is by GitLab's word; one that is not known counts as not over."""
    return _STATUSES.get(word, Status.UNKNOWN)


def seen_of(word: str) -> Seen:
    """Return what a status says of something that was told to stop."""
    return Seen(status=status_of(word), word=word, stopped=word == "canceled")
