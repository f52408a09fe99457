"""How does a test end in whose course something was held back?

Decided when its report is made, whatever the test did after. The rules:

- A test is blocked by what is held back in its course, or in that of a fixture it uses.
- A failure that pytest or unittest has caught before the first block stays a failure; what
  comes after it, in the test or in its teardown, follows from it and counts for nothing.
- What a fixture of wider scope does when it is torn down, and what a thread does when its
  test is over, blocks no test. It is listed apart.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from _pytest.fixtures import FixtureDef  # pytest exports it from 8.1 on

from gate.guards.blocking.blocked import Block, Blocked, as_excinfo, mark_report
from gate.guards.blocking.ownership import Owner
from gate.guards.blocking.record import TEST, Record, caught_by_unittest

_CONSEQUENCE = "after the test was blocked"


class Outcome:
    """The hook that makes reports.

    Args:
        record: what was held back.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Make the report of a blocked test that of a skip.

        Last of all wrappers, that is, nearest to where the report is made: for all others,
        such as those of xfail and of pytest-rerunfailures, the test has skipped.
        """
        test = item.stash.setdefault(TEST, Owner(item.nodeid))
        blocks = self._record.blocks_of(item, call)
        known = any(block in test.told for block in blocks)
        blocked = bool(blocks) and not (call.when == "teardown" and known) and not failed_first(item, blocks)
        consequence = None
        if blocked:
            caught_by_unittest(item).clear()  # else it would go before call.excinfo
            call.excinfo = as_excinfo(blocks[0])
        elif call.when == "teardown" and call.excinfo and self._says_nothing(call.excinfo.value, known):
            consequence, call.excinfo = call.excinfo, None
        report = yield
        if blocked:
            mark_report(report, item, blocks, again=known)
            test.told += blocks
        if consequence:
            report.sections.append((_CONSEQUENCE, str(consequence.getrepr(style="short"))))
        test.over = call.when == "teardown"
        return report

    def _says_nothing(self, error: BaseException, test_is_blocked: bool) -> bool:
        """Return whether an error in a teardown is gate's own doing, or follows from it."""
        if isinstance(error, BaseExceptionGroup):
            return all(self._says_nothing(part, test_is_blocked) for part in error.exceptions)
        if isinstance(error, Blocked):
            return True
        definition = fixture_that_raised(error)
        if definition is None or definition.scope == "function":
            return test_is_blocked
        owner = self._record.fixtures.get(definition)
        return bool(owner and owner.blocks)


def failed_first(item: pytest.Item, blocks: list[Block]) -> bool:
    """Return whether unittest, which goes on after a failure, caught one before the first block."""
    failed = False
    for caught in caught_by_unittest(item):
        if isinstance(caught.value, Blocked) and caught.value.block is blocks[0]:
            return failed
        failed = failed or not isinstance(caught.value, pytest.skip.Exception)
    return False


def fixture_that_raised(error: BaseException) -> FixtureDef[Any] | None:
    """Return the fixture in whose teardown an error was raised, or None."""
    place = error.__traceback__
    while place is not None:
        frame = place.tb_frame
        if frame.f_code is FixtureDef.finish.__code__:
            found: FixtureDef[Any] = frame.f_locals["self"]
            return found
        place = place.tb_next
    return None
