"""How are GraphQL's answers read, and what does a query ask of trigger jobs?

REST lists no trigger jobs of a project, and one list for each pipeline would be a request for
each run. GraphQL shows those of twenty projects at once within its limit of 250 points a query
(gitlabhq `app/graphql/types/base_field.rb`, `app/graphql/resolvers/ci/jobs_resolver.rb`, read
2026-11-24). It takes numbers as ``gid://gitlab/Ci::Pipeline/7``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

PROJECTS_AT_ONCE: Final = 20
PIPELINES_AT_ONCE: Final = 20
JOBS_AT_ONCE: Final = 20
LISTS_AT_ONCE: Final = 4

# A pipeline with a trigger job that has not started is in one of these. The other word is whether
# people may be waited for in it: a pending one has no manual job in its way.
_PIPELINES: Final = (
    ("CREATED", False),
    ("WAITING_FOR_RESOURCE", False),
    ("PREPARING", False),
    ("PENDING", False),
    ("RUNNING", True),
    ("MANUAL", True),
    ("SCHEDULED", False),
)
STATUSES: Final = tuple(status for status, _ in _PIPELINES)
_TRIGGERS: Final = """bridges:jobs(jobKind:BRIDGE,retried:false,statuses:[CREATED,WAITING_FOR_RESOURCE,
PREPARING,PENDING,SCHEDULED,RUNNING,SUCCESS],first:%d){pageInfo{hasNextPage}
nodes{id name status stage{name} downstreamPipeline{id project{fullPath}}}}"""
_MANUAL: Final = "manual:jobs(jobKind:BUILD,statuses:[MANUAL],first:%d){nodes{name stage{name}}}"


def fleet_query() -> str:
    """Return the query for the trigger jobs of `PROJECTS_AT_ONCE` projects, by their ids ``$ids``."""
    lists = " ".join(_pipelines(status, manual, PIPELINES_AT_ONCE, "") for status, manual in _PIPELINES)
    return f"query($ids:[ID!]){{projects(ids:$ids,first:{PROJECTS_AT_ONCE}){{nodes{{id fullPath {lists}}}}}}}"


def further_query(lists: Sequence[tuple[str, str, str]]) -> tuple[str, dict[str, str]]:
    """Return the query for more pipelines, and its variables.

    Args:
        lists: at most `LISTS_AT_ONCE`: the number of a project, a status, and the cursor behind which
            its list goes on. The answer calls them ``a0``, ``a1`` …
    """
    fields = []
    for place, (number, status, _) in enumerate(lists):
        pipelines = _pipelines(status, dict(_PIPELINES)[status], 100, f",after:$c{place}")
        ids = f'ids:["{gid("Project", number)}"],first:1'
        fields.append(f"a{place}:projects({ids}){{nodes{{id {pipelines}}}}}")
    declared = ",".join(f"$c{place}:String" for place in range(len(lists)))
    variables = {f"c{place}": cursor for place, (_, _, cursor) in enumerate(lists)}
    return f"query({declared}){{{' '.join(fields)}}}", variables


def of_projects(fields: Sequence[str], paths: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return a query whose fields name their projects ``$p0``, ``$p1`` …, and its variables.

    Numbers stand in the fields themselves: only paths have to be kept from being read as GraphQL.
    """
    declared = ",".join(f"$p{place}:ID!" for place in range(len(paths)))
    variables = {f"p{place}": path for place, path in enumerate(paths)}
    return f"query({declared}){{{' '.join(fields)}}}", variables


def nodes(connection: object) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a connection; what is none is empty."""
    found = connection.get("nodes") if isinstance(connection, dict) else None
    return [node for node in found if isinstance(node, dict)] if isinstance(found, list) else []


def cursor_of(connection: Mapping[str, Any]) -> str | None:
    """Return where a connection goes on, None where it ends."""
    page = connection.get("pageInfo")
    if not isinstance(page, dict) or page.get("hasNextPage") is not True:
        return None
    return str(page.get("endCursor") or "")


def gid(kind: str, number: int | str) -> str:
    """Return a global id."""
    return f"gid://gitlab/{kind}/{number}"


def number_of(global_id: object) -> int:
    """Return the number in a global id; 0 where there is none."""
    digits = str(global_id).rpartition("/")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def text_at(fields: object, *path: str) -> str:
    """Return the text that keys lead to, empty where they do not."""
    for key in path:
        fields = fields.get(key) if isinstance(fields, dict) else None
    return fields if isinstance(fields, str) else ""


def _pipelines(status: str, manual: bool, first: int, after: str) -> str:
    jobs = _TRIGGERS % JOBS_AT_ONCE + (" " + _MANUAL % JOBS_AT_ONCE if manual else "")
    page = "pageInfo{hasNextPage endCursor}"
    return f"{status}:pipelines(status:{status},first:{first}{after}){{{page} nodes{{id name ref {jobs}}}}}"
