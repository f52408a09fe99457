"""Is the gate open? From one reading and the holds to one verdict, without I/O.

Every row of the table below is one line of code, in this order::

    no name, refused, reset                          unknown, unreachable
    slower than the timeout                          unknown, timeout
    certificate                                      unknown, tls_error
    401, 403                                         unknown, unauthorized
    404                                              unknown, metadata_unavailable
    5xx, and any other status but 200                unknown, server_error
    not JSON, not an object, a key given twice,
      prr missing, null, text, true/false,
      NaN, infinite                                  unknown, malformed
    prr <= 0, or sw_version "waiting for fiber"      waiting_for_fiber
    prr > 0, but fiber_description
      "waiting for fiber"                            unknown, contradictory
    a dependency does not answer                     unknown, dependency_down
    otherwise                                        ready

An active hold that covers the run wins over ready, and is shown beside any other state.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NoReturn

from gate.core.hold import active_hold
from gate.core.model import DEFAULT_PROTECT, Code, Hold, Place, Reading, State, Verdict
from gate.core.reason import at_time, listed, one_line, quoted
from gate.errors import Exit

_WAITING: Final = "waiting for fiber"

Evidence = tuple[tuple[str, str | float | int], ...]


def judge(
    reading: Reading,
    holds: Iterable[Hold],
    now: datetime,
    *,
    place: Place | None = None,
    protects: tuple[str, ...] = DEFAULT_PROTECT,
) -> Verdict:
    """Return the verdict on one reading.

    Args:
        reading: what the lab answered, or how it failed to.
        holds: every hold that is known, active or not.
        now: the time of judging (UTC); decides which holds are active.
        place: where the gate step runs; by default only the environment is known.
        protects: patterns of what is held back while the gate is closed.

    Returns:
        A verdict; nothing that a lab can send makes this raise.
    """
    code, evidence, words = judge_reading(reading)
    state = _state_of(code)
    hold = active_hold(holds, place or Place(environment=reading.environment), now)
    if hold and state is State.READY:
        state, code = State.HELD, Code.HELD
    return Verdict(
        environment=reading.environment,
        state=state,
        code=code,
        reason=_sentence(reading, state, words, hold, now, protects),
        checked_at=reading.taken_at,
        age_seconds=max(0.0, (now - reading.taken_at).total_seconds()),
        evidence=evidence,
        hold=hold,
        protects=protects,
        since=reading.since,
    )


def held_sentence(environment: str, hold: Hold, now: datetime, protects: tuple[str, ...]) -> str:
    """Return the reason that a gate step gives while `hold` alone keeps it closed."""
    return f"{one_line(environment, 60) or 'lab'}: {_held_words(hold, now)}; {_held_back(protects)}"


def misconfigured(
    problem: str, environment: str, now: datetime, protects: tuple[str, ...] = DEFAULT_PROTECT
) -> Verdict:
    """Return the verdict for a gate step that could not even ask."""
    return Verdict(
        environment=environment,
        state=State.UNKNOWN,
        code=Code.MISCONFIGURED,
        reason=one_line(f"gate is misconfigured: {problem}; {_held_back(protects)}", 600),
        checked_at=now,
        protects=protects,
    )


def exit_code(verdict: Verdict) -> Exit:
    """Return the exit code that a verdict ends a command with."""
    match verdict.state:
        case State.READY:
            return Exit.OK
        case State.WAITING_FOR_FIBER | State.HELD:
            return Exit.CLOSED
        case State.UNKNOWN:
            return Exit.CONFIG if verdict.code is Code.MISCONFIGURED else Exit.UNKNOWN


def judge_reading(reading: Reading) -> tuple[Code, Evidence, str]:
    """Return what a reading alone says: its code, its evidence, and the same in words."""
    if reading.failure is not None:
        words = one_line(reading.detail, 300) or reading.failure.replace("_", " ")
        return reading.failure, (("error", words),), words
    status = reading.status
    if status in (401, 403):
        return _by_status(Code.UNAUTHORIZED, status, "the lab refuses to tell")
    if status == 404:
        return _by_status(Code.METADATA_UNAVAILABLE, status, "no live metadata")
    if status != 200:
        return _by_status(Code.SERVER_ERROR, status or 0, "the Focus server is in trouble")
    return _judge_body(reading)


def _by_status(code: Code, status: int, words: str) -> tuple[Code, Evidence, str]:
    return code, (("http_status", status),), f"{words} (HTTP {status})"


def _judge_body(reading: Reading) -> tuple[Code, Evidence, str]:
    try:
        fields = _parse_object(reading.body)
        prr = _parse_prr(fields)
    except (ValueError, RecursionError) as error:
        problem = one_line(str(error), 160) if isinstance(error, _Malformed) else "it is not JSON"
        words = f"its answer cannot be used: {problem}"
        return Code.MALFORMED, (("http_status", 200), ("error", problem)), words
    evidence: list[tuple[str, str | float | int]] = [("prr", prr)]
    sw_version = fields.get("sw_version")
    if isinstance(sw_version, str):
        evidence.append(("sw_version", one_line(sw_version)))
    words = "(" + ", ".join(f"{name} {_shown(value)}" for name, value in evidence) + ")"
    if prr <= 0 or _says_waiting(sw_version):
        return Code.WAITING_FOR_FIBER, tuple(evidence), words
    fiber_description = fields.get("fiber_description")
    if _says_waiting(fiber_description):
        evidence.append(("fiber_description", one_line(str(fiber_description))))
        words = f"its answer contradicts itself (prr {prr!r}, but fiber_description {_shown(_WAITING)})"
        return Code.CONTRADICTORY, tuple(evidence), words
    if reading.dependencies_down:
        down = one_line(", ".join(reading.dependencies_down), 300)
        return Code.DEPENDENCY_DOWN, (*evidence, ("dependencies_down", down)), f"no answer from {down}"
    return Code.READY, tuple(evidence), words


class _Malformed(ValueError):
    """The answer is not what the Focus server sends; the text says in which way."""


def _parse_object(body: bytes) -> dict[str, object]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Malformed("it is not UTF-8") from None
    parsed = json.loads(text, object_pairs_hook=_without_twins)
    if not isinstance(parsed, dict):
        raise _Malformed("it is JSON, but not an object")
    return parsed


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Malformed("it gives a key twice")
    return fields


def _parse_prr(fields: dict[str, object]) -> float | int:
    if "prr" not in fields:
        raise _Malformed("prr is missing")
    prr = fields["prr"]
    if isinstance(prr, bool) or not isinstance(prr, int | float):
        _refuse_prr(prr)
    if isinstance(prr, int) and abs(prr) > 1.7e308:
        raise _Malformed("prr is beyond any number that is sent")
    if not math.isfinite(prr):
        raise _Malformed(f"prr is {prr!r}")
    return prr


def _refuse_prr(prr: object) -> NoReturn:
    kinds: dict[type, str] = {
        type(None): "null",
        bool: "true or false",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    raise _Malformed(f"prr is {kinds[type(prr)]}, not a number")


def _says_waiting(text: object) -> bool:
    return isinstance(text, str) and " ".join(text.split()).casefold() == _WAITING


def _shown(value: str | float | int) -> str:
    return quoted(value) if isinstance(value, str) else one_line(repr(value), 40)


def _state_of(code: Code) -> State:
    match code:
        case Code.READY:
            return State.READY
        case Code.WAITING_FOR_FIBER:
            return State.WAITING_FOR_FIBER
        case _:
            return State.UNKNOWN


def _sentence(
    reading: Reading,
    state: State,
    words: str,
    hold: Hold | None,
    now: datetime,
    protects: tuple[str, ...],
) -> str:
    name = one_line(reading.environment, 60)
    since = f" since {at_time(reading.since, now)}" if reading.since else ""
    match state:
        case State.READY:
            return f"{name}: ready {words}; {listed(protects)} may run"
        case State.HELD:
            said = ""
        case State.WAITING_FOR_FIBER:
            said = f"waiting for fiber {words}{since}"
        case State.UNKNOWN:
            said = f"state unknown: {words}{since}"
    causes = [said, _held_words(hold, now)] if hold else [said]
    return f"{name}: {', and '.join(filter(None, causes))}; {_held_back(protects)}"


def _held_words(hold: Hold, now: datetime) -> str:
    by = f" by {hold.by}" if hold.by else ""
    until = f", until {at_time(hold.until, now)}" if hold.until else ""
    return f"held{by}: {hold.reason} (hold {hold.id}{until})"


def _held_back(protects: tuple[str, ...]) -> str:
    return f"{listed(protects)} {'is' if len(protects) == 1 else 'are'} held back"
