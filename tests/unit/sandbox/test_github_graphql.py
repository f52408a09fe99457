"""The emulated GitHub's GraphQL: the few queries there are, and an error for everything else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sandbox.github.query import QueryError, parse_query
from gate.sandbox.github.tokens import parse_grant
from tests.unit.sandbox.github_api import Api, read

CONFIRM = """
query Confirm($ids: [ID!]!) {  # a hundred cancels in one request
  nodes(ids: $ids) { ... on WorkflowRun { id, databaseId checkSuite { status conclusion } } }
  rateLimit { cost remaining resetAt }
}
"""


def asked(api: Api, query: str, token: str = "ghp_sandbox", **variables: object) -> Any:
    answer = api.ask("POST", "/graphql", {"query": query, "variables": variables}, token=token)
    assert answer.status == 200
    return read(answer)


def test_a_hundred_runs_are_confirmed_in_one_request() -> None:
    api = Api()
    runs = [api.run(status) for status in ("in_progress", "queued") for _ in range(50)]
    for run in runs[::2]:
        api.runs(f"/{run.id}/cancel", "POST")
    api.advance(60)
    data = asked(api, CONFIRM, ids=[run.node_id for run in runs])["data"]
    assert [node["databaseId"] for node in data["nodes"]] == [run.id for run in runs]
    assert [node["checkSuite"] for node in data["nodes"][:2]] == [
        {"status": "COMPLETED", "conclusion": "CANCELLED"},
        {"status": "IN_PROGRESS", "conclusion": None},
    ]
    assert data["rateLimit"]["cost"] == 1


def test_more_than_a_hundred_ids_are_refused() -> None:
    api = Api()
    answer = asked(api, CONFIRM, ids=[api.run().node_id] * 101)
    assert "more than 100 node ids" in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_workflow_tells_its_state_and_its_newest_runs() -> None:
    api = Api()
    runs = [api.run(), api.run("queued")]
    api.workflow.state = "disabled_inactivity"
    query = (
        "{nodes(ids:[%r]){__typename ... on Workflow{state runs(first:1,"
        "orderBy:{field:CREATED_AT,direction:DESC}){totalCount nodes{number:databaseId}}}}}"
    )
    (node,) = asked(api, (query % api.workflow.node_id).replace("'", '"'))["data"]["nodes"]
    assert node == {
        "__typename": "Workflow",
        "state": "DISABLED_INACTIVITY",
        "runs": {"totalCount": 2, "nodes": [{"number": runs[1].id}]},
    }


def test_a_node_that_is_not_there_or_not_seen_is_null_with_an_error() -> None:
    api = Api()
    run = api.run()
    unseen = {"token": "ghs_other", "repositories": ["acme/other"]}
    api.github.tokens.announce(*parse_grant(unseen))
    for answer in (
        asked(api, CONFIRM, ids=[run.node_id, "WFR_nothing"]),
        asked(api, CONFIRM, token="ghs_other", ids=["WFR_nothing", run.node_id]),
    ):
        assert None in answer["data"]["nodes"]
        assert answer["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "query",
    [
        "{viewer{login}}",
        '{repository(owner:"acme",name:"panda"){workflowRuns(first:1){nodes{id}}}}',
        "mutation{cancelWorkflowRun(input:{}){id}}",
        "{nodes(ids:[RUN]){... on Repository{name}}}",
        "{nodes(ids:[RUN]){status}}",
        "{nodes(ids:[RUN]){... on WorkflowRun{status}}}",
        "{nodes(ids:[WORKFLOW]){... on Workflow{runs{totalCount}}}}",
        "{nodes{id}}",
        "{nodes(ids:$ids){id}}",
        "{nodes(ids:[RUN]){id}",
        "{nodes(ids:[RUN]){id}} {again}",
        "query(",
        "§",
        "",
    ],
)
def test_every_other_query_is_an_error(query: str) -> None:
    api = Api()
    run, workflow = f'"{api.run().node_id}"', f'"{api.workflow.node_id}"'
    answer = asked(api, query.replace("RUN", run).replace("WORKFLOW", workflow))
    assert set(answer) == {"errors"}


def test_a_query_that_is_no_text_is_an_error() -> None:
    api = Api()
    for body in ({}, {"query": 7}, {"query": "{rateLimit{cost}}", "variables": "x"}):
        assert "errors" in read(api.ask("POST", "/graphql", body))


@given(st.text(alphabet='{}()[]:$!=."a1 \n#\\', max_size=60))
def test_no_text_whatever_does_more_than_refuse(text: str) -> None:
    with suppress(QueryError):
        parse_query(text, {"a": 1})
