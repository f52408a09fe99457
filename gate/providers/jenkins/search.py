"""What is in flight on a controller, what of it is protected, and what starts it?

A constant number of requests shows all that is in flight, whatever the size: the controller itself, the
folder where one is given, the queue and the executors. The queue comes first, so that an item which
becomes a build in between is seen twice rather than never.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Found, Outcome, Protects
from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.inflight import Executors, Queue, Queued, Running, read_executors, read_queue
from gate.providers.jenkins.jobs import FOLDER_TREE, JOBS_TREE, Job, read_jobs
from gate.providers.jenkins.matching import Matching
from gate.providers.jenkins.stages import Stages
from gate.providers.jenkins.targets import Findings, newest_of, work_of
from gate.providers.jenkins.triggers import decide_triggers
from gate.providers.jenkins.trouble import NoWayIn
from gate.providers.protocol import Each, NotDone

T = TypeVar("T")

_ROOT: Final = "url,quietingDown,quietDownReason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is in flight, as far as it could be seen."""

    builds: tuple[Running, ...] = ()
    items: tuple[Queued, ...] = ()

    @property
    def all(self) -> tuple[Running | Queued, ...]:
        """Builds, then queue items."""
        return (*self.builds, *self.items)


class Search:
    """Looks through one controller.

    Args:
        controller: which.
        stages: its pipelines' stages.
        note: is told of each build that is protected, before anything is done to it.
    """

    def __init__(
        self, controller: Controller, stages: Stages, note: Callable[[Target, Running], object]
    ) -> None:
        self._controller = controller
        self._member = controller.member
        self._matching = Matching(controller, stages)
        self._note = note
        self._root = ""
        self._seen: frozenset[str | int] = frozenset()

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        """Return what is protected and in flight, and with `triggers` also what starts it."""
        findings = Findings(member=self._member)
        try:
            jobs = self._look_around(findings, triggers=triggers)
        except NoWayIn as error:
            findings.trouble("the controller", error)
            return Found(problems=tuple(findings.problems))
        listing = self._meant(self.in_flight(findings))
        self._seen = frozenset(_mark(one) for one in listing.all)
        newest = newest_of(listing.builds, listing.items)
        work = []
        for one, match in self._matching.protected(listing.all, protects, each, findings):
            work.append(work_of(self._member, one, match, newest))
            if isinstance(one, Running):
                self._note(work[-1].target, one)
        meant = tuple(job for job in jobs if names.is_meant(self._member, job.name))
        projects = {one.job for one in listing.all} | {job.path for job in meant if job.starts_builds}
        return Found(
            work=tuple(work),
            triggers=decide_triggers(meant, protects, self._member),
            problems=tuple(findings.problems),
            notes=tuple(findings.notes),
            looked_at=len(listing.all),
            projects=len(projects),
        )

    def find_again(self, protects: Protects) -> Found:
        """Return what has come into flight since `find`, by two requests.

        It is known by its job's name, or by the stages that `find` has seen of the job before.
        """
        findings = Findings(member=self._member)
        listing = self._meant(self.in_flight(findings))
        newest = newest_of(listing.builds, listing.items)
        work = []
        for one in listing.all:
            # A build that was seen as a queue item is followed as that one, and not started twice later.
            known = _mark(one) in self._seen or (isinstance(one, Running) and one.queue_id in self._seen)
            match = None if known else self._matching.known(one, protects)
            if match:
                work.append(work_of(self._member, one, match, newest))
                if isinstance(one, Running):
                    self._note(work[-1].target, one)
        self._seen |= frozenset(_mark(one) for one in listing.all)
        return Found(work=tuple(work), problems=tuple(findings.problems), looked_at=len(listing.all))

    def in_flight(self, findings: Findings, *, causes: bool = False) -> Listing:
        """Return all that is in flight, whoever's it is, by two requests.

        Args:
            findings: takes what could not be seen.
            causes: whether to ask what started each build.
        """
        queue = _try(lambda: read_queue(self._controller, self._root), "what is queued", findings)
        executors = _try(
            lambda: read_executors(self._controller, self._root, causes=causes), "what runs", findings
        )
        return self._merged(queue, executors, findings)

    def _look_around(self, findings: Findings, *, triggers: bool) -> tuple[Job, ...]:
        """Look at the controller itself and at the folder; return the jobs, where they are asked for.

        A folder that is not there would else be one in which nothing is in flight.

        Raises:
            NoWayIn: nothing can be asked.
        """
        folder = self._member.root
        tree = f"{_ROOT},{JOBS_TREE}" if triggers and not folder else _ROOT
        document: dict[str, Any] | None = None
        try:
            document = self._controller.read("", tree, "the controller")
        except NoWayIn:
            raise
        except NotDone as error:
            findings.trouble("the controller", error)
        else:
            self._root = document["url"] if isinstance(document.get("url"), str) else ""
            if document.get("quietingDown") is True:
                findings.notes.append(self._quieting(document.get("quietDownReason")))
        path = names.job_path(folder)
        if folder:
            tree = f"{FOLDER_TREE},{JOBS_TREE}" if triggers else FOLDER_TREE
            what = f"the folder {names.shown(folder)}"
            document = _try(lambda: self._controller.read(path, tree, what), what, findings)
        if not triggers or document is None:
            return ()
        return tuple(read_jobs(self._controller, document, path, self._root, findings))

    def _merged(self, queue: Queue | None, executors: Executors | None, findings: Findings) -> Listing:
        running = {**(queue.waiting if queue else {}), **(executors.running if executors else {})}
        begun = {build.queue_id for build in running.values()}
        teller = self._controller.teller
        if executors and executors.hidden:
            words = (
                f"{teller.host}: {executors.hidden} busy executors do not show what runs on them; "
                f"{teller.user} needs Job/Read on it"
            )
            findings.trouble("what runs", NotDone(Outcome.REFUSED, words))
        if queue and queue.nameless:
            findings.notes.append(
                f"{teller.host}: {queue.nameless} queue items show their names only, and were left alone; "
                f"{teller.user} needs Job/Read on them"
            )
        return Listing(
            builds=tuple(running.values()),
            items=tuple(item for item in queue.items if item.id not in begun) if queue else (),
        )

    def _meant(self, listing: Listing) -> Listing:
        """Return what is in the member's folder and projects."""
        meant: dict[str, bool] = {}
        for one in listing.all:
            if one.job not in meant:
                meant[one.job] = names.is_meant(self._member, one.project)
        return Listing(
            builds=tuple(build for build in listing.builds if meant[build.job]),
            items=tuple(item for item in listing.items if meant[item.job]),
        )

    def _quieting(self, reason: object) -> str:
        why = f" ({one_line(reason, 80)})" if isinstance(reason, str) and reason.strip() else ""
        return (
            f"{self._controller.teller.host} is about to shut down{why}: paused pipelines cannot finish "
            "an abort until that is cancelled, except by --kill"
        )


def _mark(one: Running | Queued) -> str | int:
    return one.path if isinstance(one, Running) else one.id


def _try(call: Callable[[], T], what: str, findings: Findings) -> T | None:
    try:
        return call()
    except NotDone as error:
        findings.trouble(what, error)
        return None
