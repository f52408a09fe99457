"""`gate notify`: tell people what is due now, once however many ask."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import click

from gate.commands.fleet import now, open_journal, who
from gate.commands.recheck import read_labs
from gate.commands.say import say
from gate.commands.telling import Telling, gather_facts, rhythm_of, tell_due
from gate.config import Config, load_config
from gate.core.evidence import lab_of
from gate.core.ledger_state import LedgerState
from gate.core.notice import Notice, Topic, due_notices, present_topic
from gate.core.reason import one_line
from gate.errors import ConfigError, Exit
from gate.fleet.state import find_state
from gate.fleet.state.reading import read_state
from gate.fleet.where import ledger_url
from gate.notify.channels import NO_URL, Channel, Delivery, broken_channels, read_channels
from gate.notify.message import write_message

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyOptions:
    """The options of `gate notify`."""

    config: str | None = None
    state: str | None = None
    dry_run: bool = False


def run(options: NotifyOptions, environ: Environ) -> int:
    """Send what is due, or print it.

    Returns:
        0 where all of it reached every channel, or nothing was due; 1 where a channel did not take it.

    Raises:
        ConfigError: the configuration, a channel's URL, a library or the ledger is not as it must be;
            the channels whose URLs are right have been told nevertheless.
    """
    config = load_config(options.config, environ)
    rhythm = rhythm_of(config)
    labs = read_labs(config, environ)
    for problem in labs.problems:
        say(one_line(problem, 600))
    url = ledger_url(options.state, config, environ)
    if options.dry_run:
        telling = Telling(config=config, verdicts=labs.verdicts, environ=environ, channels=(), rhythm=rhythm)
        return _show(telling, url)
    channels = _channels(config, environ)
    broken = broken_channels(channels)
    good = tuple(channel for channel in channels if channel not in broken)
    telling = Telling(config=config, verdicts=labs.verdicts, environ=environ, channels=good, rhythm=rhythm)
    deliveries = _tell(telling, url) if good else ()
    if broken:
        raise ConfigError(*(f"{channel.label}: {NO_URL}" for channel in broken))
    return Exit.PARTLY if any(delivery.problem for delivery in deliveries) else Exit.OK


def _tell(telling: Telling, url: str) -> tuple[Delivery, ...]:
    with open_journal(url, who(None, telling.environ)) as journal:
        deliveries = tell_due(journal, telling)
    if not deliveries:
        say("nothing is due")
    for delivery in deliveries:
        say(f"{delivery.label}: {delivery.problem or 'told'}")
    return deliveries


def _channels(config: Config, environ: Environ) -> tuple[Channel, ...]:
    channels = read_channels(config, environ)
    if not channels:
        raise ConfigError(
            f"{config.source}: notify: missing; name at least one apprise URL, such as "
            '["${SLACK_URL}"], or see with --dry-run what would be told'
        )
    return channels


def _show(telling: Telling, url: str) -> int:
    """Print what is due; where nothing is, what would be told of each lab as it is now."""
    state = _known(url)
    at = now()
    notices = due_notices(state, telling.verdicts, telling.rhythm, at)
    if not notices:
        say("nothing is due; the labs as they are now:")
        labs = [
            lab_of(state, verdict, state.head.seq, telling.rhythm.steadiness, at)
            for verdict in telling.verdicts
        ]
        notices = tuple(
            Notice(topic=present_topic(lab, state) or Topic.CLOSED, about=lab.name) for lab in labs
        )
    facts = gather_facts(state, telling, at, notices)
    for notice in notices:
        message = write_message(notice, facts)
        click.echo(f"{message.title}\n{message.body}\n")
    return Exit.OK


def _known(url: str) -> LedgerState:
    ledger = find_state(url)
    if ledger is None:
        return LedgerState()
    with closing(ledger):
        return read_state(ledger)
