"""`gate debt`: which commits were held back from the lab, and have not run there since?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import click

from gate.commands.fleet import now
from gate.commands.owed import Owed, encode_debt, find_owed
from gate.commands.say import say
from gate.config import load_config, named_file
from gate.core.ledger_state import LedgerState
from gate.core.reason import at_time, one_line, without_credentials
from gate.errors import Exit
from gate.fleet.state import find_state
from gate.fleet.state.reading import read_state
from gate.fleet.where import ledger_url

AGE: Final = timedelta(days=30)  # of what servers keep


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtOptions:
    """The options of `gate debt`.

    Attributes:
        config: the configuration file, if one is named.
        state: the ledger's URL, if one is given.
        ref: only this branch, tag or commit; empty for all.
        fail: whether what is owed is a failure.
        format: ``text`` or ``json``.
    """

    config: str | None = None
    state: str | None = None
    ref: str = ""
    fail: bool = False
    format: str = "text"


def run(options: DebtOptions, environ: Mapping[str, str]) -> int:
    """List what is owed.

    Returns:
        0; with `fail` 1 where something is owed that nothing newer replaces, and where that
        cannot be known: there is no ledger, or a server that cannot be asked.

    Raises:
        ConfigError: the ledger cannot be reached, or is not whole.
    """
    config = load_config(options.config, environ) if named_file(options.config, environ) else None
    url = ledger_url(options.state, config, environ)
    ledger = find_state(url)
    state = LedgerState()
    if ledger is None:
        say(f"there is no ledger at {without_credentials(url)}")
    else:
        with closing(ledger):
            state = read_state(ledger)
    owed = find_owed(state, config, environ, AGE, options.ref)
    for note in owed.notes:
        say(f"note: {one_line(note, 400)}")
    if options.format == "json":
        click.echo(json.dumps(_encode(owed, options.ref), ensure_ascii=False))
    else:
        for line in _lines(owed, options.ref):
            click.echo(line)
    unknown = ledger is None or bool(owed.notes)
    return Exit.PARTLY if options.fail and (unknown or owed.count) else Exit.OK


def _encode(owed: Owed, ref: str) -> dict[str, object]:
    return {
        "schema": "gate.debt/1",
        "ref": ref or None,
        "owed": owed.count,
        "debts": [encode_debt(debt) for debt in owed.debts],
    }


def _lines(owed: Owed, ref: str) -> Iterator[str]:
    of = f" of {one_line(ref, 80)}" if ref else ""
    if not owed.debts:
        yield f"nothing{of} is owed: whatever was held back has run since"
        return
    for debt in owed.debts:
        what = f"{debt.provider} {one_line(debt.project, 80)}: {one_line(debt.workflow, 60) or '-'}"
        where = f"{one_line(debt.ref, 60) or '-'} {one_line(debt.commit, 64)[:12] or '-'}"
        since = f"since {at_time(debt.since, now())} by {one_line(debt.why, 60)}"
        newer = f", replaced by {one_line(debt.newer, 64)[:12]}, which has run" if debt.newer else ""
        yield f"{what} at {where}: held back {since}{newer} {one_line(debt.url, 200)}".rstrip()
    yield f"owed{of}: {owed.count} of {len(owed.debts)}"
