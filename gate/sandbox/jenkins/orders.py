"""What can a test or a drill do to the emulated Jenkins, as someone else would?

===========================  ==================================================================
GET summary                  counts of builds, queue items, jobs; each with its state
POST advance                 ``{"seconds": 60}``: time goes by
POST jobs                    ``{"job": "a/b"}`` and what to change: ``disabled``, ``name``,
                             ``removed``, ``start`` (queues a build)
POST builds                  ``{"job": "a/b", "number": 7}`` and what to change: ``result`` (ends
                             it), ``description``, ``stops``, ``post``, ``paused``, ``zombie``
POST users                   announce a user, see `users.parse_user`
POST settings                ``booting``, ``root_url``, ``stage_apis``, ``branches_follow``,
                             ``quieting_down``
POST restart                 no crumb is valid any more
===========================  ==================================================================
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gate.sandbox.controls import parse_control
from gate.sandbox.jenkins import lifecycle, queueing
from gate.sandbox.jenkins.controller import Controller
from gate.sandbox.jenkins.model import Build, Cause, Item, Stops
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.users import parse_user
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

_SETTINGS = {"booting": bool, "root_url": str, "branches_follow": bool}
_BUILD_FIELDS = {"description": str, "post": float}


def add_routes(router: Router, controller: Callable[[], Controller], lock: threading.RLock) -> None:
    """Add the controls that only this emulator has.

    Args:
        router: takes them.
        controller: returns the controller as it is.
        lock: is held meanwhile.
    """

    def locked(order: Callable[[Controller, dict[str, Any]], object]) -> Handler:
        def handler(request: Request) -> Answer:
            document = parse_control(request.body)
            with lock:
                queueing.settle(controller().world)
                done = order(controller(), document)
                queueing.settle(controller().world)
                return json_answer(200, done)

        return handler

    router.add("GET", "/_sandbox/summary", locked(lambda known, _: summary(known)))
    router.add("POST", "/_sandbox/advance", locked(_advance))
    router.add("POST", "/_sandbox/jobs", locked(_change_job))
    router.add("POST", "/_sandbox/builds", locked(_change_build))
    router.add("POST", "/_sandbox/users", locked(_announce))
    router.add("POST", "/_sandbox/settings", locked(_change_settings))
    router.add("POST", "/_sandbox/restart", locked(_restart))


def summary(controller: Controller) -> dict[str, Any]:
    """Return what there is, in numbers."""
    world = controller.world
    items = [*world.all_items()]
    results = Counter(str(b.result) for item in items for b in item.builds.values() if not b.building)
    return {
        "items": dict(sorted(Counter(str(item.kind) for item in items).items())),
        "disabled": sorted(item.full_name for item in items if item.disabled),
        "building": len(world.running),
        "results": dict(sorted(results.items())),
        "queue": dict(sorted(Counter(entry.state.lower() for entry in world.queue.values()).items())),
        "quieting_down": world.quieting is not None,
    }


def _advance(controller: Controller, order: dict[str, Any]) -> object:
    seconds = order.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("seconds: expected a number")
    controller.world.clock.advance(float(seconds))
    return {"now": queueing.settle(controller.world)}


def _change_job(controller: Controller, order: dict[str, Any]) -> object:
    world, item = controller.world, _item(controller, order)
    _known(order, {"job", "disabled", "name", "removed", "start"})
    now = world.now()
    if "disabled" in order:
        queueing.set_disabled(world, item, now, disabled=order["disabled"] is True)
    if "name" in order:
        world.rename(item, str(order["name"]))
    if order.get("start") is True:
        queueing.schedule(world, item, now, parameters=item.parameters, causes=(Cause(),))
    if order.get("removed") is True:
        world.remove(item)
    return {"job": item.full_name, "disabled": item.disabled}


def _change_build(controller: Controller, order: dict[str, Any]) -> object:
    world, build = controller.world, _build(controller, order)
    _known(order, {"job", "number", "result", "stops", "paused", "zombie", *_BUILD_FIELDS})
    for name, kind in _BUILD_FIELDS.items():
        if name in order:
            setattr(build, name, _typed(name, order[name], kind))
    if "stops" in order:
        try:
            build.stops = Stops(str(order["stops"]))
        except ValueError:
            raise ValueError(f"stops: expected one of {', '.join(Stops)}") from None
    if order.get("paused") is True:
        lifecycle.pause(build)
    elif "paused" in order:
        lifecycle.go_on(world, build, world.now())
    if order.get("zombie") is True:
        lifecycle.lose_executors(world, build)
    if "result" in order:
        lifecycle.finish(world, build, world.now(), str(order["result"]))
    return {"job": build.item.full_name, "number": build.number, "building": build.building}


def _announce(controller: Controller, order: dict[str, Any]) -> object:
    secret, user = parse_user(order)
    controller.users.announce(secret, user)
    return {"name": user.name}


def _change_settings(controller: Controller, order: dict[str, Any]) -> object:
    _known(order, {*_SETTINGS, "stage_apis", "quieting_down"})
    changed: dict[str, Any] = {
        name: _typed(name, order[name], kind) for name, kind in _SETTINGS.items() if name in order
    }
    if "stage_apis" in order:
        try:
            changed["stage_apis"] = frozenset(map(StagesApi, order["stage_apis"]))
        except (ValueError, TypeError):
            raise ValueError(f"stage_apis: expected some of {', '.join(StagesApi)}") from None
    controller.settings = replace(controller.settings, **changed)
    if order.get("quieting_down") is True:
        lifecycle.quiet_down(controller.world, "")
    elif "quieting_down" in order:
        lifecycle.cancel_quiet_down(controller.world, controller.world.now())
    return sorted(order)


def _restart(controller: Controller, _: dict[str, Any]) -> object:
    controller.users.restart()
    return {}


def _item(controller: Controller, order: Mapping[str, Any]) -> Item:
    item = controller.world.find(tuple(str(order.get("job", "")).split("/")))
    if item is None:
        raise ValueError("job: there is none of this full name")
    return item


def _build(controller: Controller, order: Mapping[str, Any]) -> Build:
    build = _item(controller, order).builds.get(order.get("number", 0))
    if build is None:
        raise ValueError("number: the job has no such build")
    return build


def _known(order: Mapping[str, Any], names: set[str]) -> None:
    strange = sorted(set(order) - names)
    if strange:
        raise ValueError(f"{strange[0]}: no such key; there are {', '.join(sorted(names))}")


def _typed(name: str, value: object, kind: type) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise ValueError(f"{name}: expected {kind.__name__}")
    return value
