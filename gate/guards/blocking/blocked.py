"""What is a blocked test? The exception that ends it, and how its report tells so.

To pytest, and to every reporter that knows no more than pytest, it is a skip.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from _pytest.outcomes import Skipped

from gate.core.reason import iso, one_line
from gate.guards.http import Call, Snapshot

PREFIX = "blocked by gate: "
_ATTRIBUTE = "gate"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One time that gate held something back. Two are never equal.

    Attributes:
        what: the request, or why the test was not even set up.
        at: when (UTC).
        snapshot: what is known of the lab.
        call: the request, or None.
        fixture: the fixture that made the request, or empty.
    """

    what: str
    at: datetime
    snapshot: Snapshot
    call: Call | None = None
    fixture: str = ""

    @property
    def reason(self) -> str:
        """The skip's reason."""
        return PREFIX + self.snapshot.verdict.reason


class Blocked(Skipped):
    """Ends a test; a skip, which no `except Exception` catches.

    Attributes:
        block: what was held back.
    """

    def __init__(self, block: Block) -> None:
        # allowed at module level: a module that configures the lab while it is imported is skipped
        super().__init__(block.reason, pytrace=False, allow_module_level=True)
        self.block = block

    def __reduce__(self) -> tuple[type[Blocked], tuple[Block]]:
        return type(self), (self.block,)


def as_excinfo(block: Block) -> pytest.ExceptionInfo[BaseException]:
    """Return what pytest would have caught, had nothing swallowed it."""
    try:
        raise Blocked(block)
    except Blocked as blocked:
        return pytest.ExceptionInfo.from_exception(blocked)


def encode_block(block: Block, nodeid: str, when: str) -> dict[str, Any]:
    """Return a block as the object that `--gate-report` writes; it can cross processes."""
    from gate.report.json import encode_verdict

    verdict = block.snapshot.verdict
    encoded = {
        "nodeid": nodeid,
        "when": when,
        "call": block.what if block.call else None,
        "held": block.what,
        "at": iso(block.at),
        "fixture": block.fixture or None,
        "environment": verdict.environment,
        "state": verdict.state,
        "code": verdict.code,
        "reason": verdict.reason,
        "snapshot": block.snapshot.id,
        "verdict": encode_verdict(verdict),
    }
    plain: dict[str, Any] = json.loads(json.dumps(encoded))  # no enum survives the way between workers
    return plain


def mark_report(report: pytest.TestReport, item: pytest.Item, blocks: list[Block], *, again: bool) -> None:
    """Let the report of a skip say that gate blocked the test.

    Args:
        report: of the phase in which the test ended.
        item: the test; its properties go into JUnit files.
        blocks: what was held back, the first first.
        again: whether another report of the same test has said so already.
    """
    first = blocks[0]
    report.longrepr = (str(item.path), (item.location[1] or 0) + 1, f"Skipped: {one_line(first.reason, 700)}")
    encoded = encode_block(first, item.nodeid, report.when or "")
    encoded["calls"] = sum(block.call is not None for block in blocks)
    setattr(report, _ATTRIBUTE, encoded)
    if not again:
        properties = [(f"gate_{name}", encoded[name]) for name in ("state", "code", "snapshot")]
        item.user_properties += properties
        report.user_properties = [*report.user_properties, *properties]


def block_of(report: pytest.TestReport | pytest.CollectReport) -> dict[str, Any] | None:
    """Return what `mark_report` wrote, also in another process than the one that wrote it."""
    encoded: dict[str, Any] | None = getattr(report, _ATTRIBUTE, None)
    return encoded
