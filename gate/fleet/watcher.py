"""What does a sweep tell while it is under way? Nothing here is the result: that is the receipt."""

from __future__ import annotations

from typing import Protocol

from gate.core.receipt import Row


class Watcher(Protocol):
    """Shows a person how far a sweep is. Called from several threads, one call at a time."""

    def say(self, line: str) -> None:
        """Show a sentence, such as that a hold stands."""

    def begin(self, provider: str, total: int) -> None:
        """So many targets of this provider are going to be acted on."""

    def end(self, row: Row) -> None:
        """One target is done with."""


class Silent:
    """A watcher that shows nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""

    def begin(self, provider: str, total: int) -> None:
        """Show nothing."""

    def end(self, row: Row) -> None:
        """Show nothing."""
