"""Which runs of a repository are in flight, and which jobs of a run are not over?

One status can be asked for at a time, and a filtered list ends at 1,000 (GitHub's documentation
of ``GET /repos/{owner}/{repo}/actions/runs``, read 2026-11-24).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from gate.core.work import Outcome
from gate.providers.github.client import Client
from gate.providers.github.documents import Job, Run, parse_job, parse_list, parse_run, parse_total
from gate.providers.github.refusal import ACTIONS_READ, unreadable
from gate.providers.protocol import NotDone

# In the order in which a run goes through them, so that one that moves on between two lists is
# in the second.
ACTIVE: Final = ("requested", "waiting", "pending", "queued", "in_progress")
MOST_LISTED: Final = 1000

_LOOKS = 3


def home(project: str) -> str:
    """Return a repository's path below the API's address."""
    owner, _, name = project.partition("/")
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


def run_path(project: str, run: str) -> str:
    """Return a run's path below the API's address."""
    return f"{home(project)}/actions/runs/{quote(run, safe='')}"


def list_in_flight(client: Client, project: str, found: dict[int, Run]) -> None:
    """Add the runs of a repository that are not completed to `found`, by their id.

    Raises:
        NotDone: they cannot all be listed; those that could be are in `found`.
    """
    for status in ACTIVE:
        _list_status(client, project, status, found)


def list_runs(client: Client, project: str, query: dict[str, str]) -> tuple[Run, ...]:
    """Return the runs that pass a filter, 1,000 at most.

    Raises:
        NotDone: they cannot be listed.
    """
    found: dict[int, Run] = {}
    _search(client, project, query, found)
    return tuple(found.values())


def list_newest(client: Client, project: str) -> tuple[Run, ...]:
    """Return the newest hundred runs, those that are over too.

    Raises:
        NotDone: they cannot be listed.
    """
    document = client.read(f"{home(project)}/actions/runs", project, ACTIONS_READ, {"per_page": "100"})
    return _parse_page(client, project, document)[1]


def read_run(client: Client, project: str, run: str) -> Run:
    """Return one run.

    Raises:
        NotDone: it cannot be read.
    """
    document = client.read(run_path(project, run), project, ACTIONS_READ)
    try:
        return parse_run(document, "run")
    except ValueError as error:
        raise unreadable(client.host, project, str(error)) from None


def list_jobs(client: Client, project: str, run: str) -> tuple[Job, ...]:
    """Return the jobs of a run's newest attempt.

    Raises:
        NotDone: they cannot be listed.
    """
    jobs: list[Job] = []
    for answer in client.pages(f"{run_path(project, run)}/jobs", {"filter": "latest"}):
        document = client.object_in(answer, project, ACTIONS_READ)
        try:
            jobs += [parse_job(job, f"jobs[{i}]") for i, job in enumerate(parse_list(document, "jobs"))]
        except ValueError as error:
            raise unreadable(client.host, project, str(error)) from None
    return tuple(jobs)


def _list_status(client: Client, project: str, status: str, found: dict[int, Run]) -> None:
    """Add all runs of one status, however many, and however fast they change."""
    query, looks = {"status": status}, 0
    while True:
        seen = _search(client, project, query, found)
        if seen.listed >= MOST_LISTED:
            if query.get("created") == f"<={seen.oldest}":
                words = f"more than {MOST_LISTED} {status} runs of one second cannot be listed"
                raise NotDone(Outcome.FAILED, f"{project} at {client.host}: {words}")
            query["created"] = f"<={seen.oldest}"
            continue
        looks += 1
        if not seen.shrank or looks >= _LOOKS:
            return


class _Seen:
    """What one search came to."""

    def __init__(self) -> None:
        self.listed = 0
        self.total = 0
        self.oldest = ""
        self.shrank = False  # what left a list while it was read has moved others to a page read before


def _search(client: Client, project: str, query: dict[str, str], found: dict[int, Run]) -> _Seen:
    seen = _Seen()
    for answer in client.pages(f"{home(project)}/actions/runs", query):
        document = client.object_in(answer, project, ACTIONS_READ)
        total, runs = _parse_page(client, project, document)
        found.update((run.id, run) for run in runs if not run.over)
        seen.shrank |= total < seen.total
        seen.listed, seen.total = seen.listed + len(runs), total
        seen.oldest = runs[-1].created if runs else seen.oldest
    return seen


def _parse_page(client: Client, project: str, document: dict[str, Any]) -> tuple[int, tuple[Run, ...]]:
    """Return how many runs there are in all, and those of one page."""
    try:
        entries = parse_list(document, "workflow_runs")
        runs = tuple(parse_run(entry, f"workflow_runs[{i}]") for i, entry in enumerate(entries))
        return parse_total(document), runs
    except ValueError as error:
        raise unreadable(client.host, project, str(error)) from None
