"""How is a build started, or started again?

Read from the source of core (ParameterizedJobMixIn), workflow-cps (ReplayAction) and
pipeline-graph-view, 2026-11-24. The statuses are what gate must tell apart: 201 queued, 303 the
same was queued already (`build` says 201 there too, JENKINS-66105), 302 refused without a word,
400, 403 and 409.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from gate.sandbox.jenkins import queueing
from gate.sandbox.jenkins.controller import Controller, form, not_found, redirect
from gate.sandbox.jenkins.model import Build, Cause, Item, Kind, Parameter, QueueItem
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import Permission, Refused
from gate.sandbox.routing import Answer, Request, Router, json_answer

_BUILD = "/job/{job}/{number}"
_DELAY = re.compile(r"(\d+)\s*(sec|secs|)")


def add_routes(router: Router, controller: Callable[[], Controller]) -> None:
    """Add every path by which something is started.

    Args:
        router: takes them.
        controller: returns the controller as it is; a reset makes another one.
    """
    starts = _Starts(controller)
    router.add("POST", "/job/{job}/build", starts.build)
    router.add("POST", "/job/{job}/buildWithParameters", starts.build_with_parameters)
    router.add("POST", f"{_BUILD}/replay/rebuild", starts.rebuild)
    router.add("POST", f"{_BUILD}/stages/rerun", starts.rerun)


class _Starts:
    def __init__(self, controller: Callable[[], Controller]) -> None:
        self._controller = controller

    def build(self, request: Request) -> Answer:
        item = self._item(request)
        # Whether it is buildable is asked before the permission here, and behind it below.
        self._check_buildable(request, item)
        self._controller().user(request).require(Permission.BUILD, item)
        if item.holds_items:
            queueing.scan(self._controller().world, item, self._controller().world.now())
            return redirect(".")
        fields = form(request)
        if item.parameters and "json" not in fields:
            raise Refused(400, "This page expects a form submission")
        return self._queue(request, item, _values(item, _submitted(fields)), merged=201)

    def build_with_parameters(self, request: Request) -> Answer:
        item = self._item(request)
        if item.holds_items:
            raise not_found()
        self._controller().user(request).require(Permission.BUILD, item)
        self._check_buildable(request, item)
        if not item.parameters:
            raise Refused(400, f"{item.full_name} is not parameterized")
        return self._queue(request, item, _values(item, form(request)), merged=303)

    def rebuild(self, request: Request) -> Answer:
        """Start the same again; the answer names no queue item, and no permission where it refuses."""
        controller = self._controller()
        build = self._pipeline(request)
        # `isRebuildEnabled` asks for both at once, so that a refusal does not say which it was.
        allowed = controller.user(request).may(Permission.BUILD, build.item)
        if not allowed or not controller.view(request).buildable(build.item):
            raise Refused(403, "Rebuild is not enabled")
        if any(parameter.secret for parameter in build.parameters):
            raise Refused(400, "Cannot rebuild a build with password parameters")
        self._again(request, build)
        return redirect("../..")

    def rerun(self, request: Request) -> Answer:
        """Start the same again by pipeline-graph-view: a refusal is a 200 too."""
        controller = self._controller()
        build = self._pipeline(request)
        if StagesApi.TREE not in controller.settings.stage_apis:
            raise not_found()
        controller.user(request).require(Permission.BUILD, build.item)
        if not controller.view(request).buildable(build.item):
            return json_answer(200, {"status": "error", "message": "Failed to run the pipeline"})
        entry = self._again(request, build)
        data = {"message": "Build scheduled", "queueId": entry.id}
        return json_answer(200, {"status": "ok", "data": data})

    def _item(self, request: Request) -> Item:
        item = self._controller().item(request)
        if item.kind is Kind.FOLDER:
            raise not_found()
        return item

    def _check_buildable(self, request: Request, item: Item) -> None:
        if not self._controller().view(request).buildable(item):
            raise Refused(409, f"{item.full_name} is not buildable")

    def _queue(
        self, request: Request, item: Item, parameters: tuple[Parameter, ...], *, merged: int
    ) -> Answer:
        if any(above.disabled for above in item.ancestors()):
            return redirect(".")  # the folder's decision handler refuses, without a word
        world = self._controller().world
        entry, created = queueing.schedule(
            world,
            item,
            world.now(),
            parameters=parameters,
            causes=(Cause(user=self._controller().user(request).name),),
            delay=_delay(form(request).get("delay", "")),
        )
        return redirect(f"{request.base}/queue/item/{entry.id}/", 201 if created else merged)

    def _again(self, request: Request, build: Build) -> QueueItem:
        world = self._controller().world
        entry, _ = queueing.schedule(
            world,
            build.item,
            world.now(),
            parameters=build.parameters,
            causes=(Cause(user=self._controller().user(request).name), Cause(replayed=build.number)),
            revision=build.revision,
            delay=0,
        )
        return entry

    def _pipeline(self, request: Request) -> Build:
        build = self._controller().build(request)
        if not build.pipeline:
            raise not_found()
        return build


def _values(item: Item, fields: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Return a value for every parameter that is defined; what is not is dropped."""
    return tuple(
        Parameter(name=one.name, value=fields.get(one.name, one.value), secret=one.secret)
        for one in item.parameters
    )


def _submitted(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a form as the web page sends it.

    Raises:
        Refused: 400, it is none.
    """
    try:
        rows = json.loads(fields.get("json", "{}")).get("parameter", [])
        rows = rows if isinstance(rows, list) else [rows]
        return {str(row["name"]): str(row["value"]) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(400, "This page expects a form submission") from None


def _delay(text: str) -> float | None:
    found = _DELAY.fullmatch(text.strip())
    return float(found.group(1)) if found else None
