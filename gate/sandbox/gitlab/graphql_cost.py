"""What does a GraphQL query cost?

A field costs a point and what is below it; a connection a further point, and a hundredth of the
whole more for each node that it may hold (gitlabhq `app/graphql/types/base_field.rb`,
`app/graphql/resolvers/base_resolver.rb`, `app/graphql/gitlab_schema.rb`, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.sandbox.gitlab.graphql_parse import Field
from gate.sandbox.gitlab.graphql_problem import Problem
from gate.sandbox.gitlab.paging import MOST

LARGEST = 250
CONNECTIONS = frozenset({"projects", "pipelines", "jobs", "downstream", "pipelineSchedules", "needs"})


def check_cost(fields: Sequence[Field]) -> None:
    """Refuse a query that costs too much.

    Raises:
        Problem: it does.
    """
    found = cost_of(fields)
    if found > LARGEST:
        raise Problem(f"Query has complexity of {found}, which exceeds max complexity of {LARGEST}")


def cost_of(fields: Sequence[Field]) -> int:
    """Return the points of a query."""
    return sum(_cost(field) for field in fields)


def _cost(field: Field) -> int:
    below = cost_of(field.fields)
    if field.name not in CONNECTIONS:
        return below + 1
    first = field.arguments.get("first")
    most = min(first, MOST) if isinstance(first, int) else MOST
    return int((below + 1) * (1 + most / 100))
