"""How is a run told to stop, and where is it then?

A cancel is accepted with 202 and lands later, if ever. Messages as issues quote them:
actions/runner#3872 (409, never queued), actions/runner#3329 (500), read 2026-11-24. PyGithub's
`cancel()` says False to 401, 404, 409, 422, 429 and 500 alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Asked, Outcome, Seen, Status
from gate.providers.github.client import Answer, Client
from gate.providers.github.documents import Run, status_of
from gate.providers.github.refusal import ACTIONS_WRITE, NotFound, asked, not_done
from gate.providers.github.runs import read_run, run_path
from gate.providers.protocol import Each, Key, NotDone

BATCH: Final = 100
QUERY: Final = (
    "query($ids:[ID!]!){nodes(ids:$ids){... on WorkflowRun{databaseId checkSuite{status conclusion}}}}"
)

_COMPLETED = "is completed"
_NOT_CANCELLED = "Failed to cancel"
_GONE = Seen(status=Status.FINISHED, word="gone")


def cancel(client: Client, target: Target) -> Asked:
    """Ask for a run to be cancelled."""
    return _asked(client, target, client.send("POST", f"{run_path(target.project, target.id)}/cancel"))


def force_cancel(client: Client, target: Target) -> Asked:
    """Ask for a run to be cancelled whatever its jobs' ``if`` says."""
    return _asked(client, target, client.send("POST", f"{run_path(target.project, target.id)}/force-cancel"))


def observe(
    client: Client, targets: Sequence[Target], nodes: dict[Key, str], each: Each
) -> Mapping[Key, Seen]:
    """Return where runs are: a hundred in a request where GraphQL knows them, else one by one.

    Args:
        client: GitHub.
        targets: the runs.
        nodes: what GraphQL knows runs by; what is learnt is added.
        each: sends several requests at once.
    """
    known = [target for target in targets if nodes.get(target.key)]
    batches = [known[start : start + BATCH] for start in range(0, len(known), BATCH)]
    seen: dict[Key, Seen] = {}
    for part in each(lambda batch: _by_nodes(client, batch, nodes), batches):
        seen.update(part)
    rest = [target for target in targets if target.key not in seen]
    for target, (one, node) in zip(rest, each(lambda target: _alone(client, target), rest), strict=True):
        if one is not None:
            seen[target.key] = one
        if node:
            nodes[target.key] = node
    return seen


def seen_of(run: Run) -> Seen:
    """Return where a run is."""
    return Seen(
        status=status_of(run.status),
        word=one_line(run.conclusion or run.status, 40),
        stopped=run.over and run.conclusion == "cancelled",
    )


def paired(targets: Sequence[Target], found: Sequence[Any]) -> Iterator[tuple[Key, Seen]]:
    """Yield where runs are by the nodes that GraphQL returned for them, leaving out what is no answer."""
    for target, node in zip(targets, found, strict=True):
        match node:
            case {"databaseId": int(number), "checkSuite": {"status": str(status), "conclusion": conclusion}}:
                if str(number) != target.id or not isinstance(conclusion, str | None):
                    continue
                word = (conclusion or status).lower()
                over = status == "COMPLETED"
                yield (
                    target.key,
                    Seen(
                        status=status_of(status.lower()),
                        word=one_line(word, 40),
                        stopped=over and conclusion == "CANCELLED",
                    ),
                )


def _asked(client: Client, target: Target, answer: Answer) -> Asked:
    match answer.status:
        case 202:
            return Asked()
        case 409 if _COMPLETED in answer.message:
            # Where an answer was lost before, it may be ourselves who have stopped it.
            lost = answer.tries > 1
            return Asked() if lost else Asked(outcome=Outcome.ALREADY_FINISHED, detail=answer.message)
        case 409:
            return Asked(detail=answer.message)  # it goes on being observed, and is asked harder
        case 500 if _NOT_CANCELLED in answer.message:
            return Asked(detail=answer.message)
        case 404:
            return _unfound(client, target, answer)
        case _:
            return asked(_not_stopped(client, target, answer, known=False))


def _unfound(client: Client, target: Target, answer: Answer) -> Asked:
    """Tell a run that is gone from a token that may not stop it: both are answered by 404."""
    try:
        read_run(client, target.project, target.id)
    except NotFound:
        return Asked(outcome=Outcome.ALREADY_FINISHED, detail="it is gone")
    except NotDone as error:
        return asked(error)
    return asked(_not_stopped(client, target, answer, known=True))


def _not_stopped(client: Client, target: Target, answer: Answer, *, known: bool) -> NotDone:
    return not_done(
        client.host, target.project, answer, answer.message, ACTIONS_WRITE, client.now(), known=known
    )


def _alone(client: Client, target: Target) -> tuple[Seen | None, str]:
    try:
        run = read_run(client, target.project, target.id)
    except NotFound:
        return _GONE, ""
    except NotDone:
        return None, ""
    return seen_of(run), run.node


def _by_nodes(client: Client, targets: Sequence[Target], nodes: Mapping[Key, str]) -> dict[Key, Seen]:
    """Return what GraphQL says; whatever it does not say is left out, and then asked for one by one."""
    answer = client.graphql(QUERY, {"ids": [nodes[target.key] for target in targets]})
    try:
        document = client.object_in(answer, targets[0].project, ACTIONS_WRITE)
    except NotDone:
        return {}
    data = document.get("data")
    found = data.get("nodes") if isinstance(data, dict) else None
    if not isinstance(found, list) or len(found) != len(targets):
        return {}
    return dict(paired(targets, found))
