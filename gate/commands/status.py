"""`gate status`: what is open, what is held and by whom, and what is paused where?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import click

from gate import asking
from gate.commands.fleet import now
from gate.commands.owed import Owed, encode_debt, find_owed
from gate.commands.say import say
from gate.config import Config, load_config
from gate.core.duration import shown_duration
from gate.core.event import Act
from gate.core.heartbeat import last_seen, overdue_words
from gate.core.hold import encode_hold, is_expired
from gate.core.ledger_state import Change, LedgerState, Standing
from gate.core.model import Verdict
from gate.core.reason import at_time, iso, listed, one_line, without_credentials
from gate.core.verdict import misconfigured
from gate.errors import ConfigError, Exit
from gate.fleet.state import find_state
from gate.fleet.state.reading import read_state
from gate.fleet.where import ledger_url
from gate.report.json import encode_verdict

Environ = Mapping[str, str]
_SHOWN = 10
AGE = timedelta(days=7)  # of what servers keep of gate steps that reach no ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What was gathered.

    Attributes:
        verdicts: one for each environment.
        ledger: the ledger's URL, as it may be shown.
        state: what it says; empty where there is none yet.
        at: when it was gathered (UTC).
        period: seconds between two ticks of the recheck.
        owed: what was held back and has not run since.
    """

    verdicts: tuple[Verdict, ...]
    ledger: str
    state: LedgerState
    at: datetime
    period: float = 300.0
    owed: Owed = field(default_factory=Owed)


def run(config: str | None, state: str | None, format_: str, environ: Environ) -> int:
    """Print the status.

    Returns:
        0: it could be told, whatever it is.

    Raises:
        ConfigError: the configuration or the ledger is not as it must be.
    """
    loaded = load_config(config, environ)
    status = _gather(loaded, ledger_url(state, loaded, environ), environ)
    if format_ == "json":
        click.echo(json.dumps(encode_status(status), ensure_ascii=False))
    else:
        click.echo(render_status(status), nl=False)
    return Exit.OK


def encode_status(status: Status) -> dict[str, object]:
    """Return the status as one JSON object, schema `gate.status/1`."""
    state = status.state
    return {
        "schema": "gate.status/1",
        "at": iso(status.at),
        "ledger": status.ledger,
        "environments": [encode_verdict(verdict) for verdict in status.verdicts],
        "holds": [_encode_standing(one, status.at) for one in state.holds],
        "paused": [
            {"provider": provider, "instance": instance, "project": project, **counts}
            for (provider, instance, project), counts in _paused(state).items()
        ],
        "unfinished": [
            {"seq": change.seq, "at": iso(change.at), "action": change.action, "target": _shown(change)}
            for change in state.unfinished
        ],
        "held_back": [encode_debt(debt) for debt in status.owed.debts],
        "last_recheck": iso(state.rechecked_at) if state.rechecked_at else None,
        "recheck_overdue": bool(_overdue(status)),
    }


def render_status(status: Status) -> str:
    """Return the status as one screen."""
    lines = [f"{'OPEN  ' if verdict.open else 'CLOSED'}  {verdict.reason}" for verdict in status.verdicts]
    lines.append("holds:" if status.state.holds else "holds: none")
    lines += [f"  {_held(one, status.at)}" for one in status.state.holds]
    paused = _paused(status.state)
    lines.append("paused:" if paused else "paused: nothing")
    lines += [
        f"  {provider} {one_line(project, 80)}: {_words(counts)}"
        for (provider, _, project), counts in list(paused.items())[:_SHOWN]
    ]
    if len(paused) > _SHOWN:
        lines.append(f"  and {len(paused) - _SHOWN} more projects; --format json lists all")
    unfinished = status.state.unfinished
    if unfinished:
        oldest = at_time(unfinished[0].at, status.at)
        lines.append(
            f"unfinished: {len(unfinished)} intents without outcome since {oldest}; gate resume-all looks"
        )
        lines += [f"  {change.action} {_shown(change)}" for change in unfinished[:3]]
    lines += _held_back(status)
    lines.append(last_seen(status.state.rechecked_at, status.at))
    lines += filter(None, [_overdue(status)])
    lines.append(f"ledger: {status.ledger}, {status.state.head.seq} entries")
    return "".join(f"{line}\n" for line in lines)


def _gather(config: Config, url: str, environ: Environ) -> Status:
    ledger = find_state(url)
    known = LedgerState()
    if ledger is not None:
        with closing(ledger):
            known = read_state(ledger)
    names = config.names or (None,)
    with ThreadPoolExecutor(min(len(names), 16)) as executor:
        verdicts = tuple(executor.map(lambda name: _verdict(config, name, known, environ), names))
    return Status(
        verdicts=verdicts,
        ledger=without_credentials(url),
        state=known,
        at=now(),
        period=config.recheck_every,
        owed=find_owed(known, config, environ, AGE),
    )


def _verdict(config: Config, name: str | None, ledger: LedgerState, environ: Environ) -> Verdict:
    try:
        question = asking.prepare_knowing(config, name, ledger, environ, say)
    except ConfigError as error:
        return misconfigured(error.problems[0], name or "", now(), config.protect)
    return asking.ask(question, asking.MAX_AGE, environ)


def _encode_standing(one: Standing, at: datetime) -> dict[str, object]:
    return {
        **encode_hold(one.hold),
        "ownership": one.ownership,
        "since": iso(one.at),
        "age_seconds": round((at - one.at).total_seconds(), 1),
        "expired": is_expired(one.hold, at),
    }


def _held(one: Standing, at: datetime) -> str:
    hold = one.hold
    age = shown_duration((at - one.at).total_seconds())
    scope = listed(hold.scope.environments + hold.scope.providers + hold.scope.projects)
    until = "until lifted"
    if hold.until:
        until = f"{'expired at' if is_expired(hold, at) else 'until'} {at_time(hold.until, at)}"
    words = f"{hold.id} ({one.ownership}) by {one.by or '-'}, {age} old, {until}: {one_line(hold.reason)}"
    return words + (f" [for {scope}]" if scope else "")


def _paused(state: LedgerState) -> dict[tuple[str, str, str], dict[str, int]]:
    """Return for each project what is suspended, held by a variable, and stopped under a standing hold."""
    standing = {one.hold.id for one in state.holds}
    stopped = [change for change in state.standing(Act.CANCEL) if change.hold in standing]
    parts = (
        ("suspended", state.standing(Act.SUSPEND)),
        ("held", state.standing(Act.HOLD)),
        ("stopped", stopped),
    )
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for word, changes in parts:
        for change in changes:
            target = change.target
            place = (target.provider, target.instance, target.project)
            counts.setdefault(place, Counter())[word] += 1
    return {place: {word: counts[place][word] for word, _ in parts} for place in sorted(counts)}


def _held_back(status: Status) -> list[str]:
    """Return how many commits wait for a run, and what could not be looked at."""
    count = status.owed.count
    commits = f"{count} commit{'s' * (count != 1)}" if count else "nothing"
    lines = [f"held back and not run since: {commits}{'; gate debt lists them' if count else ''}"]
    return lines + [f"  note: {one_line(note, 300)}" for note in status.owed.notes[:_SHOWN]]


def _words(counts: Mapping[str, int]) -> str:
    said = [f"{n} trigger{'s' * (n != 1)} suspended"] if (n := counts["suspended"]) else []
    said += ["held by its variable"] if counts["held"] else []
    said += [f"{n} stopped"] if (n := counts["stopped"]) else []
    return ", ".join(said)


def _shown(change: Change) -> str:
    target = change.target
    return one_line(f"{target.provider} {target.project} {target.kind} {target.id} {target.name}", 160)


def _overdue(status: Status) -> str:
    """Return a warning where the recheck should have been here again."""
    return overdue_words(status.state.rechecked_at, status.at, status.period)
