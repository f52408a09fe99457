"""What does a person see of a diagnosis? One screen: the lab, the causes, what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gate.core.reason import listed, one_line
from gate.diagnose.cluster import Cluster, Pod
from gate.diagnose.diagnosis import Diagnosis
from gate.diagnose.evidence import Dependency, Evidence, Gap
from gate.diagnose.words import pod_words

_MOST_PODS = 6
_MOST_CAUSES = 6
_MOST_LINES = 2
_MOST_GAPS = 6
_WIDTH = 200


def render(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as text, each line safe on a terminal."""
    parts = [_lab(diagnosis.evidence), _causes(diagnosis), _unknown(diagnosis.evidence.gaps)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _lab(evidence: Evidence) -> Iterator[str]:
    verdict = evidence.verdict
    yield f"{'OPEN' if verdict.open else 'CLOSED'}  {one_line(verdict.reason, 600)}"
    if evidence.cluster:
        yield from _cluster(evidence.cluster, evidence.now)
    for dependency in evidence.dependencies:
        yield one_line(f"  {_answer(dependency)}", _WIDTH)


def _cluster(cluster: Cluster, now: datetime) -> Iterator[str]:
    yield f"cluster  context {cluster.context}, namespace {cluster.namespace}"
    pods = sorted(cluster.pods, key=_trouble)
    for pod in pods[:_MOST_PODS]:
        yield f"  {one_line(f'{pod.role}  {pod.name}  {pod_words(pod, now)}', 260)}"
    if len(pods) > _MOST_PODS:
        yield f"  and {len(pods) - _MOST_PODS} more pods (--format json)"
    ends = [
        f"{service.name} {service.ready} ready" for service in cluster.services if service.ready is not None
    ]
    if ends:
        yield f"  {one_line(f'endpoints  {listed(ends)}', _WIDTH)}"


def _trouble(pod: Pod) -> tuple[bool, int]:
    """Return the order of pods: those that are not ready first, then by restarts."""
    return pod.ready or not pod.counts, -pod.restarts


def _answer(dependency: Dependency) -> str:
    if dependency.cause is None:
        return f"dependency  {dependency.url}  answers"
    return f"dependency  {dependency.url}  {dependency.cause} (at the step {dependency.failed})"


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    causes = diagnosis.causes
    if not causes:
        yield "nothing found: no cause shows in what could be read"
    for index, cause in enumerate(causes[:_MOST_CAUSES], start=1):
        yield one_line(f"{index}. {cause.confidence}: {cause.says}", 260)
        for line in cause.evidence[:_MOST_LINES]:
            yield f"   evidence  {one_line(line, 260)}"
        yield f"   to do     {one_line(cause.advice, _WIDTH)}"
    if len(causes) > _MOST_CAUSES:
        more = listed([f"{cause.code}" for cause in causes[_MOST_CAUSES:]])
        yield f"and less sure: {more} (--format json)"


def _unknown(gaps: tuple[Gap, ...]) -> Iterator[str]:
    together: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:  # each refusal names its own object, so that no two have the same words
        kind = "forbidden" if gap.why.startswith("forbidden") else gap.why
        together.setdefault((kind, gap.advice), []).append(gap)
    if together:
        yield "unknown"
    for same in list(together.values())[:_MOST_GAPS]:
        what = listed([gap.what for gap in same])
        advice = f"; {same[0].advice}" if same[0].advice else ""
        yield f"  {one_line(f'{what}: {same[0].why}{advice}', 320)}"
    if len(together) > _MOST_GAPS:
        yield f"  and {len(together) - _MOST_GAPS} more (--format json)"
