"""What can a provider adapter do: for a whole fleet, and for the run that a gate step is a part of?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from gate.core.canary import Canary
from gate.core.event import StepClosed, Target
from gate.core.secret import Secret
from gate.core.work import Asked, Found, Outcome, Protects, Seen, Work

if TYPE_CHECKING:
    from gate.core.kept import Kept  # a gate step has no use for it
    from gate.providers.pace import Pace

T = TypeVar("T")
U = TypeVar("U")

Key = tuple[str, str, str, str, str]  # `Target.key`


class Each(Protocol):
    """Calls a function with each item, several at once, and returns the results in order."""

    def __call__(self, call: Callable[[T], U], items: Iterable[T], /) -> Iterator[U]:
        """Return one result for each item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the configuration's ``fleet``.

    Attributes:
        provider: a name in `gate.providers.PROVIDERS`.
        url: the address of the API, or of the server; carries no credentials.
        root: the owner, group or folder; empty for a whole Jenkins controller.
        projects: shell patterns over project paths, each also compared without `root`.
        only: further patterns, of which one must match as well; none leaves all.
        environment: the lab that its runs use.
        token: what it is reached with.
        user: whose token it is; only Jenkins asks.
        verify: True, False, or the path of a CA bundle.
    """

    provider: str
    url: str
    root: str = ""
    projects: tuple[str, ...] = ("*",)
    only: tuple[str, ...] = ()
    environment: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))
    user: str = ""
    verify: bool | str = True

    def takes(self, path: str) -> bool:
        """Return whether a project is meant: by its path, or by what of it is below `root`."""
        start = f"{self.root}/"
        below = path[len(start) :] if path.casefold().startswith(start.casefold()) else path
        names = (path, below)
        asked = Protects(patterns=self.only).matched(names) if self.only else path
        return asked is not None and Protects(patterns=self.projects).matched(names) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one action on the run that this process belongs to.

    Attributes:
        target: what was acted on, for example ``job load-test (77)``.
        outcome: what was observed afterwards, not what was asked.
        detail: why, naming the permission or variable that was missing.
    """

    target: str
    outcome: Outcome
    detail: str = ""


class NotDone(Exception):
    """A provider did not do what was asked; the text says why, and what is missing."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


class Connection(Protocol):
    """One member of the fleet, connected. Every method may be called from several threads at once.

    Attributes:
        member: what it is connected to.
        pace: the budget of requests, shared by all that speak to the same server.
        no_hold: why this provider keeps no hold itself; empty where it does.
    """

    member: Member
    pace: Pace
    no_hold: str

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        """Return what is protected and in flight, and with `triggers` also what starts it.

        What cannot be listed is a problem among the others, never an exception, and never
        silently nothing.
        """

    def find_again(self, protects: Protects, each: Each) -> Found:
        """Return what has come into flight since `find` and can be asked for at a small, constant cost.

        A child pipeline that a trigger job has started, a build that was started meanwhile. A queue
        item that became a build is not among it: it is followed as what it was. What else is known
        from `find` may be. A provider where only the whole search could tell returns
        nothing, since a hold stands by then.
        """

    def cancel(self, target: Target) -> Asked:
        """Ask for a run, job or queue item to be stopped."""

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        """Ask harder; `step` counts from 1. None where there is nothing harder, or only with `kill`."""

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where targets are, many in one request; those that could not be seen are left out."""

    def annotate(self, work: Work, reason: str) -> Asked:
        """Put the reason on a run that was stopped, where people look at it; never a run's own words away."""

    def shared_hold(self) -> Target | None:
        """Return the one place where a hold reaches every project, where the provider has such a place."""

    def project_holds(self, each: Each) -> tuple[Target, ...]:
        """Return the places of a hold for each project, for where the shared one is refused.

        Raises:
            NotDone: the projects cannot be listed.
        """

    def read_hold(self, place: Target) -> str | None:
        """Return the hold's text there, None where there is none.

        Raises:
            NotDone: it cannot be read; the text names the permission.
        """

    def write_hold(self, place: Target, text: str | None) -> Asked:
        """Write the hold's text there, or take it away; `HELD` and `LIFTED` are outcomes read back."""

    def read_trigger(self, target: Target) -> str | None:
        """Return a trigger's form as it is now, None where it is gone.

        Raises:
            NotDone: it cannot be read.
        """

    def write_trigger(self, target: Target, form: str) -> Asked:
        """Bring a trigger into a form that `find` or `read_trigger` returned; None is accepted."""

    def rerun(self, target: Target, own: str) -> Asked:
        """Start again what was stopped; never sent twice, so an answer that is lost is `FAILED`.

        Args:
            target: what was stopped.
            own: `Origin.own`, as it was kept when it was stopped.
        """

    def rerun_seen(self, target: Target, own: str) -> str | None:
        """Return the id of what a rerun has started, None where nothing was started since.

        Raises:
            NotDone: it cannot be seen.
        """

    def busy(self, target: Target, own: str) -> str:
        """Return what a rerun would push out or be pushed out by, such as a run of its concurrency group.

        Empty where nothing is in the way. Names a run that is in flight.
        """

    def proved(self, target: Target, became: str, protects: Protects) -> Canary:
        """Return how far something is that was started again: it passes with its first protected part.

        That is a job or a stage. It fails where one of them has failed. Where it was cancelled, is
        gone, or came to none of them, it proves nothing: `Canary.NOT_STARTED`.

        Args:
            target: what was stopped.
            became: what `rerun` or `rerun_seen` returned of it.
            protects: what is protected.

        Raises:
            NotDone: it cannot be seen.
        """

    def closed_steps(self, since: datetime, each: Each) -> Kept:
        """Return what gate steps have left of what they held back since a moment.

        One list for each project, whose newest part is looked at. What cannot be listed is a note.
        """

    def close(self) -> None:
        """Let go of connections."""


class OwnRun(Protocol):
    """The run that the gate step is a part of."""

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Put the reason where the provider's lists of runs show it, if it has such a place."""

    def cancel_downstream(self, protect: Sequence[str], *, whole_run: bool = False) -> Sequence[Result]:
        """Hold back what comes after the gate step and is protected, here and in runs that this one started.

        Args:
            protect: shell patterns over names.
            whole_run: the whole run may be cancelled, also where it holds what is not protected.
        """

    def cancel_run(self) -> Sequence[Result]:
        """Ask for the whole run to be cancelled, and wait for it, which ends this process too."""


class Provider(Protocol):
    """A module in `gate.providers.PROVIDERS`."""

    def own_run(self, environ: Mapping[str, str]) -> OwnRun:
        """Return the run that this process belongs to."""

    def step_here(self, environ: Mapping[str, str]) -> StepClosed | None:
        """Return what this process is a part of, for a record of what was held back.

        Its environment, code and hold are still empty. None where it cannot be told.
        """

    def connect(self, member: Member, pace: Pace) -> Connection:
        """Return a member of the fleet, connected; nothing is asked yet.

        Raises:
            MissingExtra: the provider's client library is not installed.
        """

    def new_pace(self, member: Member) -> Pace:
        """Return the budget that this provider's documented limits allow."""
