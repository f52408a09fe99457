"""Who hammers a lab stands in its log, in whatever form the log is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.model import Reading
from gate.core.verdict import judge
from gate.diagnose.cluster import Cluster, Log, LogLine
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import Confidence, Finding
from gate.diagnose.from_requests import hammering
from gate.diagnose.roles import Role
from tests.unit.diagnose.shapes import NOW


def found(texts: list[str], *, every: float = 2, last: float = 1, previous: bool = False) -> list[Finding]:
    """Return what a log speaks for: one line each `every` seconds, the last one `last` ago."""
    lines = tuple(
        LogLine(text=text, at=NOW - timedelta(seconds=last + every * back))
        for back, text in zip(range(len(texts))[::-1], texts, strict=True)
    )
    log = Log(pod="focus-0", container="c", role=Role.FOCUS_SERVER, previous=previous, lines=lines)
    verdict = judge(Reading(environment="staging", taken_at=NOW, status=503), (), NOW)
    cluster = Cluster(context="lab", namespace="panda", logs=(log,))
    return list(hammering(Evidence(now=NOW, verdict=verdict, cluster=cluster)))


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ('INFO:     10.0.0.5:51234 - "POST /configure HTTP/1.1" 503 Service Unavailable', "10.0.0.5"),
        (
            '10.0.0.5 - - [08/Nov/2025:13:20:00 +0000] "POST /focus-server//configure HTTP/1.1" 503 12',
            "10.0.0.5",
        ),
        ('"POST /config/task-7 HTTP/1.1" 503 from [fd00:1::7]:4000', "fd00:1::7"),
        (
            '{"ts":"13:20:00","status":503,"method":"POST","path":"/configure","client":"192.168.1.9"}',
            "192.168.1.9",
        ),
        ("v1.2.3.4.5 release; client=172.16.0.3 POST https://lab/configure?x=1 -> 503", "172.16.0.3"),
        ("POST /configure 503", None),
        ("ERROR Cannot proceed: Missing required fiber metadata fields: prr", None),
    ],
)
def test_a_line_is_understood_in_each_form(line: str, address: str | None) -> None:
    (finding,) = found([line] * 30)
    assert finding.confidence is Confidence.CERTAIN
    assert "30 POST /configure a minute" in finding.says
    expected = f"from {address} (30)" if address else "from addresses that the log does not name"
    assert expected in finding.says


@pytest.mark.parametrize(
    "line",
    [
        'INFO: 10.0.0.5:503 - "POST /configure HTTP/1.1" 200 OK',
        'INFO: 10.0.0.5:1 - "POST /configuration-page HTTP/1.1" 503',
        'INFO: 10.0.0.5:1 - "GET /configure HTTP/1.1" 503',
        'INFO: 10.0.0.5:1 - "POST /recordings_in_time_range HTTP/1.1" 503',
        'INFO: 10.0.0.5:1 - "POST /configure HTTP/1.1" 200 in 1.503 s',
    ],
)
def test_other_requests_are_no_hammering(line: str) -> None:
    assert found([line] * 50) == []


def test_the_busiest_addresses_come_first_and_the_rest_is_counted() -> None:
    texts = [f"10.0.0.{number} POST /configure 503" for number in range(8) for _ in range(10 - number)]
    (finding,) = found(texts, every=1)
    assert (
        "from 10.0.0.0 (10), 10.0.0.1 (9), 10.0.0.2 (8), 10.0.0.3 (7), 10.0.0.4 (6) and 3 more"
        in finding.says
    )


def test_only_the_last_ten_minutes_count() -> None:
    assert found(["10.0.0.1 POST /configure 503"] * 40, every=60) == []
    (finding,) = found(["10.0.0.1 POST /configure 503"] * 400, every=3)
    assert "(201)" in finding.says


def test_what_is_over_is_told_as_over() -> None:
    (finding,) = found(["10.0.0.1 POST /configure 503"] * 40, last=3600)
    assert finding.confidence is Confidence.POSSIBLE
    assert ", until " in finding.says


def test_the_run_before_is_not_counted() -> None:
    assert found(["10.0.0.1 POST /configure 503"] * 40, previous=True) == []
