"""What do the actions of a build or a queue item say: with what was it started, and by what?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

UPSTREAM: Final = "causes[_class,upstreamProject,upstreamBuild]"
PARAMETERS: Final = "parameters[_class,name,value]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The build that started something."""

    project: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter's value as Jenkins shows it; None where it shows none, as of a password."""

    kind: str
    name: str
    value: str | None


def parse_parameters(actions: object) -> tuple[Parameter, ...]:
    """Return the parameters among a build's or a queue item's actions."""
    found = []
    for one in _each(actions, "parameters"):
        value = one.get("value")
        found.append(
            Parameter(
                kind=str(one.get("_class", "")),
                name=str(one.get("name", "")),
                value=_text(value) if isinstance(value, str | int | float) else None,
            )
        )
    return tuple(found)


def parse_causes(actions: object) -> tuple[Cause, ...]:
    """Return the upstream builds among a build's or a queue item's actions."""
    found = []
    for one in _each(actions, "causes"):
        match one:
            case {"upstreamProject": str(project), "upstreamBuild": int(number)}:
                found.append(Cause(project=project, number=number))
    return tuple(found)


def _each(actions: object, key: str) -> Iterator[Mapping[str, Any]]:
    for action in actions if isinstance(actions, list) else ():
        values = action.get(key) if isinstance(action, dict) else None
        yield from (
            value for value in (values if isinstance(values, list) else ()) if isinstance(value, dict)
        )


def _text(value: str | float) -> str:
    """Return a value as a form sends it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
