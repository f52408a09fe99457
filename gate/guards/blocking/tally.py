"""What was blocked in the whole run, over all its processes, and who is told?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from gate.core.reason import one_line
from gate.errors import Exit
from gate.guards.blocking.blocked import block_of
from gate.guards.blocking.changes import LabChanges
from gate.guards.blocking.record import Record

_LISTED = 30
_OUTPUT = "gate"


class Tally:
    """The hooks that a process needs which reports tests; a worker of xdist only hands on.

    Args:
        record: what was held back in this process.
        changes: how the labs changed.
        plugins: knows pytest's other plugins.
        report: where `--gate-report` goes, or None.
        exit_by_verdict: whether `--gate-exit closed` was given.
    """

    def __init__(
        self,
        record: Record,
        changes: LabChanges,
        plugins: pytest.PytestPluginManager,
        *,
        report: str | None,
        exit_by_verdict: bool,
    ) -> None:
        self._record = record
        self._plugins = plugins
        self._changes = changes
        self._report = report
        self._exit_by_verdict = exit_by_verdict
        self._problem = ""
        self.blocked: dict[str, dict[str, Any]] = {}
        self.apart: list[dict[str, Any]] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Count the test, and leave alone what `--lf` knows of it: a blocked test says nothing."""
        block = block_of(report)
        if block is None:
            return (yield)
        self.blocked.setdefault(report.nodeid, block)
        last_failed = self._last_failed
        before = {key: last_failed[key] for key in last_failed if str(key) == report.nodeid}
        yield
        last_failed.update(before)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Give blocked tests a count of their own."""
        if block_of(report) is None or not report.skipped or type(report) is not pytest.TestReport:
            return None  # a subtest is no test: the test that it is part of is blocked itself
        return "blocked", "b", ("BLOCKED", {"yellow": True})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist hands on."""
        output = getattr(node, "workeroutput", {}).get(_OUTPUT, {})
        self._take_apart(output.get("apart", ()))
        self._changes.take(output.get("changes", ()))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand on, as a worker; else write the file and choose the exit code."""
        found = {"apart": self._record.apart(), "changes": self._changes.all()}
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = found
            return
        self._take_apart(found["apart"])
        status = int(session.exitstatus)
        if self._exit_by_verdict:
            status = exit_status(status, [*self.blocked.values(), *self._collecting()])
        if self._report:
            status = self._write_report(Path(self._report), status) or status
        session.exitstatus = status

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which tests were blocked, by what, and when the lab changed."""
        blocked, collecting = list(self.blocked.values()), self._collecting()
        apart = [block for block in self.apart if block not in collecting]
        if blocked or self.apart:
            counted = f"{len(blocked)} test{'' if len(blocked) == 1 else 's'}"
            terminalreporter.section(f"blocked by gate: {counted}", yellow=True)
            brief = terminalreporter.verbosity < 0
            every = terminalreporter.verbosity > 0
            for line in summary(blocked, collecting, apart, self._changes.all(), brief=brief, every=every):
                terminalreporter.write_line(line)
        if self._problem:
            terminalreporter.write_line(self._problem, red=True)

    @property
    def _last_failed(self) -> dict[Any, bool]:
        """What `--lf` knows, which is nothing without the cache."""
        known: dict[Any, bool] = getattr(self._plugins.get_plugin("lfplugin"), "lastfailed", {})
        return known

    def _take_apart(self, blocks: Iterable[dict[str, Any]]) -> None:
        """Add what blocked no test; what each worker met while it collected counts once."""
        known = {block["nodeid"] for block in self._collecting()}
        self.apart += [b for b in blocks if b["when"] != "collect" or b["nodeid"] not in known]

    def _collecting(self) -> list[dict[str, Any]]:
        return [block for block in self.apart if block["when"] == "collect"]

    def _write_report(self, path: Path, status: int) -> int | None:
        document = encode_report(list(self.blocked.values()), self.apart, self._changes.all(), status)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            self._problem = f"gate: cannot write {path}: {error.strerror}"
            return status or int(Exit.CONFIG)
        return None


def exit_status(status: int, blocked: list[dict[str, Any]]) -> int:
    """Return pytest's exit status, or that of a closed gate where only blocked tests are missing.

    Args:
        status: pytest's own.
        blocked: what was blocked, as `encode_block` returns it.
    """
    if not blocked or status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return status
    unknown = all(block["state"] == "unknown" for block in blocked)
    return int(Exit.UNKNOWN if unknown else Exit.CLOSED)


def encode_report(
    blocked: list[dict[str, Any]], apart: list[dict[str, Any]], changes: list[dict[str, Any]], status: int
) -> dict[str, Any]:
    """Return the document that `--gate-report` writes."""
    everything = [*blocked, *apart]
    verdicts = {block["snapshot"]: block["verdict"] for block in everything}
    return {
        "schema": "gate.tests/1",
        "exit_status": status,
        "blocked": [_without_verdict(block) for block in blocked],
        "apart": [_without_verdict(block) for block in apart],
        "changes": changes,
        "verdicts": verdicts,
    }


def summary(
    blocked: list[dict[str, Any]],
    collecting: list[dict[str, Any]],
    apart: list[dict[str, Any]],
    changes: list[dict[str, Any]],
    *,
    brief: bool,
    every: bool,
) -> list[str]:
    """Return the lines of the terminal's section.

    Args:
        blocked: tests.
        collecting: modules that would have configured the lab while they were imported.
        apart: what was held back and blocked no test.
        changes: how the labs changed.
        brief: causes without tests.
        every: name every test, not only so many.
    """
    lines = []
    for reason, count in Counter(block["reason"] for block in [*blocked, *collecting]).items():
        lines.append(f"{count} x {one_line(reason, 700)}" if count > 1 else one_line(reason, 700))
    if not brief:
        shown = blocked if every else blocked[:_LISTED]
        lines += [f"BLOCKED {_line(block)}" for block in shown]
        if len(shown) < len(blocked):
            lines.append(f"… and {len(blocked) - len(shown)} more; -v names them all, --gate-report FILE too")
        lines += [f"BLOCKED while collecting {_line(block)}" for block in collecting]
        lines += [f"held back as well, {block['when']}: {_line(block)}" for block in apart]
    lines += [_change_line(name, changes) for name in dict.fromkeys(c["environment"] for c in changes)]
    return lines


def _line(block: dict[str, Any]) -> str:
    fixture = f" in fixture {block['fixture']}" if block["fixture"] else ""
    said = f"{block['nodeid']} - {block['held']}{fixture} at {_clock(block['at'])}"
    # a node id has `::`, which starts a GitHub command only at the head of a line, and this is not there
    return one_line(said.removeprefix(" - "), 400).replace(": :", "::")


def _change_line(name: str, changes: list[dict[str, Any]]) -> str:
    """Return how one lab changed: ``staging: ready at 13:20:01Z, waiting for fiber at 13:25:40Z``."""
    own = [change for change in changes if change["environment"] == name]
    words = [f"{change['code'].replace('_', ' ')} at {_clock(change['at'])}" for change in own]
    return f"{one_line(name, 60)} was read as {', then '.join(words)}"


def _clock(moment: str) -> str:
    return moment.partition("T")[2]


def _without_verdict(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "verdict"}
