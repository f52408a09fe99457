"""Which statuses do jobs and pipelines have, and what does a row of them come to?

gitlabhq `app/models/concerns/ci/has_status.rb` and `lib/gitlab/ci/status/composite.rb`, read
2026-11-24. Jobs and pipelines share one list; the order of the questions below is GitLab's.
"""

from __future__ import annotations

from collections.abc import Iterable

STATUSES = (
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
)
TERMINAL = frozenset({"success", "failed", "canceled", "skipped"})
# What a cancel of the pipeline takes along. `manual` is not in it.
CANCELABLE = frozenset(
    {
        "created",
        "waiting_for_resource",
        "preparing",
        "waiting_for_callback",
        "pending",
        "running",
        "scheduled",
    }
)
# What a cancel of the job itself ends at once; `running` goes through `canceling`.
NOT_STARTED = (CANCELABLE - {"running"}) | {"manual"}
RETRYABLE = frozenset({"success", "failed", "canceled", "canceling"})
FINISHED_SCOPE = frozenset({"success", "failed", "canceled"})

_PASSED = frozenset({"success", "skipped", "warnings", "ignored"})
_WITH_NOTHING = frozenset({"warnings", "ignored"})
_ENDED = frozenset({"success", "failed", "canceled", "skipped", "warnings"})


def composite(statuses: Iterable[tuple[str, bool]], *, dag: bool = False) -> str:
    """Return the status of a pipeline, or of what comes before a job.

    Args:
        statuses: of each job its status and whether it may fail.
        dag: the row is what a job `needs`, so that one that did not run holds it back.

    Returns:
        One of `STATUSES`; an empty row is `success`, since nothing stands in the way.
    """
    seen = {_read(status, allow_failure) for status, allow_failure in statuses}
    if not seen:
        return "success"
    if dag and seen & {"skipped", "ignored"}:
        return "skipped"
    if dag and not seen <= _ENDED:
        return "pending"
    only = (
        ("skipped", frozenset({"skipped", "ignored"})),
        ("success", _PASSED),
        ("created", _WITH_NOTHING | {"created"}),
        ("preparing", _WITH_NOTHING | {"preparing"}),
        ("canceled", _PASSED | {"canceled"}),
        ("pending", _WITH_NOTHING | {"pending", "created", "skipped"}),
    )
    for word, allowed in only:
        if seen <= allowed:
            return word
    present = (
        ("running", "running"),
        ("pending", "running"),
        ("waiting_for_resource", "waiting_for_resource"),
        ("waiting_for_callback", "waiting_for_callback"),
        ("manual", "manual"),
        ("scheduled", "scheduled"),
        ("preparing", "preparing"),
        ("created", "running"),
        ("canceling", "canceling"),
    )
    return next((word for status, word in present if status in seen), "failed")


def _read(status: str, allow_failure: bool) -> str:
    if allow_failure and status in {"failed", "canceled"}:
        return "warnings"
    return "ignored" if allow_failure and status == "manual" else status
