"""What does GitHub's GraphQL answer? Only what gate can use of it.

`nodes(ids: […])` and `node(id: …)` with the fields of `WorkflowRun`, its `checkSuite`, and
`Workflow` with its `runs`: a repository has no connection of runs, a run no status of its own,
and there is no mutation for Actions (octokit/graphql-schema of 2026-07-22, read 2026-11-24).
Everything else is an error, as an unknown field is at GitHub.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gate.sandbox.github.calls import Call
from gate.sandbox.github.model import Repository, Run, Workflow
from gate.sandbox.github.query import Field, QueryError, parse_query
from gate.sandbox.github.shapes_repository import site_of, stamp
from gate.sandbox.routing import Answer, json_answer

MOST_IDS = 100
MOST_RUNS = 100

_Resolver = Callable[[Field], Any]


def answer_graphql(call: Call) -> Answer:
    """Answer a query: always 200, with `errors` where something went wrong."""
    body = call.body()
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, Mapping):
        return json_answer(200, _failed("A query attribute must be specified and must be a string."))
    errors: list[dict[str, Any]] = []
    try:
        fields = parse_query(query, variables)
        data = _object(fields, _root(call, errors), "Query")
    except QueryError as error:
        return json_answer(200, _failed(str(error)))
    return json_answer(200, {"data": data, "errors": errors} if errors else {"data": data})


def rate_limited() -> dict[str, Any]:
    """Return what GraphQL answers, with status 200, once the hour is used up."""
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}
    return {"errors": [error]}


def _failed(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message}]}


def _root(call: Call, errors: list[dict[str, Any]]) -> dict[str, _Resolver]:
    def nodes(field: Field) -> list[Any]:
        ids = field.arguments.get("ids")
        if not isinstance(ids, Sequence) or isinstance(ids, str):
            raise QueryError("Field 'nodes' is missing required arguments: ids")
        if len(ids) > MOST_IDS:
            raise QueryError(f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}.")
        return [_node(call, str(node), field, ["nodes", place], errors) for place, node in enumerate(ids)]

    def node(field: Field) -> Any:
        return _node(call, str(field.arguments.get("id", "")), field, ["node"], errors)

    def rate_limit(field: Field) -> Any:
        state = call.limits.state(call.grant, "graphql")
        values = {**state, "cost": 1, "resetAt": stamp(state.pop("reset"))}
        return _object(field.fields, {name: _constant(value) for name, value in values.items()}, "RateLimit")

    return {"nodes": nodes, "node": node, "rateLimit": rate_limit}


def _node(
    call: Call, node_id: str, field: Field, path: list[str | int], errors: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return one node, or None with an error where the token sees none."""
    found = call.world.node(node_id)
    if found is None or not call.grant.sees(found[0]) or not call.grant.allows("actions", "read"):
        words = f"Could not resolve to a node with the global id of '{node_id}'"
        errors.append({"type": "NOT_FOUND", "path": path, "message": words})
        return None
    repository, thing = found
    if isinstance(thing, Run):
        return _typed(field, _run(call, repository, thing), "WorkflowRun")
    return _typed(field, _workflow(call, repository, thing), "Workflow")


def _typed(field: Field, resolvers: Mapping[str, _Resolver], name: str) -> dict[str, Any]:
    for below in field.fields:
        if not below.on and below.name not in {"id", "__typename"}:
            raise QueryError(f"Field '{below.name}' doesn't exist on type 'Node'")
        if below.on not in {"", "WorkflowRun", "Workflow"}:
            raise QueryError(f"the sandbox does not know the type {below.on}")
    return _object(tuple(below for below in field.fields if below.on in {"", name}), resolvers, name)


def _object(fields: Sequence[Field], resolvers: Mapping[str, _Resolver], name: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for field in fields:
        if field.name == "__typename":
            document[field.alias] = name
            continue
        resolver = resolvers.get(field.name)
        if resolver is None:
            raise QueryError(f"Field '{field.name}' doesn't exist on type '{name}'")
        document[field.alias] = resolver(field)
    return document


def _constant(value: Any) -> _Resolver:
    return lambda _: value


def _run(call: Call, repository: Repository, run: Run) -> dict[str, _Resolver]:
    url = f"{site_of(call.base)}/{repository.full_name}/actions/runs/{run.id}"
    suite = {
        "id": _constant(f"CS_kwDO{run.id + 1:012x}"),
        "databaseId": _constant(run.id + 1),
        "status": _constant(run.status.upper()),
        "conclusion": _constant(run.conclusion.upper() if run.conclusion else None),
        "createdAt": _constant(stamp(run.created)),
        "updatedAt": _constant(stamp(run.updated)),
    }
    return {
        "id": _constant(run.node_id),
        "databaseId": _constant(run.id),
        "runNumber": _constant(run.number),
        "event": _constant(run.event),
        "createdAt": _constant(stamp(run.created)),
        "updatedAt": _constant(stamp(run.updated)),
        "url": _constant(url),
        "checkSuite": lambda field: _object(field.fields, suite, "CheckSuite"),
        "workflow": lambda field: _object(
            field.fields, _workflow(call, repository, run.workflow), "Workflow"
        ),
    }


def _workflow(call: Call, repository: Repository, workflow: Workflow) -> dict[str, _Resolver]:
    def runs(field: Field) -> dict[str, Any]:
        first = field.arguments.get("first")
        if not isinstance(first, int) or not 1 <= first <= MOST_RUNS:
            raise QueryError(
                "You must provide a `first` value of 1 to 100 to paginate the `runs` connection."
            )
        order = field.arguments.get("orderBy") or {"direction": "DESC"}
        own = [run for run in repository.runs.values() if run.workflow is workflow]
        newest = order.get("direction") != "ASC"
        shown = (own[::-1] if newest else own)[:first]
        connection = {
            "totalCount": _constant(len(own)),
            "nodes": lambda below: [
                _object(below.fields, _run(call, repository, run), "WorkflowRun") for run in shown
            ],
        }
        return _object(field.fields, connection, "WorkflowRunConnection")

    return {
        "id": _constant(workflow.node_id),
        "databaseId": _constant(workflow.id),
        "name": _constant(workflow.name),
        "state": _constant(workflow.state.upper()),
        "createdAt": _constant(stamp(workflow.created)),
        "updatedAt": _constant(stamp(workflow.updated)),
        "runs": runs,
    }
