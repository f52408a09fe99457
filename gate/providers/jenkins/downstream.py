"""What has a build started elsewhere, and what of its own is left to come?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.core.work import Protects
from gate.providers.jenkins import names
from gate.providers.jenkins.actions import Cause
from gate.providers.jenkins.inflight import Running
from gate.providers.jenkins.stages import Stage, still_to_come
from gate.providers.jenkins.targets import InFlight

_FURTHEST = 10
_BUILT_IN_STAGE = "Declarative: "  # such as "Declarative: Post Actions", which an abort goes through too


class Left(StrEnum):
    """What is left of a build after its gate step."""

    NOTHING = "nothing"  # of it is protected
    PROTECTED = "protected"  # is all of it
    MIXED = "mixed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of a build, and the names of it that decide."""

    left: Left
    names: tuple[str, ...] = ()


def started_by(
    mine: Cause,
    flights: Sequence[InFlight],
    protects: Protects,
    causes_of: Callable[[Cause], Iterable[Cause]],
) -> tuple[InFlight, ...]:
    """Return what in flight a build has started, directly or by a build that it has started.

    Args:
        mine: the build.
        flights: what is in flight, with what started it.
        protects: what is protected; only for what is so by name is a finished build in between looked at.
        causes_of: returns what has started a build that is not in flight.
    """
    known = {mine: True}
    left = [one for one in flights if one.upstream]
    found: list[InFlight] = []
    grown = True
    while grown:
        grown = False
        for one in tuple(left):
            if any(known.get(cause) for cause in one.upstream):
                left.remove(one)
                found.append(one)
                grown = True
                if isinstance(one, Running):
                    known[Cause(project=one.project, number=one.number)] = True
    for one in left:
        if names.matched(protects, one.project) and _leads_to(one.upstream, known, causes_of, _FURTHEST):
            found.append(one)
    return tuple(found)


def what_is_left(
    stages: Sequence[Stage], before: Sequence[str] | None, own_stage: str, protects: Protects
) -> Rest:
    """Return what is left of a build besides the stage of its gate step.

    Args:
        stages: of the build, as far as it has come.
        before: the stages of the job's last complete build; None where there is none.
        own_stage: the stage in which the gate step is.
        protects: what is protected.
    """
    around = {name for stage in stages if stage.name == own_stage for name in (*stage.above, own_stage)}
    running = [stage.name for stage in stages if not stage.over and stage.name not in around]
    if before is None:
        return Rest(left=Left.UNKNOWN)
    rest = [
        name for name in (*running, *still_to_come(before, stages)) if not name.startswith(_BUILT_IN_STAGE)
    ]
    protected = tuple(name for name in rest if protects.matched((name,)))
    others = tuple(name for name in rest if name not in protected)
    if not protected:
        return Rest(left=Left.NOTHING)
    return Rest(left=Left.MIXED, names=others) if others else Rest(left=Left.PROTECTED, names=protected)


def _leads_to(
    causes: Iterable[Cause],
    known: dict[Cause, bool],
    causes_of: Callable[[Cause], Iterable[Cause]],
    steps: int,
) -> bool:
    for cause in causes:
        if cause not in known:
            known[cause] = steps > 0 and _leads_to(causes_of(cause), known, causes_of, steps - 1)
        if known[cause]:
            return True
    return False
