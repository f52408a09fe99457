"""What can a test or a drill tell an emulator? The paths below `/_sandbox/` that all of them have.

===========================  ==================================================================
GET, DELETE requests         counts by method and path template, of unknown paths, of statuses;
                             start counting anew
GET requests/last?n=50       the last requests in their order
GET, PUT latency             ``{"seconds": 0.05}``
GET, POST, DELETE faults     what is still to go wrong; order one (see `faults.Fault`); call off
POST reset                   be as at the start
===========================  ==================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from gate.core.reason import one_line
from gate.sandbox.faults import Faults, encode_fault, parse_fault
from gate.sandbox.requestlog import RequestLog
from gate.sandbox.routing import Answer, Handler, Request, Router, json_answer

_LONGEST_LATENCY = 60.0


def router(
    log: RequestLog,
    faults: Faults,
    reset: Callable[[], None],
    latency: Callable[[], float],
    set_latency: Callable[[float], None],
) -> Router:
    """Return the controls of one server.

    Args:
        log: what it has seen.
        faults: what is to go wrong.
        reset: brings everything back to the start.
        latency: returns seconds.
        set_latency: takes seconds.
    """

    def last(request: Request) -> Answer:
        wanted = request.query.get("n", "50")
        if not wanted.isdigit():
            raise ValueError("n: expected a number")
        kept = log.last()
        return json_answer(200, [asdict(seen) for seen in kept[max(0, len(kept) - int(wanted)) :]])

    def put_latency(request: Request) -> Answer:
        seconds = parse_control(request.body).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError("seconds: expected a number")
        if not 0 <= seconds <= _LONGEST_LATENCY:
            raise ValueError(f"seconds: expected a number from 0 to {_LONGEST_LATENCY:g}")
        set_latency(float(seconds))
        return json_answer(200, {"seconds": latency()})

    def post_fault(request: Request) -> Answer:
        faults.add(parse_fault(parse_control(request.body)))
        return json_answer(201, [encode_fault(fault) for fault in faults.pending()])

    paths = Router()
    paths.add("GET", "/_sandbox/requests", lambda _: json_answer(200, log.summary()))
    paths.add("DELETE", "/_sandbox/requests", _done(log.clear))
    paths.add("GET", "/_sandbox/requests/last", last)
    paths.add("GET", "/_sandbox/latency", lambda _: json_answer(200, {"seconds": latency()}))
    paths.add("PUT", "/_sandbox/latency", put_latency)
    paths.add("GET", "/_sandbox/faults", lambda _: json_answer(200, [*map(encode_fault, faults.pending())]))
    paths.add("POST", "/_sandbox/faults", post_fault)
    paths.add("DELETE", "/_sandbox/faults", _done(faults.clear))
    paths.add("POST", "/_sandbox/reset", _done(reset))
    return paths


def answer(common: Router, own: Router, request: Request) -> Answer:
    """Answer a request below `/_sandbox/`; what is wrong with it is a 400 that says so."""
    found = common.find(request.method, request.path) or own.find(request.method, request.path)
    if found is None:
        words = f"no {request.method} {one_line(request.path, 100)} in the sandbox"
        return json_answer(404, {"error": words})
    route, parameters = found
    ready = Request(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        base=request.base,
        parameters=parameters,
    )
    try:
        return route.handler(ready)
    except ValueError as error:
        return json_answer(400, {"error": one_line(str(error), 300)})


def parse_control(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a control was given; nothing is an empty one.

    Raises:
        ValueError: it is none.
    """
    document = json.loads(body) if body.strip() else {}
    if not isinstance(document, dict):
        raise ValueError("expected a JSON object")
    return document


def _done(action: Callable[[], None]) -> Handler:
    def handler(_: Request) -> Answer:
        action()
        return json_answer(200, {})

    return handler
