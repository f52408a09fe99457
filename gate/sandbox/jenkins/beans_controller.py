"""What do the controller, its nodes and its queue show of themselves?

Read from the source of core (ComputerSet, Computer, Executor, Queue, Hudson) and
workflow-durable-task-step, 2026-11-24. The traps are here: a held `node` shows in `executors`
under its build's own number and URL; a pipeline without one only in `oneOffExecutors`; what
the user may not read is null though its executor is busy; a queue item may be a running build.
"""

from __future__ import annotations

from typing import Any

from gate.sandbox.jenkins.beans import build_bean, item_bean
from gate.sandbox.jenkins.beans_actions import cause_action, parameters_action
from gate.sandbox.jenkins.export import ALWAYS, Bean, Field
from gate.sandbox.jenkins.model import Build, Computer, QueueItem, QueueState, Scan
from gate.sandbox.jenkins.view import View

_STEP = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution"
PLACEHOLDER_TASK = f"{_STEP}$PlaceholderTask"
PLACEHOLDER = f"{PLACEHOLDER_TASK}$PlaceholderExecutable"
_STUCK_AFTER = 24 * 3600.0


def root_bean() -> Bean:
    """Return the controller."""
    return Bean("hudson.model.Hudson", _ROOT)


def computers_bean() -> Bean:
    """Return all nodes."""
    return Bean("hudson.model.ComputerSet", _COMPUTERS)


def computer_bean(computer: Computer) -> Bean:
    """Return one node."""
    klass = "hudson.model.Hudson$MasterComputer" if computer.built_in else "hudson.slaves.SlaveComputer"
    return Bean(klass, _COMPUTER, computer)


def queue_bean() -> Bean:
    """Return the queue."""
    return Bean("hudson.model.Queue", _QUEUE)


def queue_item_bean(entry: QueueItem) -> Bean:
    """Return one queue item, also one that has left."""
    if entry.left is not None:
        return Bean("hudson.model.Queue$LeftItem", _LEFT_ITEM, entry)
    fields = {
        QueueState.WAITING: _WAITING_ITEM,
        QueueState.BLOCKED: _BLOCKED_ITEM,
        QueueState.BUILDABLE: _BUILDABLE_ITEM,
    }[entry.state]
    return Bean(f"hudson.model.Queue${entry.state}Item", fields, entry)


def user_bean(name: str) -> Bean:
    """Return a user."""
    return Bean("hudson.model.User", _USER, name)


def crumb_bean(crumb: str) -> Bean:
    """Return a crumb."""
    return Bean("hudson.security.csrf.DefaultCrumbIssuer", _CRUMB, crumb)


def _task(entry: QueueItem) -> Bean:
    if entry.part_of is None:
        return item_bean(entry.item)
    return Bean(PLACEHOLDER_TASK, _PLACEHOLDER_TASK, entry.part_of)


def _executors(view: View, computer: Computer) -> list[Bean]:
    return [
        Bean(None, _EXECUTOR, (number, _occupant(view, build), build is None))
        for number, build in enumerate(computer.slots)
    ]


def _occupant(view: View, build: Build | None) -> Bean | None:
    if build is None or not view.reads(build.item):
        return None
    return Bean(PLACEHOLDER, _PLACEHOLDER, build) if build.pipeline else build_bean(build)


def _one_off(view: View, computer: Computer) -> list[Bean]:
    shown = [build_bean(build) if view.reads(build.item) else None for build in computer.one_off.values()]
    if computer.built_in:
        shown += [_scan(scan) if view.reads(scan.item) else None for scan in view.world.scans]
    return [Bean(None, _EXECUTOR, (-1, bean, False)) for bean in shown]


def _scan(scan: Scan) -> Bean:
    # A computation of a folder has no number.
    return Bean("jenkins.branch.MultiBranchProject$BranchIndexing", (), scan)


def _busy(view: View) -> int:
    return sum(build is not None for node in view.world.computers for build in node.slots)


def _idle(_: View, computer: Computer) -> bool:
    return not computer.one_off and all(build is None for build in computer.slots)


def _actions(entry: QueueItem) -> list[Bean]:
    return [*parameters_action(entry.parameters), *cause_action(entry.causes)]


def _parameter_lines(entry: QueueItem) -> str:
    return "".join(f"\n{p.name}={'****' if p.secret else p.value}" for p in entry.parameters)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _placeholder_name(build: Build) -> str:
    return f"part of {build.item.full_name.replace('/', ' » ')} #{build.number}"


def _stub(entry: QueueItem) -> Bean:
    fields = (Field("task", lambda _, e: Bean(None, (_STUB_NAME,), e.item)),)
    return Bean(None, fields, entry)


def _constant(value: Any) -> Any:
    return lambda _, __: value


_STUB_NAME = Field("name", lambda _, item: item.name, ALWAYS)
# The URL is relative, and a task shows nothing at all at depth 0.
_PLACEHOLDER_TASK = (
    Field("name", lambda _, build: _placeholder_name(build)),
    Field("url", lambda _, build: build.path),
)
_PLACEHOLDER = (
    Field("displayName", lambda _, build: _placeholder_name(build)),
    Field("estimatedDuration", _constant(-1)),
    Field("fullDisplayName", lambda _, build: _placeholder_name(build)),
    Field("number", lambda _, build: build.number),
    Field("timestamp", lambda _, build: _milliseconds(build.started)),
    Field("url", lambda view, build: view.root + build.path),
)
_EXECUTOR = (
    Field("currentExecutable", lambda _, seat: seat[1]),
    Field("idle", lambda _, seat: seat[2]),
    Field("likelyStuck", _constant(False)),
    Field("number", lambda _, seat: seat[0]),
    Field("progress", lambda _, seat: -1 if seat[2] else 12),
)
_LABEL = (Field("name", lambda _, name: name, 2),)
_COMPUTER = (
    Field("actions", _constant([])),
    Field(
        "assignedLabels",
        lambda _, node: [Bean(None, _LABEL, "built-in" if node.built_in else node.name)],
    ),
    Field("description", lambda _, node: "the Jenkins controller's built-in node" if node.built_in else ""),
    Field("displayName", lambda _, node: node.name),
    Field("executors", _executors),
    Field("icon", _constant("symbol-computer")),
    Field("iconClassName", _constant("symbol-computer")),
    Field("idle", _idle),
    Field("jnlpAgent", _constant(False)),
    Field("launchSupported", _constant(True)),
    Field("loadStatistics", _constant(Bean("hudson.model.Label$1", ()))),
    Field("manualLaunchAllowed", _constant(True)),
    Field("monitorData", _constant({})),
    Field("numExecutors", lambda _, node: len(node.slots)),
    Field("offline", lambda _, __: False),
    Field("offlineCause", _constant(None)),
    Field("offlineCauseReason", _constant("")),
    Field("oneOffExecutors", _one_off),
    Field("temporarilyOffline", _constant(False)),
)
_COMPUTERS = (
    Field("busyExecutors", lambda view, _: _busy(view)),
    Field("computer", lambda view, _: [*map(computer_bean, view.world.computers)], inline=True),
    Field("displayName", _constant("Nodes")),
    Field("totalExecutors", lambda view, _: sum(len(node.slots) for node in view.world.computers)),
)
_QUEUE_ITEM = (
    Field("actions", lambda _, entry: _actions(entry)),
    Field("blocked", lambda _, entry: entry.state is QueueState.BLOCKED),
    Field("buildable", lambda _, entry: entry.state is QueueState.BUILDABLE),
    Field("id", lambda _, entry: entry.id),
    Field("inQueueSince", lambda _, entry: _milliseconds(entry.since)),
    Field("params", lambda _, entry: _parameter_lines(entry)),
    Field("stuck", lambda view, entry: entry.held and view.world.now() - entry.since > _STUCK_AFTER),
    Field("task", lambda _, entry: _task(entry)),
    Field("url", lambda _, entry: f"queue/item/{entry.id}/"),
    Field("why", lambda _, entry: entry.why if entry.left is None else None),
)
_SINCE = Field("buildableStartMilliseconds", lambda _, entry: _milliseconds(entry.since))
_WAITING_ITEM = (*_QUEUE_ITEM, Field("timestamp", lambda _, entry: _milliseconds(entry.ready)))
_BLOCKED_ITEM = (*_QUEUE_ITEM, _SINCE)
_BUILDABLE_ITEM = (*_QUEUE_ITEM, _SINCE, Field("pending", _constant(False)))
_LEFT_ITEM = (
    *_QUEUE_ITEM,
    Field("cancelled", lambda _, entry: entry.cancelled),
    Field("executable", lambda _, entry: build_bean(entry.build)),
)
_QUEUE = (
    Field("discoverableItems", lambda view, _: [*map(_stub, view.discovered())], inline=True),
    Field("items", lambda view, _: [*map(queue_item_bean, view.queue())], inline=True),
)
_ROOT = (
    Field("assignedLabels", lambda _, __: [Bean(None, _LABEL, "built-in")]),
    Field("mode", _constant("NORMAL")),
    Field("nodeDescription", _constant("the Jenkins controller's built-in node")),
    Field("nodeName", _constant("")),
    Field("numExecutors", lambda view, _: len(view.world.computers[0].slots)),
    Field("description", _constant(None)),
    Field("jobs", lambda view, _: [*map(item_bean, view.visible(view.world.items.values()))]),
    Field("overallLoad", _constant(Bean(None, ()))),
    Field("primaryView", _constant(Bean("hudson.model.AllView", ()))),
    Field("quietDownReason", lambda view, _: view.world.quieting or None),
    Field("quietingDown", lambda view, _: view.world.quieting is not None),
    Field("slaveAgentPort", _constant(-1)),
    Field("unlabeledLoad", _constant(Bean("jenkins.model.UnlabeledLoadStatistics", ()))),
    Field("url", lambda view, _: view.root),
    Field("useCrumbs", lambda view, _: view.crumbs),
    Field("useSecurity", _constant(True)),
    Field("views", _constant([])),
)
_USER = (
    Field("absoluteUrl", lambda view, name: f"{view.root}user/{name}", ALWAYS),
    Field("description", _constant(None)),
    Field("fullName", lambda _, name: name, ALWAYS),
    Field("id", lambda _, name: name),
    Field("property", _constant([])),
)
_CRUMB = (Field("crumb", lambda _, crumb: crumb), Field("crumbRequestField", _constant("Jenkins-Crumb")))
