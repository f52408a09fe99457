"""`gate stop-tests`: end what on this machine would configure a dark lab, and prove that it is gone."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import click

from gate.commands.fleet import confirm, open_journal, who
from gate.commands.say import say
from gate.config import Config, load_config
from gate.core.duration import shown_duration
from gate.core.reason import one_line
from gate.core.work import Outcome
from gate.errors import ConfigError, Exit
from gate.fleet.where import ledger_url
from gate.guards.processes import Machine, Process, this_machine
from gate.guards.stopping.choosing import Choice, Running, Wish, choose
from gate.guards.stopping.ending import Ended, Stopper
from gate.guards.stopping.labs import Lab, lab_of
from gate.guards.stopping.recording import Record
from gate.guards.stopping.working_tree import Patterns

Environ = Mapping[str, str]

_NAMES_OF_NOTHING = (
    "test_x",
    "test_qj7",
    "test_a_cat_sat",
)  # what no pattern that says anything matches all of
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOptions:
    """The options of `gate stop-tests`; `grace` in seconds."""

    config: str | None = None
    state: str | None = None
    environment: str | None = None
    grace: float = 10.0
    yes: bool = False
    force: bool = False
    dry_run: bool = False
    by: str | None = None


def run(options: StopOptions, environ: Environ, machine: Machine | None = None) -> int:
    """Find, show, ask, stop, prove, and write it down.

    Returns:
        0 where nothing that was meant runs any more; else 1.

    Raises:
        ConfigError: the configuration or the ledger is not as it must be, or a library is missing.
        UsageError: nobody can be asked.
    """
    config = load_config(options.config, environ)
    wish = _wish(options, config, environ)
    machine = machine or this_machine()
    processes = machine.processes()
    choice = choose(machine, processes, wish)
    _show(choice, wish)
    if options.dry_run:
        return Exit.OK
    if not choice.stop:
        return Exit.PARTLY if choice.foreign else Exit.OK
    if not confirm(f"Stop {_counted(len(choice.stop))}?", yes=options.yes):
        say("nothing was changed")
        return Exit.PARTLY
    url = ledger_url(options.state, config, environ)
    ended = _stop(options, url, machine, choice.stop, processes, environ)
    again = _started_again(machine, wish, processes)
    for one in ended:
        click.echo(_line(one))
    for running in again:
        click.echo(f"started again: {_named(running)}, by {one_line(running.parent, 60)}; end that first")
    proven = all(one.outcome is Outcome.STOPPED for one in ended) and not again
    return Exit.OK if proven and not choice.foreign else Exit.PARTLY


def _wish(options: StopOptions, config: Config, environ: Environ) -> Wish:
    patterns = Patterns(names=config.test_names, markers=config.test_markers)
    if not options.force:
        _refuse_everything(config, patterns)
    labs: tuple[Lab, ...] = ()
    environment = ""
    if options.environment:
        chosen = config.environment(options.environment, environ)
        environment = chosen.name
        labs = (lab_of(chosen), *_other_labs(config, environment, environ))
    everything = not (patterns.names or patterns.markers)
    return Wish(patterns=patterns, everything=everything, labs=labs, environment=environment)


def _refuse_everything(config: Config, patterns: Patterns) -> None:
    """Refuse what would stop every test process of this user.

    Raises:
        ConfigError: no pattern is given, or one that matches everything.
    """
    advice = "or stop every pytest process of yours with --force"
    if not (patterns.names or patterns.markers):
        raise ConfigError(
            f"{config.source}: tests: missing; name the tests that configure a lab, such as "
            f'names: ["test_configure_*"] and markers: ["load"], {advice}'
        )
    for index, name in enumerate(patterns.names):
        if all(Patterns(names=(name,)).name_matches(nothing) for nothing in _NAMES_OF_NOTHING):
            raise ConfigError(
                f"{config.source}: tests.names[{index}]: {name!r} matches every test; narrow it, {advice}"
            )


def _other_labs(config: Config, chosen: str, environ: Environ) -> list[Lab]:
    """Return the labs that a process could mean instead, as far as their addresses are known here."""
    file_alone = {key: value for key, value in environ.items() if not key.startswith("GATE_")}
    found: list[Lab] = []
    for name in config.names:
        if name != chosen:
            try:
                found.append(lab_of(config.environment(name, file_alone)))
            except ConfigError as error:
                say(f"note: {name} is not told apart: {error.problems[0]}")
    return found


def _show(choice: Choice, wish: Wish) -> None:
    now = time.time()
    if not choice.stop:
        where = f" of {wish.environment}" if wish.environment else ""
        click.echo(f"no test process of yours would configure jobs{where}")
    for running in choice.stop:
        click.echo(_described(running, now))
    for running in choice.foreign:
        user = one_line(running.process.user, 40)
        say(f"not touched, since it is {user}'s: {_described(running, now)}")
    for running in islice(choice.elsewhere, _SHOWN):
        say(f"not touched, since it does not name {wish.environment}: {_described(running, now)}")


def _described(running: Running, now: float) -> str:
    age = shown_duration(now - running.process.created)
    parent = one_line(running.parent, 60)
    return f"{_named(running)}: {age} old, started by {parent}; {one_line(running.why, 200)}"


def _named(running: Running) -> str:
    folder = f" in {one_line(str(running.folder), 120)}" if running.folder else ""
    return f"{running.process.pid} {running.run.shown}{folder}"


def _stop(
    options: StopOptions,
    url: str,
    machine: Machine,
    targets: Sequence[Running],
    processes: Sequence[Process],
    environ: Environ,
) -> tuple[Ended, ...]:
    """Stop and write down; what a person interrupts is written down as far as it came."""
    with open_journal(url, who(options.by, environ)) as journal:
        record = Record(journal, platform.node() or "this machine")
        record.settle(processes)
        record.intend(targets)
        stopper = Stopper(machine, options.grace)
        try:
            stopper.stop(targets)
        finally:
            ended = stopper.results()
            record.observe(ended)
    return ended


def _started_again(machine: Machine, wish: Wish, before: Sequence[Process]) -> tuple[Running, ...]:
    """Return what something has started in the place of what was stopped."""
    known = {process.key for process in before}
    now = choose(machine, machine.processes(), wish)
    return tuple(running for running in now.stop if running.process.key not in known)


def _line(ended: Ended) -> str:
    words = {Outcome.STOPPED: "stopped", Outcome.REFUSED: "REFUSED"}.get(ended.outcome, "SURVIVED")
    return f"{words}: {_named(ended.running)}: {ended.detail}"


def _counted(number: int) -> str:
    return "this process" if number == 1 else f"these {number} processes"
