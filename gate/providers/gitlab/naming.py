"""How does the reason get onto a pipeline whose jobs were stopped? Before its name, once.

A commit status would be a further job, and change the pipeline's own status (gitlabhq
`app/services/ci/create_commit_status_service.rb`, read 2026-11-24).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

from gate.core.work import Asked, Outcome, Work
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.pipeline_name import START, with_reason
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable


class Naming:
    """Names pipelines, each of them once.

    Args:
        client: what asks.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: Mapping[int, str] = {}
        self._named: dict[str, Asked] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def learn(self, names: Mapping[int, str]) -> None:
        """Take what pipelines are called, by their numbers, so that nobody is asked once more."""
        self._known = names

    def annotate(self, work: Work, reason: str) -> Asked:
        """Put the reason before the name of a job's pipeline; of a child pipeline, before its parent's."""
        own = json.loads(work.origin.own)
        path = f"/projects/{own['project']}/pipelines/{own['named']}"
        with self._lock:
            lock = self._locks.setdefault(path, threading.Lock())
        with lock:
            if path not in self._named:
                what = f"the name of pipeline {own['named']} of {work.target.project}"
                known = self._known.get(own["named"])
                self._named[path] = self._name(path, what, known, reason, str(own.get("title", "")))
            return self._named[path]

    def _name(self, path: str, what: str, known: str | None, reason: str, title: str) -> Asked:
        try:
            old = self._read(path, what) if known is None else known
            if old.startswith(START):
                return Asked(outcome=Outcome.DONE, detail="a reason stands there already")
            new = with_reason(old, reason, title)
            if new is None:
                return Asked(
                    outcome=Outcome.FAILED, detail=f"{what}: it is so long that no reason fits before it"
                )
            needs = "the scope api and the Developer role, on a protected branch the right to push or merge"
            self._client.send(
                Ask(path=f"{path}/metadata", what=what, needs=needs, method="put", body={"name": new})
            )
        except Unanswered as error:
            return Asked(outcome=error.outcome, detail=error.detail)
        return Asked(outcome=Outcome.DONE)

    def _read(self, path: str, what: str) -> str:
        """Return what a pipeline is called, empty where it has no name.

        Raises:
            Unanswered: it cannot be seen.
        """
        read = Ask(path=path, what=what, needs="the scope read_api and the Reporter role in the project")
        pipeline = self._client.send(read)
        if not isinstance(pipeline, dict) or not isinstance(pipeline.get("name") or "", str):
            raise unreadable(read, self._client.host, "a pipeline")
        return pipeline.get("name") or ""
