"""How does a command, or a guard in a test process, come from its options to a verdict?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.config import Config
from gate.core.duration import shown_duration
from gate.core.hold import parse_holds
from gate.core.model import Environment, Hold, Place, Verdict
from gate.errors import ConfigError
from gate.fleet.where import given_state
from gate.probe.waiting import next_pause
from gate.providers import place_of

if TYPE_CHECKING:  # a gate step without a ledger has no use for it
    from gate.core.ledger_state import LedgerState

Environ = Mapping[str, str]
Say = Callable[[str], object]

MAX_AGE = 5.0  # seconds for which gates of one machine share a reading

_OF_THE_CHOSEN = ("GATE_FOCUS_SERVER", "GATE_FOCUS_ALIASES", "GATE_VERIFY_TLS", "GATE_ENVIRONMENT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that is known before a lab is asked.

    Attributes:
        environment: the lab.
        place: where the question is asked.
        protects: patterns of what is held back.
        holds: those of the ledger and of ``GATE_HOLD``, active or not.
        ledger: what the ledger says; None where none is named, or there is none yet.
    """

    environment: Environment
    place: Place
    protects: tuple[str, ...]
    holds: tuple[Hold, ...]
    ledger: LedgerState | None = None


def prepare(config: Config, wanted: str | None, state: str | None, environ: Environ, say: Say) -> Question:
    """Gather what a verdict needs from options, file and environment.

    Raises:
        ConfigError: any of them is wrong.
    """
    environment = config.environment(wanted, environ)
    ledger = _read_ledger(given_state(state, config, environ))
    return _question(config, environment, ledger, environ, say)


def prepare_knowing(
    config: Config, wanted: str | None, ledger: LedgerState | None, environ: Environ, say: Say
) -> Question:
    """Gather as `prepare` does, for who has read the ledger already.

    Raises:
        ConfigError: an option, the file or the environment is wrong.
    """
    return _question(config, config.environment(wanted, environ), ledger, environ, say)


def prepare_every_lab(config: Config, wanted: str | None, environ: Environ, say: Say) -> tuple[Question, ...]:
    """Return a question for each lab that a test process could reach, the chosen one first.

    The chosen lab must be configured rightly. Another one whose values cannot be known here,
    such as an address in a variable that is not set, is left out and named.

    Raises:
        ConfigError: the configuration of the chosen lab is wrong.
    """
    chosen = prepare(config, wanted, None, environ, say)
    file_alone = {name: value for name, value in environ.items() if name not in _OF_THE_CHOSEN}
    questions = [chosen]
    for name in config.names:
        if name == chosen.environment.name:
            continue
        try:
            questions.append(prepare_knowing(config, name, chosen.ledger, file_alone, say))
        except ConfigError as error:
            say(f"note: {name} is not guarded: {error.problems[0]}")
    return tuple(questions)


def ask(question: Question, max_age: float, environ: Environ) -> Verdict:
    """Return the verdict on one reading, at most `max_age` seconds old."""
    # Here and not above: a guarded test run pays for it with its first request, not at its start.
    from gate.core.verdict import judge
    from gate.probe.snapshot import take_reading

    reading = take_reading(question.environment, max_age, environ)
    now = datetime.now(UTC)
    return judge(reading, question.holds, now, place=question.place, protects=question.protects)


def read_lab(config: Config, name: str | None, environ: Environ, say: Say) -> Verdict:
    """Return the verdict on a new reading alone, without any hold: what the recheck goes by.

    Args:
        config: the configuration.
        name: the lab; None for the only one there is.
        environ: the process environment. Where there are several labs, what it says of the
            chosen one counts for none of them.
        say: is told warnings.

    Raises:
        ConfigError: the lab's configuration is wrong.
    """
    from gate.core.verdict import judge
    from gate.probe.snapshot import take_reading

    own = environ
    if len(config.names) > 1:
        own = {key: value for key, value in environ.items() if key not in _OF_THE_CHOSEN}
    environment = config.environment(name, own)
    _warn_of_tls(environment, say)
    reading = take_reading(environment, 0.0, environ)
    return judge(reading, (), datetime.now(UTC), protects=config.protect)


def ask_until(question: Question, wait: float, max_age: float, environ: Environ, say: Say) -> Verdict:
    """Ask until the lab is ready, a hold is met, or `wait` seconds are over."""
    started = time.monotonic()
    verdict = ask(question, max_age, environ)
    asked = 1
    while not verdict.open and verdict.hold is None:
        left = wait - (time.monotonic() - started)
        pause = next_pause(asked, left, random.random)
        if pause is None:
            break
        say(f"{verdict.reason}; asking again in {pause:.0f} s, for {shown_duration(left)} at most")
        time.sleep(pause)
        verdict = ask(question, min(max_age, MAX_AGE), environ)
        asked += 1
    return verdict


def _question(
    config: Config, environment: Environment, ledger: LedgerState | None, environ: Environ, say: Say
) -> Question:
    ledger_holds = tuple(standing.hold for standing in ledger.holds) if ledger else ()
    _warn_of_tls(environment, say)
    return Question(
        environment=environment,
        place=place_of(environment.name, environ),
        protects=config.protect,
        holds=(*ledger_holds, *parse_holds(environ.get("GATE_HOLD", ""))),
        ledger=ledger,
    )


def _warn_of_tls(environment: Environment, say: Say) -> None:
    if environment.verify_tls is False:
        say(f"warning: verify_tls is false for {environment.name}: anybody on the way can answer for the lab")


def _read_ledger(url: str | None) -> LedgerState | None:
    """Return what the ledger says, None where none is named or nobody has written one yet."""
    kind, _, path = (url or "").partition(":///")
    if url is None or (kind == "sqlite" and not Path(path).exists()):
        return None
    from gate.fleet.state import find_state
    from gate.fleet.state.reading import read_state

    ledger = find_state(url)
    if ledger is None:
        return None
    with closing(ledger):
        return read_state(ledger)
