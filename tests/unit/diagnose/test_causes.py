"""Causes are pure and ordered, and the screen stays one screen however much is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.model import Hold, Reading
from gate.core.verdict import judge
from gate.diagnose.causes import find_causes
from gate.diagnose.cluster import Cluster, Container, Ended, Event, Pod, Service
from gate.diagnose.diagnosis import Diagnosis, encode_diagnosis
from gate.diagnose.evidence import Dependency, Evidence, Gap
from gate.diagnose.finding import CauseCode, Confidence
from gate.diagnose.render import render
from gate.diagnose.roles import Role
from gate.diagnose.words import span
from tests.unit.diagnose.shapes import NOW
from tests.unit.diagnose.states import READY

BARE = Evidence(now=NOW, verdict=judge(Reading(environment="staging", taken_at=NOW, **READY), (), NOW))


def crashing(number: int) -> Pod:
    ended = Ended(reason="Error", exit_code=1, finished_at=NOW - timedelta(minutes=1))
    container = Container(name="c", restarts=9, waiting="CrashLoopBackOff", last=ended)
    return Pod(name=f"{number}", role=list(Role)[number % 3], phase="Running", containers=(container,))


def messy() -> Evidence:
    """Return a lab in which everything is wrong at once."""
    pods = tuple(crashing(number) for number in range(30))
    services = tuple(Service(name=f"s{role}", role=role, ready=0) for role in Role)
    events = tuple(
        Event(kind="Pod", name=f"{number}", reason="Unhealthy", message="failed", count=9, last=NOW)
        for number in range(30)
    )
    cluster = Cluster(context="lab", namespace="panda", pods=pods, services=services, events=events)
    gaps = tuple(Gap(what=f"thing {number}", why=f"why {number}", refused=True) for number in range(20))
    verdict = judge(Reading(environment="staging", taken_at=NOW, status=503), (), NOW)
    return Evidence(now=NOW, verdict=verdict, cluster=cluster, gaps=gaps)


def test_a_ready_lab_without_a_cluster_has_no_cause() -> None:
    assert find_causes(BARE) == ()
    assert "nothing found" in render(Diagnosis(evidence=BARE))


def test_a_hold_is_a_cause_with_who_can_lift_it() -> None:
    hold = Hold(id="h-7", reason="maintenance until noon", by="dana")
    verdict = judge(Reading(environment="staging", taken_at=NOW, **READY), (hold,), NOW)
    (cause,) = find_causes(replace(BARE, verdict=verdict))
    assert (cause.code, cause.confidence) == (CauseCode.HELD, Confidence.CERTAIN)
    assert cause.evidence == ("hold h-7 by dana: maintenance until noon",)
    assert cause.advice == "ask dana; lift it with: gate resume-all --hold h-7"


def test_the_same_evidence_gives_the_same_causes_the_surest_first() -> None:
    causes = find_causes(messy())
    assert causes == find_causes(messy())
    order = [
        (list(Confidence).index(cause.confidence), list(CauseCode).index(cause.code)) for cause in causes
    ]
    assert order == sorted(order)
    assert len({(cause.code, cause.role) for cause in causes}) == len(causes)


def test_every_cause_has_evidence_and_something_to_do() -> None:
    for cause in find_causes(messy()):
        assert cause.says
        assert all(cause.evidence)
        assert cause.advice


def test_a_screen_is_enough_however_much_is_wrong() -> None:
    text = render(Diagnosis(evidence=messy(), causes=find_causes(messy())))
    assert len(text.splitlines()) <= 48
    assert "and less sure: " in text
    assert "and 24 more pods (--format json)" in text
    assert "and 14 more (--format json)" in text


@pytest.mark.parametrize(
    ("pod_ready", "confidence"),
    [(True, Confidence.POSSIBLE), (False, Confidence.CERTAIN), (None, Confidence.LIKELY)],
)
def test_a_dependency_that_fails_from_here_counts_by_what_the_cluster_says(
    pod_ready: bool | None, confidence: Confidence
) -> None:
    asked = Dependency(url="mongodb://mongodb:27017", role=Role.MONGODB, cause="refuses", failed="connection")
    cluster = None
    if pod_ready is not None:
        pod = Pod(name="mongodb-0", role=Role.MONGODB, phase="Running", ready=pod_ready)
        cluster = Cluster(context="lab", namespace="panda", pods=(pod,))
    (cause,) = find_causes(replace(BARE, dependencies=(asked,), cluster=cluster))
    assert (cause.code, cause.role, cause.confidence) == (CauseCode.DOWN, Role.MONGODB, confidence)
    assert "mongodb://mongodb:27017: refuses" in cause.evidence


def test_the_object_says_what_could_not_be_asked() -> None:
    document = encode_diagnosis(Diagnosis(evidence=messy()), {"code": "server_error"}, "patch: {}\n")
    assert (document["complete"], document["suggestion"]) == (False, "patch: {}\n")
    assert encode_diagnosis(Diagnosis(evidence=BARE), {})["complete"] is True


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s"), (0, "0s"), (90, "90s"), (119, "119s"), (120, "2m"), (46 * 3600, "46h"), (46 * 86400, "46d")],
)
def test_a_span_is_shown_as_kubectl_shows_it(seconds: float, words: str) -> None:
    assert span(seconds) == words
