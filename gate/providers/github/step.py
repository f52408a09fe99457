"""What can a gate step do about its own GitHub Actions run, and about those that this has started?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from gate.core.work import Outcome, Protects
from gate.providers.github.itself import OUTPUTS, ThisRun
from gate.providers.protocol import Result


@dataclass(slots=True, kw_only=True)
class GitHubRun(ThisRun):
    """One workflow run, seen from its gate step."""

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Do nothing yet: the run page shows the annotation that the report prints.

        A closed gate's reason is kept, and put on the commit of a run before it is cancelled.
        """
        self.reason = "" if opened else reason
        return ()

    def cancel_downstream(self, protect: Sequence[str], *, whole_run: bool = False) -> Sequence[Result]:
        """Cancel the runs that hold nothing but what is protected: this one, and those it has started.

        GitHub cannot cancel single jobs, so that a run with other unfinished jobs is cancelled
        only with `whole_run`.

        Raises:
            MissingExtra: PyGithub is not installed.
        """
        if self.missing:
            detail = f"{self.lacks()}; {OUTPUTS}"
            return (Result(target=f"jobs {', '.join(protect)}", outcome=Outcome.REFUSED, detail=detail),)
        from gate.providers.github.downstream import HoldingBack

        with closing(self.client("--cancel-downstream")) as client:
            work = HoldingBack(self, client, Protects(patterns=tuple(protect)), whole_run=whole_run)
            return work.carry_out()
