"""How do many gates on one machine share one reading?

A file per environment in the user's cache folder holds the last reading. A gate uses it
while it is young enough; else one gate asks, under a lock, and the others wait for what it
writes. What is stale, unreadable, from the future or not ours is as good as absent.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gate.core.model import Code, Environment, Reading
from gate.core.verdict import judge_reading
from gate.probe.lock import try_lock

_SCHEMA = "gate.snapshot/1"
_CONTINUITY = 15 * 60.0
_LOOK_AGAIN = 0.05

Ask = Callable[[Environment], Reading]


def take_reading(
    environment: Environment,
    max_age: float,
    environ: Mapping[str, str],
    ask: Ask | None = None,
) -> Reading:
    """Return a reading at most `max_age` seconds old, asking the lab only where needed.

    Args:
        environment: the lab.
        max_age: seconds; 0 asks in any case.
        environ: the process environment, which says where the user's cache folder is.
        ask: what to ask with; the lab itself by default.

    Returns:
        The reading, with `since` set as far back as this machine has read the same code
        without a gap of more than fifteen minutes.
    """
    ask = ask or ask_lab
    try:
        folder = cache_folder(environ)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{_key(environment)}.json"
        return _shared_reading(environment, max_age, path, ask)
    except OSError:  # no cache to be had: every gate asks for itself
        reading = ask(environment)
        return replace(reading, since=reading.taken_at)


def ask_lab(environment: Environment) -> Reading:
    """Return a fresh reading of the Focus server and, where it answers, of its dependencies."""
    from gate.probe.focus_server import read_focus_server

    reading = read_focus_server(environment)
    if environment.dependencies and judge_reading(reading)[0] is Code.READY:
        from gate.probe.dependencies import dependencies_down

        return replace(reading, dependencies_down=dependencies_down(environment))
    return reading


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's cache folder for gate, by the conventions of the system."""
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base, "fiber-gate", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fiber-gate"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fiber-gate")


def _shared_reading(environment: Environment, max_age: float, path: Path, ask: Ask) -> Reading:
    give_up = time.monotonic() + 4 * environment.timeout
    while True:
        cached = _load(path, environment.name)
        if cached and 0 <= _age(cached) < max_age:
            return cached
        with try_lock(path.with_suffix(".lock")) as ours:
            if ours or max_age <= 0 or time.monotonic() > give_up:
                cached = _load(path, environment.name)
                if cached and 0 <= _age(cached) < max_age:
                    return cached
                reading = _continued(ask(environment), cached)
                _store(path, reading)
                return reading
        time.sleep(_LOOK_AGAIN * random.uniform(0.5, 1.5))


def _continued(reading: Reading, before: Reading | None) -> Reading:
    """Return the reading with the time since when the lab has been so."""
    return replace(reading, since=_same_since(reading, before) or reading.taken_at)


def _same_since(reading: Reading, before: Reading | None) -> datetime | None:
    if before is None or judge_reading(before)[0] is not judge_reading(reading)[0]:
        return None
    gap = (reading.taken_at - before.taken_at).total_seconds()
    return before.since if 0 <= gap <= _CONTINUITY else None


def _age(reading: Reading) -> float:
    return (datetime.now(UTC) - reading.taken_at).total_seconds()


def _key(environment: Environment) -> str:
    import hashlib  # takes 3 ms, which a guarded test run need not pay before its first request

    identity = repr((_SCHEMA, replace(environment, aliases=()))).encode()
    return hashlib.sha256(identity).hexdigest()[:32]


def _load(path: Path, name: str) -> Reading | None:
    """Return the reading that `path` holds, or None where it cannot be trusted."""
    try:
        with path.open("rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            fields = json.loads(file.read())
        return _parse(fields, name)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_ours(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _parse(fields: dict[str, Any], name: str) -> Reading | None:
    if fields["schema"] != _SCHEMA or fields["environment"] != name:
        return None
    status = fields["status"]
    if not isinstance(status, int | None) or isinstance(status, bool):
        return None
    return Reading(
        environment=name,
        taken_at=_moment(fields["taken_at"]),
        status=status,
        body=fields["body"].encode("latin-1"),
        failure=Code(fields["failure"]) if fields["failure"] else None,
        detail=str(fields["detail"]),
        dependencies_down=tuple(str(item) for item in fields["dependencies_down"]),
        since=_moment(fields["since"]),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def _store(path: Path, reading: Reading) -> None:
    """Write the reading so that others see the old one or the new one, never a part."""
    fields = {
        "schema": _SCHEMA,
        "environment": reading.environment,
        "taken_at": reading.taken_at.isoformat(),
        "status": reading.status,
        "body": reading.body.decode("latin-1"),
        "failure": reading.failure,
        "detail": reading.detail,
        "dependencies_down": reading.dependencies_down,
        "since": (reading.since or reading.taken_at).isoformat(),
    }
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(fields, file)
        temporary.replace(path)
    except OSError:  # the reading is good all the same; the next gate asks again
        temporary.unlink(missing_ok=True)
