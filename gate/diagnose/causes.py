"""Which causes does the evidence speak for? Pure: the same evidence, the same causes.

Several may hold at once, and none is an answer too. The detectors stand in `DETECTORS`; each
looks for one thing and knows nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import Cause, CauseCode, Confidence, Finding
from gate.diagnose.from_lab import held, no_fiber, unreachable
from gate.diagnose.from_logs import not_connected, unresolved_names
from gate.diagnose.from_pods import crash_loops, failing_probes, out_of_memory
from gate.diagnose.from_requests import hammering
from gate.diagnose.from_services import dependencies_down, no_endpoints, no_pods, pods_down
from gate.diagnose.from_start import cannot_start, image_pulls, node_trouble
from gate.diagnose.from_time import recent_deployments, restarts
from gate.diagnose.roles import Role

DETECTORS: Final[tuple[Callable[[Evidence], Iterator[Finding]], ...]] = (
    no_fiber,
    held,
    unresolved_names,
    not_connected,
    pods_down,
    dependencies_down,
    no_pods,
    image_pulls,
    cannot_start,
    node_trouble,
    out_of_memory,
    failing_probes,
    crash_loops,
    no_endpoints,
    unreachable,
    hammering,
    recent_deployments,
    restarts,
)
_MOST_LINES = 6
_CONFIDENCE: Final = list(Confidence)
_CODES: Final = list(CauseCode)
_ROLES: Final[list[Role | None]] = [*Role, None]


def find_causes(evidence: Evidence) -> tuple[Cause, ...]:
    """Return the causes, the surest first; of equally sure ones, those to look at first.

    Findings of one kind about one role are one cause: three pods that crash alike are one
    trouble with three lines.
    """
    groups: dict[tuple[CauseCode, Role | None], list[Finding]] = {}
    for finding in chain.from_iterable(detect(evidence) for detect in DETECTORS):
        groups.setdefault((finding.code, finding.role), []).append(finding)
    causes = [_cause(findings) for findings in groups.values()]
    return tuple(sorted(causes, key=_rank))


def _cause(findings: Iterable[Finding]) -> Cause:
    strongest_first = sorted(findings, key=lambda finding: _CONFIDENCE.index(finding.confidence))
    first = strongest_first[0]
    lines = tuple(dict.fromkeys(finding.evidence for finding in strongest_first))
    return Cause(
        code=first.code,
        role=first.role,
        confidence=first.confidence,
        says=first.says,
        evidence=lines[:_MOST_LINES],
        advice=first.advice,
    )


def _rank(cause: Cause) -> tuple[int, int, int]:
    return _CONFIDENCE.index(cause.confidence), _CODES.index(cause.code), _ROLES.index(cause.role)
