"""Where is something that was told to stop? Two requests show all that still is in flight.

What is on no executor and not in the queue is looked at by itself, once: a build that has ended, or a
queue item that has left (Queue.LeftItem, known for five minutes; read 2026-11-24).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gate.core.event import Target
from gate.core.work import Seen, Status
from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.inflight import read_executors, read_queue
from gate.providers.protocol import Each, Key, NotDone

GONE: Final = Seen(status=Status.FINISHED, word="gone")
_CANCELLED: Final = Seen(status=Status.FINISHED, word="cancelled", stopped=True)
_QUEUED: Final = Seen(status=Status.QUEUED, word="queued")
_STARTING: Final = Seen(status=Status.QUEUED, word="about to start")
_RUNNING: Final = Seen(status=Status.RUNNING, word="building")
_ABORTING: Final = Seen(status=Status.STOPPING, word="aborting")
_RECENT: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFor:
    """A queue item has become the build at this path."""

    path: str


class Looking:
    """Sees builds and queue items of one controller; remembers what became of queue items."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._lock = threading.Lock()
        self._became: dict[str, str] = {}
        self._cancelled: set[str] = set()
        self._descriptions: dict[str, str] = {}

    def path_of(self, target: Target) -> str | None:
        """Return the path of the build that a target is or has become, None of what is no build yet."""
        if target.kind == "queue_item":
            return self._became.get(target.id)
        found = names.below_root(target.url, self._controller.member.url) if target.url else None
        return found or f"{names.job_path(target.project)}{target.id}/"

    def job_of(self, target: Target) -> str:
        """Return the path of a target's job."""
        if target.kind == "run":
            path = self.path_of(target) or ""
            found = names.split_build(path)
            return found[0] if found else names.job_path(target.project)
        found_job = names.below_root(target.url, self._controller.member.url) if target.url else None
        return found_job or names.job_path(target.project)

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where targets are; those that could not be seen are left out."""
        seen: dict[Key, Seen] = {}
        items = [target for target in targets if self.path_of(target) is None]
        for target, where in self._observe_items(items, each):
            if isinstance(where, Seen):
                seen[target.key] = where
        builds = [target for target in targets if self.path_of(target) is not None]
        for target, state in self._observe_builds(builds, each):
            if state is not None:
                seen[target.key] = state
        return seen

    def look_at_item(self, target: Target) -> Seen | LeftFor:
        """Return where one queue item is.

        Raises:
            NotDone: it cannot be seen.
        """
        what = f"queue item {target.id}"
        document = self._controller.find(f"queue/item/{target.id}/", "cancelled,executable[url]", what)
        if document is None:
            return _CANCELLED if target.id in self._cancelled else self._forgotten(target)
        if document.get("cancelled") is True:
            return _CANCELLED
        executable = document.get("executable")
        url = executable.get("url") if isinstance(executable, dict) else None
        path = names.below_root(url) if isinstance(url, str) else None
        if path is not None:
            return self._became_build(target, path)
        return _STARTING if str(document.get("_class", "")).endswith("LeftItem") else _QUEUED

    def look_at_build(self, path: str, what: str) -> Seen:
        """Return where one build is, and remember its description.

        Raises:
            NotDone: it cannot be seen.
        """
        document = self._controller.find(path, "building,result,description", what)
        if document is None:
            return GONE
        result = document.get("result")
        match document.get("building"):
            case True:
                return _ABORTING if result == "ABORTED" else _RUNNING
            case False:
                self._remember_description(path, document)
                word = str(result) if isinstance(result, str) else "unknown"
                return Seen(status=Status.FINISHED, word=word, stopped=word == "ABORTED")
        return Seen(status=Status.UNKNOWN, word="unknown")

    def note_cancelled(self, item: str) -> None:
        """Remember that Jenkins has taken an item off its queue: it only has to be seen to be off it."""
        with self._lock:
            self._cancelled.add(item)

    def take_description(self, path: str) -> str | None:
        """Return the description that was seen when the build had ended, once; None where it was not."""
        with self._lock:
            return self._descriptions.pop(path, None)

    def _observe_items(
        self, items: Sequence[Target], each: Each
    ) -> Iterable[tuple[Target, Seen | LeftFor | None]]:
        queued: frozenset[int] = frozenset()
        if len(items) > 1:
            try:
                queued = frozenset(item.id for item in read_queue(self._controller).items)
            except NotDone:
                return
        left = []
        for target in items:
            if target.id.isdigit() and int(target.id) in queued:
                yield target, _QUEUED
            elif target.id in self._cancelled and len(items) > 1:
                yield target, _CANCELLED
            else:
                left.append(target)
        yield from zip(left, each(self._item_or_none, left), strict=True)

    def _observe_builds(self, builds: Sequence[Target], each: Each) -> Iterable[tuple[Target, Seen | None]]:
        running: Mapping[str, Any] = {}
        if len(builds) > 1:
            try:
                running = read_executors(self._controller).running
            except NotDone:
                return
        left = []
        for target in builds:
            build = running.get(self.path_of(target) or "")
            if build is None:
                left.append(target)
            else:
                yield target, _ABORTING if build.aborting else _RUNNING
        yield from zip(left, each(self._build_or_none, left), strict=True)

    def _item_or_none(self, target: Target) -> Seen | LeftFor | None:
        try:
            return self.look_at_item(target)
        except NotDone:
            return None

    def _build_or_none(self, target: Target) -> Seen | None:
        try:
            return self.look_at_build(self.path_of(target) or "", target.name)
        except NotDone:
            return None

    def _forgotten(self, target: Target) -> Seen | LeftFor:
        """Look among a job's builds for the one that a queue item of long ago has become."""
        job = self.job_of(target)
        document = self._controller.find(job, f"builds[number,queueId]{{0,{_RECENT}}}", target.name)
        builds = (document or {}).get("builds")
        for build in builds if isinstance(builds, list) else ():
            match build:
                case {"number": int(number), "queueId": int(queue_id)} if str(queue_id) == target.id:
                    return self._became_build(target, f"{job}{number}/")
        return GONE

    def _became_build(self, target: Target, path: str) -> LeftFor:
        with self._lock:
            self._became[target.id] = path
        return LeftFor(path=path)

    def _remember_description(self, path: str, document: Mapping[str, Any]) -> None:
        text = document.get("description")
        with self._lock:
            self._descriptions[path] = text if isinstance(text, str) else ""
