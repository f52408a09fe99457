"""What was started since something was found in flight, and was it for its sake?

A rebuild names the build that it repeats (ReplayCause, read 2026-11-24). What is built anew is known by
who has started it and with which parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gate.core.event import Target
from gate.providers.jenkins import names
from gate.providers.jenkins.actions import PARAMETERS, Parameter, parse_parameters
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.looking import Looking

ACTIONS: Final = f"actions[_class,{PARAMETERS},causes[_class,shortDescription,userId]]"
RECENT: Final = 50
_NUMBER: Final = re.compile(r"#([0-9][0-9.,'’\s]*)")


class Started:
    """Looks for what was started on one controller."""

    def __init__(self, controller: Controller, looking: Looking) -> None:
        self._controller = controller
        self._looking = looking

    def seen(self, target: Target, own: str) -> str | None:
        """Return the queue item or build that a rerun has started, None where there is none.

        Raises:
            NotDone: it cannot be seen.
        """
        kept = parse_own(own)
        started = tuple(self._started_since(target, kept))
        parameters = self._parameters_of(target, kept) if started else None
        return next((found for found, entry in started if self._is_rerun(entry, target, parameters)), None)

    def _started_since(
        self, target: Target, own: Mapping[str, Any]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield what a job has queued and started since a target was found in flight."""
        job, what = self._looking.job_of(target), names.shown(target.project)
        last, queue = _number(own, "last"), _number(own, "queue")
        if target.kind == "run" and target.id.isdigit():
            last = max(last, int(target.id))
        elif target.id.isdigit():
            queue = max(queue, int(target.id))
        items = self._controller.read("queue/", f"items[id,task[url],{ACTIONS}]", what)
        for item in objects(items.get("items")):
            task, number = item.get("task"), item.get("id")
            url = task.get("url") if isinstance(task, dict) else None
            mine = isinstance(url, str) and names.below_root(url) == job
            if mine and isinstance(number, int) and number > queue:
                yield item_id(number), item
        tree = f"builds[number,queueId,{ACTIONS}]{{0,{RECENT}}}"
        for build in objects((self._controller.find(job, tree, what) or {}).get("builds")):
            number, queue_id = build.get("number"), build.get("queueId")
            newer = not isinstance(queue_id, int) or queue_id <= 0 or queue_id > queue
            if isinstance(number, int) and number > last and newer:
                yield str(number), build

    def _parameters_of(self, target: Target, own: Mapping[str, Any]) -> tuple[Parameter, ...] | None:
        """Return what a target was started with, None where that is not known any more."""
        path = self._looking.path_of(target)
        if path is None:
            return kept_parameters(own)
        build = self._controller.find(path, ACTIONS, target.name)
        return None if build is None else parse_parameters(build.get("actions"))

    def _is_rerun(
        self, entry: Mapping[str, Any], target: Target, parameters: tuple[Parameter, ...] | None
    ) -> bool:
        """Return whether something newer was started for a target's sake.

        A rebuild names the build that it repeats; where there is none it is by who started it, and
        with which parameters.
        """
        causes = [
            cause for action in objects(entry.get("actions")) for cause in objects(action.get("causes"))
        ]
        replayed = [cause for cause in causes if str(cause.get("_class", "")).endswith("ReplayCause")]
        if replayed:
            return target.kind == "run" and any(_replays(cause, target.id) for cause in replayed)
        user = self._controller.member.user.casefold()
        ours = any(str(cause.get("userId", "")).casefold() == user for cause in causes if user)
        same = parameters is None or _values(parse_parameters(entry.get("actions"))) == _values(parameters)
        return ours and same


def parse_own(own: str) -> Mapping[str, Any]:
    """Return what was kept of a target when it was found; nothing of what another version has kept."""
    try:
        document = json.loads(own)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def kept_parameters(own: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Return the parameters that were kept of a queue item."""
    rows = own.get("parameters")
    return tuple(
        Parameter(kind=kind, name=name, value=value)
        for kind, name, value in (row for row in (rows if isinstance(rows, list) else ()) if len(row) == 3)
    )


def item_id(number: int) -> str:
    """Return how gate names a queue item that a rerun has become."""
    return f"queue/item/{number}"


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of what should be a list of them."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _values(parameters: Sequence[Parameter]) -> dict[str, str | None]:
    return {parameter.name: parameter.value for parameter in parameters}


def _replays(cause: Mapping[str, Any], number: str) -> bool:
    """Return whether a cause says "Replayed #1,234", as the language of the controller writes numbers."""
    found = _NUMBER.search(str(cause.get("shortDescription", "")))
    return found is not None and re.sub(r"\D", "", found[1]) == number


def _number(own: Mapping[str, Any], key: str) -> int:
    value = own.get(key)
    return value if isinstance(value, int) else 0
