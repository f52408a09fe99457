"""`gate replay`: what would another policy have made of the readings in the ledger?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click

from gate.commands.say import say
from gate.config import load_config, named_file
from gate.core.entry import Entry
from gate.core.ledger import verify
from gate.core.reason import iso, one_line, without_credentials
from gate.core.replaying import Comparison, Tally, compare
from gate.core.steadiness import Steadiness, parse_steadiness, shown_steadiness
from gate.errors import ConfigError, Exit
from gate.fleet.state import find_state
from gate.fleet.state.protocol import LedgerBroken
from gate.fleet.state.reading import read_entries
from gate.fleet.where import state_url

_COLUMNS = ("closed", "opened", "closed while ready", "open while dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """The options of `gate replay`.

    Attributes:
        config: the configuration file, if one is named.
        state: the ledger's URL, if one is given.
        steadiness: the other policy; the configuration's own by default.
        since: seconds before now from which on to count; None for all.
        format: ``text`` or ``json``.
    """

    config: str | None = None
    state: str | None = None
    steadiness: str | None = None
    since: float | None = None
    format: str = "text"


def run(options: ReplayOptions, environ: Mapping[str, str]) -> int:
    """Print what another policy would have come to, beside what happened.

    Returns:
        0, also where there is no ledger, or no reading in it.

    Raises:
        UsageError: `steadiness` cannot be read.
        ConfigError: the ledger cannot be reached, or is not whole.
    """
    policy = _policy(options, environ)
    since = _since(options.since)
    url = state_url(options.state, options.config, environ)
    entries = _entries(url)
    try:
        compared = compare(entries or (), policy, since)
    except ValueError as error:
        raise ConfigError(
            f"state {without_credentials(url)}: cannot be understood: {one_line(str(error), 300)}; "
            "update fiber-gate to the version that wrote it"
        ) from None
    if options.format == "json":
        click.echo(json.dumps(_encode(compared, policy, since)))
    else:
        for line in _lines(compared, policy):
            click.echo(line)
    if entries is None:
        say(f"there is no ledger at {without_credentials(url)}")
    elif not compared:
        say(f"there are no readings{f' since {iso(since)}' if since else ''} in the ledger")
    return Exit.OK


def _policy(options: ReplayOptions, environ: Mapping[str, str]) -> Steadiness:
    if options.steadiness is not None:
        try:
            return parse_steadiness(options.steadiness)
        except ValueError as error:
            raise click.UsageError(f"--steadiness: {error}") from None
    if named_file(options.config, environ) is None:
        return Steadiness()
    return load_config(options.config, environ).steadiness


def _since(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.now(UTC) - timedelta(seconds=seconds)
    except OverflowError:
        raise click.UsageError(
            "--since: expected a duration such as 30d, found a longer one than time"
        ) from None


def _entries(url: str) -> Sequence[Entry] | None:
    ledger = find_state(url)
    if ledger is None:
        return None
    with closing(ledger):
        entries, head = read_entries(ledger)
        broken = verify(entries, head=head)
        if broken:
            raise LedgerBroken(ledger.shown, broken.seq, broken.problem)
        return entries


def _encode(compared: Iterable[Comparison], policy: Steadiness, since: datetime | None) -> dict[str, object]:
    return {
        "schema": "gate.replay/1",
        "policy": {
            "open_after": policy.open_after,
            "close_after": policy.close_after,
            "steady_for_seconds": policy.steady_for,
        },
        "since": iso(since) if since else None,
        "environments": [
            {
                "environment": one.environment,
                "readings": one.readings,
                "first": iso(one.first),
                "last": iso(one.last),
                "unobserved_minutes": _minutes(one.unobserved),
                "happened": _encode_tally(one.happened),
                "policy": _encode_tally(one.policy),
            }
            for one in compared
        ],
    }


def _encode_tally(tally: Tally) -> dict[str, object]:
    return {
        "closed": tally.closed,
        "opened": tally.opened,
        "closed_while_ready_minutes": _minutes(tally.closed_while_ready),
        "open_while_dark_minutes": _minutes(tally.open_while_dark),
    }


def _lines(compared: Iterable[Comparison], policy: Steadiness) -> Iterable[str]:
    shown = shown_steadiness(policy)
    width = max(len(shown), len("what happened"))
    for one in compared:
        unobserved = f", {_minutes(one.unobserved)} min not observed" if one.unobserved else ""
        yield f"{one.environment}: {one.readings} readings, {iso(one.first)} to {iso(one.last)}{unobserved}"
        yield "  " + "  ".join(["".ljust(width), *_COLUMNS])
        for name, tally in (("what happened", one.happened), (shown, one.policy)):
            cells = (
                str(tally.closed),
                str(tally.opened),
                f"{_minutes(tally.closed_while_ready)} min",
                f"{_minutes(tally.open_while_dark)} min",
            )
            row = (cell.rjust(len(title)) for cell, title in zip(cells, _COLUMNS, strict=True))
            yield "  " + "  ".join([name.ljust(width), *row])


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)
