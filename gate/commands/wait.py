"""`gate wait URL… [-- COMMAND…]`: go on only once all that is needed is there."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import click

from gate import asking
from gate.commands.running import run_or_say
from gate.commands.say import say
from gate.config import Config
from gate.core.duration import shown_duration
from gate.core.reason import one_line
from gate.diagnose.bounded import together
from gate.errors import Exit
from gate.probe.conditions import Condition, ask_condition, parse_condition
from gate.probe.until import Looks, Patience, World, wait_until

Environ = Mapping[str, str]

_TIMEOUT = 5.0  # seconds to connect, and again between two reads
_ENVIRONMENT = Config(source="the environment")  # an init container has no gate.yml
_MAX_AGE = 1.0  # many that wait for one lab on one machine ask it once a second at most


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions:
    """The arguments of `gate wait`; durations in seconds. `command` is what stands behind ``--``."""

    urls: Sequence[str]
    state: str | None = None
    steady: float = 0.0
    timeout: float = 600.0
    command: Sequence[str] = ()


def run(options: WaitOptions, environ: Environ) -> int:
    """Wait, then run the command, if there is one.

    Returns:
        0, or the command's exit code; 69 where the time was over first, and the command was not run.

    Raises:
        UsageError: a URL states no condition, or the durations contradict each other.
        ConfigError: what the environment says of the lab, or the ledger, is not as it must be.
    """
    if options.steady > options.timeout:
        raise click.UsageError("--for: expected at most --timeout, or it could never be over")
    conditions = [_parse(url) for url in dict.fromkeys(options.urls)]
    checks = {one.url: _check(one, options, environ) for one in conditions}
    shown = {one.url: one.shown for one in conditions}

    def look(seconds: float) -> Looks:
        came = together(checks, seconds)
        return {shown[url]: _words(cause) for url, cause in came.items()}

    world = World(clock=time.monotonic, sleep=time.sleep, random=random.random, tell=say)
    unmet = wait_until(look, Patience(steady=options.steady, timeout=options.timeout), world)
    if unmet is None:
        return run_or_say(options.command, environ) if options.command else Exit.OK
    _say_over(unmet, options)
    return Exit.UNKNOWN


def _parse(url: str) -> Condition:
    try:
        return parse_condition(url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _check(condition: Condition, options: WaitOptions, environ: Environ) -> Callable[[], str | None]:
    """Return how a condition is looked at; what is wrong in the environment shows here already."""
    if condition.focus_server:
        given = {**environ, "GATE_FOCUS_SERVER": condition.focus_server}
        _question(options, given, say)
        return partial(_ask_fiber, options, given)
    verify_tls: bool | str = True
    if condition.scheme == "https":
        given = {**environ, "GATE_FOCUS_SERVER": f"https://{condition.host}"}
        verify_tls = _ENVIRONMENT.environment(None, given).verify_tls
    return partial(ask_condition, condition, _TIMEOUT, verify_tls)


def _question(options: WaitOptions, environ: Environ, tell: Callable[[str], object]) -> asking.Question:
    return asking.prepare(_ENVIRONMENT, None, options.state, environ, tell)


def _ask_fiber(options: WaitOptions, environ: Environ) -> str | None:
    """Return why the gate is not open; holds are read anew, for somebody may have lifted or raised one."""
    question = _question(options, environ, lambda _: None)
    verdict = asking.ask(question, _MAX_AGE, environ)
    return None if verdict.open else verdict.reason


def _words(cause: str | Exception | None) -> str | None:
    return one_line(str(cause), 600) or "unknown" if cause is not None else None


def _say_over(unmet: Looks, options: WaitOptions) -> None:
    open_ = [f"{name} ({cause})" for name, cause in unmet.items() if cause]
    what = ", ".join(open_) or f"not everything held for {shown_duration(options.steady)}"
    after = f"; not run: {click.format_filename(options.command[0])}" if options.command else ""
    say(f"{shown_duration(options.timeout)} are over: {what}{after}")
