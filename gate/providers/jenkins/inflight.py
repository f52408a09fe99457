"""What is on a controller's executors and in its queue? Two requests, whatever its size.

Read from the source of core and workflow-durable-task-step, 2026-11-24. A running pipeline is on a
one-off executor of any node, and each `node` that it holds shows on an ordinary executor under the same
URL; a queue item of the class PlaceholderTask is a running pipeline that waits for an agent. An executor
that is busy with nothing shows a build that the user may not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gate.core.reason import one_line
from gate.core.work import Outcome
from gate.providers.jenkins.actions import (
    PARAMETERS,
    UPSTREAM,
    Cause,
    Parameter,
    parse_causes,
    parse_parameters,
)
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.names import below_root, full_name, split_build
from gate.providers.protocol import NotDone

_EXECUTABLE: Final = "number,url,queueId,result"
_COMPUTERS: Final = (
    "computer[executors[idle,currentExecutable[{0}]],oneOffExecutors[idle,currentExecutable[{0}]]]"
)
_QUEUE: Final = (
    f"items[id,why,task[_class,url],actions[_class,{PARAMETERS},{UPSTREAM}]],discoverableItems[task[name]]"
)
_SCANS: Final = ("MultiBranchProject", "OrganizationFolder", ".Folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A build on an executor, or waiting for one in the middle.

    Attributes:
        path: below the controller's root.
        pipeline: whether it has stages.
        queue_id: the queue item that it was; 0 where that does not show.
        aborting: its result is there already, and it goes on with its end.
        upstream: what started it, only where it was asked for.
    """

    path: str
    pipeline: bool
    queue_id: int = 0
    aborting: bool = False
    upstream: tuple[Cause, ...] = ()

    @property
    def job(self) -> str:
        """The path of its job."""
        found = split_build(self.path)
        return found[0] if found else self.path

    @property
    def number(self) -> int:
        """Its number."""
        found = split_build(self.path)
        return found[1] if found else 0

    @property
    def project(self) -> str:
        """Its job's full name."""
        return full_name(self.job)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A queue item that is no build yet."""

    id: int
    job: str
    pipeline: bool
    why: str = ""
    parameters: tuple[Parameter, ...] = ()
    upstream: tuple[Cause, ...] = ()

    @property
    def project(self) -> str:
        """Its job's full name."""
        return full_name(self.job)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executors:
    """What the executors show.

    Attributes:
        running: by path.
        hidden: busy executors whose build the user may not read.
    """

    running: Mapping[str, Running]
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What the queue shows.

    Attributes:
        items: what is no build yet.
        waiting: running pipelines that wait for an agent, by path.
        nameless: items of which the user may know no more than a name.
    """

    items: tuple[Queued, ...]
    waiting: Mapping[str, Running]
    nameless: int = 0


def read_executors(controller: Controller, root: str = "", *, causes: bool = False) -> Executors:
    """Return what runs.

    Args:
        controller: is asked once.
        root: its configured root URL, where that is known.
        causes: whether to ask what started each build.

    Raises:
        NotDone: it cannot be seen.
    """
    wanted = f"{_EXECUTABLE},actions[{UPSTREAM}]" if causes else _EXECUTABLE
    document = controller.read("computer/", _COMPUTERS.format(wanted), "its executors")
    running: dict[str, Running] = {}
    hidden = 0
    try:
        for executor in _executors(document):
            shown = executor.get("currentExecutable")
            if shown is None:
                hidden += executor.get("idle") is False
                continue
            build = _parse_running(_object(shown, "currentExecutable"), root)
            if build is not None:
                known = running.get(build.path)
                running[build.path] = build if known is None else _more_of(known, build)
    except ValueError as error:
        raise _malformed(controller, "its executors", error) from None
    return Executors(running=running, hidden=hidden)


def read_queue(controller: Controller, root: str = "") -> Queue:
    """Return what is queued.

    Args:
        controller: is asked once.
        root: its configured root URL, where that is known.

    Raises:
        NotDone: it cannot be seen.
    """
    document = controller.read("queue/", _QUEUE, "its queue")
    items: list[Queued] = []
    waiting: dict[str, Running] = {}
    try:
        for index, one in enumerate(_list(document, "items")):
            entry = _parse_item(_object(one, f"items[{index}]"), f"items[{index}]", root)
            if isinstance(entry, Running):
                waiting[entry.path] = entry
            elif entry is not None:
                items.append(entry)
    except ValueError as error:
        raise _malformed(controller, "its queue", error) from None
    nameless = document.get("discoverableItems")
    return Queue(
        items=tuple(items),
        waiting=waiting,
        nameless=len(nameless) if isinstance(nameless, list) else 0,
    )


def _executors(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for index, one in enumerate(_list(document, "computer")):
        computer = _object(one, f"computer[{index}]")
        for key in ("executors", "oneOffExecutors"):
            for executor in _list(computer, key):
                yield _object(executor, f"computer[{index}].{key}")


def _parse_running(shown: Mapping[str, Any], root: str) -> Running | None:
    """Return a build, or None for what is none, such as a scan for branches."""
    url, klass, queue_id = shown.get("url"), str(shown.get("_class", "")), shown.get("queueId")
    path = below_root(url, root) if isinstance(url, str) else None
    if path is None or not isinstance(shown.get("number"), int) or split_build(path) is None:
        return None
    return Running(
        path=path,
        pipeline=klass.endswith(("WorkflowRun", "PlaceholderExecutable")),
        queue_id=queue_id if isinstance(queue_id, int) and queue_id > 0 else 0,
        aborting=shown.get("result") == "ABORTED",
        upstream=parse_causes(shown.get("actions")),
    )


def _more_of(one: Running, other: Running) -> Running:
    """Return the one that tells more: a placeholder has no queue item."""
    return other if other.queue_id and not one.queue_id else one


def _parse_item(one: Mapping[str, Any], where: str, root: str) -> Queued | Running | None:
    task, number = _object(one.get("task"), f"{where}.task"), one.get("id")
    klass, url = str(task.get("_class", "")), task.get("url")
    path = below_root(url, root) if isinstance(url, str) else None
    if klass.endswith("PlaceholderTask"):
        return Running(path=path, pipeline=True) if path and split_build(path) else None
    if path is None or klass.endswith(_SCANS):
        return None
    if not isinstance(number, int):
        raise ValueError(f"{where}.id: expected a number")
    return Queued(
        id=number,
        job=path,
        pipeline=klass.endswith("WorkflowJob"),
        why=one_line(str(one.get("why") or ""), 120),
        parameters=parse_parameters(one.get("actions")),
        upstream=parse_causes(one.get("actions")),
    )


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key}: expected a list")
    return value


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: expected an object")
    return value


def _malformed(controller: Controller, what: str, error: ValueError) -> NotDone:
    host = controller.teller.host
    return NotDone(Outcome.FAILED, f"what {host} says of {what} cannot be read: {one_line(str(error), 120)}")
