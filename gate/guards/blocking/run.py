"""Whose code does pytest run? A test's, a fixture's, a module's; gate is told before each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from gate.guards.blocking.answers import Answers
from gate.guards.blocking.blocked import Blocked
from gate.guards.blocking.ownership import Owner, Owners, owned
from gate.guards.blocking.record import TEST, Record
from gate.guards.http import Guard, install, uninstall


class TestRun:
    """The hooks that say whose code runs, in a process that runs tests.

    Args:
        guard: knows the labs.
        record: what was held back.
    """

    __test__ = False

    def __init__(self, guard: Guard, record: Record) -> None:
        self._guard = guard
        self._record = record
        self._owners = record.owners
        self._answers = Answers(guard, record.refused_by_lab)

    def start(self) -> None:
        """Stand before every request of this process."""
        self._guard.refuse = self._record.refuse
        install(self._guard)
        self._owners.carry()

    def pytest_unconfigure(self) -> None:
        """Put everything back as it was."""
        self._answers.drop()
        self._owners.drop()
        uninstall()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put on record what a module does while it is imported."""
        owner = Owner(collector.nodeid)
        with self._owners.collecting(owner):
            report = yield
        for block in owner.blocks:
            self._record.add_apart(block, collector.nodeid, "collect")
        if owner.blocks and report.skipped:
            line = report.longrepr[1] if isinstance(report.longrepr, tuple) else 0
            report.longrepr = (str(collector.path), line, f"Skipped: {owner.blocks[0].reason}")
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Own the set-up, and end it where a fixture has swallowed what was to end it."""
        owner = item.stash[TEST] = Owner(item.nodeid)
        with self._phase(owner):
            self._set_up_again(item)
            yield
        blocks = self._record.blocks_of(item)
        if blocks:
            raise Blocked(blocks[0])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Own the test."""
        with self._phase(item.stash[TEST]):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Own the teardown."""
        with self._phase(item.stash.setdefault(TEST, Owner(item.nodeid))):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Own an async test whose plugin runs it in a context of its own, as anyio does."""
        if inspect.iscoroutinefunction(pyfuncitem.obj):
            pyfuncitem.obj = owned(pyfuncitem.obj, pyfuncitem.stash[TEST])
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Own the fixture; whoever asks for it now shares what happens in it."""
        asked_by = self._owners.current()
        owner = self._record.fixtures[fixturedef] = Owner(fixturedef.argname, fixture=True)
        teardown = _WideTeardown(self._owners, owner) if request.scope != "function" else None
        if teardown:
            request.addfinalizer(teardown.end)
        try:
            with self._owners.owning(owner):
                return (yield)
        finally:
            if asked_by is not None:
                asked_by.blocks += owner.blocks
            if teardown:
                request.addfinalizer(teardown.begin)

    def _phase(self, owner: Owner) -> AbstractContextManager[None]:
        self._owners.carry()
        self._answers.watch()
        return self._owners.owning(owner)

    def _set_up_again(self, item: pytest.Item) -> None:
        """Give up wider fixtures that were blocked, where the lab has come back since.

        Pytest keeps what a fixture raised for every later test that uses it, which is what
        spares the lab a second request as long as it is dark.
        """
        closure = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        for definition in (definition for definitions in closure.values() for definition in definitions):
            owner = self._record.fixtures.get(definition)
            if owner is None or not owner.blocks or definition.scope == "function":
                continue
            if self._guard.snapshot(owner.blocks[0].snapshot.lab).verdict.open:
                definition.finish(vars(item)["_request"])
                owner.blocks.clear()


class _WideTeardown:
    """The teardown of a fixture of wider scope, which belongs to no test."""

    def __init__(self, owners: Owners, owner: Owner) -> None:
        self._owners = owners
        self._owner = owner
        self._leave: Callable[[], None] | None = None

    def begin(self) -> None:
        self._owner.over = True
        self._leave = self._owners.enter(self._owner)

    def end(self) -> None:
        if self._leave:
            self._leave()
