"""Are the executors and the queue of a controller read as they are meant?"""

from __future__ import annotations

from typing import Any, cast

import pytest

from gate.providers.jenkins.actions import Cause, Parameter, parse_causes, parse_parameters
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.inflight import Queued, Running, read_executors, read_queue
from gate.providers.jenkins.trouble import Teller
from gate.providers.protocol import NotDone

WORKFLOW = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"


class FakeController:
    """Shows one document."""

    teller = Teller(host="ci.lab", user="bot")

    def __init__(self, document: Any) -> None:
        self._document = document

    def read(self, *asked: str) -> Any:
        assert len(asked) == 3
        return self._document


def controller(document: Any) -> Controller:
    return cast(Controller, FakeController(document))


def executors(*shown: Any, one_off: tuple[Any, ...] = ()) -> Controller:
    return controller(
        {
            "computer": [
                {
                    "executors": [{"currentExecutable": one, "idle": one is None} for one in shown],
                    "oneOffExecutors": [{"currentExecutable": one, "idle": False} for one in one_off],
                }
            ]
        }
    )


def queue(*items: Any, **rest: Any) -> Controller:
    return controller({"items": [*items], **rest})


def item(task: dict[str, Any], number: int = 62, **rest: Any) -> dict[str, Any]:
    return {"_class": "hudson.model.Queue$BuildableItem", "id": number, "task": task, **rest}


def test_a_build_on_two_nodes_and_a_one_off_executor_is_one_and_keeps_its_queue_item() -> None:
    held = {"_class": f"{PLACEHOLDER}$PlaceholderExecutable", "number": 7, "url": "http://h/job/p/7/"}
    run = {"_class": WORKFLOW, "number": 7, "url": "http://h/job/p/7/", "queueId": 62, "result": None}
    seen = read_executors(executors(held, held, None, one_off=(run,)))
    assert seen.running == {"job/p/7/": Running(path="job/p/7/", pipeline=True, queue_id=62)}
    assert seen.hidden == 0


def test_what_is_no_build_is_left_out() -> None:
    indexing = {"_class": "jenkins.branch.MultiBranchProject$BranchIndexing"}
    addressed = {**indexing, "url": "http://h/job/mb/indexing/"}
    assert read_executors(executors(one_off=(indexing, addressed))).running == {}


def test_a_part_of_a_matrix_has_its_own_place() -> None:
    run = {"_class": "hudson.matrix.MatrixRun", "number": 3, "url": "http://h/job/m/label=x/3/"}
    (build,) = read_executors(executors(run)).running.values()
    assert (build.job, build.number, build.project, build.pipeline) == (
        "job/m/label=x/",
        3,
        "m/label=x",
        False,
    )


def test_only_a_busy_executor_that_shows_nothing_is_hidden() -> None:
    hidden = {"currentExecutable": None, "idle": False}
    idle = {"currentExecutable": None, "idle": True}
    shown = controller({"computer": [{"executors": [hidden, idle], "oneOffExecutors": [hidden]}]})
    assert read_executors(shown).hidden == 2


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "computer: expected a list"),
        ({"computer": [None]}, r"computer\[0\]: expected an object"),
        ({"computer": [{"executors": []}]}, "oneOffExecutors: expected a list"),
        ({"computer": [{"executors": [7], "oneOffExecutors": []}]}, r"computer\[0\].executors: expected"),
        (
            {"computer": [{"executors": [{"currentExecutable": "x"}], "oneOffExecutors": []}]},
            "currentExecutable: expected an object",
        ),
    ],
)
def test_executors_that_are_not_as_they_should_be_name_the_place(document: Any, place: str) -> None:
    with pytest.raises(NotDone, match=f"what ci.lab says of its executors cannot be read: .*{place}"):
        read_executors(controller(document))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"items": None}, "items: expected a list"),
        ({"items": [{"id": 1}]}, r"items\[0\].task: expected an object"),
        (
            {"items": [{"task": {"_class": "X", "url": "http://h/job/p/"}}]},
            r"items\[0\].id: expected a number",
        ),
    ],
)
def test_a_queue_that_is_not_as_it_should_be_names_the_place(document: Any, place: str) -> None:
    with pytest.raises(NotDone, match=place):
        read_queue(controller(document))


@pytest.mark.parametrize(
    "klass",
    [
        "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
        "jenkins.branch.OrganizationFolder",
        "com.cloudbees.hudson.plugins.folder.Folder",
    ],
)
def test_a_scan_in_the_queue_is_no_build(klass: str) -> None:
    shown = read_queue(queue(item({"_class": klass, "url": "http://h/job/mb/"})))
    assert (shown.items, shown.waiting) == ((), {})


def test_a_part_of_a_running_build_is_that_build_and_one_without_a_name_is_nothing() -> None:
    known = item({"_class": PLACEHOLDER, "url": "job/x/12/"})
    shown = read_queue(queue(known, item({"_class": PLACEHOLDER}), discoverableItems=[{}, {}]))
    assert shown.items == ()
    assert shown.waiting == {"job/x/12/": Running(path="job/x/12/", pipeline=True)}
    assert shown.nameless == 2


def test_an_item_keeps_what_it_was_started_with_and_by() -> None:
    actions = [
        {},
        {
            "parameters": [
                {"_class": "S", "name": "A", "value": "1"},
                {"_class": "B", "name": "F", "value": True},
            ]
        },
        {"causes": [{"upstreamProject": "up", "upstreamBuild": 4}, {"userId": "dana"}]},
    ]
    task = {"_class": "x.WorkflowJob", "url": "http://h/job/p/"}
    (entry,) = read_queue(queue(item(task, actions=actions, why="Waiting\n::error::"))).items
    assert entry == Queued(
        id=62,
        job="job/p/",
        pipeline=True,
        why="Waiting : :error::",
        parameters=(Parameter(kind="S", name="A", value="1"), Parameter(kind="B", name="F", value="true")),
        upstream=(Cause(project="up", number=4),),
    )


@pytest.mark.parametrize(
    "actions", [None, 7, [None], [{"parameters": 1, "causes": [1]}], [{"parameters": [None]}]]
)
def test_actions_of_any_form_are_read(actions: Any) -> None:
    assert (parse_parameters(actions), parse_causes(actions)) == ((), ())


def test_a_password_has_no_value() -> None:
    actions = [{"parameters": [{"_class": "hudson.model.PasswordParameterValue", "name": "PIN"}]}]
    assert parse_parameters(actions)[0].value is None
