"""`gate pause-all`: close a whole fleet, and prove that what ran has stopped."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from gate.commands.fleet import confirm, now, open_journal, report, who
from gate.commands.progress import watching
from gate.commands.say import say
from gate.commands.telling import tell_beside
from gate.config import Config, load_config
from gate.core.model import Hold, Scope
from gate.core.plan import PauseRequest, PlanPart
from gate.core.reason import one_line, without_credentials
from gate.core.verdict import held_sentence
from gate.core.when import parse_when
from gate.core.work import Protects
from gate.errors import Exit
from gate.fleet.members import Filter, Post, connected, read_members
from gate.fleet.pause import PauseOrder, pause, planned_pause
from gate.fleet.stop import Force
from gate.fleet.sweep import Survey, survey
from gate.fleet.where import ledger_url
from gate.providers import own_target
from gate.report.sweep_text import render_plan

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOptions:
    """The options of `gate pause-all`; durations in seconds."""

    reason: str
    config: str | None = None
    state: str | None = None
    category: str = ""
    until: str | None = None
    by: str | None = None
    environment: str | None = None
    provider: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    suspend_triggers: bool = False
    force: bool = True
    kill: bool = False
    timeout: float = 120.0
    dry_run: bool = False
    yes: bool = False
    format: str = "text"


def run(options: PauseOptions, environ: Environ) -> int:
    """Pause, print the receipt, and return the exit code.

    Raises:
        ConfigError: the configuration, a library or the ledger is not as it must be.
        UsageError: an option cannot be understood, or nobody can be asked.
    """
    config = load_config(options.config, environ)
    hold = _hold(options, environ)
    wanted = Filter(
        environment=options.environment or "", providers=options.provider, projects=options.project
    )
    members = read_members(config, wanted, environ)
    order = _order(options, config, hold, environ)
    with connected(members) as posts:
        asked = not options.yes and not options.dry_run
        if asked and not sys.stdin.isatty():
            confirm("", yes=False)
        if options.dry_run or asked:
            began = time.monotonic()
            surveys = survey(posts, order.request)
            _show(surveys, options)
            if options.dry_run:
                return report(planned_pause(surveys, order, time.monotonic() - began), options.format)
            if not confirm(_question(hold, posts), yes=False):
                say("nothing was changed")
                return Exit.PARTLY
        url = ledger_url(options.state, config, environ)
        _warn_of_local_state(url, posts)
        with open_journal(url, hold.by) as journal, watching(environ) as watcher:
            receipt = pause(posts, journal, order, watcher, lambda found: _show(found, options))
            tell_beside(journal, config, (), environ)
    return report(receipt, options.format)


def _hold(options: PauseOptions, environ: Environ) -> Hold:
    try:
        until = parse_when(options.until, now()) if options.until else None
    except ValueError as error:
        raise click.UsageError(f"--until: {error}") from None
    reason = one_line(options.reason, 300)
    if not reason:
        raise click.UsageError("--reason: expected words that tell others why")
    scope = Scope(
        environments=(options.environment,) if options.environment else (),
        providers=options.provider,
        projects=options.project,
    )
    return Hold(
        id=f"h-{secrets.token_hex(4)}",
        reason=reason,
        by=who(options.by, environ),
        category=one_line(options.category, 60),
        until=until,
        scope=scope,
    )


def _order(options: PauseOptions, config: Config, hold: Hold, environ: Environ) -> PauseOrder:
    return PauseOrder(
        hold=hold,
        request=PauseRequest(
            protects=Protects(patterns=config.protect),
            projects=options.project,
            suspend_triggers=options.suspend_triggers,
            own=own_target(environ),
        ),
        reason=lambda environment: held_sentence(environment, hold, now(), config.protect),
        force=Force(timeout=options.timeout, harder=options.force, kill=options.kill),
    )


def _show(surveys: Sequence[Survey], options: PauseOptions) -> None:
    """Print the plan: on stdout for a person, beside stdout where a program reads that."""
    parts = [
        PlanPart(
            title=one.post.shown,
            plan=one.plan,
            looked_at=one.found.looked_at,
            seconds=one.post.connection.pace.seconds_for(one.plan.reads, one.plan.writes),
        )
        for one in surveys
    ]
    click.echo(render_plan(parts), nl=False, err=options.format == "json")


def _question(hold: Hold, posts: Sequence[Post]) -> str:
    servers = ", ".join(post.shown for post in posts)
    return (
        f'Raise hold {hold.id} ("{hold.reason}") at {servers}, '
        "and stop all this and what matches until it stands?"
    )


def _warn_of_local_state(url: str, posts: Sequence[Post]) -> None:
    """Say where a hold does not reach: a provider without variables, and a ledger on this machine."""
    if not url.startswith("sqlite:"):
        return
    for post in posts:
        host = urlsplit(post.member.url).hostname or ""
        if post.connection.no_hold and host not in ("127.0.0.1", "localhost", "::1"):
            say(
                f"warning: {post.shown} reads holds from the ledger alone, and {without_credentials(url)} "
                "is a file of this machine: name a ledger in state: that its builds can reach"
            )
