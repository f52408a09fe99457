"""What can be asked of builds and jobs that are there? Mostly answered with a 302 whatever comes of it.

Read from the source of core, workflow-job, workflow-cps, workflow-multibranch and
cloudbees-folder, 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.controller import Controller, form, not_found, redirect
from gate.sandbox.jenkins.model import Build
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import Permission, Refused
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

_BUILD = "/job/{job}/{number}"


def add_routes(router: Router, controller: Callable[[], Controller]) -> None:
    """Add every path by which builds, jobs, the queue and the controller are stopped or switched.

    Args:
        router: takes them.
        controller: returns the controller as it is; a reset makes another one.
    """
    acts = _Acts(controller)
    for template, handler in (
        (f"{_BUILD}/stop", acts.stop),
        (f"{_BUILD}/term", acts.term),
        (f"{_BUILD}/kill", acts.kill),
        (f"{_BUILD}/submitDescription", acts.describe),
        (f"{_BUILD}/pause/toggle", acts.toggle_pause),
        (f"{_BUILD}/stages/pause", acts.pausing(True)),
        (f"{_BUILD}/stages/resume", acts.pausing(False)),
        ("/job/{job}/disable", acts.switching(True)),
        ("/job/{job}/enable", acts.switching(False)),
        ("/job/{job}/cancelQueue", acts.cancel_queue),
        ("/queue/cancelItem", acts.cancel_item),
        ("/quietDown", acts.quiet_down),
        ("/cancelQuietDown", acts.cancel_quiet_down),
    ):
        router.add("POST", template, handler)


class _Acts:
    def __init__(self, controller: Callable[[], Controller]) -> None:
        self._controller = controller

    @property
    def _now(self) -> float:
        return self._controller().world.now()

    def stop(self, request: Request) -> Answer:
        controller = self._controller()
        build, user = controller.build(request), controller.user(request)
        # A finished freestyle build is not even asked whose it is; a pipeline always is.
        if build.building or build.pipeline:
            user.require(Permission.CANCEL, build.item)
        lifecycle.stop(controller.world, build, self._now, user.name)
        return _back(request)

    def term(self, request: Request) -> Answer:
        lifecycle.term(self._controller().world, self._cancellable(request), self._now)
        return _back(request)

    def kill(self, request: Request) -> Answer:
        lifecycle.kill(self._controller().world, self._cancellable(request), self._now)
        return _back(request)

    def describe(self, request: Request) -> Answer:
        build = self._controller().build(request)
        self._controller().user(request).require(Permission.UPDATE, build.item)
        build.description = form(request).get("description", "")
        return redirect(".")

    def toggle_pause(self, request: Request) -> Answer:
        build = self._cancellable(request)
        self._set_paused(build, not build.paused)
        return redirect(".")

    def pausing(self, paused: bool) -> Handler:
        """Return what pauses or resumes by pipeline-graph-view: twice is once."""

        def handler(request: Request) -> Answer:
            if StagesApi.TREE not in self._controller().settings.stage_apis:
                raise not_found()
            build = self._cancellable(request)
            self._set_paused(build, paused)
            return json_answer(
                200, {"status": "ok", "data": {"paused": build.paused, "building": build.building}}
            )

        return handler

    def switching(self, disabled: bool) -> Handler:
        """Return what disables or enables; nobody may do it to what a scan has made."""

        def handler(request: Request) -> Answer:
            item = self._controller().item(request)
            self._controller().user(request).require(Permission.CONFIGURE, item)
            queueing.set_disabled(self._controller().world, item, self._now, disabled=disabled)
            return redirect(".")

        return handler

    def cancel_queue(self, request: Request) -> Answer:
        item = self._controller().item(request)
        if item.holds_items:
            raise not_found()
        self._controller().user(request).require(Permission.CANCEL, item)
        queueing.cancel_first(self._controller().world, item, self._now)
        return _back(request)

    def cancel_item(self, request: Request) -> Answer:
        number = form(request).get("id", "")
        user, world = self._controller().user(request), self._controller().world
        try:
            entry = self._controller().queue_item(request, number)
        except Refused as refused:
            if refused.status != 403:
                raise
            raise not_found() from None  # what may not be read is unknown here
        if not user.may(Permission.CANCEL, entry.item):
            raise Refused(422, f"Item for id ({number}) is not cancellable")
        if entry.left is not None:
            # It has become a build, or someone was faster.
            raise Refused(500, f"Could not cancel run with id {number}")
        queueing.cancel(world, entry, self._now)
        return Answer(status=204)

    def quiet_down(self, request: Request) -> Answer:
        self._controller().user(request).require(Permission.MANAGE)
        lifecycle.quiet_down(self._controller().world, form(request).get("message", ""))
        return redirect(".")

    def cancel_quiet_down(self, request: Request) -> Answer:
        self._controller().user(request).require(Permission.MANAGE)
        lifecycle.cancel_quiet_down(self._controller().world, self._now)
        return redirect(".")

    def _set_paused(self, build: Build, paused: bool) -> None:
        if paused:
            lifecycle.pause(build)
        elif build.paused:
            lifecycle.go_on(self._controller().world, build, self._now)

    def _cancellable(self, request: Request) -> Build:
        """Return the pipeline's build that a path names; freestyle builds have no such paths."""
        build = self._controller().build(request)
        if not build.pipeline:
            raise not_found()
        self._controller().user(request).require(Permission.CANCEL, build.item)
        return build


def _back(request: Request) -> Answer:
    return redirect(request.headers.get("referer", "."))
