"""What can a provider adapter do?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What came of one action."""

    STOPPED = "stopped"
    ALREADY_FINISHED = "already_finished"
    SURVIVED = "survived"
    REFUSED = "refused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one action on one target.

    Attributes:
        target: what was acted on, for example ``job load-test (77)``.
        outcome: what was observed afterwards, not what was asked.
        detail: why, naming the permission or variable that was missing.
    """

    target: str
    outcome: Outcome
    detail: str = ""


class OwnRun(Protocol):
    """The run that the gate step is a part of."""

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Put the reason where the provider's lists of runs show it, if it has such a place."""

    def cancel_downstream(self, protect: Sequence[str]) -> Sequence[Result]:
        """Cancel the run's unfinished jobs whose job or stage name is protected, and observe them."""

    def cancel_run(self) -> Sequence[Result]:
        """Ask for the whole run to be cancelled, and wait for it, which ends this process too."""


class Provider(Protocol):
    """A module in `gate.providers.PROVIDERS`."""

    def own_run(self, environ: Mapping[str, str]) -> OwnRun:
        """Return the run that this process belongs to."""
