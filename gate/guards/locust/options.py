"""Which options does the guard add to Locust's own command line?"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from gate.asking import MAX_AGE
from gate.core.duration import parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person chose.

    Attributes:
        off: nothing is guarded.
        pause: users wait until the lab is back, instead of the test being stopped.
        max_age: how many seconds a reading may be old; also how often the lab is asked.
    """

    off: bool = False
    pause: bool = False
    max_age: float = MAX_AGE


def add_options(parser: Any, **_: object) -> None:
    """Add the options; each of them can come from the environment as well."""
    group = parser.add_argument_group("gate", "Options of gate.guards.locust")
    group.add_argument(
        "--gate-pause",
        action="store_true",
        env_var="GATE_PAUSE",
        help="While the lab is not ready, hold its configure requests back and go on when it is; "
        "by default the test is stopped",
    )
    group.add_argument(
        "--gate-max-age",
        type=_seconds,
        default=MAX_AGE,
        metavar="5s",
        env_var="GATE_MAX_AGE",
        help="How often the lab is asked, and how old a shared reading may be",
    )
    group.add_argument("--gate-off", action="store_true", env_var="GATE_OFF", help="Guard nothing")


def chosen(parsed: Any) -> Options:
    """Return the options out of Locust's parsed ones, which an embedding program may leave out.

    Workers get some of them only when the master starts a test, so they are read when needed.
    """
    return Options(
        off=bool(getattr(parsed, "gate_off", False)),
        pause=bool(getattr(parsed, "gate_pause", False)),
        max_age=float(getattr(parsed, "gate_max_age", MAX_AGE)),
    )


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if seconds <= 0:
        raise argparse.ArgumentTypeError("expected more than 0s")
    return seconds
