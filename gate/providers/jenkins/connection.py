"""What can be done with a Jenkins controller of the fleet? Each question has its own module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.kept import Kept
from gate.core.work import Asked, Found, Outcome, Protects, Seen, Work
from gate.providers.jenkins import kept, notes, proving, triggers
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.looking import Looking
from gate.providers.jenkins.reruns import Reruns
from gate.providers.jenkins.search import Search
from gate.providers.jenkins.stages import Stages
from gate.providers.jenkins.stopping import Stopping
from gate.providers.protocol import Each, Key, NotDone

NO_HOLD = (
    "Jenkins has no variable that every build reads; its builds see the hold where their gate step is given "
    "the same ledger (state:)"
)


class JenkinsConnection:
    """One controller, as `gate.providers.protocol.Connection` describes it.

    Args:
        controller: which, and how it is asked.
    """

    def __init__(self, controller: Controller) -> None:
        self.member = controller.member
        self.pace = controller.pace
        self.no_hold = NO_HOLD
        self.controller = controller
        self.stages = Stages(controller)
        self.looking = Looking(controller)
        self.stopping = Stopping(controller, self.looking)
        self.search = Search(controller, self.stages, self.stopping.note)
        self._reruns = Reruns(controller, self.looking)

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        """Return what is protected and in flight, and with `triggers` also what starts it."""
        return self.search.find(protects, each, triggers=triggers)

    def find_again(self, protects: Protects, each: Each) -> Found:
        """Return what has come into flight since, by two requests."""
        return self.search.find_again(protects)

    def cancel(self, target: Target) -> Asked:
        """Ask for a build or a queue item to be stopped."""
        return self.stopping.cancel(target)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        """Ask for a pipeline to be terminated; at the second step, with `kill`, for it to be killed."""
        return self.stopping.escalate(target, step, kill=kill)

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where targets are: two requests for all, and one for each that has ended."""
        return self.looking.observe(targets, each)

    def annotate(self, work: Work, reason: str) -> Asked:
        """Add the reason to the description of a build; of what never became one nothing is left."""
        path = self.looking.path_of(work.target)
        if path is None:
            return Asked(outcome=Outcome.DONE)  # it never became a build, so there is none to note it on
        before = self.looking.take_description(path)
        return notes.describe(self.controller, path, reason, before, work.target.name)

    def shared_hold(self) -> Target | None:
        """Return None: see `no_hold`."""
        return None

    def project_holds(self, each: Each) -> tuple[Target, ...]:
        """Return none: see `no_hold`."""
        return ()

    def read_hold(self, place: Target) -> str | None:
        """Refuse: see `no_hold`.

        Raises:
            NotDone: always.
        """
        raise NotDone(Outcome.REFUSED, NO_HOLD)

    def write_hold(self, place: Target, text: str | None) -> Asked:
        """Refuse: see `no_hold`."""
        return Asked(outcome=Outcome.REFUSED, detail=NO_HOLD)

    def read_trigger(self, target: Target) -> str | None:
        """Return how a job is switched, None where it is gone.

        Raises:
            NotDone: it cannot be seen.
        """
        return triggers.read_trigger(self.controller, target, self.looking.job_of(target))

    def write_trigger(self, target: Target, form: str) -> Asked:
        """Ask for a job to be switched as a form says."""
        return triggers.write_trigger(self.controller, target, self.looking.job_of(target), form)

    def rerun(self, target: Target, own: str) -> Asked:
        """Start a build again with the same parameters; sent once."""
        return self._reruns.rerun(target, own)

    def rerun_seen(self, target: Target, own: str) -> str | None:
        """Return the queue item or build that a rerun has started, None where there is none.

        Raises:
            NotDone: it cannot be seen.
        """
        return self._reruns.seen(target, own)

    def busy(self, target: Target, own: str) -> str:
        """Return what runs or is queued of a job that takes one build at a time.

        Raises:
            NotDone: it cannot be seen.
        """
        return self._reruns.busy(target)

    def proved(self, target: Target, became: str, protects: Protects) -> Canary:
        """Return how far a build is that was started again, by its protected stages.

        Raises:
            NotDone: it cannot be seen.
        """
        return proving.proved(self.looking, self.stages, target, became, protects)

    def closed_steps(self, since: datetime, each: Each) -> Kept:
        """Return the builds whose descriptions say it."""
        return kept.closed_steps(self.controller, since, each)

    def close(self) -> None:
        """Let go of connections."""
        self.controller.close()
