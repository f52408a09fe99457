"""`gate recheck`: one tick that closes and opens by itself; safe from cron, safe twice at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import click

from gate import asking
from gate.commands.fleet import exit_code, now, open_journal
from gate.commands.progress import watching
from gate.commands.reaching import members_of, reachable
from gate.commands.say import say
from gate.commands.telling import tell_beside
from gate.config import Config, load_config
from gate.core.model import Hold, Verdict
from gate.core.plan import PauseRequest
from gate.core.reason import one_line
from gate.core.recheck import BY
from gate.core.verdict import held_sentence
from gate.core.work import Protects
from gate.errors import ConfigError, Exit
from gate.fleet.members import connected
from gate.fleet.recheck import Tick, Ticked, TickOrder
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from gate.fleet.where import ledger_url
from gate.providers import own_target
from gate.report.sweep_json import encode_receipt
from gate.report.sweep_text import render_receipt

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckOptions:
    """The options of `gate recheck`; durations in seconds."""

    config: str | None = None
    state: str | None = None
    sweep: bool = True
    suspend_triggers: bool = False
    timeout: float = 120.0
    format: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labs:
    """What was read of the labs.

    Attributes:
        verdicts: one for each lab that is configured rightly.
        problems: what is wrong with the others, which are left as they are.
    """

    verdicts: tuple[Verdict, ...]
    problems: tuple[str, ...]


def run(options: RecheckOptions, environ: Environ) -> int:
    """Do one tick, print what came of it, and return the exit code.

    Returns:
        0 where the tick was done, however the labs are; 1 where a part of it was not; 78 where a
        lab's configuration is wrong.

    Raises:
        ConfigError: the configuration, a library or the ledger is not as it must be.
    """
    config = load_config(options.config, environ)
    members = members_of(config, environ)
    url = ledger_url(options.state, config, environ)
    order = _order(options, config, environ)
    with open_journal(url, BY) as journal, connected(members) as posts, watching(environ) as watcher:
        known = journal.state.head.seq
        labs = read_labs(config, environ)
        ticked = Tick(posts, journal, order, watcher).run(labs.verdicts, known)
        tell_beside(journal, config, labs.verdicts, environ)
    assert ticked is not None
    _print(ticked, options.format)
    for problem in labs.problems:
        say(one_line(problem, 600))
    return Exit.CONFIG if labs.problems else exit_code(ticked.receipt)


def run_if_overdue(config: Config, url: str, environ: Environ) -> None:
    """Do a tick in a gate step, unless one was here in time; only its outcome is said.

    Where the fleet cannot be reached from here, the tick only raises and lifts holds in the
    ledger: the next one that can reach it carries out the rest.

    Raises:
        ConfigError: the ledger is not as it must be.
    """
    options = RecheckOptions()
    order = _order(options, config, environ, period=config.recheck_every)
    with open_journal(url, BY) as journal:
        known = journal.state.head.seq
        if not order.is_due(journal.state, now()):
            return
        labs = read_labs(config, environ)
        with reachable(config, environ) as posts:
            ticked = Tick(posts, journal, order, Silent()).run(labs.verdicts, known)
        tell_beside(journal, config, labs.verdicts, environ)
    for one in ticked.checked if ticked else ():
        say(f"recheck: {one_line(one.why, 600)}")


def read_labs(config: Config, environ: Environ) -> Labs:
    """Ask every lab once, all at the same time."""
    names: Sequence[str | None] = config.names or (None,)
    with ThreadPoolExecutor(min(len(names), 16)) as executor:
        read = tuple(executor.map(lambda name: _read(config, name, environ), names))
    return Labs(
        verdicts=tuple(one for one in read if isinstance(one, Verdict)),
        problems=tuple(problem for one in read if not isinstance(one, Verdict) for problem in one),
    )


def _read(config: Config, name: str | None, environ: Environ) -> Verdict | tuple[str, ...]:
    try:
        return asking.read_lab(config, name, environ, say)
    except ConfigError as error:
        return error.problems


def _order(
    options: RecheckOptions, config: Config, environ: Environ, period: float | None = None
) -> TickOrder:
    protects = config.protect

    def reason(environment: str, hold: Hold) -> str:
        return held_sentence(environment, hold, now(), protects)

    return TickOrder(
        steadiness=config.steadiness,
        rerun=config.rerun,
        request=PauseRequest(
            protects=Protects(patterns=protects),
            suspend_triggers=options.suspend_triggers,
            own=own_target(environ),
        ),
        reason=reason,
        force=Force(timeout=options.timeout),
        only_hold=not options.sweep,
        period=period,
    )


def _print(ticked: Ticked, format_: str) -> None:
    if format_ == "json":
        document = {
            **encode_receipt(ticked.receipt),
            "lifted": list(ticked.decided.lifted),
            "environments": [
                {
                    "environment": one.environment,
                    "ready": one.ready,
                    "flapping": one.flapping,
                    "reason": one_line(one.why, 600),
                }
                for one in ticked.checked
            ],
        }
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for one in ticked.checked:
        click.echo(one_line(one.why, 600))
    click.echo(render_receipt(ticked.receipt), nl=False)
