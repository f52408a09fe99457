"""A receipt as one JSON object on stdout, schema `gate.sweep/1`."""

from __future__ import annotations

from gate.core.hold import encode_hold
from gate.core.receipt import Receipt, Row


def encode_receipt(receipt: Receipt) -> dict[str, object]:
    """Return a receipt as the object that `pause-all`, `resume-all` and `recheck` print."""
    holds = [encode_hold(hold) for hold in receipt.holds]
    return {
        "schema": "gate.sweep/1",
        "action": receipt.action,
        "dry_run": receipt.planned,
        "hold": holds[0] if holds else None,
        "holds": holds,
        "complete": receipt.complete,
        "interrupted": receipt.interrupted,
        "seconds": receipt.seconds,
        "counts": receipt.counts,
        "targets": [_encode_row(row) for row in receipt.rows],
        "requests": dict(receipt.requests),
        "notes": list(receipt.notes),
    }


def _encode_row(row: Row) -> dict[str, object]:
    target = row.target
    return {
        "provider": target.provider,
        "instance": target.instance,
        "project": target.project,
        "kind": target.kind,
        "id": target.id,
        "name": target.name,
        "url": target.url,
        "action": row.act,
        "outcome": row.outcome,
        "detail": row.detail,
        "seconds": row.seconds,
    }
