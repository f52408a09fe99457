"""How is a build stopped, and a queue item cancelled?

``/stop`` answers 302 whether anything will come of it or not, and ``cancelItem`` fails where the item has
just become a build, which then has to be stopped (Executor.doStopBuild, Queue.doCancelItem, read
2026-11-24). A pipeline without an executor is killed by a stop, so only what was seen on one is asked.
"""

from __future__ import annotations

import threading
from typing import Final

from gate.core.event import Target
from gate.core.work import Asked, Outcome, Seen, Status
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.inflight import Running
from gate.providers.jenkins.looking import Looking
from gate.providers.jenkins.trouble import CANCEL, accepted
from gate.providers.protocol import NotDone

_LOOKS: Final = 5
_FIRST_PAUSE: Final = 0.1


class Stopping:
    """Stops what is in flight on one controller; remembers what it has asked."""

    def __init__(self, controller: Controller, looking: Looking) -> None:
        self._controller = controller
        self._looking = looking
        self._lock = threading.Lock()
        self._no_pipelines: set[str] = set()
        self._stopped: set[str] = set()

    def note(self, target: Target, build: Running) -> None:
        """Remember which builds have nothing harder than a stop."""
        if not build.pipeline:
            with self._lock:
                self._no_pipelines.add(build.path)

    def cancel(self, target: Target) -> Asked:
        """Ask for a build or a queue item to be stopped."""
        path = self._looking.path_of(target)
        return self._cancel_item(target) if path is None else self._stop(path, target)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        """Ask for a pipeline to be terminated, and at the second step for it to be killed."""
        path = self._looking.path_of(target)
        if path is None:
            return None
        if target.kind == "queue_item" and path not in self._stopped:
            return self._stop(path, target)  # the item has become a build by itself, after it was asked
        if path in self._no_pipelines or step > 2 or (step == 2 and not kill):
            return None
        harder = f"{path}{'kill' if step == 2 else 'term'}"
        answer = self._controller.act(harder)
        if accepted(answer, harder):
            return Asked()
        if answer.status == 404:
            return None  # no pipeline, or over: the next look tells
        return self._controller.teller.asked(answer, target.name)

    def _stop(self, path: str, target: Target) -> Asked:
        answer = self._controller.act(f"{path}stop")
        if accepted(answer, f"{path}stop"):
            with self._lock:
                self._stopped.add(path)
            return Asked()
        asked = self._controller.teller.asked(answer, target.name)
        if answer.status == 404:
            return Asked(outcome=Outcome.ALREADY_FINISHED, detail=asked.detail)
        return asked

    def _cancel_item(self, target: Target) -> Asked:
        answer = self._controller.act("queue/cancelItem", query={"id": target.id}, meant=frozenset({500}))
        teller = self._controller.teller
        if accepted(answer, "queue/cancelItem"):
            if answer.status == 204:  # before 2.211 it was a 302 whatever came of it
                self._looking.note_cancelled(target.id)
            return Asked()
        if answer.status == 422:
            detail = f"HTTP 422 from {teller.host}: {teller.needs(CANCEL, target.name)}"
            return Asked(outcome=Outcome.REFUSED, detail=detail)
        if answer.status not in (404, 500):
            return teller.asked(answer, target.name)
        refused = teller.asked(answer, target.name)
        try:
            return self._follow(target, refused, sent_twice=answer.tries > 1)
        except NotDone as error:
            return Asked(outcome=error.outcome, detail=error.detail)

    def _follow(self, target: Target, refused: Asked, *, sent_twice: bool) -> Asked:
        """Stop what a queue item has become, as soon as it has become something.

        Raises:
            NotDone: it cannot be seen.
        """
        pause = _FIRST_PAUSE
        for _ in range(_LOOKS):
            where = self._looking.look_at_item(target)
            if not isinstance(where, Seen):
                return self._stop(where.path, target)
            if where.status is Status.FINISHED:
                if where.stopped and sent_twice:
                    return Asked(outcome=Outcome.STOPPED)  # by the request whose answer was lost
                detail = "it was cancelled by someone else" if where.stopped else "it is gone"
                return Asked(outcome=Outcome.ALREADY_FINISHED, detail=detail)
            if where.word == "queued":
                return refused
            self._controller.pace.sleep(pause)
            pause *= 2
        return Asked()  # it starts, and is followed as it is observed
