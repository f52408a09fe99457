"""What do the plugins say of a build's stages? Each installation has its own set of them.

pipeline-stage-view/rest-api and pipeline-graph-view, read from source 2026-11-24.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from gate.sandbox.jenkins.model import Build, Stage

_WFAPI = {
    "queued": "NOT_EXECUTED",
    "running": "IN_PROGRESS",
    "paused": "PAUSED_PENDING_INPUT",
    "success": "SUCCESS",
    "unstable": "UNSTABLE",
    "failure": "FAILED",
    "aborted": "ABORTED",
    "not_built": "NOT_EXECUTED",
    "skipped": "NOT_EXECUTED",
}
_RESULTS = {
    "SUCCESS": "SUCCESS",
    "UNSTABLE": "UNSTABLE",
    "FAILURE": "FAILED",
    "ABORTED": "ABORTED",
    "NOT_BUILT": "NOT_EXECUTED",
}


class StagesApi(StrEnum):
    """What may be installed; the newest pipeline-graph-view has `TREE`."""

    WFAPI = "wfapi"
    TREE = "tree"
    OVERVIEW = "overview"
    GRAPH = "graph"


PATHS = {
    StagesApi.WFAPI: "wfapi/describe",
    StagesApi.TREE: "stages/tree",
    StagesApi.OVERVIEW: "pipeline-overview/tree",
    StagesApi.GRAPH: "pipeline-graph/tree",
}


def describe(build: Build, now: float) -> dict[str, Any]:
    """Return a build as ``wfapi/describe`` shows it.

    Its two traps are kept: what a failure has made the build skip reads FAILED too, and the
    last stage of a finished build reads the build's result.
    """
    shown = [_describe_stage(build, stage, now) for stage in build.stages]
    if shown and not build.building:
        shown[-1]["status"] = _RESULTS.get(build.result or "", "FAILED")
    ended = build.ended if build.ended is not None else now
    paused = any(stage.state == "paused" for stage in build.stages)
    status = "PAUSED_PENDING_INPUT" if paused else "IN_PROGRESS"
    return {
        "_links": {"self": {"href": f"/{build.path}wfapi/describe"}},
        "id": str(build.number),
        "name": f"#{build.number}",
        "status": status if build.building else _RESULTS.get(build.result or "", "FAILED"),
        "startTimeMillis": int(build.started * 1000),
        "endTimeMillis": int(ended * 1000),
        "durationMillis": int((ended - build.started) * 1000),
        "queueDurationMillis": 0,
        "pauseDurationMillis": 0,
        "stages": shown,
    }


def graph(build: Build, now: float) -> dict[str, Any]:
    """Return a build's stages as pipeline-graph-view shows them, without what is null."""
    return {
        "status": "ok",
        "data": {
            "stages": [_graph_stage(build, stage, now) for stage in build.stages],
            "complete": not build.building,
        },
    }


def _describe_stage(build: Build, stage: Stage, now: float) -> dict[str, Any]:
    status = _WFAPI.get(stage.state, "NOT_EXECUTED")
    if stage.state == "skipped" and build.result == "FAILURE":
        status = "FAILED"
    return {
        "_links": {"self": {"href": f"/{build.path}execution/node/{stage.id}/wfapi/describe"}},
        "id": stage.id,
        "name": stage.name,
        "execNode": "",
        "status": status,
        "startTimeMillis": int(stage.started * 1000),
        "durationMillis": int(_seconds(stage, now) * 1000),
        "pauseDurationMillis": 0,
    }


def _graph_stage(build: Build, stage: Stage, now: float) -> dict[str, Any]:
    return {
        "id": stage.id,
        "name": stage.name,
        "state": stage.state,
        "type": "STAGE",
        "title": stage.name,
        "startTimeMillis": int(stage.started * 1000),
        "totalDurationMillis": int(_seconds(stage, now) * 1000),
        "pauseDurationMillis": 0,
        "children": [],
        "isSequential": False,
        "synthetic": False,
        "placeholder": False,
        "agent": "built-in",
        "url": f"/{build.path}stages?selected-node={stage.id}",
    }


def _seconds(stage: Stage, now: float) -> float:
    return max(0.0, (stage.ended if stage.ended is not None else now) - stage.started)
