"""How does a person see how far a sweep is? A display on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gate.commands.say import say
from gate.core.receipt import GOOD, Row
from gate.fleet.watcher import Watcher
from gate.report.sweep_text import render_row

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY = 5.0  # seconds between two lines in a log


@contextmanager
def watching(environ: Mapping[str, str]) -> Iterator[Watcher]:
    """Show how far a sweep is, on stderr, as it suits what is there."""
    progress = _display() if sys.stderr.isatty() and environ.get("TERM") != "dumb" else None
    if progress is None:
        yield PlainLines()
        return
    with progress:
        yield Bars(progress)


class PlainLines:
    """Says what stands, what is not proven, and now and then how far it is.

    Args:
        tell: takes a line.
        clock: gives seconds.
    """

    def __init__(
        self, tell: Callable[[str], object] = say, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._total = 0
        self._done = 0
        self._told = clock()

    def say(self, line: str) -> None:
        """Say a sentence."""
        self._tell(line)

    def begin(self, provider: str, total: int) -> None:
        """Count what is going to be acted on."""
        self._total += total
        if total:
            self._tell(f"{provider}: {total} to act on")

    def end(self, row: Row) -> None:
        """Say what is not proven, and now and then how many are done with."""
        if row.target.kind != "hold":
            self._done += 1
        if row.outcome not in GOOD:
            self._tell(render_row(row))
        if self._clock() - self._told >= EVERY:
            self._told = self._clock()
            self._tell(f"{self._done} of {self._total} done with")


class Bars:
    """A bar for each provider.

    Args:
        progress: the display; it must have been started.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}

    def say(self, line: str) -> None:
        """Print a sentence above the bars."""
        self._progress.console.print(f"gate: {line}", markup=False, highlight=False)

    def begin(self, provider: str, total: int) -> None:
        """Make a bar longer, or a new one."""
        self._totals[provider] = self._totals.get(provider, 0) + total
        if provider not in self._tasks:
            self._tasks[provider] = self._progress.add_task(provider, total=0)
        self._progress.update(self._tasks[provider], total=self._totals[provider])

    def end(self, row: Row) -> None:
        """Move a bar on, and print what is not proven."""
        task = self._tasks.get(row.target.provider)
        if task is not None and row.target.kind != "hold":
            self._progress.advance(task)
        if row.outcome not in GOOD:
            self.say(render_row(row))


def _display() -> Progress | None:
    """Return a display on stderr that is gone afterwards, None where rich is not installed."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
