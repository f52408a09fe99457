"""Which questions does the emulated Jenkins answer?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gate.sandbox.jenkins import beans, beans_controller, stages
from gate.sandbox.jenkins.controller import Controller, not_found, page
from gate.sandbox.jenkins.model import Build
from gate.sandbox.jenkins.users import ANONYMOUS, Permission, Refused
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

_BUILT_IN = {"(built-in)", "(master)"}
_BUILD = "/job/{job}/{number}"


def add_routes(router: Router, controller: Callable[[], Controller]) -> None:
    """Add every path that is read.

    Args:
        router: takes them.
        controller: returns the controller as it is; a reset makes another one.
    """
    reads = _Reads(controller)
    for template, handler in (
        ("/api/json", reads.root),
        ("/computer/api/json", reads.computers),
        ("/computer/{name}/api/json", reads.computer),
        ("/queue/api/json", reads.queue),
        ("/queue/item/{id}/api/json", reads.queue_item),
        ("/job/{job}/api/json", reads.item),
        (f"{_BUILD}/api/json", reads.build),
        ("/me/api/json", reads.whoami),
        ("/crumbIssuer/api/json", reads.crumb),
        (f"{_BUILD}/stages/pauseState", reads.pause_state),
        ("/", _page),
        ("/computer", _page),
        ("/queue", _page),
        ("/queue/item/{id}", reads.queue_page),
        ("/job/{job}", reads.item_page),
        (_BUILD, reads.build_page),
    ):
        router.add("GET", template, handler)
    for api, path in stages.PATHS.items():
        router.add("GET", f"{_BUILD}/{path}", reads.stages_as(api))


class _Reads:
    def __init__(self, controller: Callable[[], Controller]) -> None:
        self._controller = controller

    def root(self, request: Request) -> Answer:
        return self._controller().show(request, beans_controller.root_bean())

    def computers(self, request: Request) -> Answer:
        return self._controller().show(request, beans_controller.computers_bean())

    def computer(self, request: Request) -> Answer:
        name = request.parameters["name"]
        for computer in self._controller().world.computers:
            if name in _BUILT_IN if computer.built_in else name == computer.name:
                return self._controller().show(request, beans_controller.computer_bean(computer))
        raise not_found()

    def queue(self, request: Request) -> Answer:
        return self._controller().show(request, beans_controller.queue_bean())

    def queue_item(self, request: Request) -> Answer:
        entry = self._controller().queue_item(request, request.parameters["id"])
        return self._controller().show(request, beans_controller.queue_item_bean(entry))

    def item(self, request: Request) -> Answer:
        return self._controller().show(request, beans.item_bean(self._controller().item(request)))

    def build(self, request: Request) -> Answer:
        bean = beans.build_bean(self._controller().build(request))
        if bean is None:
            raise not_found()
        return self._controller().show(request, bean)

    def whoami(self, request: Request) -> Answer:
        user = self._controller().user(request)
        if user.name == ANONYMOUS.name:
            raise Refused(403, "anonymous has no page", ("X-You-Are-Authenticated-As", user.name))
        return self._controller().show(request, beans_controller.user_bean(user.name))

    def crumb(self, request: Request) -> Answer:
        users = self._controller().users
        if not users.crumbs:
            raise not_found()
        crumb, headers = users.crumb(users.user(request.headers), request.headers)
        shown = self._controller().show(request, beans_controller.crumb_bean(crumb))
        return Answer(status=200, body=shown.body, kind=shown.kind, headers=headers)

    def stages_as(self, api: stages.StagesApi) -> Handler:
        def handler(request: Request) -> Answer:
            build = self._pipeline(request, api)
            now = self._controller().world.now()
            if api is stages.StagesApi.WFAPI:
                return json_answer(200, stages.describe(build, now))
            return json_answer(200, stages.graph(build, now))

        return handler

    def pause_state(self, request: Request) -> Answer:
        build = self._pipeline(request, stages.StagesApi.TREE)
        data: dict[str, Any] = {"paused": build.paused, "building": build.building}
        return json_answer(200, {"status": "ok", "data": data})

    def queue_page(self, request: Request) -> Answer:
        self._controller().queue_item(request, request.parameters["id"])
        return _page(request)

    def item_page(self, request: Request) -> Answer:
        self._controller().item(request)
        return _page(request)

    def build_page(self, request: Request) -> Answer:
        self._controller().build(request)
        return _page(request)

    def _pipeline(self, request: Request, api: stages.StagesApi) -> Build:
        build = self._controller().build(request)
        if api not in self._controller().settings.stage_apis or not build.pipeline:
            raise not_found()
        self._controller().user(request).require(Permission.READ, build.item)
        return build


def _page(_: Request) -> Answer:
    return page(200, "Jenkins")
