"""`gate resume-all`: lift holds, put back exactly what was changed, start again what was stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from gate import asking
from gate.commands.fleet import confirm, now, open_journal, report, who
from gate.commands.progress import watching
from gate.commands.say import say
from gate.config import Config, load_config
from gate.core.event import Ownership
from gate.core.ledger_state import LedgerState, Standing
from gate.core.reason import at_time, one_line
from gate.errors import ConfigError, Exit
from gate.fleet.members import Filter, connected, read_members
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.settle import PATIENCE
from gate.fleet.watcher import Silent
from gate.fleet.where import ledger_url

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOptions:
    """The options of `gate resume-all`; durations in seconds."""

    config: str | None = None
    state: str | None = None
    hold: str | None = None
    rerun: str = "none"
    force: bool = False
    patience: float = PATIENCE
    by: str | None = None
    dry_run: bool = False
    yes: bool = False
    format: str = "text"


def run(options: ResumeOptions, environ: Environ) -> int:
    """Resume, print the receipt, and return the exit code.

    Raises:
        ConfigError: the configuration, a library or the ledger is not as it must be.
        UsageError: there is no such hold, or nobody can be asked.
    """
    config = load_config(options.config, environ)
    members = read_members(config, Filter(), environ)
    by = who(options.by, environ)
    url = ledger_url(options.state, config, environ)
    with open_journal(url, by) as journal, connected(members) as posts:
        chosen = _chosen(journal.state, options.hold)
        order = ResumeOrder(
            holds=tuple(one.hold.id for one in chosen),
            rerun=options.rerun,
            closed=lambda name: "" if options.force else _closed(config, name, journal.refresh(), environ),
            patience=options.patience,
        )
        _show(chosen, journal.state)
        if options.dry_run:
            return report(Resume(posts, journal, order, Silent()).planned(), options.format)
        if not confirm("Lift this, and put back what was changed?", yes=options.yes):
            say("nothing was changed")
            return Exit.PARTLY
        with watching(environ) as watcher:
            resume = Resume(posts, journal, order, watcher)
            resume.settle()
            receipt = resume.carry_out()
    return report(receipt, options.format)


def _chosen(state: LedgerState, wanted: str | None) -> tuple[Standing, ...]:
    if wanted is None:
        return tuple(one for one in state.holds if one.ownership is Ownership.MANUAL)
    chosen = tuple(one for one in state.holds if one.hold.id == wanted)
    if not chosen:
        standing = ", ".join(one.hold.id for one in state.holds) or "none"
        raise click.UsageError(f"--hold: no hold {one_line(wanted, 60)!r} stands; standing: {standing}")
    return chosen


def _show(chosen: Sequence[Standing], state: LedgerState) -> None:
    for one in chosen:
        hold = one.hold
        until = f", until {at_time(hold.until, now())}" if hold.until else ""
        since = at_time(one.at, now())
        say(f"hold {hold.id} by {one.by or '-'} since {since}{until}: {one_line(hold.reason)}")
    if not chosen:
        say("no manual hold stands; what an earlier pause left is put back")
    for one in [one for one in state.holds if one not in chosen]:
        say(f"hold {one.hold.id} ({one.ownership}) stays: {one_line(one.hold.reason)}")


def _closed(config: Config, environment: str, ledger: LedgerState, environ: Environ) -> str:
    """Return why the gate of an environment is closed, empty where it is open."""
    own = {name: value for name, value in environ.items() if name != "GATE_HOLD"}
    try:
        question = asking.prepare_knowing(config, environment or None, ledger, own, say)
        verdict = asking.ask(question, 0.0, own)
    except ConfigError as error:
        return error.problems[0]
    return "" if verdict.open else verdict.reason
