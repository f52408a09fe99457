"""What do the commands that act on a whole fleet have in common?"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import click

from gate.core.ledger_state import LedgerState
from gate.core.reason import one_line
from gate.core.receipt import Receipt
from gate.errors import Exit
from gate.fleet.journal import Journal
from gate.fleet.state import open_state
from gate.report.sweep_json import encode_receipt
from gate.report.sweep_text import render_receipt

_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID")


def now() -> datetime:
    """Return the time (UTC)."""
    return datetime.now(UTC)


def who(given: str | None, environ: Mapping[str, str]) -> str:
    """Return who acts: as given, else the actor that the CI system names, else the local user."""
    named = given or next((environ[name] for name in _ACTORS if environ.get(name)), "")
    if not named:
        try:
            named = getpass.getuser()
        except (OSError, KeyError, ImportError):  # a container's user may have no name
            named = "unknown"
    return one_line(named, 60)


@contextmanager
def open_journal(url: str, by: str, known: LedgerState | None = None) -> Iterator[Journal]:
    """Open the ledger at `url`, a new one where there is none.

    Args:
        url: where it is kept.
        by: who writes.
        known: what was read of it before, so that only what follows need be read.

    Raises:
        ConfigError: it is no ledger, is broken, or cannot be reached.
    """
    with closing(open_state(url)) as ledger:
        yield Journal(ledger, by, now, known)


def confirm(question: str, *, yes: bool) -> bool:
    """Ask a person on the terminal; with `yes` nobody is asked.

    Raises:
        UsageError: nobody can be asked.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here, since this is no terminal: add --yes")
    click.echo(f"{question} [y/N] ", nl=False, err=True)
    answer = sys.stdin.readline()
    return answer.strip().casefold() in ("y", "yes")


def report(receipt: Receipt, format_: str) -> int:
    """Print a receipt, and return the exit code that it calls for."""
    if format_ == "json":
        click.echo(json.dumps(encode_receipt(receipt), ensure_ascii=False))
    else:
        click.echo(render_receipt(receipt), nl=False)
    return exit_code(receipt)


def exit_code(receipt: Receipt) -> int:
    """Return the exit code that a receipt calls for."""
    if receipt.interrupted:
        return Exit.INTERRUPTED
    return Exit.OK if receipt.complete else Exit.PARTLY
