"""How does the ledger keep where a run came from, so that it can be started again?"""

from __future__ import annotations

import json

from gate.core.entry import canonical
from gate.core.work import Origin, Work


def encode_origin(work: Work) -> str:
    """Return how a target was before it was stopped, as the ledger keeps it."""
    return origin_text(work.origin, work.word)


def origin_text(origin: Origin, status: str) -> str:
    """Return where a run comes from, and where it was in its provider's word, as the ledger keeps it."""
    return canonical(
        {
            "status": status,
            "workflow": origin.workflow,
            "ref": origin.ref,
            "commit": origin.commit,
            "order": origin.order,
            "own": json.loads(origin.own),
        }
    )


def parse_origin(text: str) -> Origin | None:
    """Return what `encode_origin` wrote, or None where that was another version's."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    match fields:
        case {
            "workflow": str(workflow),
            "ref": str(ref),
            "commit": str(commit),
            "order": int(order),
            "own": dict(own),
        }:
            return Origin(workflow=workflow, ref=ref, commit=commit, order=order, own=canonical(own))
    return None
