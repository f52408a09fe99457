"""`gate history`: what stands in the ledger, and is it as it was written?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import assert_never

import click

from gate.commands.say import say
from gate.core.entry import Entry, Head, entry_object
from gate.core.event import (
    CarriedOut,
    Event,
    HoldLifted,
    HoldRaised,
    Intended,
    Notified,
    Observed,
    ReadingChanged,
    Rechecked,
    StepClosed,
    StepOpened,
    Target,
)
from gate.core.event_codec import parse_event
from gate.core.ledger import Break, verify
from gate.core.reason import iso, listed, one_line, without_credentials
from gate.errors import Exit
from gate.fleet.state import find_state
from gate.fleet.state.protocol import Ledger, LedgerBroken
from gate.fleet.state.reading import read_entries
from gate.fleet.where import state_url

_WIDTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What was read: entries up to `broken`, where there is one."""

    shown: str
    entries: tuple[Entry, ...] = ()
    head: Head | None = None
    broken: Break | None = None


def run(config: str | None, state: str | None, verify: bool, format_: str, environ: Mapping[str, str]) -> int:
    """Print the ledger, oldest first.

    Args:
        config: the configuration file given on the command line.
        state: the ledger's URL given on the command line.
        verify: whether to check the hash chain.
        format_: ``text`` or ``json``.
        environ: the process environment.

    Returns:
        0; 1 where the chain was to be checked and is broken, or an entry cannot be read.

    Raises:
        ConfigError: what is named is no ledger, or cannot be reached.
        MissingExtra: SQLAlchemy is not installed.
    """
    history = _gather(state_url(state, config, environ), verify)
    if format_ == "json":
        click.echo(json.dumps(_encode(history, verify)))
    else:
        for entry in history.entries:
            click.echo(render_entry(entry))
    _comment(history, verify)
    return Exit.PARTLY if history.broken else Exit.OK


def render_entry(entry: Entry) -> str:
    """Return an entry as one line that is safe on a terminal."""
    try:
        event = parse_event(entry)
        words = _words(event) if event else entry.body
    except ValueError as error:
        words = str(error)
    said = (one_line(entry.by, 60) or "-", one_line(entry.kind, 40), one_line(words, _WIDTH))
    return f"{entry.seq:>6}  {iso(entry.at)}  {'  '.join(said)}".rstrip()


def _gather(url: str, check: bool) -> _History:
    ledger = find_state(url)
    if ledger is None:
        return _History(shown=without_credentials(url))
    with closing(ledger):
        try:
            entries, head = read_entries(ledger)
        except LedgerBroken as error:
            entries = _readable(ledger)
            broken = (verify(entries) if check else None) or Break(seq=error.seq, problem=error.problem)
            return _History(shown=ledger.shown, entries=entries, broken=broken)
        broken_at = verify(entries, head=head) if check else None
        return _History(shown=ledger.shown, entries=entries, head=head, broken=broken_at)


def _readable(ledger: Ledger) -> tuple[Entry, ...]:
    """Return the entries before the first one that cannot be read."""
    found: list[Entry] = []
    with suppress(LedgerBroken):
        for entry in ledger.entries():
            found.append(entry)
    return tuple(found)


def _encode(history: _History, check: bool) -> dict[str, object]:
    broken = history.broken
    return {
        "schema": "gate.history/1",
        "entries": [entry_object(entry) for entry in history.entries],
        "verified": broken is None if check else None,
        "broken": {"seq": broken.seq, "problem": broken.problem} if broken else None,
    }


def _comment(history: _History, check: bool) -> None:
    """Say on stderr what the list itself does not show."""
    if history.head is None and history.broken is None:
        say(f"there is no ledger at {history.shown}")
    elif history.broken:
        words = f"{history.shown}: broken at entry {history.broken.seq}: {history.broken.problem}"
        say(one_line(words, _WIDTH))
    elif not history.entries:
        say(f"the ledger at {history.shown} is empty")
    elif check and history.head:
        say(f"{history.shown}: whole, {history.head.seq} entries; the last one's hash is {history.head.hash}")


def _words(event: Event) -> str:
    match event:
        case HoldRaised():
            hold = event.hold
            until = f", until {iso(hold.until)}" if hold.until else ""
            category = f", {hold.category}" if hold.category else ""
            covered = listed(hold.scope.environments + hold.scope.providers + hold.scope.projects)
            scope = f", for {covered}" if covered else ""
            return f"hold {hold.id} ({event.ownership}{category}{scope}{until}): {hold.reason}"
        case HoldLifted():
            return f"hold {event.hold} ({event.ownership}){_because(event.reason)}"
        case Intended():
            before = f", before: {event.before}" if event.before else ""
            return f"{event.action} {_named(event.target)}{before}"
        case Observed():
            became = f", became {event.became}" if event.became else ""
            return f"of entry {event.intent}: {event.outcome}{became}{_because(event.detail)}"
        case ReadingChanged():
            return f"{event.environment}: {event.code}{_because(event.reason)}"
        case StepClosed():
            cause = f"hold {event.hold}" if event.hold else event.code
            run = f"{event.provider} {event.project} run {event.run}"
            return f"{event.environment}: {run} ({event.workflow or '-'}, {event.ref or '-'}) by {cause}"
        case StepOpened():
            run = f"{event.provider} {event.project} run {event.run}"
            return f"{event.environment}: {run} ({event.workflow or '-'}, {event.ref or '-'}) went on"
        case Notified():
            about = f" of {event.about}" if event.about else ""
            return f"{event.topic}{about}{'' if event.sent else ', which no channel took'}"
        case CarriedOut():
            return f"all that follows from hold {event.hold}"
        case Rechecked():
            return ", ".join(f"{sample.environment}: {sample.code}" for sample in event.samples)
        case _:
            assert_never(event)


def _named(target: Target) -> str:
    name = f" ({target.name})" if target.name else ""
    return f"{target.kind} {target.id}{name} of {target.provider} {target.project}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
