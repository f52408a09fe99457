"""What comes of running a shipped pipeline file in a CI engine?"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """One run of a pipeline.

    Attributes:
        ran: the jobs or stages that ran, by the name that the engine shows.
        succeeded: those of them that ended well.
        exit_code: the engine's own.
        output: all that it printed, both streams, as a person would see it.
        values: what else the engine tells, for example outputs or a build's description.
    """

    ran: frozenset[str]
    succeeded: frozenset[str]
    exit_code: int
    output: str
    values: dict[str, str] = field(default_factory=dict)
