"""What does GitLab answer to a GraphQL query?

Groups, projects, pipelines and jobs, with aliases and connections of at most a hundred nodes
(doc/api/graphql/reference and gitlabhq `app/graphql/types/ci/*.rb`, read 2026-11-24). A field that
is not here is an error, as one that the schema does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gate.sandbox.gitlab import graphql_mutations
from gate.sandbox.gitlab.calls import Call
from gate.sandbox.gitlab.graphql_cost import check_cost
from gate.sandbox.gitlab.graphql_nodes import group_node, project_node
from gate.sandbox.gitlab.graphql_object import Items, Node
from gate.sandbox.gitlab.graphql_parse import Field, NotUnderstood, parse
from gate.sandbox.gitlab.graphql_problem import Problem
from gate.sandbox.gitlab.model import GUEST
from gate.sandbox.gitlab.paging import MOST, read_cursor, write_cursor
from gate.sandbox.gitlab.refusal import Refused
from gate.sandbox.gitlab.tokens import Kind
from gate.sandbox.routing import Answer, json_answer

LONGEST_QUERY = 10_000


def answer(call: Call) -> Answer:
    """Answer a request to ``/api/graphql``: 200 also for most of what is wrong with it."""
    if call.grant.kind is not Kind.ACCESS:
        return json_answer(401, {"errors": [{"message": "Invalid token"}]})
    query, variables = call.params.get("query"), call.params.get("variables") or {}
    try:
        if not isinstance(query, str) or not isinstance(variables, Mapping):
            raise NotUnderstood("Unexpected end of document")
        if len(query) > LONGEST_QUERY:
            raise NotUnderstood(f"Query too large: {len(query)} characters, at most {LONGEST_QUERY}")
        operation = parse(query, variables)
        check_cost(operation.fields)
        root = mutation_root(call) if operation.kind == "mutation" else query_root(call)
        return json_answer(200, {"data": select(root, operation.fields)})
    except (NotUnderstood, RecursionError) as error:
        return json_answer(200, {"errors": [{"message": str(error), "locations": []}]})
    except Problem as error:
        failed = {"message": str(error), "path": list(error.path)}
        return json_answer(200, {"data": None, "errors": [failed]} if error.ran else {"errors": [failed]})


def query_root(call: Call) -> Node:
    """Return what a query starts from."""

    def group(arguments: Mapping[str, Any]) -> Node | None:
        found = call.world.group(str(arguments.get("fullPath", "")))
        if found is None or call.grant.role_in_groups < GUEST:
            return None
        return group_node(call, found)

    def project(arguments: Mapping[str, Any]) -> Node | None:
        found = call.world.project(str(arguments.get("fullPath", "")))
        return project_node(call, found) if found and call.grant.role_in(found) else None

    def projects(arguments: Mapping[str, Any]) -> Items:
        wanted = arguments.get("ids")
        numbers = {str(name).rpartition("/")[2] for name in wanted} if isinstance(wanted, list) else None
        asked: set[str] = set()
        return [
            (one.id, partial(project_node, call, one, asked))
            for one in sorted(call.world.projects.values(), key=lambda one: -one.id)
            if call.grant.role_in(one) and (numbers is None or str(one.id) in numbers)
        ]

    user = Node("CurrentUser", {"username": call.grant.username, "name": call.user()["name"]})
    links = {"group": group, "project": project}
    return Node("Query", {"currentUser": user}, links, {"projects": projects})


def mutation_root(call: Call) -> Node:
    """Return what a mutation starts from.

    Raises:
        Problem: the token may only read.
    """
    if not call.grant.may_write():
        raise Problem("The request requires higher privileges than provided by the access token.")

    def on(name: str, act: graphql_mutations.Mutation) -> Callable[[Mapping[str, Any]], Node]:
        def run(arguments: Mapping[str, Any]) -> Node:
            given = arguments.get("input")
            if not isinstance(given, Mapping):
                raise Problem(f"Field '{name}' is missing required arguments: input")
            try:
                return act(call, given)
            except Refused as refused:
                raise Problem(_words(refused), ran=True, path=(name,)) from None

        return run

    acts = {name: on(name, act) for name, act in graphql_mutations.MUTATIONS.items()}
    return Node("Mutation", {}, acts)


def select(node: Node, fields: Sequence[Field]) -> dict[str, Any]:
    """Return what is asked of a node.

    Raises:
        Problem: the schema has no such field, or a field is asked for too often.
    """
    found: dict[str, Any] = {}
    for field in fields:
        if field.name == "__typename":
            found[field.key] = node.kind
        elif field.name in node.values:
            found[field.key] = _plain(node.values[field.name], field)
        elif field.name in node.links:
            found[field.key] = _plain(node.links[field.name](field.arguments), field)
        elif field.name in node.lists:
            node.count(field.name)
            found[field.key] = _connection(node.lists[field.name](field.arguments), field)
        else:
            raise Problem(f"Field '{field.name}' doesn't exist on type '{node.kind}'")
    return found


def _plain(value: Any, field: Field) -> Any:
    if isinstance(value, Node):
        if not field.fields:
            raise Problem(f"Field must have selections (field '{field.name}' returns {value.kind})")
        return select(value, field.fields)
    return value


def _connection(items: Sequence[tuple[int, Callable[[], Node]]], field: Field) -> dict[str, Any]:
    """Return a page of a list that runs from the highest number to the lowest."""
    first, after = field.arguments.get("first", MOST), field.arguments.get("after")
    try:
        below = read_cursor(after or "")
    except Refused:
        raise Problem("Please provide a valid cursor", ran=True) from None
    if first is not None and not isinstance(first, int):
        raise Problem("Argument 'first' has an invalid value. Expected type 'Int'.")
    rest = [item for item in items if below is None or item[0] < below]
    shown = rest[: MOST if first is None else min(first, MOST)]
    page = {
        "endCursor": write_cursor(shown[-1][0]) if shown else None,
        "hasNextPage": len(rest) > len(shown),
        "startCursor": write_cursor(shown[0][0]) if shown else None,
        "hasPreviousPage": below is not None,
    }
    found: dict[str, Any] = {}
    for inner in field.fields:
        match inner.name:
            case "pageInfo":
                found[inner.key] = select(Node("PageInfo", page), inner.fields)
            case "nodes":
                found[inner.key] = [select(make(), inner.fields) for _, make in shown]
            case "count":
                found[inner.key] = len(items)
            case _:
                raise Problem(f"Field '{inner.name}' doesn't exist on type '{field.name}Connection'")
    return found


def _words(refused: Refused) -> str:
    if refused.status == 429:
        return "This endpoint has been requested too many times. Try again later."
    return (
        "The resource that you are attempting to access does not exist or you don't have permission to "
        "perform this action"
    )
