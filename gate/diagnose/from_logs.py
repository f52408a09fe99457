"""Which services does the Focus server's log miss?

The first form is the incident's own line, from the log before a restart (the lab's incident
plan of 2025-11-08): ``pymongo.errors.ServerSelectionTimeoutError: mongodb:27017: [Errno -3]
Temporary failure in name resolution``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from gate.diagnose.cluster import Log, LogLine
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import TITLES, Role
from gate.diagnose.words import is_fresh, log_line

_UNRESOLVED = re.compile(
    r"name resolution|name or service not known|nodename nor servname"
    r"|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|no address associated with hostname|no such host"
    r"|could not resolve|NXDOMAIN",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"connection refused|timed out|ServerSelectionTimeoutError|NetworkTimeout|AutoReconnect"
    r"|AMQPConnectionError|no servers (?:found|available)|connection reset|no route to host"
    r"|(?:host|network) is unreachable",
    re.IGNORECASE,
)
_SUBJECTS: Final = (
    (Role.MONGODB, re.compile(r"mongo|ServerSelectionTimeoutError|:27017\b", re.IGNORECASE)),
    (Role.RABBITMQ, re.compile(r"rabbit|amqp|\bpika\b|:5672\b", re.IGNORECASE)),
)
_LATELY = timedelta(hours=72)
_NOW = timedelta(minutes=30)
_AT_THE_END = 20  # lines of the log of a run that ended


def unresolved_names(evidence: Evidence) -> Iterator[Finding]:
    """Yield each service whose name the Focus server could not resolve when it started."""
    for log, line, role in _troubles(evidence, _UNRESOLVED):
        title = TITLES[role]
        at_the_end = log.previous and line in log.lines[-_AT_THE_END:]
        sure = Confidence.CERTAIN if at_the_end else Confidence.LIKELY
        says = f"{title}'s name {'was' if log.previous else 'is'} not resolved by the Focus server"
        if at_the_end:
            says = f"{title}'s name was not resolved while the Focus server started, and that ended it"
        yield Finding(
            code=CauseCode.NAME_NOT_RESOLVED,
            role=role,
            confidence=sure if is_fresh(line.at, evidence.now, _LATELY) else Confidence.POSSIBLE,
            says=says,
            evidence=log_line(log, line, evidence.now),
            advice=f"check {title}'s service and the cluster's DNS; let an init container wait for it "
            "(gate diagnose --suggest)",
        )


def not_connected(evidence: Evidence) -> Iterator[Finding]:
    """Yield each service that the Focus server's log says did not answer."""
    for log, line, role in _troubles(evidence, _NO_ANSWER):
        if _UNRESOLVED.search(line.text):
            continue
        title = TITLES[role]
        past = evidence.is_up(role) or not is_fresh(line.at, evidence.now, _LATELY)
        yield Finding(
            code=CauseCode.DOWN,
            role=role,
            confidence=Confidence.POSSIBLE if past else Confidence.LIKELY,
            says=f"{title} did not answer the Focus server",
            evidence=log_line(log, line, evidence.now),
            advice=f"check {title}: its pods, its service, its log, and the network between the two",
        )


def _troubles(evidence: Evidence, trouble: re.Pattern[str]) -> Iterator[tuple[Log, LogLine, Role]]:
    """Yield, of each log of the Focus server, the last line about each service's trouble.

    What a server that is ready now has said long ago of the run that it is in is over.
    """
    ready = evidence.is_up(Role.FOCUS_SERVER)
    for log in evidence.cluster.logs if evidence.cluster else ():
        if log.role is not Role.FOCUS_SERVER:
            continue
        for role, subject in _SUBJECTS:
            lines = [line for line in log.lines if trouble.search(line.text) and subject.search(line.text)]
            if lines and (log.previous or not ready or is_fresh(lines[-1].at, evidence.now, _NOW)):
                yield log, lines[-1], role
