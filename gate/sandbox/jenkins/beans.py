"""What do jobs, folders and builds show of themselves? In the order in which Stapler writes it.

Properties of a class by name, those of its superclass before; read from the source of core,
cloudbees-folder and workflow-job, 2026-11-24. Bodies that gate has no use for are left empty.
"""

from __future__ import annotations

from typing import Any

from gate.sandbox.jenkins.beans_actions import (
    cause_action,
    definitions,
    interrupted_action,
    parameters_action,
)
from gate.sandbox.jenkins.export import ALWAYS, BY_TREE_ONLY, Bean, Field
from gate.sandbox.jenkins.model import Build, Item, Kind
from gate.sandbox.jenkins.view import View

CLASSES = {
    Kind.FOLDER: "com.cloudbees.hudson.plugins.folder.Folder",
    Kind.MULTIBRANCH: "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
    Kind.ORGANIZATION: "jenkins.branch.OrganizationFolder",
    Kind.PIPELINE: "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    Kind.FREESTYLE: "hudson.model.FreeStyleProject",
}
PIPELINE_RUN = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
_FREESTYLE_RUN = "hudson.model.FreeStyleBuild"
_MOST_BUILDS = 100
_COLORS = {
    "SUCCESS": "blue",
    "UNSTABLE": "yellow",
    "FAILURE": "red",
    "NOT_BUILT": "notbuilt",
    "ABORTED": "aborted",
}


def item_bean(item: Item) -> Bean:
    """Return a job or a folder."""
    fields: tuple[Field, ...]
    match item.kind:
        case Kind.FOLDER:
            fields = _FOLDER
        case Kind.MULTIBRANCH | Kind.ORGANIZATION:
            fields = _COMPUTED
        case Kind.PIPELINE:
            fields = _PIPELINE
        case Kind.FREESTYLE:
            fields = _FREESTYLE
    return Bean(CLASSES[item.kind], fields, item)


def build_bean(build: Build | None, *, declared: bool = False) -> Bean | None:
    """Return a build; `declared` where its class is what the property says anyway."""
    if build is None:
        return None
    klass = PIPELINE_RUN if build.pipeline else _FREESTYLE_RUN
    return Bean(None if declared else klass, _RUN_PIPELINE if build.pipeline else _RUN_FREESTYLE, build)


def color(item: Item) -> str:
    """Return the ball of a job as a word."""
    if item.disabled:
        word = "disabled"
    else:
        done = [build for build in item.builds.values() if not build.building]
        last = max(done, key=lambda build: build.number, default=None)
        word = _COLORS.get(last.result or "", "notbuilt") if last else "notbuilt"
    return f"{word}_anime" if item.running() else word


def _last(item: Item, *results: str, building: bool | None = False) -> Bean | None:
    fitting = [
        build
        for build in item.builds.values()
        if (building is None or build.building is building) and (not results or build.result in results)
    ]
    return build_bean(max(fitting, key=lambda build: build.number, default=None))


def _builds(item: Item, most: int | None) -> list[Bean | None]:
    return [build_bean(item.builds[number]) for number in sorted(item.builds, reverse=True)[:most]]


def _full_display_name(item: Item) -> str:
    return item.full_name.replace("/", " » ")


def _build_actions(build: Build) -> list[Bean]:
    return [
        *parameters_action(build.parameters),
        *cause_action(build.causes),
        *interrupted_action(build.interrupted_by),
    ]


def _executor(build: Build) -> Bean | None:
    if not build.building or build.zombie:
        return None
    return Bean("hudson.model.OneOffExecutor" if build.pipeline else None, (), build)


def _number_and_url(build: Build | None) -> Bean | None:
    return None if build is None else Bean(None, (_NUMBER, _URL), build)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _nothing(_: View, __: Any) -> None:
    return None


def _empty(_: View, __: Any) -> list[Any]:
    return []


_NUMBER = Field("number", lambda _, build: build.number, 2)
_URL = Field("url", lambda view, build: view.root + build.path, 2)

_ITEM = (
    Field("actions", _empty),
    Field("description", lambda _, item: item.description),
    Field("displayName", lambda _, item: item.name),
    Field("displayNameOrNull", _nothing),
    Field("fullDisplayName", lambda _, item: _full_display_name(item)),
    Field("fullName", lambda _, item: item.full_name),
    Field("name", lambda _, item: item.name, ALWAYS),
    Field("url", lambda view, item: view.root + item.path, ALWAYS),
)
_FOLDER = (
    *_ITEM,
    Field("healthReport", _empty),
    Field("jobs", lambda view, item: [*map(item_bean, view.visible(item.children.values()))]),
    Field("primaryView", lambda _, __: Bean("hudson.model.AllView", ())),
    Field("views", _empty),
)
# No `disabled` here: only `buildable` tells (ComputedFolder).
_COMPUTED = (*_FOLDER, Field("buildable", lambda view, item: view.buildable(item)))
_JOB = (
    *_ITEM,
    Field("allBuilds", lambda _, item: _builds(item, None), BY_TREE_ONLY),
    Field("buildable", lambda view, item: view.buildable(item)),
    Field("builds", lambda _, item: _builds(item, _MOST_BUILDS)),
    Field("color", lambda _, item: color(item), 2),
    Field("firstBuild", lambda _, item: build_bean(item.builds[min(item.builds)]) if item.builds else None),
    Field("healthReport", _empty),
    Field("inQueue", lambda view, item: view.queued(item) is not None),
    Field("keepDependencies", lambda _, __: False),
    Field("lastBuild", lambda _, item: _last(item, building=None)),
    Field("lastCompletedBuild", lambda _, item: _last(item)),
    Field("lastFailedBuild", lambda _, item: _last(item, "FAILURE")),
    Field("lastStableBuild", lambda _, item: _last(item, "SUCCESS")),
    Field("lastSuccessfulBuild", lambda _, item: _last(item, "SUCCESS", "UNSTABLE")),
    Field("lastUnstableBuild", lambda _, item: _last(item, "UNSTABLE")),
    Field("lastUnsuccessfulBuild", lambda _, item: _last(item, "FAILURE", "UNSTABLE", "ABORTED")),
    Field("nextBuildNumber", lambda _, item: item.next_number),
    Field("property", lambda _, item: definitions(item.parameters)),
    Field("queueItem", _nothing),
)
_SWITCH = (
    Field("concurrentBuild", lambda _, item: item.concurrent),
    Field("disabled", lambda _, item: item.disabled),
)
_PIPELINE = (*_JOB, *_SWITCH, Field("resumeBlocked", lambda _, __: False))
_FREESTYLE = (
    *_JOB,
    *_SWITCH,
    Field("downstreamProjects", lambda view, item: [*map(item_bean, view.visible(item.downstream))]),
    Field("labelExpression", _nothing),
    Field("scm", lambda _, __: Bean("hudson.scm.NullSCM", ())),
    Field("upstreamProjects", _empty),
)
_RUN = (
    Field("actions", lambda _, build: _build_actions(build)),
    Field("artifacts", _empty),
    Field("building", lambda _, build: build.building),
    Field("description", lambda _, build: build.description),
    Field("displayName", lambda _, build: f"#{build.number}"),
    Field("duration", lambda _, b: 0 if b.ended is None else _milliseconds(b.ended - b.started)),
    Field("estimatedDuration", lambda _, __: -1),
    Field("executor", lambda _, build: _executor(build)),
    Field("fullDisplayName", lambda _, b: f"{_full_display_name(b.item)} #{b.number}"),
    Field("id", lambda _, build: str(build.number)),
    Field("inProgress", lambda _, build: build.building),
    Field("keepLog", lambda _, __: False),
    _NUMBER,
    Field("queueId", lambda _, build: build.queue_id),
    Field("result", lambda _, build: build.result),
    Field("timestamp", lambda _, build: _milliseconds(build.started)),
    _URL,
)
_RUN_PIPELINE = (
    *_RUN,
    Field("changeSets", _empty),
    Field("culprits", _empty),
    Field("nextBuild", lambda view, build: _number_and_url(view.neighbour(build, later=True))),
    Field("previousBuild", lambda view, build: _number_and_url(view.neighbour(build, later=False))),
)
_RUN_FREESTYLE = (
    *_RUN,
    Field("builtOn", lambda _, __: ""),
    Field("changeSet", lambda _, __: Bean("hudson.scm.EmptyChangeLogSet", ())),
    Field("culprits", _empty),
)
