"""What was held back, and in whose course?

A call is put on record before anything is raised, so nothing that the code under test catches,
retries or runs elsewhere can make it undone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from gate.core.reason import one_line, without_credentials
from gate.guards.blocking.blocked import Block, Blocked, encode_block
from gate.guards.blocking.ownership import Owner, Owners
from gate.guards.held import Call, Snapshot

TEST = pytest.StashKey[Owner]()
"""The owner of a test's own code, among what pytest keeps with the test."""


class Record:
    """Every block of this process.

    Attributes:
        owners: knows whose code runs.
        fixtures: who owns what, by pytest's definition of a fixture; the last time it was set up.
    """

    def __init__(self, owners: Owners) -> None:
        self.owners = owners
        self.fixtures: dict[object, Owner] = {}
        self._apart: list[tuple[Block, str, str]] = []

    def refuse(self, call: Call) -> NoReturn:
        """Put a call on record and end whoever makes it.

        Raises:
            Blocked: always.
        """
        owner = self.owners.current()
        fixture = owner.name if owner and owner.fixture else ""
        what = f"{call.method} {call.url}"
        block = Block(what=what, at=call.at, snapshot=call.snapshot, call=call, fixture=fixture)
        self.add(block)
        raise Blocked(block)

    def refused_by_lab(self, method: str, url: str, snapshot: Snapshot) -> None:
        """Put on record a request that found the lab gone dark; what comes of it is no failure."""
        verb, shown, now = one_line(method, 20).upper(), without_credentials(url), datetime.now(UTC)
        call = Call(method=verb, url=shown, at=now, snapshot=snapshot)
        self.add(Block(what=f"{verb} {shown}, answered with 503,", at=now, snapshot=snapshot, call=call))

    def add(self, block: Block) -> None:
        """Put on record what was held back, for whoever's code runs."""
        owner = self.owners.current()
        if owner is None:
            self.add_apart(block, "", "outside of tests")
        elif owner.over:
            self.add_apart(block, owner.name, "afterwards")
        else:
            owner.blocks.append(block)

    def add_apart(self, block: Block, name: str, when: str) -> None:
        """Put on record what blocks no test."""
        self._apart.append((block, name, when))

    def apart(self) -> list[dict[str, Any]]:
        """Return what was held back and blocked no test."""
        return [encode_block(block, name, when) for block, name, when in self._apart]

    def blocks_of(self, item: pytest.Item, call: pytest.CallInfo[None] | None = None) -> list[Block]:
        """Return what was held back in the course of a test and of the fixtures that it uses.

        Args:
            item: the test.
            call: the phase that has just ended, if one has: it may end with a block that is on
                another's record, such as what pytest keeps of a fixture, or a child process's.
        """
        found = [*item.stash[TEST].blocks]
        for definition in fixtures_in_use(item):
            found += self.fixtures[definition].blocks if definition in self.fixtures else ()
        caught = [call.excinfo] if call and call.excinfo else []
        for excinfo in (*caught, *caught_by_unittest(item)):
            if isinstance(excinfo.value, Blocked) and not self._is_apart(excinfo.value.block):
                found.append(excinfo.value.block)
        return list(dict.fromkeys(found))

    def _is_apart(self, block: Block) -> bool:
        return any(block is apart for apart, _, _ in self._apart)


def fixtures_in_use(item: pytest.Item) -> list[object]:
    """Return the definitions of all fixtures that a test has been given so far, directly or not."""
    request = vars(item).get("_request")
    return list(vars(request).get("_fixture_defs", {}).values()) if request else []


def caught_by_unittest(item: pytest.Item) -> list[pytest.ExceptionInfo[BaseException]]:
    """Return what unittest caught in a test and its set-up and tear-down, in this order."""
    return vars(item).get("_excinfo") or []
